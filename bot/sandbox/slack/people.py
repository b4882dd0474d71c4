"""The Web API's `auth.*`, `users.*`, `usergroups.*` and `bots.*`: https://docs.slack.dev/reference/methods."""

from bot.sandbox.slack.calls import Call, method
from bot.sandbox.slack.payloads import bot_profile, user_payload, usergroup_payload
from bot.sandbox.slack.state import Json, SlackError, Usergroup


def _test(call: Call) -> Json:
    world = call.world
    return {
        "url": "https://sandbox.slack.com/",
        "team": "Sandbox",
        "user": world.members[world.bot_user].name,
        "team_id": world.team_id,
        "user_id": world.bot_user,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


def _user(call: Call) -> Json:
    member = call.world.members.get(call.text("user"))
    if member is None:
        raise SlackError("user_not_found")
    return {"user": user_payload(call.world, member, locale=call.flag("include_locale"))}


def _users(call: Call) -> Json:
    world = call.world
    page, following = call.page(list(world.members.values()), 1000)
    locale = call.flag("include_locale")
    shown = [user_payload(world, each, locale=locale) for each in page]
    return {"members": shown, "cache_ts": int(world.clock()), "response_metadata": following}


def _user_by_email(call: Call) -> Json:
    address = call.text("email").casefold()
    for each in call.world.members.values():
        if each.email.casefold() == address and not each.deleted and not each.is_bot:
            return {"user": user_payload(call.world, each)}
    raise SlackError("users_not_found")


def _usergroups(call: Call) -> Json:
    users = call.flag("include_users")
    found = [each for each in call.world.usergroups.values() if call.flag("include_disabled") or not each.disabled]
    return {"usergroups": [usergroup_payload(call.world, each, users=users) for each in found]}


def _usergroup_users(call: Call) -> Json:
    return {"users": list(_usergroup(call).users)}


def _set_usergroup_users(call: Call) -> Json:
    world = call.world
    if world.forbids_usergroup_changes:
        raise SlackError("permission_denied")
    group = _usergroup(call)
    users = call.names("users")
    if not users:
        raise SlackError("no_users_provided")
    if any(each not in world.members or world.members[each].deleted for each in users):
        raise SlackError("invalid_users")
    world.change_usergroup(group.id, users, by=world.bot_user)
    return {"usergroup": usergroup_payload(world, group)}


def _usergroup(call: Call) -> Usergroup:
    found = call.world.usergroups.get(call.text("usergroup"))
    if found is None:
        raise SlackError("no_such_subteam")
    return found


def _bot(call: Call) -> Json:
    world = call.world
    bot_id = call.text("bot")
    bot = next((each for each in world.members.values() if each.bot_id and each.bot_id == bot_id), None)
    if bot is None:
        raise SlackError("bot_not_found")
    return {"bot": bot_profile(world, bot.bot_id) | {"user_id": bot.id}}


METHODS = {
    "auth.test": method(_test),
    "users.info": method(_user, "user", "users:read"),
    "users.list": method(_users, "", "users:read"),
    "users.lookupByEmail": method(_user_by_email, "email", "users:read.email"),
    "usergroups.list": method(_usergroups, "", "usergroups:read"),
    "usergroups.users.list": method(_usergroup_users, "usergroup", "usergroups:read"),
    "usergroups.users.update": method(_set_usergroup_users, "usergroup users", "usergroups:write"),
    "bots.info": method(_bot, "", "users:read"),
}
