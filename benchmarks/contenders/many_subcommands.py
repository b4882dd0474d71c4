"""Baton, with so many sub-commands and commands beside `/event log` on its routing page: `many_subcommands 50 serve`.

Everything else is as in `python -m bot`.
"""

import sys
from typing import Any

import handlers
from bot.__main__ import cli
from bot.dialogue import Closed, Outcome, Request
from bot.domain.commands.event import LogEvent
from bot.domain.team import Team
from bot.store import Tx
from handlers import events


def extend(count: int) -> None:
    """Leave `/event log` on the routing page, and put so many less one beside it."""
    others = {type(f"Other{number}", (), {}): _answer for number in range(count - 1)}
    handlers.REQUESTS["command", "event"] = events.answering({**others, LogEvent: events.log})
    for number in range(count - 1):
        handlers.REQUESTS["command", f"other-{number}"] = _answer_all


def _answer(tx: Tx, team: Team, request: Request, asked: Any) -> Outcome:  # noqa: ANN401 - a sub-command of any kind
    del tx, team, request, asked
    return Closed()


def _answer_all(tx: Tx, team: Team, request: Request) -> Outcome:
    del tx, team, request
    return Closed()


if __name__ == "__main__":
    extend(int(sys.argv.pop(1)))
    cli(prog_name="many_subcommands")
