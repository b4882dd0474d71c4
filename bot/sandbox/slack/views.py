"""Modals and Home tabs: what Slack accepts as one, and which stand on whose screen.

https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/views
"""

import json
from typing import TYPE_CHECKING, Any, Literal

from bot.sandbox.slack.blocks import faults_in
from bot.sandbox.slack.faults import Judge
from bot.sandbox.slack.forms import entries_of, settled
from bot.sandbox.slack.state import Json, SlackError, Trigger, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

MOST_BYTES = 250_000
MOST_STACKED = 3
_COMMON = {"blocks", "private_metadata", "callback_id", "external_id"}
_MODAL = {"title", "close", "submit", "clear_on_close", "notify_on_close"}


def judged(view: object, kind: Literal["modal", "home"]) -> Json:
    """The view as Slack keeps it, or the refusal."""
    if isinstance(view, str):
        view = _parsed(view)
    faults = faults_in_view(view, kind)
    if faults:
        raise invalid(faults)
    if len(json.dumps(view)) > MOST_BYTES:
        raise SlackError("view_too_large")
    given: Json = dict(view) if isinstance(view, dict) else {}
    return given | {"blocks": settled(given["blocks"])}


def faults_in_view(view: object, kind: Literal["modal", "home"]) -> list[str]:
    """What Slack would refuse in a view, in its words."""
    judge = Judge()
    if not judge.is_object(view, "/view"):
        return judge.faults
    if view.get("type") != kind:
        judge.says(f"must be one of: {kind}", "/view/type")
        return judge.faults
    required = {"type", "blocks"} | ({"title"} if kind == "modal" else set())
    if not judge.keys(view, "/view", required, _COMMON | (_MODAL if kind == "modal" else set())):
        return judge.faults
    for key in ("title", "submit", "close"):
        if view.get(key) is not None:
            judge.text(view[key], f"/view/{key}", most=24, plain=True)
    judge.string(view, "private_metadata", "/view", most=3000, least=0)
    judge.string(view, "callback_id", "/view", most=255, least=0)
    judge.string(view, "external_id", "/view", most=255, least=0)
    faults = judge.faults + faults_in(view["blocks"], kind, "/view/blocks")
    if not faults and kind == "modal" and view.get("submit") is None and _has_inputs(view["blocks"]):
        faults.append("missing required field: submit [json-pointer:/view]")
    return faults


def invalid(faults: list[str]) -> SlackError:
    """The refusal of arguments, with Slack's list of what is wrong."""
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {each}" for each in faults]})


def open_view(world: "SlackWorld", trigger_id: str, view: object) -> View:
    """Shows a modal to the person whose trigger this is; another modal on the screen goes."""
    given = judged(view, "modal")
    with world.lock:
        trigger = _used(world, trigger_id)
        _needs_free_name(world, given)
        for each in world.stacks.pop(trigger.user, []):
            world.views.pop(each.id, None)
        opened = _new_view(world, trigger.user, given)
        world.stacks[trigger.user] = [opened]
    world.changes.happened()
    return opened


def push_view(world: "SlackWorld", trigger_id: str, view: object) -> View:
    """Puts a modal on top of the one in which something was pressed."""
    given = judged(view, "modal")
    with world.lock:
        trigger = _used(world, trigger_id)
        _needs_free_name(world, given)
        pushed = push_for(world, trigger.user, given)
    world.changes.happened()
    return pushed


def push_for(world: "SlackWorld", user: str, given: Json) -> View:
    """One more view on somebody's stack."""
    stack = world.stacks.get(user, [])
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= MOST_STACKED:
        raise SlackError("push_limit_reached")
    pushed = _new_view(world, user, given, below=stack[-1])
    stack.append(pushed)
    return pushed


def update_view(world: "SlackWorld", view: object, *, view_id: str, external_id: str, version: str) -> View:
    """Replaces what a view shows; what was entered stays where block and action keep their ids."""
    with world.lock:
        found = world.views.get(view_id) or _named(world, external_id)
        if found is None:
            raise SlackError("not_found")
        given = judged(view, "home" if found.given["type"] == "home" else "modal")
        if version and version != found.hash:
            raise SlackError("hash_conflict")
        if given.get("external_id") != found.external_id:
            _needs_free_name(world, given)
        renew(world, found, given)
    world.changes.happened()
    return found


def publish_home(world: "SlackWorld", user: str, view: object, version: str) -> View:
    """Shows a Home tab to somebody."""
    given = judged(view, "home")
    with world.lock:
        if user not in world.members:
            raise invalid(["invalid `user_id` [json-pointer:/user_id]"])
        home = world.homes.get(user)
        if home is not None and version and version != home.hash:
            raise SlackError("hash_conflict")
        if home is None:
            home = world.homes[user] = _new_view(world, user, given)
        else:
            renew(world, home, given)
    world.changes.happened()
    return home


def renew(world: "SlackWorld", view: View, given: Json) -> None:
    """Gives a view other contents and a new version."""
    entered = view.values
    view.given = given
    view.hash = world.next_hash()
    view.values = entries_of(given["blocks"])
    view.errors = {}
    view.trouble = ""
    for block_id, actions in view.values.items():
        for action_id, entry in actions.items():
            kept = entered.get(block_id, {}).get(action_id)
            if kept is not None and kept["type"] == entry["type"]:
                actions[action_id] = kept


def close_top(world: "SlackWorld", user: str) -> View:
    """Takes the top view off somebody's screen."""
    with world.lock:
        view = world.stacks[user].pop()
        world.views.pop(view.id, None)
        if not world.stacks[user]:
            del world.stacks[user]
    world.changes.happened()
    return view


def close_all(world: "SlackWorld", user: str) -> list[View]:
    """Takes every modal off somebody's screen, the top one first."""
    with world.lock:
        closed = list(reversed(world.stacks.pop(user, [])))
        for each in closed:
            world.views.pop(each.id, None)
    world.changes.happened()
    return closed


def _used(world: "SlackWorld", trigger_id: str) -> Trigger:
    trigger = world.triggers.get(trigger_id)
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if world.clock() - trigger.at > world.trigger_seconds:
        raise SlackError("expired_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    trigger.used = True
    return trigger


def _new_view(world: "SlackWorld", user: str, given: Json, below: View | None = None) -> View:
    id_ = world.next_id("V")
    view = View(id_, user, given, world.next_hash(), below.root_view_id if below else id_, below.id if below else None)
    view.values = entries_of(given["blocks"])
    world.views[id_] = view
    return view


def _named(world: "SlackWorld", external_id: str) -> View | None:
    if not external_id:
        return None
    return next((each for each in world.views.values() if each.external_id == external_id), None)


def _needs_free_name(world: "SlackWorld", given: Json) -> None:
    if _named(world, str(given.get("external_id") or "")) is not None:
        raise SlackError("duplicate_external_id")


def _has_inputs(blocks: list[Json]) -> bool:
    return any(each.get("type") == "input" for each in blocks)


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        raise invalid(["must be valid JSON [json-pointer:/view]"]) from None
