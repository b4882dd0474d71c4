"""`python -m benchmarks`: measure everything, print it, and write RESULTS.md with its plots.

QUICK=1 tries the harness with sizes that mean nothing; ONLY=commands,rollover measures some parts. Neither writes.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping

from benchmarks import (
    commands,
    costs,
    growth,
    machine,
    outbox,
    preview,
    reading,
    report,
    rollover,
    slow,
    socket_mode,
    start,
    subcommands,
)
from benchmarks.figures import Part
from benchmarks.sizes import Sizes, sizes

MEASUREMENTS: Mapping[str, Callable[[Sizes], Part]] = {
    "commands": commands.measure,
    "socket": socket_mode.measure,
    "slow": slow.measure,
    "subcommands": subcommands.measure,
    "reading": reading.measure,
    "costs": costs.measure,
    "growth": growth.measure,
    "start": start.measure,
    "rollover": rollover.measure,
    "preview": preview.measure,
    "outbox": outbox.measure,
}


def main() -> None:
    """Measure, print, and write it down where all of it was measured."""
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    if unknown := set(only) - set(MEASUREMENTS):
        sys.exit(f"ONLY: there is no {', '.join(unknown)}, only {', '.join(MEASUREMENTS)}.")
    described, began, parts = machine.described(), time.monotonic(), []
    os.sched_setaffinity(0, machine.LOAD)
    for name in only or MEASUREMENTS:
        started = time.monotonic()
        part = MEASUREMENTS[name](sizes())
        print(report.text_of(part), flush=True)
        print(f"({name}: {time.monotonic() - started:.0f} s)\n", flush=True)
        parts.append(part)
    seconds = time.monotonic() - began
    if not only and not os.environ.get("QUICK"):
        report.write(described, parts, seconds)
    print(f"{seconds:.0f} s in all")


if __name__ == "__main__":
    main()
