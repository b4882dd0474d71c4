"""Twenty commands a second that need GitLab, which takes a second for each answer.

Baton acknowledges `/wow` at once and answers when GitLab has; Bolt as documented acknowledges, and then reads in the
same few threads that acknowledge. What counts is the acknowledgement, which Slack waits three seconds for.
"""

from benchmarks import load
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.lineup import BATON, BOLT, started
from benchmarks.load import Waits
from benchmarks.sizes import Sizes
from benchmarks.slack import requests
from benchmarks.worlds import Worlds, clears, goes_slow, worlds

PER_SECOND = 20
GITLAB_SECONDS = 1.0


def measure(sizes: Sizes) -> Part:
    """Measure both in turn, round by round."""
    found: dict[str, list[Waits]] = {BATON: [], BOLT: []}
    with worlds(issues=100) as both:
        for _ in range(sizes.rounds):
            for name, waits in found.items():
                waits.append(_measure_one(name, both, sizes))
    return _part_of(found)


def _measure_one(name: str, both: Worlds, sizes: Sizes) -> Waits:
    _, slack = both.addresses()
    with started(name, both.addresses()) as program:
        both.run(goes_slow, GITLAB_SECONDS)
        asked = requests("/wow", lambda _: "status", f"{slack}/response/load")
        waits = load.run(load.paced(program.address, asked, PER_SECOND, sizes.slow_seconds, b""))
        both.run(clears)
        return waits


def _part_of(found: dict[str, list[Waits]]) -> Part:
    p99 = {name: median(one.p99 for one in waits) for name, waits in found.items()}
    failed = {name: sum(one.failed for one in waits) for name, waits in found.items()}
    rows = [
        [name, written(median(one.p50 for one in waits)), written(p99[name]), str(failed[name])]
        for name, waits in found.items()
    ]
    goals = [
        Goal("20 commands a second that need a slow GitLab: ack p99", p99[BATON], 20.0, " ms"),
        Goal("… acks of all rounds that failed", failed[BATON], 0),
    ]
    return Part("A slow GitLab", [__doc__ or ""], goals, [Table(["", "p50 ms", "p99 ms", "failed"], rows)])
