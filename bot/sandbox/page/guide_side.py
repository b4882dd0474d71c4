"""The guided list: what there is to try, each step ticked off when it was seen to happen.

The sandbox does not know what the bot can do, so whoever runs both, the demo, brings the steps.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.page.answers import Json


@dataclass(frozen=True)
class Step:
    """Something to try: what, how, where on the page ("slack", "gitlab", "weather"), and whether it has happened.

    `how` may hold `code` between backquotes. Once a step was seen, that stays so. Steps of one `part` stand together,
    under its name.
    """

    title: str
    how: str
    where: str
    seen: Callable[[], bool]
    part: str = ""


class Guide:
    """The list, and what of it was seen."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._steps = tuple(steps)
        self._seen: set[Step] = set()

    def shown(self) -> list[Json]:
        """Every step, after a look whether it has happened by now."""
        self._seen |= {each for each in self._steps if each not in self._seen and each.seen()}
        return [
            {
                "title": each.title,
                "how": each.how,
                "where": each.where,
                "part": each.part,
                "done": each in self._seen,
            }
            for each in self._steps
        ]


def routes(guide: Guide) -> list[web.RouteDef]:
    """What the list asks for."""

    async def shown(_: web.Request) -> web.Response:
        return web.json_response({"steps": await asyncio.to_thread(guide.shown)})

    return [web.get("/page/guide", shown)]
