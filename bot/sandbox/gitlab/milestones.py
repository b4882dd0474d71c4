"""The rules of milestones: unique titles, dates in order, and a close that comes before everything else.

https://docs.gitlab.com/api/milestones/
"""

from collections.abc import Iterator
from datetime import date

from bot.sandbox.gitlab import hooks, issues
from bot.sandbox.gitlab.records import Issuable, Json, Milestone, State, User, refused
from bot.sandbox.gitlab.text import plain_title

_LONGEST_TITLE = 255


def create(state: State, attributes: Json, by: User, *, of_group: bool = False) -> Milestone:
    """A new milestone of the project, or of its group."""
    at = state.now()
    noun = "group milestone" if of_group else "milestone"
    milestone = Milestone(0, 0, "", at, at, of_group=of_group)
    _assign(milestone, {"title": "", **attributes})
    _check(state, milestone)
    milestone.id = state.next_id("milestone")
    milestone.iid = state.next_iid(noun)
    state.milestones[milestone.id] = milestone
    _written(state, milestone, "created", by)
    return milestone


def update(state: State, milestone: Milestone, attributes: Json, by: User) -> None:
    """Closes or reopens first and looks at the other fields then, so a bad title is refused on a closed milestone."""
    _change_state(state, milestone, attributes.get("state_event"), by)
    before = (milestone.title, milestone.description, milestone.start_date, milestone.due_date)
    _assign(milestone, attributes)
    after = (milestone.title, milestone.description, milestone.start_date, milestone.due_date)
    if after == before:
        return
    try:
        _check(state, milestone)
    except Exception:
        milestone.title, milestone.description, milestone.start_date, milestone.due_date = before
        raise
    milestone.updated_at = state.now()
    state.changed(shared=True)


def delete(state: State, milestone: Milestone, by: User) -> None:
    """Takes it off its issues and merge requests, and forgets their events about it."""
    for item in members(state, milestone.id):
        issues.update(state, item, {"milestone_id": None}, by)
    for item in (*state.issues.values(), *state.merge_requests.values()):
        item.milestone_events = [each for each in item.milestone_events if each.subject != milestone.id]
    del state.milestones[milestone.id]
    _written(state, milestone, "destroyed", by)


def members(state: State, milestone: int) -> list[Issuable]:
    """The issues and merge requests that are in it."""
    everything = (*state.issues.values(), *state.merge_requests.values())
    return [item for item in everything if item.milestone == milestone]


def of_project(state: State) -> Iterator[Milestone]:
    """Those of the project itself, without the group's."""
    return (each for each in state.milestones.values() if not each.of_group)


def of_group(state: State) -> Iterator[Milestone]:
    """Those of the group."""
    return (each for each in state.milestones.values() if each.of_group)


def as_date(value: object) -> date | None:
    """A date as the API takes it; what is none clears the field, as in GitLab."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _assign(milestone: Milestone, attributes: Json) -> None:
    if "title" in attributes:
        milestone.title = plain_title(str(attributes["title"] or ""))
    if "description" in attributes:
        milestone.description = str(attributes["description"] or "")
    if "start_date" in attributes:
        milestone.start_date = as_date(attributes["start_date"])
    if "due_date" in attributes:
        milestone.due_date = as_date(attributes["due_date"])


def _check(state: State, milestone: Milestone) -> None:
    errors: Json = {}
    if not milestone.title:
        errors["title"] = ["can't be blank"]
    elif len(milestone.title) > _LONGEST_TITLE:
        errors["title"] = [f"is too long (maximum is {_LONGEST_TITLE} characters)"]
    elif problem := _clash(state, milestone):
        errors["title"] = [problem]
    if milestone.start_date and milestone.due_date and milestone.due_date <= milestone.start_date:
        errors["due_date"] = ["must be greater than start date"]
    if errors:
        raise refused(400, errors)


def _clash(state: State, milestone: Milestone) -> str | None:
    """Titles are unique over open and closed milestones of the project and its group alike."""
    others = [each for each in state.milestones.values() if each.title == milestone.title and each.id != milestone.id]
    if any(each.of_group == milestone.of_group for each in others):
        return "has already been taken"
    return "already being used for another group or project milestone." if others else None


def _change_state(state: State, milestone: Milestone, state_event: object, by: User) -> None:
    transitions = {("close", "active"): ("closed", "closed"), ("activate", "closed"): ("active", "reopened")}
    transition = transitions.get((str(state_event), milestone.state))
    if transition is None:
        return
    milestone.state, action = transition
    milestone.updated_at = state.now()
    _written(state, milestone, action, by)


def _written(state: State, milestone: Milestone, action: str, by: User) -> None:
    state.changed(shared=True)
    if not milestone.of_group:
        state.happened(action, milestone, by, state.now())
        hooks.milestone_changed(state, milestone, action, by)
