"""Labels of the project: by name from outside, by id inside.

https://docs.gitlab.com/api/labels/
"""

from bot.sandbox.gitlab.records import Json, Label, State, refused


def named(state: State, name: str) -> Label | None:
    """The label of exactly this name."""
    return next((each for each in state.labels.values() if each.name == name), None)


def created_if_unknown(state: State, name: str) -> Label:
    """The label of this name, made on the way as GitLab does when an issue gets an unknown one."""
    return named(state, name) or create(state, {"name": name, "color": "#6699cc"})


def create(state: State, attributes: Json) -> Label:
    """A new label."""
    name = str(attributes.get("name") or "").strip()
    if named(state, name):
        raise refused(409, "Label already exists")
    _check(name)
    label = Label(state.next_id("label"), name)
    state.labels[label.id] = label
    _assign(state, label, attributes)
    return label


def update(state: State, label: Label, attributes: Json) -> None:
    """Changes name, colour, description or priority."""
    if not {"new_name", "color", "description", "priority", "archived"} & attributes.keys():
        error = "new_name, color, description, priority, archived are missing, at least one parameter must be provided"
        raise refused(400, error)
    name = str(attributes.get("new_name") or label.name).strip()
    other = named(state, name)
    if other is not None and other is not label:
        raise refused(400, {"title": ["has already been taken"]})
    _check(name)
    label.name = name
    _assign(state, label, attributes)


def listed(value: object) -> list[str]:
    """Label names as the API takes them: a list, or words between commas."""
    pieces = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return list(dict.fromkeys(name for piece in pieces if (name := str(piece).strip())))


def _check(name: str) -> None:
    if not name or "," in name:
        raise refused(400, {"title": ["is invalid"] if name else ["can't be blank"]})


def _assign(state: State, label: Label, attributes: Json) -> None:
    label.color = str(attributes.get("color") or label.color)
    if "description" in attributes:
        label.description = attributes["description"]
    if "priority" in attributes:
        label.priority = None if attributes["priority"] is None else int(attributes["priority"])
    state.changed(shared=True)
