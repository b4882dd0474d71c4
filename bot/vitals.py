"""How Baton is: the process, its database, and what is known of the outside worlds."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import web
from bot.domain.errors import Rejected, Unavailable
from bot.gitlab import Gitlab
from bot.outbox import Outbox, Pulse
from bot.slack.calls import SlackCalls
from bot.slack.socket import Socket
from bot.store import Store, Tx
from bot.telemetry import metrics

LATELY = timedelta(seconds=15)
PULSE_SECONDS = 2.0


class Vitals:
    """Answers health and readiness; `socket` is there in Socket Mode."""

    def __init__(
        self, store: Store, outbox: Outbox, gitlab: Gitlab, calls: SlackCalls, clock: Callable[[], datetime]
    ) -> None:
        self.store, self.outbox, self.gitlab, self.calls, self.clock = store, outbox, gitlab, calls, clock
        self.socket: Socket | None = None

    async def health(self) -> web.Health:
        """Tell how Baton is: the process, its database, and what is known of the outside worlds."""
        at = self.clock()
        try:
            waiting = await asyncio.wait_for(self.store.read(_backlog), 2.0)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not healthy
            return web.Health(alive=False, ready=False, facts={"database": type(error).__name__})
        facts: dict[str, object] = {"database": "ok"}
        ready = True
        for world, reach in self._worlds().items():
            count, oldest = waiting[world]
            age = (at - oldest) if oldest else timedelta()
            metrics.waits(world, count, age)
            answers = reach.answers(up=self.outbox.is_up(world))
            facts[world] = {
                "answers": answers,
                "reached_seconds_ago": round((at - reach.reached_at).total_seconds()) if reach.reached_at else None,
                "trouble": reach.trouble,
                "waiting": count,
                "oldest_seconds": round(age.total_seconds()),
            }
            ready = ready and bool(answers)
        if self.socket is not None:
            facts["socket"] = "connected" if self.socket.connected else "not connected"
            ready = ready and self.socket.connected
        return web.Health(alive=True, ready=ready, facts=facts)

    async def readiness(self) -> web.Health:
        """Tell the same after a look at every outside world that was not heard of lately."""
        at = self.clock()
        quiet = [
            reach.pulse
            for reach in self._worlds().values()
            if reach.reached_at is None or at - reach.reached_at > LATELY
        ]
        await asyncio.gather(*(_felt(pulse) for pulse in quiet))
        return await self.health()

    def _worlds(self) -> dict[str, "_Reach"]:
        gitlab = self.gitlab.calls
        return {
            "gitlab": _Reach(gitlab.reached_at, gitlab.trouble, self.gitlab.pulse),
            "slack": _Reach(self.calls.reached_at, self.calls.trouble, self.calls.identity),
        }


@dataclass(frozen=True)
class _Reach:
    """When an outside world last answered, why it did not since, and how to look."""

    reached_at: datetime | None
    trouble: str
    pulse: Pulse

    def answers(self, *, up: bool | None) -> bool | None:
        """Tell whether it answers, as far as its own calls and the outbox (`up`) know; None before it was asked."""
        if self.trouble or up is False:
            return False
        return True if self.reached_at is not None else None


async def _felt(pulse: Pulse) -> None:
    with contextlib.suppress(Unavailable, Rejected, TimeoutError):
        await asyncio.wait_for(pulse(), PULSE_SECONDS)


def _backlog(tx: Tx) -> dict[str, tuple[int, datetime | None]]:
    return {world: tx.backlog(world) for world in ("gitlab", "slack")}
