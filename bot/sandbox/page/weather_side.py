"""The weather panel: what can befall the services, the clock and the bot.

The sandbox knows nothing of the bot; whoever runs both, the demo, hands over what can be done with it (`Bot`).
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.sandbox.page.answers import Json, RefusedError, asked, done, refused
from bot.sandbox.page.guide_side import Guide
from bot.sandbox.server import Changes
from bot.sandbox.weather import Weather

SLOW_SECONDS: Final = 2.0
RETRY_AFTER: Final = 20
SHIFT: Final = timedelta(hours=8)
WEDNESDAY: Final = 2
TEN: Final = time(10)
"""When people are at work, and a bot has said what it has to say in the morning."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "gitlab": ("fine", "slow", "limited", "refusing", "down"),
    "slack": ("fine", "slow", "limited", "down"),
}
"""What weather each service may have."""
_APIS: Final = {"gitlab": "/api/v4/", "slack": "/api/"}


class Bot(Protocol):
    """What can be done with the bot, and what it says of itself; each may take seconds, and is called in a thread."""

    def is_killed(self) -> None:
        """Kill it as `kill -9` does, and start it again at once."""

    def travels(self, to: datetime) -> None:
        """Set the clock of the worlds, and start the bot again with the same time."""

    def waits(self) -> Json:
        """Tell by service what waits in its outbox: `waiting`, `oldest_seconds`, `trouble`, `operations`; or `{}`."""


class NoBot:
    """Where there is none."""

    def is_killed(self) -> None:
        """Refuse it."""
        raise RefusedError("There is no bot here.")

    def travels(self, to: datetime) -> None:
        """Refuse it."""
        raise RefusedError(f"There is no bot that could come along to {to:%Y-%m-%d}.")

    def waits(self) -> Json:
        """Tell that nothing is known."""
        return {}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Controls:
    """What the panel may turn, and what it tells; everything may be called from any thread."""

    slack: Weather
    gitlab: Weather
    bot: Bot = field(default_factory=NoBot)
    now: Callable[[], datetime] = _now
    zone: str = "UTC"
    """The team's."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Names, each with the zone that person lives in."""
    guide: Guide = field(default_factory=Guide)
    changes: Changes = field(default_factory=Changes)
    _chosen: dict[str, str] = field(default_factory=dict)
    _busy: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def shown(self) -> Json:
        """How everything is."""
        at = self.now()
        return {
            "now": _instant(at),
            "zones": [{"name": name, "zone": zone} for name, zone in self.people.items()],
            "destinations": {name: _instant(to) for name, to in self._destinations(at).items()},
            "weather": {name: self._weather_of(name) for name in KINDS},
            "busy": self._busy,
            "outbox": {} if self._busy else self.bot.waits(),
        }

    def do(self, what: str, wanted: Json) -> None:
        """Changes the weather, travels in time, or kills the bot; returns when that is done."""
        if what == "turn":
            self.turns(str(wanted.get("service")), str(wanted.get("kind")))
        elif what == "travel":
            to = self._destinations(self.now()).get(str(wanted.get("to")))
            if to is None:
                raise RefusedError("Nobody can travel there.")
            self._one_at_a_time("travels", lambda: self.bot.travels(to))
        elif what == "kill":
            self._one_at_a_time("starts", self.bot.is_killed)
        else:
            raise RefusedError(f"There is no “{what}” here.")

    def turns(self, service: str, kind: str) -> None:
        """Gives a service this weather; whatever it had before is over."""
        if kind not in KINDS.get(service, ()):
            raise RefusedError("There is no such weather.")
        weather, api = (self.gitlab if service == "gitlab" else self.slack), _APIS[service]
        weather.clears()
        self._chosen[service] = kind
        if kind == "down":
            weather.goes_down()
        elif kind == "slow":
            weather.goes_slow(SLOW_SECONDS)
        elif kind == "limited":
            weather.rate_limits(RETRY_AFTER, times=None, match=api)
        elif kind == "refusing":
            weather.fails(401, match=api, body={"message": "401 Unauthorized"})
        self.changes.happened()

    def _weather_of(self, service: str) -> str:
        """What was chosen, unless somebody else has cut the service off."""
        weather = self.gitlab if service == "gitlab" else self.slack
        chosen = self._chosen.get(service, "fine")
        return "down" if weather.down else "fine" if chosen == "down" else chosen

    def _destinations(self, at: datetime) -> dict[str, datetime]:
        return {"wednesday": next_wednesday(at, self.zone), "shift": at + SHIFT}

    def _one_at_a_time(self, busy: str, do: Callable[[], None]) -> None:
        """Whoever presses meanwhile is told."""
        with self._lock:
            if self._busy:
                raise RefusedError("The bot is just starting; try again in a moment.")
            self._busy = busy
        self.changes.happened()
        try:
            do()
        finally:
            self._busy = ""
            self.changes.happened()


def next_wednesday(at: datetime, zone: str) -> datetime:
    """The first Wednesday after today, 10:00 in this zone."""
    local = at.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=(WEDNESDAY - local.weekday()) % 7 or 7)
    return datetime.combine(day, TEN, ZoneInfo(zone))


def routes(controls: Controls) -> list[web.RouteDef]:
    """What the panel asks for, and what it lets people do."""

    async def shown(_: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(controls.shown))

    async def act(request: web.Request) -> web.Response:
        wanted = await asked(request)
        try:
            await asyncio.to_thread(controls.do, request.match_info["what"], wanted)
        except RefusedError as refusal:
            return refused(str(refusal))
        return done()

    return [web.get("/page/weather", shown), web.post("/page/weather/{what}", act)]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
