"""What each kind of value must look like: every check takes the text as it was given, and returns the value.

What it raises goes on after the variable's name, and never repeats what was given: that may well be a token.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

LONGEST_TITLE: Final = 255 - len(" ending yyyy-mm-dd")
"""GitLab takes titles of 255 characters, and a week's title grows by its ending date."""
YEAR_IN_MINUTES: Final = 366 * 24 * 60


def _split(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _token(prefix: str, where: str) -> Callable[[SecretStr], SecretStr]:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.startswith(prefix):
            msg = f"does not begin with {prefix}. Copy it, without quotation marks, from {where}."
            raise ValueError(msg)
        if not re.fullmatch(r"[\x21-\x7e]+", text.removeprefix(prefix)):
            msg = f"is not whole, or has a blank or a character outside ASCII in it. Copy it again from {where}."
            raise ValueError(msg)
        return secret

    return check


def _header_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]+", secret.get_secret_value()):
        msg = "has a blank or a character outside ASCII in it. Copy it again, without quotation marks."
        raise ValueError(msg)
    return secret


def _signing_token(secret: SecretStr) -> SecretStr:
    scheme, _, key = secret.get_secret_value().partition("_")
    try:
        valid = scheme == "whsec" and bool(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        msg = "is not whsec_ followed by base64. Copy the whole signing token from the webhook's page in GitLab."
        raise ValueError(msg)
    return secret


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain and port_is_sound


def _slack_api_url(text: str) -> str:
    url = text if text.endswith("/") else text + "/"
    if not (_is_web_address(text) and url.endswith("/api/")):
        msg = "is not an http(s) address that ends in /api/. Leave it out for Slack's own, https://slack.com/api/."
        raise ValueError(msg)
    return url


def _gitlab_url(text: str) -> str:
    url = text.rstrip("/")
    if not _is_web_address(text) or re.search(r"/api(/v\d+)?$", url):
        msg = "is not GitLab's http(s) address. Give it as in the browser, without /api/v4: https://gitlab.example.com."
        raise ValueError(msg)
    return url


def _gitlab_project(text: str) -> str:
    path = text.strip("/")
    if not re.fullmatch(r"[1-9]\d*|[\w.-]+(/[\w.-]+)+", path, re.ASCII):
        msg = "is neither a project's path nor its id. Give group/project, without GitLab's address, or the number."
        raise ValueError(msg)
    return path


def _database_url(text: str) -> str:
    if text.startswith(("postgresql://", "postgres://")):
        msg = ": Baton cannot use PostgreSQL yet; use sqlite:///baton.db."
        raise ValueError(msg)
    path = text.removeprefix("sqlite:///")
    if path == text or not path or path == ":memory:":
        msg = "names no database file. Use sqlite:///baton.db, or sqlite:////srv/baton/baton.db for an absolute path."
        raise ValueError(msg)
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[\w.:%-]+", text, re.ASCII):
        msg = "is not an address to listen on. Give a name or a number without a port: 127.0.0.1, or 0.0.0.0 for all."
        raise ValueError(msg)
    return text


def _whole_number(least: int, most: int, what: str) -> Callable[[object], int]:
    def check(given: object) -> int:
        text = str(given)
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
            msg = f"is not a whole number from {least} to {most}. Give {what}."
            raise ValueError(msg)
        return int(text)

    return check


def _yes_or_no(given: object) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    answer = words.get(str(given).lower())
    if answer is None:
        msg = "is neither true nor false."
        raise ValueError(msg)
    return answer


def _timezone(given: object) -> ZoneInfo:
    if isinstance(given, ZoneInfo):
        return given
    text, known = str(given), available_timezones()
    if text in known:
        return ZoneInfo(text)
    by_folded_name = {name.casefold(): name for name in known}
    near = get_close_matches(text.casefold().replace(" ", "_"), by_folded_name, n=1)
    hint = f" Did you mean {by_folded_name[near[0]]}?" if near else ""
    msg = f"is not a timezone's IANA name. Give a name such as Europe/Amsterdam or UTC.{hint}"
    raise ValueError(msg)


def _channel(text: str) -> str:
    if not re.fullmatch(r"[CG][A-Z0-9]+", text):
        msg = "is not a channel's id (C… or G…). Copy it from the foot of the channel's details in Slack."
        raise ValueError(msg)
    return text


def _each(pattern: str, what: str) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    def check(given: tuple[str, ...]) -> tuple[str, ...]:
        for number, entry in enumerate(given, start=1):
            if not re.fullmatch(pattern, entry):
                msg = f"has an entry (number {number}) that is not {what}. Give ids, separated by commas."
                raise ValueError(msg)
        return tuple(dict.fromkeys(given))

    return check


def _user_group(text: str) -> str:
    if not re.fullmatch(r"S[A-Z0-9]+", text):
        msg = "is not a user group's id (S…). Copy it from the address of the group's page in Slack."
        raise ValueError(msg)
    return text


def _title(text: str) -> str:
    if len(text) > LONGEST_TITLE or not text.isprintable():
        msg = f"is not a milestone's title. Give one line of at most {LONGEST_TITLE} characters."
        raise ValueError(msg)
    return text


def _label(text: str) -> str:
    if "," in text or not text.isprintable():
        msg = "is not a label's name: GitLab allows no comma in it. Give the name of one label."
        raise ValueError(msg)
    return text


def _some(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        msg = "names nothing. Give names or tiers separated by commas, or leave it out."
        raise ValueError(msg)
    return given


def _user_names(given: object) -> object:
    if not isinstance(given, str):
        return given
    names: dict[str, str] = {}
    for number, entry in enumerate((part.strip() for part in given.split(",") if part.strip()), start=1):
        slack_id, _, name = (part.strip() for part in entry.partition("="))
        name = name.removeprefix("@")
        if not (re.fullmatch(r"[UW][A-Z0-9]+", slack_id) and re.fullmatch(r"[\w.-]+", name, re.ASCII)):
            msg = f"has an entry (number {number}) that is not a Slack id and a GitLab user name. Give U1=alice,U2=bob."
            raise ValueError(msg)
        if slack_id in names:
            msg = f"names somebody twice (entry number {number}). Keep one GitLab user name per Slack id."
            raise ValueError(msg)
        names[slack_id] = name
    return names


def _rota(text: str) -> str:
    if re.match(r"(https?|webcal)://[^/\s]", text):
        return text
    if "://" in text or not Path(text).is_file():
        msg = "is neither an http(s) address nor a file that is there. Give the address or the path of an iCalendar."
        raise ValueError(msg)
    return text


def _reaction(text: str) -> str:
    name = re.sub(r"^:(.*):$", r"\1", text).lower()
    if not re.fullmatch(r"[^\s:,]+", name):
        msg = "is not one emoji's name. Give it with or without colons: pushpin or :pushpin:."
        raise ValueError(msg)
    return name


# The shapes that more than one setting has.

Minutes = Annotated[int, BeforeValidator(_whole_number(1, YEAR_IN_MINUTES, "minutes, such as 30"))]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Title = Annotated[str, AfterValidator(_title)]
Label = Annotated[str, AfterValidator(_label)]
Secret = Annotated[SecretStr, AfterValidator(_header_secret)]
BotToken = Annotated[SecretStr, AfterValidator(_token("xoxb-", "OAuth & Permissions on your Slack app's page"))]
AppToken = Annotated[SecretStr, AfterValidator(_token("xapp-", "Basic Information on your Slack app's page"))]

DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Zone = Annotated[ZoneInfo, BeforeValidator(_timezone)]
SlackApiUrl = Annotated[str, AfterValidator(_slack_api_url)]
GitlabUrl = Annotated[str, AfterValidator(_gitlab_url)]
GitlabProject = Annotated[str, AfterValidator(_gitlab_project)]
SigningToken = Annotated[SecretStr, AfterValidator(_signing_token)]
Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, BeforeValidator(_whole_number(0, 65535, "the port to listen on, such as 3000"))]
Channel = Annotated[str, AfterValidator(_channel)]
Channels = Annotated[Names, AfterValidator(_each(r"[CG][A-Z0-9]+", "a channel's id (C… or G…)"))]
Leads = Annotated[Names, AfterValidator(_each(r"[UWS][A-Z0-9]+", "a user's or user group's id (U…, W…, S…)"))]
UserGroup = Annotated[str, AfterValidator(_user_group)]
UserNames = Annotated[Mapping[str, str], NoDecode, BeforeValidator(_user_names), AfterValidator(MappingProxyType)]
SomeNames = Annotated[Names, AfterValidator(_some)]
Rota = Annotated[str, AfterValidator(_rota)]
Flag = Annotated[bool, BeforeValidator(_yes_or_no)]
Reaction = Annotated[str, AfterValidator(_reaction)]
