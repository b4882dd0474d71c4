"""What the bot's processes are forked from: the program, loaded, and nothing done yet.

Only the process that forks them loads this.
"""

import gc
from importlib import import_module

from typer.main import get_command

from bot.__main__ import cli

for _name in (
    "bot.app",
    "tests.stories.process",
    # what is loaded only when it is needed, which it is in every story
    "apscheduler.triggers.cron",
    "apscheduler.triggers.interval",
    "bot.gitlab.wire",
    "gitlab.v4.objects",
    "slack_bolt.listener_matcher.async_builtins",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "uvloop",
):
    import_module(_name)

program = get_command(cli)
"""What `python -m bot` runs; to put its fifty commands together takes longer than most of them."""

# What is loaded is never collected: looking through it would cost each process a copy of its own.
gc.collect()
gc.freeze()
