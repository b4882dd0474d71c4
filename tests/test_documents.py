"""The manifest, the README's tables, `.env.example` and the lock say what the code does, and nothing else."""

import ast
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

import handlers
from bot.domain.commands.event import EVENT_USAGE
from bot.domain.commands.handoff import HANDOFF_USAGE
from bot.domain.commands.wow import WOW_USAGE
from bot.settings import MENDS, Settings
from tests.architecture import drawing

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
PERMISSIONS: Final = ROOT / "docs" / "permissions.md"

EVENT_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    # https://docs.slack.dev/reference/events
    "app_home_opened": frozenset(),
    "member_joined_channel": frozenset({"channels:read", "groups:read"}),
    "member_left_channel": frozenset({"channels:read", "groups:read"}),
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "reaction_added": frozenset({"reactions:read"}),
    "reaction_removed": frozenset({"reactions:read"}),
    "subteam_members_changed": frozenset({"usergroups:read"}),
    "subteam_updated": frozenset({"usergroups:read"}),
    "user_change": frozenset({"users:read"}),
}

# slack_sdk offers these under names of its own.
SDK_SHORTHANDS: Final = {"files_upload_v2": ("files.getUploadURLExternal", "files.completeUploadExternal")}

COMMANDS: Final = {"/wow", "/event", "/handoff"}
SHORTCUTS: Final = {
    "log_as_event": "Log as event",
    "open_outage_issue": "Open outage issue",
    "add_to_handoff": "Add to hand-off",
}


@pytest.fixture(scope="module")
def contract() -> Path:
    folder = Path(os.environ.get("CONTRACTS") or ROOT.parent / "shared" / "contract")
    if not folder.is_dir():
        words = f"Slack's contract is not at {folder}: set CONTRACTS to its folder"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(f"left out: {words}")
    return folder


@pytest.fixture(scope="module")
def methods(contract: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((contract / "slack-methods.json").read_text())
    return {name: facts for name, facts in known.items() if "." in name}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return read


@pytest.fixture(scope="module")
def scopes(manifest: dict[str, Any]) -> set[str]:
    return set(manifest["oauth_config"]["scopes"]["bot"])


# The manifest


def test_the_manifest_is_what_slack_accepts(manifest: dict[str, Any], contract: Path) -> None:
    schema = json.loads((contract / "slack-manifest.schema.json").read_text())

    jsonschema.validate(manifest, schema)


def test_the_manifest_offers_every_command_and_shortcut(manifest: dict[str, Any]) -> None:
    features = manifest["features"]

    assert {command["command"] for command in features["slash_commands"]} == COMMANDS
    assert {shortcut["callback_id"]: shortcut["name"] for shortcut in features["shortcuts"]} == SHORTCUTS
    assert {shortcut["type"] for shortcut in features["shortcuts"]} == {"message"}
    assert features["app_home"]["home_tab_enabled"]


def test_mentions_in_commands_arrive_as_ids(manifest: dict[str, Any]) -> None:
    for command in manifest["features"]["slash_commands"]:
        assert command["should_escape"] is True
        assert command["usage_hint"]


def test_every_event_has_its_scope(manifest: dict[str, Any], scopes: set[str]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    assert events == sorted(set(events))
    assert set(events) == set(EVENT_SCOPES)
    for event in events:
        assert EVENT_SCOPES[event] <= scopes, event


def test_every_event_is_heard_by_something(manifest: dict[str, Any]) -> None:
    events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    heard = {name for kind, name in handlers.REQUESTS if kind == "event"}
    edits = {"message.channels", "message.groups"} if {"message_changed", "message_deleted"} <= heard else set()

    assert not events - heard - edits


def test_every_event_that_is_acted_on_is_asked_for(manifest: dict[str, Any]) -> None:
    subscribed = {name.partition(".")[0] for name in manifest["settings"]["event_subscriptions"]["bot_events"]}
    made = {"message_changed": "message", "message_deleted": "message"}
    acted_on = {name for kind, name in handlers.REQUESTS if kind == "event"} - {handlers.home.KNOWN}

    assert {made.get(name, name) for name in acted_on} <= subscribed


def test_every_scope_stands_once_with_its_reason(scopes: set[str]) -> None:
    lines = re.findall(r"^      - ([a-z.]+(?::[a-z.]+)*)(.*)$", (ROOT / "manifest.yml").read_text(), re.MULTILINE)
    reasons = {name: reason for name, reason in lines if name in scopes}

    assert [name for name in reasons if not re.fullmatch(r" # .{5,}", reasons[name])] == []
    assert list(reasons) == sorted(scopes)


def test_every_slack_method_the_code_calls_has_its_scope(methods: dict[str, Any], scopes: set[str]) -> None:
    called = {
        method: path.relative_to(ROOT)
        for path in _code_of_the_bot()
        for method in _methods_called(path.read_text(), methods)
    }

    lacking = {method: str(path) for method, path in called.items() if not _is_allowed(method, methods, scopes)}
    assert lacking == {}


def test_calls_to_slack_are_found_however_they_are_written(methods: dict[str, Any]) -> None:
    source = '''
async def speak(client, text):
    """users.list is only mentioned here."""
    await client.chat_postMessage(channel="C1", text=text)
    await client.api_call("usergroups.list")
    await client.files_upload_v2(channel="C1")
    await perform(client.conversations_setTopic)
'''

    assert _methods_called(source, methods) == {
        "chat.postMessage",
        "conversations.setTopic",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "usergroups.list",
    }


def test_a_method_without_its_scope_is_noticed(methods: dict[str, Any], scopes: set[str]) -> None:
    assert _is_allowed("views.open", methods, set())
    assert _is_allowed("conversations.setTopic", methods, scopes)
    assert not _is_allowed("conversations.setTopic", methods, scopes - {"groups:write.topic"})
    assert not _is_allowed("conversations.open", methods, scopes - {"im:write"})
    assert not _is_allowed("pins.add", methods, scopes)
    assert not _is_allowed("admin.something", methods, scopes)


def _code_of_the_bot() -> Iterable[Path]:
    sandbox = ROOT / "bot" / "sandbox"
    return (path for path in sorted((ROOT / "bot").rglob("*.py")) if sandbox not in path.parents)


def _methods_called(source: str, methods: Mapping[str, Any]) -> set[str]:
    by_sdk_name = {name.replace(".", "_"): (name,) for name in methods} | SDK_SHORTHANDS
    called: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            called.update(by_sdk_name.get(node.attr, ()))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in methods:
            called.add(node.value)
    return called


def _is_allowed(method: str, methods: Mapping[str, Any], scopes: set[str]) -> bool:
    if method not in methods:
        return False
    enough = set(methods[method]["scope"].get("bot", ()))
    if method == "conversations.open":
        return "im:write" in scopes  # Baton opens direct messages, nothing else
    if method.startswith("conversations."):
        # One scope per kind of conversation; Baton works in public and in private channels.
        return all(any(scope.startswith(kind) for scope in enough & scopes) for kind in ("channels:", "groups:"))
    return not enough or bool(enough & scopes)


# What is asked for, scope by scope


def test_the_permissions_page_explains_every_scope_of_the_manifest_and_no_other(scopes: set[str]) -> None:
    rows = _table("Slack: scopes of the bot token", PERMISSIONS)

    assert sorted(row[0].strip("`") for row in rows) == sorted(scopes)
    assert all(len(cell) > 5 for row in rows for cell in row[1:])


def test_the_permissions_page_explains_every_event_of_the_manifest_and_no_other(manifest: dict[str, Any]) -> None:
    rows = _table("Slack: events", PERMISSIONS)

    assert [row[0].strip("`") for row in rows] == manifest["settings"]["event_subscriptions"]["bot_events"]
    assert all(len(cell) > 5 for row in rows for cell in row[1:])


# The settings


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = {row[0].strip("`"): row for row in _table("Settings")}

    assert {name: row[2].strip("`") for name, row in rows.items()} == _defaults(required="required")
    assert all(len(row[1]) > 10 for row in rows.values())


def test_the_example_lists_every_setting_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text()
    given = re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", example, re.MULTILINE)

    assert len(given) == len(dict(given))
    assert dict(given) == _defaults(required="")


def test_every_setting_is_used() -> None:
    bot = "\n".join(path.read_text() for path in _code_of_the_bot() if path.name != "settings.py")

    assert [name.upper() for name in Settings.model_fields if not re.search(rf"settings\.{name}\b", bot)] == []


def test_the_example_is_valid_once_the_required_settings_are_filled_in() -> None:
    to_fill_in = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert set(to_fill_in) == _required() | {"SLACK_APP_TOKEN"}


def test_every_required_setting_says_how_to_come_by_it() -> None:
    assert set(MENDS) == _required()


def _required() -> set[str]:
    return {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}


def _defaults(*, required: str) -> dict[str, str]:
    return {
        name.upper(): required if field.is_required() else _shown(field.get_default(call_default_factory=True))
        for name, field in Settings.model_fields.items()
    }


def _shown(default: object) -> str:
    if default is None or default == {}:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default)


# The README


def test_the_readme_shows_the_commands_of_the_manifest(manifest: dict[str, Any]) -> None:
    shown = {command for row in _table("Commands") for command in re.findall(r"`(/\w+)", row[0])}

    assert shown == {command["command"] for command in manifest["features"]["slash_commands"]}


def test_the_readme_shows_every_sub_command() -> None:
    shown = {" ".join(command.split()[:2]) for command in _commands_shown()}
    used = {" ".join(one.command.split()[:2]) for one in (*WOW_USAGE, *EVENT_USAGE, *HANDOFF_USAGE)}

    assert {command for command in used if not command.endswith(" help")} <= shown


def test_the_readme_lists_the_home_tab_once() -> None:
    assert len([row for row in _table("Commands") if "Home" in row[0]]) == 1


def test_the_readme_says_all_of_the_hand_off_as_its_help_does() -> None:
    used = {re.sub("[<>]", "", one.command) for one in HANDOFF_USAGE}

    assert {command for command in _commands_shown() if command.startswith("/handoff ")} == used - {"/handoff help"}


def _commands_shown() -> set[str]:
    rows = [row[0] for row in _table("Commands") if row[0].startswith("`/")]
    return {command for row in rows for command in re.sub(r"[`*\\]", "", row).split(", ")}


PAGES: Final = (README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_targets_files_and_places_that_are_there(page: Path) -> None:
    said = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    files = re.findall(r"`((?:bot|handlers|tests|deploy)/[\w/.]+|\.ci/run)`", said)
    linked = [one.partition("#") for one in re.findall(r"(?:src=\"|\]\()(?!https?:)([^\")]+)", said)]

    assert set(re.findall(r"`make ([a-z]+)", said)) <= targets
    assert [name for name in files if not (ROOT / name).exists()] == []
    lacking = {name for name, _, _ in linked if name and not (page.parent / name).exists()}
    assert lacking <= {"../benchmarks/RESULTS.md"}  # which `make bench` writes
    there = [(page.parent / name if name else page, place) for name, _, place in linked if place]
    assert [place for path, place in there if place not in _places(path)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_on_a_page_waits_to_be_filled_in(page: Path) -> None:
    assert re.findall(r"@[A-Z][A-Z0-9_]*@", page.read_text()) == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", README.read_text()))

    assert linked == {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"}


def test_every_picture_is_shown_with_a_text_and_made_by_a_command() -> None:
    made = (ROOT / "Makefile").read_text() + (ROOT / "tests" / "browser" / "pictures.py").read_text()
    shown = "".join(page.read_text() for page in PAGES)

    for picture in (path.name for path in (ROOT / "docs").iterdir() if path.suffix in {".png", ".svg"}):
        assert picture in made
        assert re.search(rf'!\[[^\]]{{40,}}\]\(docs/{picture}\)|{picture}"[^>]* alt="[^"]{{40,}}"', shown), picture


def test_the_picture_of_how_it_is_built_is_the_one_that_is_drawn() -> None:
    drawn = drawing()

    assert (ROOT / "docs" / "architecture.svg").read_text() == drawn
    assert [path for path in re.findall(r"(?:bot|handlers)/[\w.]*", drawn) if not (ROOT / path).exists()] == []


def _places(page: Path) -> set[str]:
    """What can be pointed at in a page: its headings, written as Git's hosts do."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_design_decision_says_why_and_what_keeps_it() -> None:
    decisions = [part for part in _section("Design decisions").split("\n\n") if part.startswith("**")]

    assert len(decisions) >= 7
    for decision in decisions:
        assert re.fullmatch(r"\*\*.+\.\*\* \*Because\* .+ \*Checked by\* .+\.", decision), decision


def _section(title: str, page: Path = README) -> str:
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    assert match, f"{page.name} has no section {title!r}"
    return match[1]


def _table(title: str, page: Path = README) -> list[list[str]]:
    lines = [line for line in _section(title, page).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
