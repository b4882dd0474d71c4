"""How much is measured: whole by default, or with QUICK=1 so little that only the harness itself is tried."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rounds, seconds and counts of everything that is measured."""

    rounds: int
    window: float
    """Seconds for which one contender is under load."""
    warming: float
    slow_seconds: float
    events: int
    asked: int
    """Questions of a kind in a round."""
    answered: int
    """Commands of a kind in a round."""
    commands: int
    """Commands after which memory is looked at."""
    rows: int
    """Operations that wait in a full outbox."""
    open_issues: int
    plain_issues: int
    """Issues of a round that the plain script moves: it is linear, and slow."""
    previewed: int
    waiting: int
    """Operations that wait for GitLab's return."""
    limit: int
    """Requests that a GitLab with a rate limit takes in a window."""
    settling: float
    """Seconds until a program that started is idle."""


WHOLE = Sizes(
    rounds=5,
    window=0.5,
    warming=0.2,
    slow_seconds=2.0,
    events=1_000_000,
    asked=120,
    answered=120,
    commands=100_000,
    rows=100_000,
    open_issues=500,
    plain_issues=40,
    previewed=10_000,
    waiting=10_000,
    limit=2000,
    settling=1.0,
)
QUICK = Sizes(
    rounds=1,
    window=0.25,
    warming=0.1,
    slow_seconds=1.0,
    events=5000,
    asked=5,
    answered=5,
    commands=1000,
    rows=1000,
    open_issues=40,
    plain_issues=10,
    previewed=500,
    waiting=300,
    limit=60,
    settling=0.2,
)


def sizes() -> Sizes:
    """Take the sizes that the environment asks for."""
    return QUICK if os.environ.get("QUICK") else WHOLE
