"""The emulated GitLab as a test, the demo or a colleague sees it: things are put there, changed and looked at.

Everything here takes the same path as a request over HTTP, so events come into being and hooks are sent. All methods
may be called from any thread.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Final, Literal

from bot.sandbox.gitlab import hooks, issues, labels, milestones, notes, shapes
from bot.sandbox.gitlab.records import (
    MAINTAINER,
    Found,
    Hook,
    Issuable,
    Json,
    Kind,
    Milestone,
    Project,
    State,
    User,
    Write,
)
from bot.sandbox.gitlab.sender import Sender, SentHook
from bot.sandbox.server import Changes

KEEP: Final = -1
"""Stands for "leave the milestone as it is" where None means "take it off"."""

_COLLEAGUE: Final = "user"


def _system_clock() -> datetime:
    return datetime.now(UTC)


class GitlabWorld:
    """One project, its group and its people.

    What the token may (`token_access`, `token_read_only`, `token_admin`, `token_expires_on`) and `rate_limit` may be set any time.
    """

    def __init__(
        self,
        project: str = "acme/production",
        token: str = "glpat-sandbox",
        *,
        namespace_kind: Literal["group", "user"] = "group",
        clock: Callable[[], datetime] = _system_clock,
        token_user: str = "baton",
    ) -> None:
        namespace, _, path = project.rpartition("/")
        self.state = State(clock, Project(42, path, namespace, namespace_kind, clock()))
        self.lock = threading.RLock()
        self.changes = Changes()
        self.token = token
        self.token_access = MAINTAINER
        self.token_by_group = False
        self.token_read_only = False
        self.token_admin = False
        self.token_expires_on: date | None = None
        self.rate_limit = 0
        self.writes: list[Write] = []
        self.sender = Sender(self.state, self.changes)
        self.state.emit = self.sender.emit
        self.state.token_user = self.add_user(token_user, token_user.title(), bot=True)

    @property
    def token_is_expired(self) -> bool:
        """Whether the token's last day is over; it ends as its day begins."""
        return self.token_expires_on is not None and self.token_expires_on <= self.state.now().date()

    # Putting things there

    def add_user(
        self,
        username: str,
        name: str = "",
        email: str | None = None,
        *,
        bot: bool = False,
        state: str = "active",
        access_level: int = MAINTAINER,
        email_public: bool = True,
        via_group: bool = False,
    ) -> int:
        """A person; `access_level` 0: not a member of the project. Gives the id."""
        with self.editing():
            user_id = self.state.next_id("user")
            self.state.users[user_id] = User(
                user_id,
                username,
                name or username.title(),
                email,
                email_public,
                bot,
                state,
                access_level,
                via_group,
                self.state.now(),
            )
            return user_id

    def add_label(self, name: str, priority: int | None = None, color: str = "#6699cc", description: str = "") -> int:
        """A label of the project; gives its id."""
        wanted = {"name": name, "priority": priority, "color": color, "description": description or None}
        with self.editing():
            return labels.create(self.state, wanted).id

    def add_milestone(
        self,
        title: str,
        start_date: date | str | None = None,
        due_date: date | str | None = None,
        state: Literal["active", "closed"] = "active",
        description: str = "",
        created_at: datetime | None = None,
        by: str = _COLLEAGUE,
    ) -> int:
        """A milestone of the project; gives its id."""
        wanted = {"title": title, "start_date": start_date, "due_date": due_date, "description": description}
        with self.editing():
            milestone = milestones.create(self.state, wanted, self._person(by))
            if created_at is not None:
                milestone.created_at = milestone.updated_at = created_at
            if state == "closed":
                milestones.update(self.state, milestone, {"state_event": "close"}, self._person(by))
            return milestone.id

    def add_group_milestone(
        self, title: str, start_date: date | str | None = None, due_date: date | str | None = None
    ) -> int:
        """A milestone of the group the project is in; gives its id."""
        wanted = {"title": title, "start_date": start_date, "due_date": due_date}
        with self.editing():
            return milestones.create(self.state, wanted, self._person(_COLLEAGUE), of_group=True).id

    def add_issue(
        self,
        title: str,
        labels: Sequence[str] = (),
        milestone: int | None = None,
        state: Literal["opened", "closed"] = "opened",
        created_at: datetime | None = None,
        added_at: datetime | None = None,
        *,
        by: str = _COLLEAGUE,
        description: str = "",
        confidential: bool = False,
        assignees: Sequence[str] = (),
        closed_at: datetime | None = None,
    ) -> int:
        """An issue; `added_at` is when it was put into its milestone. Gives its number in the project (iid)."""
        wanted = {"title": title, "description": description, "labels": list(labels), "confidential": confidential}
        return self._add(
            "issue", wanted, milestone, (created_at, added_at, closed_at), by, assignees, closed=state == "closed"
        )

    def add_merge_request(
        self,
        title: str,
        labels: Sequence[str] = (),
        milestone: int | None = None,
        state: Literal["opened", "closed", "merged"] = "opened",
        created_at: datetime | None = None,
        added_at: datetime | None = None,
        *,
        by: str = _COLLEAGUE,
        description: str = "",
        assignees: Sequence[str] = (),
    ) -> int:
        """A merge request; gives its number in the project (iid)."""
        wanted = {"title": title, "description": description, "labels": list(labels)}
        iid = self._add(
            "merge_request", wanted, milestone, (created_at, added_at, None), by, assignees, closed=state == "closed"
        )
        with self.editing():
            if state == "merged":
                self.state.merge_requests[iid].state = state
            return iid

    def add_hook(self, url: str, token: str = "", signing_token: str = "", **events: bool) -> int:
        """A webhook; without `events` it wants all of them. Gives its id."""
        with self.editing():
            wanted = events or dict.fromkeys(hooks.HEADERS, True)
            hook = Hook(self.state.next_id("hook"), url, wanted, self.state.now(), token, signing_token)
            self.state.hooks[hook.id] = hook
            return hook.id

    # What colleagues do

    def retitle_milestone(self, milestone: int, title: str, by: str = _COLLEAGUE) -> None:
        """Somebody gives a milestone another title."""
        self.edit_milestone(milestone, by, title=title)

    def close_milestone(self, milestone: int, by: str = _COLLEAGUE) -> None:
        """Somebody closes a milestone."""
        self.edit_milestone(milestone, by, state_event="close")

    def reopen_milestone(self, milestone: int, by: str = _COLLEAGUE) -> None:
        """Somebody opens a closed milestone again."""
        self.edit_milestone(milestone, by, state_event="activate")

    def edit_milestone(self, milestone: int, by: str = _COLLEAGUE, **attributes: object) -> None:
        """Somebody changes fields of a milestone, named as in the API."""
        with self.editing():
            milestones.update(self.state, self.state.milestones[milestone], dict(attributes), self._person(by))

    def delete_milestone(self, milestone: int, by: str = _COLLEAGUE) -> None:
        """Somebody deletes a milestone."""
        with self.editing():
            milestones.delete(self.state, self.state.milestones[milestone], self._person(by))

    def edit_issue(
        self,
        iid: int,
        *,
        by: str = _COLLEAGUE,
        milestone: int | None = KEEP,
        add_labels: Sequence[str] = (),
        remove_labels: Sequence[str] = (),
        title: str | None = None,
        description: str | None = None,
        state: Literal["opened", "closed"] | None = None,
        assignees: Sequence[str] | None = None,
        confidential: bool | None = None,
        kind: Kind = "issue",
    ) -> None:
        """Somebody changes an issue (or with `kind` a merge request); what is left out stays."""
        wanted: Json = {"add_labels": list(add_labels), "remove_labels": list(remove_labels)}
        named = {"title": title, "description": description, "confidential": confidential}
        wanted |= {key: value for key, value in named.items() if value is not None}
        if milestone != KEEP:
            wanted["milestone_id"] = milestone
        if state is not None:
            wanted["state_event"] = "close" if state == "closed" else "reopen"
        with self.editing():
            if assignees is not None:
                wanted["assignee_ids"] = [self._person(each).id for each in assignees]
            issues.update(self.state, self.state.items(kind)[iid], wanted, self._person(by))

    def comment(
        self, iid: int, body: str, by: str = _COLLEAGUE, *, internal: bool = False, kind: Kind = "issue"
    ) -> int:
        """Somebody writes a note; gives its id."""
        with self.editing():
            return notes.create(self.state, self.state.items(kind)[iid], body, self._person(by), internal=internal).id

    def edit_note(self, iid: int, note: int, body: str, by: str = _COLLEAGUE) -> None:
        """Somebody gives a note of an issue another text."""
        with self.editing():
            item = self.state.issues[iid]
            notes.update(self.state, item, notes.found(item, note), body, self._person(by))

    def delete_note(self, iid: int, note: int) -> None:
        """Somebody deletes a note of an issue."""
        with self.editing():
            item = self.state.issues[iid]
            notes.delete(self.state, item, notes.found(item, note))

    def delete_issue(self, iid: int, by: str = _COLLEAGUE) -> None:
        """Somebody deletes an issue."""
        with self.editing():
            issues.delete(self.state, self.state.issues[iid], self._person(by))

    def move_issue(self, iid: int, by: str = _COLLEAGUE) -> None:
        """Somebody moves an issue to another project: here it stays as a closed one that says so."""
        with self.editing():
            item = self.state.issues[iid]
            item.moved_to = self.state.next_id("issue")
            issues.update(self.state, item, {"state_event": "close"}, self._person(by))

    def edit_user(self, username: str, *, state: str | None = None, access_level: int | None = None) -> None:
        """Somebody is blocked, or gets another role in the project."""
        with self.editing():
            person = self._person(username)
            person.state = state or person.state
            person.access_level = person.access_level if access_level is None else access_level
            self.state.changed(shared=True)

    def archive_project(self, *, archived: bool = True) -> None:
        """Somebody archives the project, in which nobody may write then, or takes it back."""
        with self.editing():
            self.state.project.archived = archived
            self.state.changed(shared=True)

    def switch_issues(self, *, on: bool) -> None:
        """Somebody switches the project's issues on or off; those that are there are then hidden."""
        with self.editing():
            self.state.project.issues_enabled = on
            self.state.changed(shared=True)

    def deploys(
        self,
        environment: str = "production",
        status: str = "success",
        sha: str = "279484c09fbe69ededfced8c1bb6e6d24616b468",
        *,
        tier: str = "production",
        project: str = "acme/website",
        by: str = _COLLEAGUE,
        title: str | None = "Add new file",
        ref: str = "main",
        deployment_id: int | None = None,
        job: bool = True,
    ) -> int:
        """A deployment of an application project changes its status; gives its id, to tell of it again.

        Without a `job` it was made by GitLab's API; `title` is None where its commit is gone.
        """
        with self.editing():
            number = deployment_id or self.state.next_id("deployment")
            deployment = hooks.Deployment(number, environment, tier, status, sha, ref, title, project, job)
            hooks.deployed(self.state, deployment, self._person(by), self.state.now())
            return number

    # Looking

    def milestone(self, title: str) -> Json:
        """The milestone of the project (or else its group) with exactly this title; KeyError without one."""
        with self.lock:
            found = [each for each in self.state.milestones.values() if each.title == title]
            if not found:
                raise KeyError(title)
            return shapes.milestone(self.state, min(found, key=lambda each: each.of_group))

    def milestones(self, state: str | None = None) -> dict[str, int]:
        """The project's milestones, title to id."""
        with self.lock:
            mine = milestones.of_project(self.state)
            return {each.title: each.id for each in mine if state in (None, each.state)}

    def issues_of(self, milestone: int | None, state: str | None = None, kind: Kind = "issue") -> list[int]:
        """The numbers of the issues in a milestone (None: in none)."""
        with self.lock:
            everything = self.state.items(kind).values()
            return sorted(
                each.iid for each in everything if each.milestone == milestone and state in (None, each.state)
            )

    def issue(self, iid: int) -> Json:
        """An issue as the API shows it; KeyError without one."""
        with self.lock:
            return shapes.issue(self.state, self.state.issues[iid])

    def merge_request(self, iid: int) -> Json:
        """A merge request as the API shows it; KeyError without one."""
        with self.lock:
            return shapes.merge_request(self.state, self.state.merge_requests[iid])

    def issue_titled(self, title: str) -> list[int]:
        """The numbers of the issues with exactly this title."""
        with self.lock:
            return [each.iid for each in self.state.issues.values() if each.title == title]

    def notes(self, iid: int, kind: Kind = "issue", *, system: bool = False) -> list[Json]:
        """What people wrote under an issue, oldest first; `system`: what GitLab itself wrote."""
        with self.lock:
            item = self.state.items(kind)[iid]
            return [shapes.note(self.state, item, each) for each in item.notes if each.system == system]

    def milestone_events(self, iid: int, kind: Kind = "issue") -> list[Json]:
        """When an issue got and lost its milestones."""
        with self.lock:
            item = self.state.items(kind)[iid]
            return [shapes.resource_event(self.state, item, each, "milestone") for each in item.milestone_events]

    def label_events(self, iid: int, kind: Kind = "issue") -> list[Json]:
        """When an issue got and lost its labels."""
        with self.lock:
            item = self.state.items(kind)[iid]
            return [shapes.resource_event(self.state, item, each, "label") for each in item.label_events]

    def snapshot(self) -> Json:
        """All that a person could see of milestones, issues, merge requests and labels, without times: to compare."""
        with self.lock:
            return {
                "milestones": {each.id: _milestone_facts(each) for each in self.state.milestones.values()},
                "issues": {each.iid: self._facts(each) for each in self.state.issues.values()},
                "merge_requests": {each.iid: self._facts(each) for each in self.state.merge_requests.values()},
                "labels": {each.name: (each.color, each.priority) for each in self.state.labels.values()},
            }

    @property
    def mentions(self) -> list[Found]:
        """Who was called by texts of the token's user."""
        return self.state.mentions

    @property
    def references(self) -> list[Found]:
        """What texts of the token's user refer to."""
        return self.state.references

    @property
    def quick_actions(self) -> list[Found]:
        """Quick actions in texts of the token's user."""
        return self.state.quick_actions

    # Hooks

    @property
    def hooks_sent(self) -> list[SentHook]:
        """Every event for every hook, in order, with the status of each attempt."""
        return self.sender.sent

    def redeliver(self, index: int, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> int:
        """Sends one of `hooks_sent` again with the same keys, or forged; gives the status (0: not reached)."""
        return self.sender.again(index, headers, body)

    def hold_hooks(self) -> None:
        """Keeps hooks back until `release_hooks`."""
        self.sender.hold()

    def release_hooks(self, order: Sequence[int] | None = None) -> None:
        """Sends what was held back; `order` gives another order, by index."""
        self.sender.release(order)

    def tests_hook(self, hook: int) -> int:
        """Somebody presses *Test* on a webhook's page; gives the status (0: not reached)."""
        return self.sender.tries(self.state.hooks[hook], {"object_kind": "issue", "object_attributes": {}})

    def hooks_arrived(self, timeout: float = 5.0) -> bool:
        """Waits until every hook was sent or given up."""
        return self.wait_until(lambda: self.sender.idle, timeout)

    # Time and threads

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Whether the predicate became true in time; it is asked again after every change."""
        return self.changes.wait_until(predicate, timeout)

    def close(self) -> None:
        """Ends the sending of hooks."""
        self.sender.stop()

    @contextmanager
    def editing(self) -> Iterator[None]:
        """One change at a time; those who wait are told afterwards."""
        with self.lock:
            yield
        self.changes.happened()

    def _person(self, username: str) -> User:
        """A person by name; a colleague nobody introduced is made up."""
        found = [each for each in self.state.users.values() if each.username == username]
        return found[0] if found else self.state.users[self.add_user(username)]

    def _add(
        self,
        kind: Kind,
        wanted: Json,
        milestone: int | None,
        moments: tuple[datetime | None, datetime | None, datetime | None],
        by: str,
        assignees: Sequence[str],
        *,
        closed: bool,
    ) -> int:
        """`moments`: created, put into the milestone, closed."""
        created_at, added_at, closed_at = moments
        with self.editing():
            person = self._person(by)
            wanted["assignee_ids"] = [self._person(each).id for each in assignees]
            if added_at is None:
                wanted["milestone_id"] = milestone
            item = issues.create(self.state, kind, wanted, person, created_at)
            if added_at is not None:
                issues.update(self.state, item, {"milestone_id": milestone}, person, added_at)
            if closed:
                issues.update(self.state, item, {"state_event": "close"}, person, closed_at)
            return item.iid

    def _facts(self, item: Issuable) -> Json:
        return {
            "title": item.title,
            "description": item.description,
            "state": item.state,
            "milestone": item.milestone,
            "labels": sorted(self.state.labels[each].name for each in item.labels),
            "assignees": sorted(self.state.users[each].username for each in item.assignees),
            "confidential": item.confidential,
        }


def _milestone_facts(milestone: Milestone) -> Json:
    return {
        "title": milestone.title,
        "state": milestone.state,
        "start_date": str(milestone.start_date),
        "due_date": str(milestone.due_date),
        "description": milestone.description,
    }
