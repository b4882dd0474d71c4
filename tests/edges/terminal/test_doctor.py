"""Whatever is wrong with what Baton stands on, the doctor names it, and what it says mends it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.doctor import DATABASE, GITLAB, ROTA, SETTINGS, SLACK, CheckUp
from bot.domain.checkup import labels_of, worst
from bot.domain.team import Team
from bot.messages.scopes import WITHOUT
from bot.settings import read_partly
from bot.terminal import checkup
from tests.edges.terminal.clinic import GROUP, Clinic, has_run, only
from tests.stories.world import CHANNEL


@dataclass(frozen=True)
class Fault:
    """Something that is wrong: how it comes about, what is said of it, and what somebody does who follows that."""

    part: str
    level: str
    said: tuple[str, ...]
    breaks: Callable[[Clinic], object]
    mends: Callable[[Clinic], object]


def scope_is(missing: str) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.slack.scopes.discard(missing)


def scope_is_back(clinic: Clinic) -> None:
    clinic.slack.scopes |= set(WITHOUT)


def token_of_gitlab(**is_so: object) -> Callable[[Clinic], None]:
    def change(clinic: Clinic) -> None:
        for name, value in is_so.items():
            setattr(clinic.gitlab, name, value)

    return change


def expired(clinic: Clinic, days: int) -> None:
    clinic.gitlab.token_expires_on = (clinic.now() + timedelta(days=days)).date()


def loses(label: str) -> Callable[[Clinic], None]:
    def lose(clinic: Clinic) -> None:
        state = clinic.gitlab.state
        state.labels = {number: one for number, one in state.labels.items() if one.name != label}

    return lose


def creates(clinic: Clinic) -> None:
    """Does what `doctor --fix` does after a yes."""

    async def create() -> None:
        async with CheckUp(read_partly(None), None, clinic.now) as check_up:
            await check_up.examine(lambda _: None, [GITLAB])
            await checkup.create(check_up, checkup.Paper(()))

    asyncio.run(create())


def another_group_milestone(title: str) -> Callable[[Clinic], None]:
    """A milestone of the group, from before GitLab held titles to be unique."""

    def add(clinic: Clinic) -> None:
        number = clinic.gitlab.add_group_milestone("not yet")
        clinic.gitlab.state.milestones[number].title = title

    return add


def renames_group_milestone(clinic: Clinic) -> None:
    for one in clinic.gitlab.state.milestones.values():
        if one.of_group:
            one.title = "Quarter"


def only_of_the_group(clinic: Clinic) -> None:
    clinic.gitlab.retitle_milestone(clinic.wow, "Something else")
    another_group_milestone("WoW")(clinic)


def leaves_the_group_alone(clinic: Clinic) -> None:
    renames_group_milestone(clinic)
    creates(clinic)


def names_the_database_of_another_program(clinic: Clinic) -> None:
    has_run(clinic.folder / "theirs.db", "CREATE TABLE theirs (x)")
    clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'theirs.db'}")


def names_a_rota_of_mere_words(clinic: Clinic) -> None:
    (clinic.folder / "rota.ics").write_text("words")
    clinic.sets(ROTA=str(clinic.folder / "rota.ics"))


def app_token_without_scope(clinic: Clinic) -> None:
    clinic.slack.app_token_connects = False
    clinic.sets(SLACK_APP_TOKEN=clinic.slack.app_token)


def tears(clinic: Clinic) -> None:
    """Overwrites a page in the middle of the file, as a bad disk would."""
    shutil.copy(clinic.database, clinic.folder / "backup.db")
    with sqlite3.connect(clinic.database) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    connection.close()
    with clinic.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def restores(clinic: Clinic) -> None:
    shutil.copy(clinic.folder / "backup.db", clinic.database)


FAULTS = {
    # Slack
    "bot token wrong": Fault(
        SLACK,
        "problem",
        ("SLACK_BOT_TOKEN", "invalid_auth", "OAuth & Permissions"),
        lambda clinic: clinic.sets(SLACK_BOT_TOKEN="xoxb-of-old"),
        lambda clinic: clinic.sets(SLACK_BOT_TOKEN=clinic.slack.bot_token),
    ),
    **{
        f"scope {scope} missing": Fault(
            SLACK, level, ("SLACK_BOT_TOKEN", f"lacks the scope {scope}", "Reinstall"), scope_is(scope), scope_is_back
        )
        for scope, level in (("chat:write", "problem"), ("reactions:read", "warning"), ("files:write", "warning"))
    },
    "three scopes missing": Fault(
        SLACK,
        "warning",
        (
            "SLACK_BOT_TOKEN lacks 3 scopes: files:write (exports, pictures and long lists cannot be sent), im:history",
            "reactions:read (a pushpin logs nothing).",
            "Reinstall",
        ),
        lambda clinic: [scope_is(scope)(clinic) for scope in ("files:write", "im:history", "reactions:read")],
        scope_is_back,
    ),
    "bot not in the channel": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "not a member of the channel #production", "/invite @baton"),
        lambda clinic: clinic.slack.leaves(clinic.slack.bot_user, CHANNEL),
        lambda clinic: clinic.slack.joins(clinic.slack.bot_user, CHANNEL),
    ),
    "channel archived": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "#production is archived", "Unarchive it"),
        lambda clinic: clinic.slack.archives(CHANNEL),
        lambda clinic: clinic.slack.archives(CHANNEL, archived=False),
    ),
    "channel unknown": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "no channel C0ELSEWHERE", "Copy the channel's id"),
        lambda clinic: clinic.sets(TEAM_CHANNEL="C0ELSEWHERE"),
        lambda clinic: clinic.sets(TEAM_CHANNEL=CHANNEL),
    ),
    "app token of another kind": Fault(
        SLACK,
        "problem",
        ("SLACK_APP_TOKEN", "invalid_auth", "connections:write"),
        lambda clinic: clinic.sets(SLACK_APP_TOKEN="xapp-of-old"),
        lambda clinic: clinic.sets(SLACK_APP_TOKEN=clinic.slack.app_token),
    ),
    "app token without its scope": Fault(
        SLACK,
        "problem",
        ("SLACK_APP_TOKEN lacks the scope connections:write",),
        app_token_without_scope,
        lambda clinic: setattr(clinic.slack, "app_token_connects", True),
    ),
    "lead unknown": Fault(
        SLACK,
        "warning",
        ("WOW_LEADS names U0GONE, S0OLD, whom",),
        lambda clinic: clinic.sets(WOW_LEADS=f"U1,U0GONE,S0OLD,{GROUP}"),
        lambda clinic: clinic.sets(WOW_LEADS=f"U1,{GROUP}"),
    ),
    "user group not editable": Fault(
        SLACK,
        "warning",
        ("ONCALL_USERGROUP", "may not edit the user group @oncall", "Roles & permissions"),
        lambda clinic: setattr(clinic.slack, "forbids_usergroup_changes", True),
        lambda clinic: setattr(clinic.slack, "forbids_usergroup_changes", False),
    ),
    "user group unknown": Fault(
        SLACK,
        "warning",
        ("ONCALL_USERGROUP", "no user group S0OTHER"),
        lambda clinic: clinic.sets(ONCALL_USERGROUP="S0OTHER"),
        lambda clinic: clinic.sets(ONCALL_USERGROUP=GROUP),
    ),
    # GitLab
    "token wrong": Fault(
        GITLAB,
        "problem",
        ("GitLab refuses GITLAB_TOKEN", "scope api"),
        lambda clinic: clinic.sets(GITLAB_TOKEN="glpat-of-old"),
        lambda clinic: clinic.sets(GITLAB_TOKEN=clinic.gitlab.token),
    ),
    "token expired": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN: it has expired", "scope api"),
        lambda clinic: expired(clinic, days=-1),
        lambda clinic: expired(clinic, days=300),
    ),
    "token soon to expire": Fault(
        GITLAB,
        "warning",
        ("GITLAB_TOKEN expires on 2026-11-28, in 3 days",),
        lambda clinic: expired(clinic, days=3),
        lambda clinic: expired(clinic, days=300),
    ),
    "token read-only": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN may not write", "lacks the scope api (it has: read_api)"),
        token_of_gitlab(token_read_only=True),
        token_of_gitlab(token_read_only=False),
    ),
    "role too low": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN may not edit milestones", "role Developer"),
        token_of_gitlab(token_access=10),
        token_of_gitlab(token_access=30),
    ),
    "role below developer": Fault(
        GITLAB,
        "warning",
        ("GITLAB_TOKEN may not move merge requests",),
        token_of_gitlab(token_access=20),
        token_of_gitlab(token_access=30),
    ),
    "project wrong": Fault(
        GITLAB,
        "problem",
        ("GITLAB_PROJECT", "no project acme/elsewhere"),
        lambda clinic: clinic.sets(GITLAB_PROJECT="acme/elsewhere"),
        lambda clinic: clinic.sets(GITLAB_PROJECT="acme/production"),
    ),
    "project archived": Fault(
        GITLAB,
        "problem",
        ("GITLAB_PROJECT", "acme/production is archived", "Unarchive it"),
        lambda clinic: clinic.gitlab.archive_project(),
        lambda clinic: clinic.gitlab.archive_project(archived=False),
    ),
    "WoW missing": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE) is missing", "doctor --fix"),
        lambda clinic: clinic.gitlab.delete_milestone(clinic.wow),
        creates,
    ),
    "WoW of the group": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE) belongs to a group", "Rename the group's", "doctor --fix"),
        only_of_the_group,
        leaves_the_group_alone,
    ),
    "WoW closed": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE)", "is closed", "Reopen it"),
        lambda clinic: clinic.gitlab.close_milestone(clinic.wow),
        lambda clinic: clinic.gitlab.reopen_milestone(clinic.wow),
    ),
    "clash with the group": Fault(
        GITLAB,
        "problem",
        ("group above acme/production is titled “WoW ending 2026-12-01”", "a clash", "Rename the group's milestone"),
        another_group_milestone("WoW ending 2026-12-01"),
        renames_group_milestone,
    ),
    **{
        f"label {label} missing": Fault(
            GITLAB, "warning", (f"label “{label}” ({variable}) is missing", "doctor --fix"), loses(label), creates
        )
        for label, variable in labels_of(Team("")).items()
    },
    "three labels missing": Fault(
        GITLAB,
        "warning",
        (
            "3 labels are missing in acme/production: “outage” (LABEL_OUTAGE), “goal” (LABEL_GOAL), “toil” (LABEL_TOIL).",
            "doctor --fix",
        ),
        lambda clinic: [loses(label)(clinic) for label in ("goal", "outage", "toil")],
        creates,
    ),
    "label called otherwise": Fault(
        GITLAB,
        "warning",
        ("label “ziel” (LABEL_GOAL) is missing", "put its name into LABEL_GOAL"),
        lambda clinic: clinic.sets(LABEL_GOAL="ziel"),
        lambda clinic: clinic.sets(LABEL_GOAL="goal"),
    ),
    "hook missing": Fault(
        GITLAB,
        "warning",
        ("webhook is missing", "/gitlab/hooks", "GITLAB_WEBHOOK_SECRET"),
        lambda clinic: clinic.gitlab.state.hooks.clear(),
        lambda clinic: clinic.add_hook(),
    ),
    # The database, and the rest
    "database not one": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "cannot be read as a database", "Name another file, or restore a backup"),
        lambda clinic: clinic.database.write_text("These are words, and many of them. " * 400),
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'another.db'}"),
    ),
    "database of another program": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "is the database of another program"),
        names_the_database_of_another_program,
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.database}"),
    ),
    "database from a newer version": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "was written by a newer Baton", "Start that version, or restore a backup"),
        lambda clinic: has_run(
            clinic.database, "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('baton', 'from_tomorrow')"
        ),
        lambda clinic: has_run(clinic.database, "DELETE FROM _sqlite_migrations WHERE name = 'from_tomorrow'"),
    ),
    "database damaged": Fault(
        DATABASE, "problem", ("DATABASE_URL", "is damaged", "last backup"), tears, restores
    ),
    "folder missing": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL: the folder", "does not exist", "Create it"),
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'deep' / 'baton.db'}"),
        lambda clinic: (clinic.folder / "deep").mkdir(),
    ),
    "unknown timezone": Fault(
        SETTINGS,
        "problem",
        ("TEAM_TIMEZONE is not a timezone's IANA name", "Did you mean Europe/Amsterdam?"),
        lambda clinic: clinic.sets(TEAM_TIMEZONE="europe/amsterdam"),
        lambda clinic: clinic.sets(TEAM_TIMEZONE="Europe/Amsterdam"),
    ),
    "rota not a calendar": Fault(
        ROTA,
        "warning",
        ("ROTA cannot be read", "no calendar"),
        names_a_rota_of_mere_words,
        lambda clinic: clinic.sets(ROTA=""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_what_is_said_mends_it(clinic: Clinic, name: str) -> None:
    fault = FAULTS[name]
    fault.breaks(clinic)

    found = only(clinic.examines(fault.part))

    assert found.level == fault.level
    for words in fault.said:
        assert words in f"{found.said} {found.mend}"
    fault.mends(clinic)
    assert worst(clinic.examines(fault.part)) in {"ok", "note"}


@pytest.mark.parametrize("where", [r"/projects/[^/]+$", "milestones", "labels", "hooks"])
@pytest.mark.parametrize("status", [500, 429])
def test_what_gitlab_does_not_tell_just_now_is_not_taken_for_well(clinic: Clinic, where: str, status: int) -> None:
    clinic.gitlab.weather.fails(status, match=f"GET .*{where}" if where.startswith("/") else where)

    found = only(clinic.examines(GITLAB))

    assert found.level == "warning"
    assert found.said.startswith("Could not be looked at: GitLab ")
    assert "run it again" in found.mend


@pytest.mark.parametrize(
    ("method", "error", "checks"),
    [
        ("conversations.info", "missing_scope", {"team channel"}),
        ("users.info", "fatal_error", {"leads"}),
        ("usergroups.list", "plan_upgrade_required", {"user group"}),
        ("usergroups.users.update", "plan_upgrade_required", {"user group"}),
        ("apps.connections.open", "fatal_error", {"Socket Mode"}),
        ("apps.connections.open", "ratelimited", {"Socket Mode"}),
    ],
)
def test_what_slack_does_not_tell_just_now_is_not_taken_for_well(
    clinic: Clinic, method: str, error: str, checks: set[str]
) -> None:
    clinic.sets(SLACK_APP_TOKEN=clinic.slack.app_token)
    clinic.slack.weather.fails(200, match=method, body={"ok": False, "error": error})

    wrong = [one for one in clinic.examines(SLACK) if one.level != "ok"]

    assert {one.check for one in wrong} == checks
    assert {one.level for one in wrong} == {"warning"}


def test_a_slack_that_breaks_down_is_not_taken_for_one_that_refuses_the_token(clinic: Clinic) -> None:
    clinic.slack.weather.fails(200, match="auth.test", body={"ok": False, "error": "internal_error"})

    found = only(clinic.examines(SLACK))

    assert found.level == "warning"
    assert "Slack cannot be asked at" in found.said
    assert "internal_error" in found.said
