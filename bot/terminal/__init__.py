"""The terminal twins of the commands, for the day on which Slack itself is down.

Each gives the exit code: 0 done (or shown, left to `serve`, or done before), 1 refused or declined, 2 a day that is
none, 3 GitLab does not answer, 4 begun, and GitLab refused a part of it.
"""

from typing import TYPE_CHECKING

from bot.terminal.twin import DONE, REFUSED, SILENT, STOPPED, WRONG, Twin

if TYPE_CHECKING:
    from bot.app import Bot

__all__ = [
    "DONE",
    "REFUSED",
    "SILENT",
    "STOPPED",
    "WRONG",
    "add",
    "check",
    "following",
    "history",
    "roll_over",
    "status",
    "undo",
]


async def status(bot: "Bot", by: str) -> int:
    """Say how the current week stands."""
    return await Twin(bot, by).looks("status")


async def following(bot: "Bot", by: str) -> int:
    """Say what is planned for the next week."""
    return await Twin(bot, by).looks("next")


async def history(bot: "Bot", by: str, weeks: int) -> int:
    """List the last closed weeks."""
    return await Twin(bot, by).looks(f"history {weeks}")


async def add(bot: "Bot", by: str, issue: str, *, wait: bool) -> int:
    """Put an issue into the current week."""
    return await Twin(bot, by).runs(f"add {issue}", wait=wait)


async def check(bot: "Bot", by: str, *, wait: bool) -> int:
    """Label late additions now, and list what was done."""
    return await Twin(bot, by).runs("check", wait=wait)


async def roll_over(bot: "Bot", by: str, ending: str, *, dry_run: bool, yes: bool, wait: bool) -> int:
    """Close the week and begin the next: shown first, done after a yes; or carry on with what is under way."""
    twin = Twin(bot, by)
    found = await bot.store.read(lambda tx: tx.last_rollover())
    if found and found.state == "running" and not dry_run:
        return await twin.carries_on(found)
    under_way = found if found and found.state in {"running", "undoing"} and dry_run else None
    return await twin.turns(f"rollover {ending}".strip(), under_way, dry_run=dry_run, yes=yes, wait=wait)


async def undo(bot: "Bot", by: str, *, dry_run: bool, yes: bool, wait: bool) -> int:
    """Take the last rollover back: shown first, done after a yes; or carry on with what is under way."""
    twin = Twin(bot, by)
    found = await bot.store.read(lambda tx: tx.last_rollover())
    if found and found.state == "undoing" and not dry_run:
        return await twin.carries_on(found)
    under_way = found if found and found.state == "undoing" else None
    return await twin.turns("undo", under_way, dry_run=dry_run, yes=yes, wait=wait)
