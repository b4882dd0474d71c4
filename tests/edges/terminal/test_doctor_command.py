"""`python -m bot doctor` as somebody runs it: all of it, in time, and nothing written but what was agreed to."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.checkup import labels_of
from bot.domain.priority import AP_LABELS
from bot.domain.team import Team
from tests.edges.terminal.clinic import GROUP, Clinic
from tests.edges.terminal.shell import runs
from tests.stories.process import run_to_its_end
from tests.stories.world import HOOK_SECRET


def test_where_all_is_well_the_command_says_so_and_ends_with_zero(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    code = clinic.prints()

    lines = capsys.readouterr().out.splitlines()
    assert (code, lines[-1]) == (0, "All is well.")
    assert all(line.startswith(("ok ", "note ")) for line in lines[:-2])
    checks = ["settings", "Slack token", "scopes", "team channel", "GitLab token", "project", "milestones", "labels"]
    checks += [
        "webhook",
        "clock",
        "database",
        "time zones",
        "user group",
        "leads",
        "rota",
        "pictures",
        "locale",
        "address",
        "address",
    ]
    for check in checks:
        assert any(line[8:].startswith(f"{check}: ") for line in lines), check


def test_all_wrong_settings_are_named_at_once_and_the_rest_is_looked_at(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sets(GITLAB_TOKEN="", TEAM_TIMEZONE="Mars/Olympus", LABEL_GOAL="outage", SLACK_BOT_TOKEN="hush-hush")

    code = clinic.prints()

    out = capsys.readouterr().out
    assert code == 2
    for name in ("GITLAB_TOKEN is not set", "TEAM_TIMEZONE is not", "LABEL_GOAL is the same", "SLACK_BOT_TOKEN does"):
        assert f"problem settings: {name}" in out
    assert "note    GitLab token, project, milestones, labels, webhook: Not looked at: GITLAB_TOKEN comes first." in out
    assert "ok      database: " in out
    assert "hush-hush" not in out


def test_it_ends_in_time_while_slack_and_gitlab_hang_and_says_so_without_a_secret(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.slack.weather.hangs()
    clinic.gitlab.weather.hangs()

    done = run_to_its_end(["doctor"], clinic.world.bot.settings, tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert "warning Slack token: Slack cannot be asked at http://127.0.0.1" in done.stdout
    assert "warning GitLab token: GitLab cannot be asked at http://127.0.0.1" in done.stdout
    assert "it does not answer in time" in done.stdout
    assert "Baton can serve, but not all is well." in done.stdout
    for secret in (clinic.slack.bot_token, clinic.gitlab.token, clinic.slack.signing_secret, HOOK_SECRET):
        assert secret not in done.stdout


def test_what_is_lacking_is_created_only_with_fix_and_after_a_yes(clinic: Clinic, tmp_path: Path) -> None:
    clinic.world.clock.runs_with_the_machine()
    clinic.gitlab.delete_milestone(clinic.wow)
    for one in list(clinic.gitlab.state.milestones):
        clinic.gitlab.delete_milestone(one)
    clinic.gitlab.state.labels.clear()

    plain = run_to_its_end(["doctor"], clinic.world.bot.settings, tmp_path)
    asked = run_to_its_end(["doctor", "--fix"], clinic.world.bot.settings, tmp_path)
    assert (plain.returncode, asked.returncode) == (2, 2)
    assert "I cannot ask here. Add --yes" in asked.stdout
    assert not clinic.gitlab.writes

    fixed = run_to_its_end(["doctor", "--fix", "--yes"], clinic.world.bot.settings, tmp_path)

    assert (fixed.returncode, fixed.stdout.splitlines()[-1]) == (0, "All is well.")
    assert {one.name for one in clinic.gitlab.state.labels.values()} == {*labels_of(Team("")), *AP_LABELS}
    wow, following = (clinic.gitlab.milestone(title) for title in ("WoW", "Next WoW"))
    start, due = (datetime.fromisoformat(wow[day]).date() for day in ("start_date", "due_date"))
    assert (start.weekday(), due - start) == (2, timedelta(days=6))
    assert start <= clinic.now().date() <= due
    assert following["start_date"] == str(due + timedelta(days=1))
    assert len(clinic.gitlab.writes) == 11


def test_nothing_but_that_is_written_anywhere(clinic: Clinic) -> None:
    clinic.examines()

    assert not clinic.gitlab.writes
    asked = {each.path.removeprefix("/api/") for each in clinic.slack.server.recorded()}
    assert asked == {"auth.test", "conversations.info", "users.info", "usergroups.list", "usergroups.users.update"}
    assert clinic.slack.usergroups[GROUP].users == ["U1"]


def test_a_terminal_gets_colours_and_folded_lines(clinic: Clinic, tmp_path: Path) -> None:
    clinic.gitlab.state.hooks.clear()

    done = runs(clinic.world, tmp_path, noun="doctor", tty=True, TERM="xterm", COLUMNS="80")

    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert done.returncode in {1, 2}  # the world's clock is not the machine's
    assert any(line.startswith("warning  webhook") for line in lines)
    assert max(map(len, lines)) <= 80


def test_yes_alone_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    done = run_to_its_end(["doctor", "--yes"], clinic.world.bot.settings, tmp_path)

    assert (done.returncode, done.stderr) == (2, "--yes answers what --fix asks: give both.\n")
