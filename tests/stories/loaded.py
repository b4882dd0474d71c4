"""What the bot's processes are forked from: the program, loaded, and nothing done yet.

Only the process that forks them loads this.
"""

import gc
from importlib import import_module

for _name in (
    "bot.__main__",
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

# What is loaded is never collected: looking through it would cost each process a copy of its own.
gc.collect()
gc.freeze()
