"""The REST API of the emulated GitLab: one small function per endpoint, and the table of them at the end.

https://docs.gitlab.com/api/rest/
"""

from collections.abc import Iterable
from datetime import date
from functools import partial

from bot.sandbox.gitlab import issue_routes, issues, labels, milestones, shapes
from bot.sandbox.gitlab.calls import Answer, Call, Handler, Rows, needs_one_of, whole
from bot.sandbox.gitlab.records import (
    MAINTAINER,
    PLANNER,
    Hook,
    Json,
    Kind,
    Milestone,
    ProjectEvent,
    User,
    refused,
)
from bot.sandbox.gitlab.sender import UNREACHED, SentHook

_VERSION = {"version": "19.1.0", "revision": "5b1d2c3", "kas": {"enabled": False}, "enterprise": False}
_HOOK_EVENTS = (
    "push_events",
    "tag_push_events",
    "issues_events",
    "confidential_issues_events",
    "merge_requests_events",
    "note_events",
    "confidential_note_events",
    "job_events",
    "pipeline_events",
    "wiki_page_events",
    "deployment_events",
    "releases_events",
    "milestone_events",
)


# The instance and its people


def version(_call: Call) -> Answer:
    """The version of this GitLab."""
    return _VERSION


def own_token(call: Call) -> Answer:
    """The token that asks."""
    scopes = ["read_api"] if call.world.token_read_only else ["api"]
    return {
        "id": 1,
        "name": "baton",
        "revoked": False,
        "scopes": scopes,
        "user_id": call.user.id,
        "active": True,
        "created_at": shapes.instant(call.user.created_at),
        "expires_at": call.world.token_expires_on and call.world.token_expires_on.isoformat(),
    }


def own_user(call: Call) -> Answer:
    """The person the token belongs to."""
    return shapes.user_in_full(call.state, call.user)


def user(call: Call) -> Answer:
    """A person by id."""
    return shapes.user_in_full(call.state, _user(call, "404 User Not Found"))


def users(call: Call) -> Answer:
    """People by name or e-mail address, as far as the token is shown it."""
    username = (call.request.query.get("username") or "").lower()
    search = (call.request.query.get("search") or "").lower()
    found = [
        each
        for each in call.state.users.values()
        if username in ("", each.username.lower())
        and _is_found(each, search, all_shown=call.world.token_admin)
        and (not call.flag("active") or each.state == "active")
        and (not call.flag("blocked") or each.state == "blocked")
        and (not call.flag("humans") or not each.bot)
    ]
    show = shapes.user_for_admin if call.world.token_admin else shapes.user
    return Rows(found, partial(show, call.state))


def members(call: Call, *, inherited: bool, in_group: bool = False) -> Answer:
    """Who has a role in the project or group."""
    if in_group:
        call.in_group()
    else:
        call.in_project()
    query = (call.request.query.get("query") or "").lower()
    found = [
        each
        for each in call.state.users.values()
        if _level(call, each) and (inherited or each.via_group == in_group) and _is_found(each, query)
    ]
    return Rows(found, lambda each: shapes.member(call.state, each, _level(call, each)))


def member(call: Call, *, inherited: bool, in_group: bool = False) -> Answer:
    """The role one person has."""
    if in_group:
        call.in_group()
    else:
        call.in_project()
    found = _user(call, "404 Not found")
    if not _level(call, found) or not (inherited or found.via_group == in_group):
        raise refused(404, "404 Not found")
    return shapes.member(call.state, found, _level(call, found))


# The project and its group


def project(call: Call) -> Answer:
    """The project."""
    return shapes.project(call.in_project(), call.world.token_access, by_group=call.world.token_by_group)


def group(call: Call) -> Answer:
    """The project's group."""
    return shapes.group(call.in_group())


def project_events(call: Call) -> Answer:
    """What was done in the project, and by whom."""
    state = call.in_project()
    target = (call.request.query.get("target_type") or "").replace("_", "")
    action = call.request.query.get("action")
    before, after = _day(call, "before"), _day(call, "after")
    found: list[ProjectEvent] = [
        each
        for each in state.events
        if target in ("", each.target_type.lower())
        and action in (None, each.action)
        and (before is None or each.created_at.date() < before)
        and (after is None or each.created_at.date() > after)
    ]
    if call.request.query.get("sort") != "asc":
        found.reverse()
    return Rows(found, partial(shapes.project_event, state))


# Milestones


def project_milestones(call: Call) -> Answer:
    """The project's milestones."""
    state = call.in_project()
    with_group = call.flag("include_ancestors") or call.flag("include_parent_milestones")
    return _milestones(call, state.milestones.values() if with_group else milestones.of_project(state))


def group_milestones(call: Call) -> Answer:
    """The group's milestones."""
    return _milestones(call, milestones.of_group(call.in_group()))


def milestone(call: Call) -> Answer:
    """A milestone of the project."""
    return shapes.milestone(call.in_project(), call.milestone())


def group_milestone(call: Call) -> Answer:
    """A milestone of the group."""
    return shapes.milestone(call.in_group(), call.milestone(of_group=True))


def create_milestone(call: Call) -> Answer:
    """Makes a milestone."""
    state = call.in_project()
    call.needs(PLANNER)
    call.required("title")
    return shapes.milestone(state, milestones.create(state, call.body, call.user))


def update_milestone(call: Call) -> Answer:
    """Changes, closes or reopens a milestone."""
    state = call.in_project()
    call.needs(PLANNER)
    found = call.milestone()
    needs_one_of(call, "title", "description", "start_date", "due_date", "state_event")
    milestones.update(state, found, call.body, call.user)
    return shapes.milestone(state, found)


def delete_milestone(call: Call) -> None:
    """Deletes a milestone."""
    call.in_project()
    call.needs(PLANNER)
    milestones.delete(call.state, call.milestone(), call.user)


def milestone_items(call: Call, kind: Kind) -> Answer:
    """What is in a milestone."""
    state = call.in_project()
    held = call.milestone().id
    found = [
        each
        for each in state.items(kind).values()
        if each.milestone == held and issues.may_see(each, call.user, call.world.token_access)
    ]
    found.sort(key=lambda each: each.id, reverse=True)
    if kind == "issue":
        return Rows(found, partial(shapes.issue_in_brief, state))
    return Rows(found, partial(shapes.merge_request, state))


# Labels


def project_labels(call: Call) -> Answer:
    """The project's labels."""
    state = call.in_project()
    search = (call.request.query.get("search") or "").lower()
    found = sorted((each for each in state.labels.values() if search in each.name.lower()), key=lambda each: each.name)
    counted = bool(call.flag("with_counts"))
    return Rows(found, lambda each: shapes.label(state, each, with_counts=counted))


def label(call: Call) -> Answer:
    """A label by name or id."""
    return shapes.label(call.in_project(), call.label(call.ids["label"]))


def create_label(call: Call) -> Answer:
    """Makes a label."""
    state = call.in_project()
    call.needs(PLANNER)
    call.required("name")
    call.required("color")
    return shapes.label(state, labels.create(state, call.body))


def update_label(call: Call) -> Answer:
    """Changes a label."""
    state = call.in_project()
    call.needs(PLANNER)
    found = call.label(call.ids.get("label") or str(call.body.get("label_id") or call.body.get("name") or ""))
    labels.update(state, found, call.body)
    return shapes.label(state, found)


# Webhooks


def project_hooks(call: Call) -> Answer:
    """The project's webhooks."""
    state = call.in_project()
    call.needs(MAINTAINER)
    return Rows(list(state.hooks.values()), partial(shapes.hook, state))


def hook(call: Call) -> Answer:
    """A webhook by id."""
    call.needs(MAINTAINER)
    return shapes.hook(call.state, call.hook())


def hook_events(call: Call) -> Answer:
    """How the deliveries of a webhook went, the newest first; an attempt that reached nobody has an error for a status.

    https://docs.gitlab.com/api/project_webhooks/#list-all-events-for-a-project-webhook
    """
    call.in_project()
    call.needs(MAINTAINER)
    sent = [each for each in call.world.sender.sent if each.hook == call.hook().id]
    attempts = [(each, status) for each in sent for status in each.statuses]
    return Rows(list(enumerate(attempts))[::-1], lambda numbered: _hook_event(numbered[0], *numbered[1]))


def create_hook(call: Call) -> Answer:
    """Registers a webhook."""
    state = call.in_project()
    call.needs(MAINTAINER)
    events = {name: bool(call.body.get(name, name == "push_events")) for name in _HOOK_EVENTS}
    record = Hook(state.next_id("hook"), call.required("url"), events, state.now())
    state.hooks[record.id] = record
    return _set_hook(call, record)


def update_hook(call: Call) -> Answer:
    """Changes a webhook."""
    call.needs(MAINTAINER)
    return _set_hook(call, call.hook())


def delete_hook(call: Call) -> None:
    """Removes a webhook."""
    call.needs(MAINTAINER)
    del call.state.hooks[call.hook().id]


def _hook_event(number: int, sent: SentHook, status: int) -> Json:
    return {
        "id": number,
        "url": sent.url,
        "trigger": f"{sent.event.lower().removesuffix(' hook').replace(' ', '_')}_hooks",
        "request_headers": {"Content-Type": "application/json", "X-Gitlab-Event": sent.event},
        "request_data": sent.payload,
        "response_headers": {},
        "response_body": "",
        "execution_duration": 0.1,
        "response_status": str(status) if status != UNREACHED else "internal error",
    }


def _set_hook(call: Call, record: Hook) -> Json:
    record.url = str(call.body.get("url", record.url))
    record.name = str(call.body.get("name", record.name) or "")
    record.token = str(call.body.get("token", record.token) or "")
    record.signing_token = str(call.body.get("signing_token", record.signing_token) or "")
    record.events |= {name: bool(call.body[name]) for name in _HOOK_EVENTS if name in call.body}
    return shapes.hook(call.state, record)


def _milestones(call: Call, candidates: Iterable[Milestone]) -> Answer:
    title = call.request.query.get("title")
    search = (call.request.query.get("search") or "").lower()
    iids = call.numbers("iids")
    found = [
        each
        for each in candidates
        if call.request.query.get("state") in (None, "", "all", each.state)
        and title in (None, "", each.title)
        and (search in each.title.lower() or search in each.description.lower())
        and (not iids or each.iid in iids)
    ]
    found.sort(key=lambda each: (each.due_date or date.max, each.title))
    return Rows(found, partial(shapes.milestone, call.state))


def _user(call: Call, otherwise: str) -> User:
    found = call.state.users.get(whole(call.ids["user"], "user_id"))
    if found is None:
        raise refused(404, otherwise)
    return found


def _level(call: Call, person: User) -> int:
    return call.world.token_access if person.id == call.state.token_user else person.access_level


def _is_found(person: User, search: str, *, all_shown: bool = False) -> bool:
    """Whether a search finds somebody; an address is found as a whole only."""
    shown = person.email.lower() if person.email and (person.email_public or all_shown) else ""
    return search in person.username.lower() or search in person.name.lower() or (bool(search) and search == shown)


def _day(call: Call, name: str) -> date | None:
    return date.fromisoformat(call.request.query[name]) if call.request.query.get(name) else None


def routes() -> list[tuple[str, str, Handler]]:
    """Every endpoint as method, path below the API's root, and what answers; the busiest come first."""
    return [
        *issue_routes.routes("issue"),
        *issue_routes.routes("merge_request"),
        ("GET", "/projects/{project}/milestones", project_milestones),
        ("POST", "/projects/{project}/milestones", create_milestone),
        ("GET", "/projects/{project}/milestones/{milestone}", milestone),
        ("PUT", "/projects/{project}/milestones/{milestone}", update_milestone),
        ("DELETE", "/projects/{project}/milestones/{milestone}", delete_milestone),
        ("GET", "/projects/{project}/milestones/{milestone}/issues", partial(milestone_items, kind="issue")),
        (
            "GET",
            "/projects/{project}/milestones/{milestone}/merge_requests",
            partial(milestone_items, kind="merge_request"),
        ),
        ("GET", "/projects/{project}/labels", project_labels),
        ("POST", "/projects/{project}/labels", create_label),
        ("PUT", "/projects/{project}/labels", update_label),
        ("GET", "/projects/{project}/labels/{label}", label),
        ("PUT", "/projects/{project}/labels/{label}", update_label),
        ("GET", "/projects/{project}/events", project_events),
        ("GET", "/projects/{project}/members", partial(members, inherited=False)),
        ("GET", "/projects/{project}/members/all", partial(members, inherited=True)),
        ("GET", "/projects/{project}/members/all/{user}", partial(member, inherited=True)),
        ("GET", "/projects/{project}/members/{user}", partial(member, inherited=False)),
        ("GET", "/projects/{project}/hooks", project_hooks),
        ("POST", "/projects/{project}/hooks", create_hook),
        ("GET", "/projects/{project}/hooks/{hook}", hook),
        ("PUT", "/projects/{project}/hooks/{hook}", update_hook),
        ("DELETE", "/projects/{project}/hooks/{hook}", delete_hook),
        ("GET", "/projects/{project}/hooks/{hook}/events", hook_events),
        ("GET", "/projects/{project}", project),
        ("GET", "/groups/{group}", group),
        ("GET", "/groups/{group}/milestones", group_milestones),
        ("GET", "/groups/{group}/milestones/{milestone}", group_milestone),
        ("GET", "/groups/{group}/members", partial(members, inherited=False, in_group=True)),
        ("GET", "/groups/{group}/members/all", partial(members, inherited=True, in_group=True)),
        ("GET", "/groups/{group}/members/{user}", partial(member, inherited=False, in_group=True)),
        ("GET", "/groups/{group}/members/all/{user}", partial(member, inherited=True, in_group=True)),
        ("GET", "/users", users),
        ("GET", "/users/{user}", user),
        ("GET", "/user", own_user),
        ("GET", "/personal_access_tokens/self", own_token),
        ("GET", "/version", version),
        ("GET", "/metadata", version),
    ]
