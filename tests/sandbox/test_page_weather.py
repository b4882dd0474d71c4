"""The weather panel and the guided list of the page: what befalls the services, the clock and the bot."""

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.gitlab.http import application as gitlab_application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import Controls, Guide, Step, application
from bot.sandbox.page.weather_side import next_wednesday
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather

Json = dict[str, Any]
TUESDAY = datetime(2026, 11, 24, 22, tzinfo=UTC)


class Robot:
    """Something that is killed and travels, as the bot does."""

    def __init__(self) -> None:
        self.now = TUESDAY
        self.kills = 0
        self.starting, self.started = threading.Event(), threading.Event()
        self.started.set()

    def is_killed(self) -> None:
        self.kills += 1
        self.starting.set()
        assert self.started.wait(5)

    def travels(self, to: datetime) -> None:
        self.now = to

    def waits(self) -> Json:
        return {"gitlab": {"waiting": 3, "oldest_seconds": 5, "trouble": "", "operations": ["Close “WoW”"]}}


class Panel:
    """A browser before the panel, and a caller of both services."""

    def __init__(self) -> None:
        self.robot = Robot()
        self.slack, self.gitlab = SlackWorld(), GitlabWorld()
        self.has_happened = False
        step = Step("Try it", "Type `/wow`.", "slack", lambda: self.has_happened)
        self.controls = Controls(
            slack=Weather(),
            gitlab=Weather(),
            bot=self.robot,
            now=lambda: self.robot.now,
            zone="Asia/Singapore",
            people={"Chen": "Asia/Singapore"},
            guide=Guide([step]),
        )
        self.page = Server(application(self.slack, self.gitlab, self.controls))
        self.services = {
            "slack": Server(app(self.slack, self.controls.slack.middleware)),
            "gitlab": Server(gitlab_application(self.gitlab, self.controls.gitlab)),
        }

    def sees(self, what: str = "weather") -> Json:
        return self._asks("GET", f"/page/{what}")[1]

    def does(self, what: str, **wanted: str) -> tuple[int, Json]:
        return self._asks("POST", f"/page/weather/{what}", wanted)

    def calls(self, service: str) -> int:
        """What the bot's call of a service is answered with; 0 is nothing."""
        path = {"slack": "/api/auth.test", "gitlab": "/api/v4/projects/42"}[service]
        token = {"slack": self.slack.bot_token, "gitlab": self.gitlab.token}[service]
        connection = http.client.HTTPConnection("127.0.0.1", self.services[service].port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _asks(self, method: str, path: str, wanted: Json | None = None) -> tuple[int, Json]:
        connection = http.client.HTTPConnection("127.0.0.1", self.page.port, timeout=10)
        try:
            body = None if wanted is None else json.dumps(wanted)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def panel() -> Iterator[Panel]:
    panel = Panel()
    with panel.page, panel.services["slack"], panel.services["gitlab"]:
        yield panel


@pytest.mark.parametrize(
    ("service", "kind", "status"),
    [
        ("gitlab", "down", 0),
        ("gitlab", "slow", 200),
        ("gitlab", "limited", 429),
        ("gitlab", "refusing", 401),
        ("slack", "down", 0),
        ("slack", "limited", 429),
    ],
)
def test_a_service_has_the_weather_that_was_chosen_and_the_other_one_has_not(
    panel: Panel, service: str, kind: str, status: int
) -> None:
    assert panel.does("turn", service=service, kind=kind) == (200, {"ok": True})

    other = "slack" if service == "gitlab" else "gitlab"
    assert (panel.calls(service), panel.calls(other)) == (status, 200)
    assert panel.sees()["weather"] == {service: kind, other: "fine"}


def test_fine_weather_ends_what_was_before(panel: Panel) -> None:
    for kind in ("refusing", "down", "fine"):
        panel.does("turn", service="gitlab", kind=kind)

    assert panel.calls("gitlab") == 200
    assert panel.sees()["weather"]["gitlab"] == "fine"


def test_a_service_that_somebody_else_cut_off_is_shown_as_down(panel: Panel) -> None:
    panel.controls.gitlab.goes_down()
    assert panel.sees()["weather"]["gitlab"] == "down"

    panel.controls.gitlab.clears()
    assert panel.sees()["weather"]["gitlab"] == "fine"


def test_the_clock_and_what_waits_are_told(panel: Panel) -> None:
    shown = panel.sees()

    assert datetime.fromisoformat(shown["now"]) == TUESDAY
    assert shown["zones"] == [{"name": "Chen", "zone": "Asia/Singapore"}]
    assert (shown["outbox"]["gitlab"]["waiting"], shown["busy"]) == (3, "")


def test_one_travels_to_the_teams_next_wednesday_and_to_the_next_shift(panel: Panel) -> None:
    panel.does("travel", to="wednesday")
    assert panel.robot.now == datetime(2026, 12, 2, 2, tzinfo=UTC)

    panel.does("travel", to="shift")
    assert panel.robot.now == datetime(2026, 12, 2, 10, tzinfo=UTC)

    status, answer = panel.does("travel", to="yesterday")
    assert (status, answer["error"]) == (409, "Nobody can travel there.")


@pytest.mark.parametrize(
    ("at", "zone", "wednesday"),
    [
        ("2026-11-24T23:59Z", "UTC", "2026-11-25T10:00Z"),
        ("2026-11-25T00:00Z", "UTC", "2026-12-02T10:00Z"),
        ("2026-11-26T00:00Z", "UTC", "2026-12-02T10:00Z"),
        ("2026-11-24T23:59Z", "Asia/Singapore", "2026-12-02T02:00Z"),
        ("2026-03-26T00:00Z", "Europe/Amsterdam", "2026-04-01T08:00Z"),
    ],
)
def test_the_next_wednesday_is_never_today_and_follows_the_zones_clock(at: str, zone: str, wednesday: str) -> None:
    assert next_wednesday(datetime.fromisoformat(at), zone) == datetime.fromisoformat(wednesday)


def test_while_the_bot_starts_nobody_else_can_kill_it_and_the_panel_says_so(panel: Panel) -> None:
    panel.robot.started.clear()
    first = threading.Thread(target=panel.does, args=("kill",))
    first.start()
    assert panel.robot.starting.wait(5)

    busy, outbox = (panel.sees()[key] for key in ("busy", "outbox"))
    status, answer = panel.does("kill")
    panel.robot.started.set()
    first.join()

    assert (busy, outbox) == ("starts", {})
    assert (status, answer["error"]) == (409, "The bot is just starting; try again in a moment.")
    assert (panel.robot.kills, panel.sees()["busy"]) == (1, "")


def test_without_a_bot_nobody_travels(panel: Panel) -> None:
    alone = Controls(slack=Weather(), gitlab=Weather())

    assert alone.shown()["outbox"] == {}
    with pytest.raises(Exception, match="There is no bot"):
        alone.do("kill", {})
    assert abs(alone.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_step_is_ticked_off_when_it_was_seen_and_stays_so(panel: Panel) -> None:
    assert [each["done"] for each in panel.sees("guide")["steps"]] == [False]

    panel.has_happened = True
    assert [each["done"] for each in panel.sees("guide")["steps"]] == [True]

    panel.has_happened = False
    assert [each["done"] for each in panel.sees("guide")["steps"]] == [True]
