"""Settings are read once, judged all at once, and never give a secret away."""

import os
import re
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsError, read, read_partly

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1-hush",
    "SLACK_APP_TOKEN": "xapp-1-hush",
    "SLACK_SIGNING_SECRET": "5ecre7-hush",
    "GITLAB_TOKEN": "glpat-hush",
    "GITLAB_WEBHOOK_SECRET": "hook-hush",
    "GITLAB_WEBHOOK_SIGNING_TOKEN": "whsec_aHVzaA==",
}
REQUIRED = {
    "SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"],
    "SLACK_APP_TOKEN": SECRETS["SLACK_APP_TOKEN"],
    "GITLAB_TOKEN": SECRETS["GITLAB_TOKEN"],
    "GITLAB_PROJECT": "production/tracker",
    "TEAM_CHANNEL": "C0TEAM",
}


class Environment:
    """The variables of one test, and what Baton makes of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        for field in Settings.model_fields:
            monkeypatch.delenv(field.upper(), raising=False)
        self.has(**REQUIRED)

    def has(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def lacks(self, *names: str) -> None:
        for name in names:
            self._monkeypatch.delenv(name)

    def read(self) -> Settings:
        return read(env_file=None)

    def complaints(self) -> dict[str, str]:
        with pytest.raises(SettingsError) as caught:
            self.read()
        assert str(caught.value).splitlines()[1:] == [f"  {problem}" for problem in caught.value.problems]
        return {
            name.rstrip(":"): words for name, _, words in (problem.partition(" ") for problem in caught.value.problems)
        }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    return Environment(monkeypatch)


def test_what_is_required_is_enough(environment: Environment) -> None:
    settings = environment.read()

    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-hush"
    assert settings.gitlab_project == "production/tracker"
    assert settings.socket_mode


def test_defaults_are_those_of_a_small_team_on_one_machine(environment: Environment) -> None:
    settings = environment.read()

    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.gitlab_url == "https://gitlab.com"
    assert settings.database_url == "sqlite:///baton.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.team_timezone == ZoneInfo("UTC")
    assert (settings.wow_title, settings.next_wow_title) == ("WoW", "Next WoW")
    assert settings.label_data_loss == "(perceived) data loss"
    assert settings.deploy_environments == ("production",)
    assert settings.wow_leads == settings.private_channels == ()
    assert settings.gitlab_users == {}
    assert settings.oncall_topic is False
    assert settings.report_picture is True
    assert [
        settings.handoff_reminder,
        settings.handoff_escalation,
        settings.outage_reminder,
        settings.late_sweep,
    ] == [10, 30, 240, 60]
    assert settings.log_reaction == "pushpin"


@pytest.mark.parametrize("name", [field.upper() for field in Settings.model_fields])
def test_whatever_is_wrong_the_rest_can_be_read(environment: Environment, name: str) -> None:
    environment.has(**{name: "  ", "WOW_LEADS": "U7"} if name != "WOW_LEADS" else {name: "  "})

    found = read_partly(env_file=None)

    assert found.wrong == {name}
    assert [problem.split()[0].rstrip(":") for problem in found.problems] == [name]
    assert name == "WOW_LEADS" or found.settings.wow_leads == ("U7",)


def test_everything_wrong_is_told_at_once_and_named(environment: Environment) -> None:
    environment.lacks(*REQUIRED)
    environment.has(LABEL_OUTAGE="goal", PORT="many", TEAM_TIMEZONE="Mars/Olympus")

    found = read_partly(env_file=None)

    named = {*REQUIRED, "SLACK_SIGNING_SECRET", "LABEL_GOAL", "PORT", "TEAM_TIMEZONE"} - {"SLACK_APP_TOKEN"}
    assert found.wrong == named
    assert len(found.problems) == len(named)


def test_a_file_that_cannot_be_read_leaves_the_environment(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"WOW_TITLE=\xff")

    found = read_partly(tmp_path / ".env")

    assert (found.wrong, len(found.problems)) == (frozenset(), 1)
    assert found.settings.gitlab_project == "production/tracker"


def test_settings_cannot_be_changed_afterwards(environment: Environment) -> None:
    settings = environment.read()

    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.gitlab_users["U1"] = "mallory"  # type: ignore[index]


@pytest.mark.parametrize("name", [name for name in REQUIRED if name != "SLACK_APP_TOKEN"])
def test_each_required_setting_is_asked_for_by_name(environment: Environment, name: str) -> None:
    environment.lacks(name)

    assert environment.complaints()[name].startswith("is not set.")


def test_an_empty_variable_is_not_set(environment: Environment) -> None:
    environment.has(GITLAB_TOKEN="", PORT="", ROTA="", WOW_TITLE="")

    assert set(environment.complaints()) == {"GITLAB_TOKEN"}


def test_blanks_around_a_value_do_not_count(environment: Environment) -> None:
    environment.has(GITLAB_TOKEN=" glpat-hush\n", WOW_TITLE=" This week ", PORT=" 8080 ")
    settings = environment.read()

    assert settings.gitlab_token.get_secret_value() == "glpat-hush"
    assert (settings.wow_title, settings.port) == ("This week", 8080)


def test_everything_wrong_is_said_at_once(environment: Environment) -> None:
    environment.lacks("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITLAB_PROJECT")
    environment.has(PORT="http", NEXT_WOW_TITLE="wow", TEAM_TIMEZONE="Mars/Base", LATE_SWEEP="-1")

    assert set(environment.complaints()) == {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "GITLAB_PROJECT",
        "PORT",
        "TEAM_TIMEZONE",
        "NEXT_WOW_TITLE",
        "LATE_SWEEP",
    }


def test_one_way_for_slack_to_reach_baton_is_needed_and_suffices(environment: Environment) -> None:
    environment.lacks("SLACK_APP_TOKEN")
    assert "SLACK_APP_TOKEN" in environment.complaints()["SLACK_SIGNING_SECRET"]

    environment.has(SLACK_SIGNING_SECRET="5ecre7")
    assert not environment.read().socket_mode


def test_a_wrong_app_token_is_one_complaint_not_two(environment: Environment) -> None:
    environment.has(SLACK_APP_TOKEN="xoxb-1-hush")

    assert set(environment.complaints()) == {"SLACK_APP_TOKEN"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1-hush"),
        ("SLACK_BOT_TOKEN", "xoxb-"),
        ("SLACK_BOT_TOKEN", '"xoxb-1-hush"'),
        ("SLACK_APP_TOKEN", "xoxb-1-hush"),
        ("SLACK_SIGNING_SECRET", "two words"),
        ("SLACK_API_URL", "https://slack.example"),
        ("SLACK_API_URL", "slack.example/api/"),
        ("SLACK_API_URL", "ftp://slack.example/api/"),
        ("SLACK_API_URL", "https://slack.example/api/?token=hush"),
        ("SLACK_API_URL", "https://slack.example:port/api/"),
        ("GITLAB_URL", "gitlab.example"),
        ("GITLAB_URL", "https://"),
        ("GITLAB_URL", "https://root:hush@gitlab.example"),
        ("GITLAB_URL", "https://gitlab.example/api/v4"),
        ("GITLAB_TOKEN", "glpat hush"),
        ("GITLAB_PROJECT", "tracker"),
        ("GITLAB_PROJECT", "0"),
        ("GITLAB_PROJECT", "https://gitlab.example/production/tracker"),
        ("GITLAB_WEBHOOK_SIGNING_TOKEN", "hook-hush"),
        ("GITLAB_WEBHOOK_SIGNING_TOKEN", "whsec_"),
        ("GITLAB_WEBHOOK_SIGNING_TOKEN", "whsec_not base64"),
        ("DATABASE_URL", "baton.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://baton:hush@db/baton"),
        ("HOST", "http://0.0.0.0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "3e3"),
        ("TEAM_CHANNEL", "#production"),
        ("TEAM_CHANNEL", "D0DIRECT"),
        ("TEAM_TIMEZONE", "Amsterdam"),
        ("TEAM_TIMEZONE", "../../etc/passwd"),
        ("WOW_LEADS", "U1,@lead"),
        ("WOW_TITLE", "   "),
        ("WOW_TITLE", "w" * 250),
        ("NEXT_WOW_TITLE", "WOW"),
        ("LABEL_OUTAGE", "  "),
        ("LABEL_GOAL", "goal,moved"),
        ("LABEL_GOAL", "Outage"),
        ("GITLAB_USERS", "U1"),
        ("GITLAB_USERS", "U1=alice,U1=bob"),
        ("GITLAB_USERS", "alice=U1"),
        ("DEPLOY_ENVIRONMENTS", ","),
        ("ROTA", "/no/such/rota.ics"),
        ("ROTA", "ftp://rota.example/rota.ics"),
        ("ONCALL_USERGROUP", "@oncall"),
        ("ONCALL_TOPIC", "maybe"),
        ("HANDOFF_REMINDER", "0"),
        ("HANDOFF_ESCALATION", "1.5"),
        ("OUTAGE_REMINDER", "4h"),
        ("LATE_SWEEP", "99999999999"),
        ("LOG_REACTION", "push pin"),
        ("LOG_REACTION", "::"),
        ("PRIVATE_CHANNELS", "C1;C2"),
    ],
)
def test_a_wrong_value_is_named_with_its_mend_and_never_repeated(
    environment: Environment, name: str, value: str
) -> None:
    environment.has(**{name: value})
    complaints = environment.complaints()

    assert set(complaints) == {name}
    assert re.fullmatch(r"(is|has|names|does|Baton) .+[.?]", complaints[name])
    assert "hush" not in complaints[name]


@pytest.mark.parametrize(
    ("given", "complained", "other"),
    [
        ({"LABEL_UNSCHEDULED": "outage"}, "LABEL_OUTAGE", "LABEL_UNSCHEDULED"),
        ({"LABEL_DATA_LOSS": "OUTAGE"}, "LABEL_DATA_LOSS", "LABEL_OUTAGE"),
        ({"LABEL_GOAL": "toil"}, "LABEL_TOIL", "LABEL_GOAL"),
        ({"LABEL_REPORT": "Unscheduled"}, "LABEL_REPORT", "LABEL_UNSCHEDULED"),
        ({"LABEL_TOIL": "work", "LABEL_REPORT": "Work"}, "LABEL_REPORT", "LABEL_TOIL"),
    ],
)
def test_labels_of_different_meanings_differ_in_more_than_case(
    environment: Environment, given: dict[str, str], complained: str, other: str
) -> None:
    environment.has(**given)

    (words,) = environment.complaints().values()

    assert set(environment.complaints()) == {complained}
    assert words.startswith(f"is the same label as {other}.")
    assert "Give each of the two a label of its own" in words


def test_labels_may_be_swapped(environment: Environment) -> None:
    environment.has(LABEL_GOAL="toil", LABEL_TOIL="goal")

    assert environment.read().label_goal == "toil"


def test_postgresql_is_refused_in_a_sentence(environment: Environment) -> None:
    environment.has(DATABASE_URL="postgresql://baton:hush@db/baton")

    with pytest.raises(SettingsError) as caught:
        environment.read()
    assert caught.value.problems == ("DATABASE_URL: Baton cannot use PostgreSQL yet; use sqlite:///baton.db.",)


def test_a_mistyped_timezone_is_answered_with_the_nearest(environment: Environment) -> None:
    environment.has(TEAM_TIMEZONE="europe/amsterdm")

    assert "Did you mean Europe/Amsterdam?" in environment.complaints()["TEAM_TIMEZONE"]


@pytest.mark.parametrize(
    ("name", "value", "understood"),
    [
        ("SLACK_API_URL", "http://127.0.0.1:9/api", "http://127.0.0.1:9/api/"),
        ("GITLAB_URL", "https://gitlab.example/", "https://gitlab.example"),
        ("GITLAB_URL", "https://example.org/gitlab", "https://example.org/gitlab"),
        ("GITLAB_PROJECT", "278964", "278964"),
        ("GITLAB_PROJECT", "/group/sub.group/tracker/", "group/sub.group/tracker"),
        ("DATABASE_URL", "sqlite:////srv/baton/baton.db", "sqlite:////srv/baton/baton.db"),
        ("HOST", "::1", "::1"),
        ("PORT", "0", 0),
        ("TEAM_CHANNEL", "G0OLD", "G0OLD"),
        ("TEAM_TIMEZONE", "Pacific/Apia", ZoneInfo("Pacific/Apia")),
        ("WOW_LEADS", "U1, W2 ,S3,,U1", ("U1", "W2", "S3")),
        ("GITLAB_USERS", "U1=alice, U2 = @bob.b", {"U1": "alice", "U2": "bob.b"}),
        ("DEPLOY_ENVIRONMENTS", "production, gprd/main", ("production", "gprd/main")),
        ("ROTA", "https://rota.example/private-hush/basic.ics", "https://rota.example/private-hush/basic.ics"),
        ("ONCALL_USERGROUP", "S0ONCALL", "S0ONCALL"),
        ("ONCALL_TOPIC", "Yes", True),
        ("ONCALL_TOPIC", "0", False),
        ("OUTAGE_REMINDER", "1", 1),
        ("LOG_REACTION", ":Round_Pushpin:", "round_pushpin"),
        ("LOG_REACTION", "+1", "+1"),
        ("PRIVATE_CHANNELS", "C1,G2", ("C1", "G2")),
    ],
)
def test_a_right_value_is_understood(environment: Environment, name: str, value: str, understood: object) -> None:
    environment.has(**{name: value})

    assert getattr(environment.read(), name.lower()) == understood


def test_a_rota_may_be_a_file(environment: Environment, tmp_path: Path) -> None:
    rota = tmp_path / "rota.ics"
    rota.write_text("BEGIN:VCALENDAR\n")
    environment.has(ROTA=str(rota))

    assert environment.read().rota == str(rota)


def test_secrets_are_not_shown(environment: Environment) -> None:
    environment.has(**SECRETS, ROTA="https://rota.example/private-hush/basic.ics")
    settings = environment.read()

    for shown in (repr(settings), str(settings), f"{settings.gitlab_token}"):
        assert "hush" not in shown
        assert "aHVzaA" not in shown


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_in_the_wrong_place_is_not_shown_either(environment: Environment, name: str) -> None:
    everywhere = {field.upper(): SECRETS[name] for field in Settings.model_fields}
    environment.has(**everywhere)

    with pytest.raises(SettingsError) as caught:
        environment.read()
    assert SECRETS[name] not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_environment_wins_over_the_file(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=1111\nWOW_TITLE='Our week'\nSOMEBODY_ELSES=1\nHOST=\n")
    environment.has(PORT="2222")
    settings = read(file)

    assert (settings.port, settings.wow_title, settings.host) == (2222, "Our week", "127.0.0.1")


def test_a_file_that_is_no_text_is_said(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\xfe\n")

    with pytest.raises(SettingsError, match="cannot be read"):
        read(file)


UNCLOSED = "a quotation mark is not closed."
NO_SETTING = "this is not NAME=value."


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('\n\nWOW_TITLE="WoW\n', [f".env, line 3: {UNCLOSED}"]),
        ("WOW_TITLE='WoW\nPORT=80\n", [f".env, line 1: {UNCLOSED}"]),
        ('# ours\r\nexport WOW_TITLE = "WoW\r\n', [f".env, line 2: {UNCLOSED}"]),
        ('GITLAB_TOKEN="glpat-hush\nPORT=80\nHOST="::1"\nLATE_SWEEP=5\n', [f".env, line 1: {UNCLOSED}"]),
        ('GITLAB_TOKEN="glpat-hush\n\nPORT=80"\n', [f".env, line 1: {UNCLOSED}"]),
        ("PORT=80\n\nglpat-hush\n", [f".env, line 3: {NO_SETTING}"]),
        ("\ufeffGITLAB TOKEN=hush\n", [f".env, line 1: {NO_SETTING}"]),
        ("=hush\nexport PORT\nPORT: 80", [f".env, line {line}: {NO_SETTING}" for line in (1, 2, 3)]),
        ('WOW_TITLE="WoW" hush\n', [".env, line 1: something follows the closing quotation mark."]),
    ],
)
def test_a_line_that_cannot_be_read_is_said_by_its_number(
    environment: Environment, tmp_path: Path, caplog: pytest.LogCaptureFixture, lines: str, said: list[str]
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(lines.encode())

    with pytest.raises(SettingsError) as caught:
        read(file)
    assert caught.value.problems == tuple(said)
    assert "hush" not in str(caught.value)
    assert caplog.text == ""


def test_what_stands_in_such_a_line_is_not_called_missing(environment: Environment, tmp_path: Path) -> None:
    environment.lacks("GITLAB_TOKEN", "SLACK_APP_TOKEN", "TEAM_CHANNEL")
    file = tmp_path / ".env"
    file.write_text('GITLAB_TOKEN="glpat-hush\nSLACK_APP_TOKEN="xapp-hush"\nPORT=http\n')

    with pytest.raises(SettingsError) as caught:
        read(file)
    assert [problem.split()[0] for problem in caught.value.problems] == [".env,", "PORT", "TEAM_CHANNEL"]


def test_lines_of_every_usual_kind_are_read(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(
        '\ufeff# ours\r\n\r\nexport PORT=1111\r\nWOW_TITLE="Our week"  # quoted\r\nHOST = ::1\r\nROTA=\r\n'
        "NEXT_WOW_TITLE='It\\'s next'\r\nLABEL_GOAL=it's\r\nKEY=\"two\r\nlines=\"\r\nWOW_LEADS=\"U1,\r\n  U2\"".encode()
    )
    settings = read(file)

    assert (settings.port, settings.host, settings.wow_leads) == (1111, "::1", ("U1", "U2"))
    assert (settings.wow_title, settings.next_wow_title, settings.label_goal) == ("Our week", "It's next", "it's")


def test_a_file_that_is_not_there_is_said_with_its_folder(environment: Environment, tmp_path: Path) -> None:
    environment.lacks("GITLAB_TOKEN")

    with pytest.raises(SettingsError) as caught:
        read(tmp_path / ".env")
    assert str(caught.value).splitlines()[0].endswith(f"in the environment or in .env (no .env in {tmp_path}).")


def test_importing_settings_reads_nothing() -> None:
    clean = {"PATH": os.environ["PATH"]}

    subprocess.run([sys.executable, "-c", "import bot.settings"], env=clean, check=True)


def test_every_secret_is_known_to_whoever_must_leave_it_out(environment: Environment) -> None:
    environment.has(GITLAB_WEBHOOK_SECRET="a-hook-secret", ROTA="https://rota.example/hush.ics")

    secrets = read(None).secrets()

    assert {REQUIRED["SLACK_BOT_TOKEN"], REQUIRED["GITLAB_TOKEN"], "a-hook-secret"} <= set(secrets)
    assert "https://rota.example/hush.ics" in secrets
