"""Notes under issues and merge requests; a note may be nothing but quick actions, and then there is no note.

https://docs.gitlab.com/api/notes/
"""

from datetime import datetime

from bot.sandbox.gitlab import hooks, issues
from bot.sandbox.gitlab.records import Issuable, Json, Note, OnlyQuickActions, State, User, refused

_LONGEST = 1_000_000


def create(
    state: State, item: Issuable, body: str, by: User, *, internal: bool = False, at: datetime | None = None
) -> Note:
    """A new note, after its quick actions have been run."""
    _check(body)
    at = at or state.now()
    sigil = "#" if item.kind == "issue" else "!"
    reading = issues.listen(state, item, f"note on {sigil}{item.iid}", body, by)
    if reading.actions:
        issues.update(state, item, issues.from_actions(state, reading.actions), by)
        if not reading.text:
            raise OnlyQuickActions(", ".join(f"Applied {each.name} command." for each in reading.actions))
    note = Note(state.next_id("note"), reading.text, by.id, at, at, internal=internal)
    item.notes.append(note)
    item.updated_at = max(item.updated_at, at)
    issues.touched(state, item)
    hooks.note_written(state, item, note, "create", by)
    return note


def update(state: State, item: Issuable, note: Note, body: str, by: User) -> None:
    """Another text for a note, after its quick actions have been run: what is left may be nothing, and then it goes."""
    _check(body)
    sigil = "#" if item.kind == "issue" else "!"
    reading = issues.listen(state, item, f"note on {sigil}{item.iid}", body, by)
    if reading.actions:
        issues.update(state, item, issues.from_actions(state, reading.actions), by)
        if not reading.text:
            delete(state, item, note)
            raise OnlyQuickActions(", ".join(f"Applied {each.name} command." for each in reading.actions))
    if reading.text == note.body:
        return
    note.body = reading.text
    note.updated_at = state.now()
    issues.touched(state, item)
    hooks.note_written(state, item, note, "update", by)


def found(item: Issuable, number: int) -> Note:
    """The note of this id; refused where there is none."""
    for note in item.notes:
        if note.id == number:
            return note
    raise refused(404, "404 Note Not Found")


def delete(state: State, item: Issuable, note: Note) -> None:
    """Takes a note away."""
    item.notes.remove(note)
    issues.touched(state, item)


def _check(body: str) -> None:
    errors: Json = {}
    if not body.strip():
        errors["note"] = ["can't be blank"]
    elif len(body) > _LONGEST:
        errors["note"] = [f"is too long (maximum is {_LONGEST} characters)"]
    if errors:
        raise refused(400, errors)
