"""Baton's settings: read once at the start from the environment or `.env`, checked all at once, then passed on as values.

A message about a wrong setting names the variable, says what is wrong and how to mend it. It never repeats the value,
because what stands in the wrong place may well be a token. The same goes for a line of `.env` that cannot be read.
"""

import io
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from dotenv.parser import Binding, parse_stream
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.settings.values import (
    AppToken,
    BotToken,
    Channel,
    Channels,
    DatabaseUrl,
    Flag,
    GitlabProject,
    GitlabUrl,
    Host,
    Label,
    Leads,
    Minutes,
    Port,
    Reaction,
    Rota,
    Secret,
    SigningToken,
    SlackApiUrl,
    SomeNames,
    Title,
    UserGroup,
    UserNames,
    Zone,
)

DATABASE: Final = "sqlite:///baton.db"
T = TypeVar("T", bound=BaseSettings)


class SettingsError(Exception):
    """Settings are missing or wrong; `str()` is the whole message, for the person who starts Baton."""

    def __init__(self, problems: list[str], env_file: Path | None = None) -> None:
        self.problems = tuple(problems)
        count = "one setting needs" if len(problems) == 1 else f"{len(problems)} settings need"
        lacking = f" (no {env_file.name} in {env_file.absolute().parent})" if env_file and not env_file.exists() else ""
        head = f"Baton cannot start: {count} fixing, in the environment or in .env{lacking}."
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]))


MENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SLACK_BOT_TOKEN": "Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions on your Slack app's page.",
        "GITLAB_TOKEN": "Make an access token with the scope api and the role Developer in GitLab.",
        "GITLAB_PROJECT": "Give the path (group/project) or the id of the project that tracks the work.",
        "TEAM_CHANNEL": "Give the id (C…) of the channel where Baton speaks, from the foot of its details in Slack.",
    }
)
"""How to come by each setting that has no default."""

MEANINGS: Final = ("unscheduled", "outage", "data_loss", "goal", "toil", "report")
"""What labels say of an issue: each has one of its own, or one meaning would be taken for another."""

ALTERNATIVES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"SLACK_SIGNING_SECRET": ("SLACK_APP_TOKEN",)})
"""What is asked for only because the others are not set."""


class _Read(BaseSettings):
    """How settings are read."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _not_blank(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        if not given.strip():
            msg = "is blank. Give a value, or leave it out."
            raise ValueError(msg)
        return given.strip()


class KeepingSettings(_Read):
    """What is needed to look after the database alone: neither Slack nor GitLab."""

    database_url: DatabaseUrl = DATABASE
    team_timezone: Zone = ZoneInfo("UTC")


class Settings(_Read):
    """Every setting, under its variable's name in lower case; frozen, and silent about its secrets."""

    slack_bot_token: BotToken
    slack_app_token: AppToken | None = None
    slack_signing_secret: Secret | None = None
    slack_api_url: SlackApiUrl = "https://slack.com/api/"

    gitlab_url: GitlabUrl = "https://gitlab.com"
    gitlab_token: Secret
    gitlab_project: GitlabProject
    gitlab_webhook_secret: Secret | None = None
    gitlab_webhook_signing_token: SigningToken | None = None

    database_url: DatabaseUrl = DATABASE
    host: Host = "127.0.0.1"
    port: Port = 3000

    team_channel: Channel
    team_timezone: Zone = ZoneInfo("UTC")

    wow_leads: Leads = ()
    wow_title: Title = "WoW"
    next_wow_title: Title = "Next WoW"
    label_unscheduled: Label = "unscheduled"
    label_outage: Label = "outage"
    label_data_loss: Label = "(perceived) data loss"
    label_goal: Label = "goal"
    label_toil: Label = "toil"
    label_report: Label = "oncall report"

    gitlab_users: UserNames = Field(default_factory=lambda: MappingProxyType({}))
    deploy_environments: SomeNames = ("production",)
    # The address of a private calendar is as good as a password.
    rota: Rota | None = Field(default=None, repr=False)
    oncall_usergroup: UserGroup | None = None
    oncall_topic: Flag = False

    handoff_reminder: Minutes = 10
    handoff_escalation: Minutes = 30
    outage_reminder: Minutes = 240
    late_sweep: Minutes = 60
    report_picture: Flag = True

    log_reaction: Reaction = "pushpin"
    private_channels: Channels = ()

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached through Socket Mode instead of waiting for its requests."""
        return self.slack_app_token is not None

    def secrets(self) -> tuple[str, ...]:
        """List every secret's value, so that the log can leave them out."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return (*secrets, self.rota) if self.rota and "://" in self.rota else tuple(secrets)

    @field_validator("slack_signing_secret", mode="after")
    @classmethod
    def _one_way_in(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        # A field that failed is absent here, and has been complained about already.
        if secret is None and info.data.get("slack_app_token", "wrong") is None:
            msg = (
                "is not set, and neither is SLACK_APP_TOKEN. Set SLACK_APP_TOKEN (xapp-…) for Socket Mode, or "
                "SLACK_SIGNING_SECRET for HTTP; both are under Basic Information on your Slack app's page."
            )
            raise ValueError(msg)
        return secret

    @field_validator("next_wow_title", mode="after")
    @classmethod
    def _two_titles(cls, title: str, info: ValidationInfo) -> str:
        if title.casefold() == info.data.get("wow_title", "").casefold():
            msg = "is the same title as WOW_TITLE. Give the two milestones titles that differ in more than case."
            raise ValueError(msg)
        return title

    @field_validator(*(f"label_{meaning}" for meaning in MEANINGS), mode="after")
    @classmethod
    def _label_of_its_own(cls, label: str, info: ValidationInfo) -> str:
        for other, taken in info.data.items():
            if other.startswith("label_") and label.casefold() == taken.casefold():
                msg = (
                    f"is the same label as {other.upper()}. Give each of the two a label of its own, which differs in "
                    "more than case; one that is not set has its default."
                )
                raise ValueError(msg)
        return label


@dataclass(frozen=True)
class Partly:
    """Settings as far as they are right: what stands under a variable in `wrong` is a stand-in, and not to be used."""

    settings: Settings
    wrong: frozenset[str]
    problems: tuple[str, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """List the secrets that are right."""
        stand_ins = {str(_stand_in(name)) for name in self.wrong}
        return tuple(secret for secret in self.settings.secrets() if secret not in stand_ins)


def read(env_file: Path | None = Path(".env")) -> Settings:
    """Reads the environment, and `env_file` for what the environment leaves out.

    Raises:
        SettingsError: with everything that is missing or wrong at once.
    """
    return _whole(Settings, env_file)


def read_for_keeping(env_file: Path | None = Path(".env")) -> KeepingSettings:
    """Reads in the same way what is needed to look after the database alone."""
    return _whole(KeepingSettings, env_file)


def read_partly(env_file: Path | None = Path(".env")) -> Partly:
    """Reads the same as `read`, and goes on with what is right where something is missing or wrong."""
    return Partly(*_partly(Settings, env_file))


def _whole(kind: type[T], env_file: Path | None) -> T:
    settings, _, problems = _partly(kind, env_file)
    if problems:
        raise SettingsError(list(problems), env_file)
    return settings


def _partly(kind: type[T], env_file: Path | None) -> tuple[T, frozenset[str], tuple[str, ...]]:
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # it warns of lines it skips; they are said here
    problems: list[str] = []
    is_readable, unread = True, ""
    try:
        problems, unread = _unread_lines(env_file)
    except (OSError, UnicodeDecodeError):
        problems = [f"{env_file} cannot be read. Make it a text file in UTF-8 that Baton's user may read."]
        is_readable, env_file = False, None
    wrong = {name.upper() for name in kind.model_fields if name.upper() in unread}
    while True:
        stand_ins: dict[str, Any] = {name.lower(): _stand_in(name) for name in wrong}
        try:
            settings = kind(_env_file=env_file, **stand_ins)
        except ValidationError as error:
            for detail in error.errors():
                variable = str(detail["loc"][0]).upper()
                # What stands in a line that cannot be read is not missing.
                if is_readable and not any(name in unread for name in {variable, *ALTERNATIVES.get(variable, ())}):
                    problems.append(_problem(variable, detail["type"], detail["msg"]))
                wrong.add(variable)
        else:
            return settings, frozenset(wrong), tuple(problems)


def _stand_in(variable: str) -> object:
    """Give something valid that clashes with nothing, so that all other variables can be read."""
    needed = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none", "SLACK_SIGNING_SECRET": "none"}
    needed |= {"GITLAB_TOKEN": "none", "GITLAB_PROJECT": "1", "TEAM_CHANNEL": "C0"}
    if variable in needed:
        return needed[variable]
    if variable.startswith("LABEL_") or variable.endswith("_TITLE"):
        return f"instead of {variable}"
    return Settings.model_fields[variable.lower()].get_default(call_default_factory=True)


def _problem(variable: str, kind: str, message: str) -> str:
    if kind == "missing":
        return f"{variable} is not set. {MENDS[variable]}"
    words = message.removeprefix("Value error, ")
    return f"{variable}{words}" if words.startswith(":") else f"{variable} {words}"


def _unread_lines(env_file: Path | None) -> tuple[list[str], str]:
    """Say which lines of the file are skipped or swallowed when it is read, and give what stands in them."""
    if env_file is None or not env_file.is_file():
        return [], ""
    problems: list[str] = []
    unread: list[str] = []
    for binding in parse_stream(io.StringIO(env_file.read_text("utf-8"))):
        if wrong := _unreadable(binding):
            text = binding.original.string
            number = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            problems.append(f"{env_file.name}, line {number}: {wrong}")
            unread.append(text)
    return problems, "\n".join(unread)


def _unreadable(binding: Binding) -> str:
    text = binding.original.string.strip()
    first, _, others = text.partition("\n")
    named = re.match(r"""(?:export\s+)?(?:'[^']+'|[^=#\s]+)[^\S\n]*=[^\S\n]*""", first)
    if named is None or (binding.value is None and not binding.error):
        return "this is not NAME=value." if binding.error or binding.key else ""
    value = first[named.end() :]
    if re.match(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*\"""", value):
        return "something follows the closing quotation mark." if binding.error else ""
    # A quotation mark may be closed lines later; when there is a setting in between, that was not meant.
    swallowed = re.search(r"^\s*(export\s+)?[A-Z][A-Z0-9_]+=", others, re.MULTILINE)
    return "a quotation mark is not closed." if binding.error or swallowed else ""
