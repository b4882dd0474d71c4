"""`/event find`, `/event list` and time ranges in a log of a million events: in the store, and as answered commands.

The store is asked in transactions of their own, alone and while somebody logs a hundred events a second, which empties
a reader's own cache each time.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count

from benchmarks import load, machine, million
from benchmarks.baton import serving
from benchmarks.figures import Goal, Part, Picture, Table, median, written
from benchmarks.lineup import is_awake
from benchmarks.load import percentile
from benchmarks.questions import Ask, Asker
from benchmarks.sizes import Sizes
from benchmarks.slack import requests
from benchmarks.talk import Talk, events
from benchmarks.worlds import worlds
from bot.store import Store, Tx, open_store

IN_THE_STORE_MS, ANSWERED_MS = 1.0, 5.0
WHILE_LOGGING = ("newest 20", "page of 20, deep", "find a common word", "find a rare word", "find common + common")
HARD = ("find two common, never together", "find an address (10.7.0.3)", "find three common")
"""What has to look at many rows that it then leaves out: a goal of their own, so that they hide no other."""
ANSWER = rb"newest last|Nothing in the log matches"
Rounds = dict[str, list[list[float]]]
"""Milliseconds of every question, by kind and round."""


def measure(sizes: Sizes) -> Part:
    """Ask the store, and then a Baton that serves it."""
    database = million.database(sizes.events)
    asker = Asker(Talk(), sizes.events)
    with machine.on(machine.SERVER), closing(open_store(f"sqlite:///{database}")) as store:
        alone = _ask_store(store, asker.in_the_store(), sizes)
        with _somebody_logging(store, sizes):
            disturbed = _ask_store(store, {name: asker.in_the_store()[name] for name in WHILE_LOGGING}, sizes)
    with worlds() as both, serving(database, both.addresses()) as program:
        is_awake(program.address)
        is_awake(program.address, lambda: requests("/event", lambda _: f"find {asker.words(asker.common)}"), ANSWER)
        answered, failed = _ask_by_command(program.address, asker, sizes)
    return _part_of(alone, disturbed, answered, failed, sizes)


def _ask_store(store: Store, kinds: Mapping[str, Callable[[], Ask]], sizes: Sizes) -> Rounds:
    questions = {name: [make() for _ in range(sizes.asked)] for name, make in kinds.items()}
    found: Rounds = {name: [] for name in questions}
    for _ in range(sizes.rounds):
        for name, asked in questions.items():
            found[name].append(load.run(_ask_all(store, asked)))
    return found


async def _ask_all(store: Store, asked: Sequence[Ask]) -> list[float]:
    return [await store.read(_timed(ask)) for ask in asked]


def _timed(ask: Ask) -> Callable[[Tx], float]:
    """Take the time of a question inside its transaction."""

    def run(tx: Tx) -> float:
        started = time.perf_counter()
        ask(tx)
        return (time.perf_counter() - started) * 1000

    return run


@contextmanager
def _somebody_logging(store: Store, sizes: Sizes) -> Iterator[None]:
    over, numbers = threading.Event(), count(2 * sizes.events)

    def log() -> None:
        for event in events(Talk(), next(numbers), 10**9):
            store.write_now(lambda tx, event=event: tx.add_event(event))  # type: ignore[misc]
            if over.wait(0.01):
                return

    with ThreadPoolExecutor(1) as threads:
        logging = threads.submit(log)
        try:
            yield
        finally:
            over.set()
            logging.result()


def _ask_by_command(address: str, asker: Asker, sizes: Sizes) -> tuple[Rounds, int]:
    """Ask one after the other; tells too how many of them were not answered with a list."""
    found: Rounds = {name: [] for name in asker.as_commands()}
    failed = 0
    for _ in range(sizes.rounds):
        for name, make in asker.as_commands().items():
            asked = requests("/event", lambda _, make=make: make())  # type: ignore[misc]
            waits = load.run(load.counted(address, asked, 1, sizes.answered, ANSWER))
            failed += waits.failed
            found[name].append([one * 1000 for one in waits.waits] or [float("inf")])
    return found, failed


def _part_of(alone: Rounds, disturbed: Rounds, answered: Rounds, failed: int, sizes: Sizes) -> Part:
    in_store, by_command = _p99(alone), _p99(answered)
    size = f"{sizes.events:,}"
    hard = {name: in_store.pop(name) for name in HARD}
    goals = [
        _slowest(f"{size} events, in the store", in_store, IN_THE_STORE_MS),
        _slowest("… in the store, what is hard for it", hard, IN_THE_STORE_MS),
        _slowest("… as a command", by_command, ANSWERED_MS),
        Goal("… commands of these that were not answered with a list", failed, 0),
    ]
    head = ["ms", "p50", "p99"]
    tables = [
        Table(["as a command, from the request to its answer: ms", *head[1:]], _rows(answered)),
        Table(["in the store: ms", *head[1:]], _rows(alone)),
        Table(["in the store, while somebody logs a hundred events a second: ms", *head[1:]], _rows(disturbed)),
    ]
    pictures = [Picture("reading", f"/event in {size} events: p99", "ms", list(by_command.items()))]
    return Part("Looking into a large log", [__doc__ or ""], goals, tables, pictures)


def _slowest(what: str, found: Mapping[str, float], bound: float) -> Goal:
    name = max(found, key=found.__getitem__)
    return Goal(f"{what}: p99 of the slowest of {len(found)} kinds ({name})", found[name], bound, " ms")


def _p99(found: Rounds) -> dict[str, float]:
    return {name: median(percentile(one, 0.99) for one in rounds) for name, rounds in found.items()}


def _rows(found: Rounds) -> list[list[str]]:
    high = _p99(found)
    return [
        [name, written(median(median(one) for one in rounds)), written(high[name])] for name, rounds in found.items()
    ]
