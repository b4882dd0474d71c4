"""Plain pages behind the addresses of the emulated GitLab, so that a link in the demo leads somewhere; to read only."""

from collections.abc import Iterable
from html import escape

from bot.sandbox.gitlab.records import Issuable, Kind, Milestone
from bot.sandbox.gitlab.shapes import instant
from bot.sandbox.gitlab.world import GitlabWorld

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #28272d; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; overflow-wrap: anywhere } a { color: #0b5cad } small { color: #626168 }
.text { white-space: pre-wrap; overflow-wrap: anywhere } article { border-top: 1px solid #dcdcde; padding: .5rem 0 }
.label { background: #ececef; border-radius: 1rem; padding: .1rem .6rem; margin-right: .3rem }
@media (prefers-color-scheme: dark) {
  body { background: #18171d; color: #ececef } a { color: #9dc7f1 } small { color: #a4a3a8 }
  .label { background: #3a383f } article { border-color: #3a383f }
}
"""


def project(world: GitlabWorld) -> str:
    """The project: its milestones, the open ones first."""
    mine = [each for each in world.state.milestones.values() if not each.of_group]
    mine.sort(key=lambda each: (each.state != "active", -each.iid))
    body = f'<p><a href="issues">Issues</a></p><h2>Milestones</h2>{_list(map(_milestone_line, mine))}'
    return _page(world, world.state.project.full_path, body)


def issues(world: GitlabWorld) -> str:
    """All issues of the project, the open ones first, and of those the newest."""
    shown = sorted(world.state.issues.values(), key=lambda each: (each.state != "opened", -each.iid))
    return _page(world, "Issues", _list(_item_line(world, each) for each in shown))


def milestone(world: GitlabWorld, iid: int) -> str | None:
    """A milestone of the project: its dates, and its issues and merge requests, the open ones first."""
    found = [each for each in world.state.milestones.values() if each.iid == iid and not each.of_group]
    if not found:
        return None
    [shown] = found
    everything = [*world.state.issues.values(), *world.state.merge_requests.values()]
    held = sorted((each for each in everything if each.milestone == shown.id), key=lambda each: each.state != "opened")
    dates = f"{shown.start_date or '…'} to {shown.due_date or '…'}"
    body = f"<p><small>{shown.state} · {dates}</small></p>{_text(shown.description)}"
    return _page(world, shown.title, body + _list(_item_line(world, each) for each in held))


def item(world: GitlabWorld, kind: Kind, iid: int) -> str | None:
    """An issue or merge request with its notes."""
    shown = world.state.items(kind).get(iid)
    if shown is None:
        return None
    within = world.state.milestones.get(shown.milestone or 0)
    assignees = [f"@{world.state.users[each].username}" for each in shown.assignees]
    facts = [shown.state, "confidential" if shown.confidential else "", ", ".join(assignees)]
    line = " · ".join(escape(each) for each in facts if each)
    link = f" · {_milestone_line(within)}" if within and not within.of_group else ""
    body = f"<p><small>{line}{link}</small></p><p>{_labels(world, shown)}</p>{_text(shown.description)}"
    return _page(world, f"{shown.title} ({'#' if kind == 'issue' else '!'}{iid})", body + _notes(world, shown))


def _page(world: GitlabWorld, title: str, body: str) -> str:
    path = world.state.project.full_path
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<base href="/{escape(path)}/-/"><p><a href="/{escape(path)}">{escape(path)}</a>'
        f" <small>in an emulated GitLab</small></p><h1>{escape(title)}</h1>{body}</html>"
    )


def _notes(world: GitlabWorld, shown: Issuable) -> str:
    return "".join(
        f'<article id="note_{each.id}"><small>{escape(world.state.users[each.author].name)} · '
        f"{instant(each.created_at)}{' · internal' if each.internal else ''}</small>{_text(each.body)}</article>"
        for each in shown.notes
    )


def _labels(world: GitlabWorld, shown: Issuable) -> str:
    return "".join(f'<span class="label">{escape(world.state.labels[each].name)}</span>' for each in shown.labels)


def _milestone_line(shown: Milestone) -> str:
    return f'<a href="milestones/{shown.iid}">{escape(shown.title)}</a> <small>{shown.state}</small>'


def _item_line(world: GitlabWorld, shown: Issuable) -> str:
    address = f"{shown.kind}s/{shown.iid}"
    sigil = "#" if shown.kind == "issue" else "!"
    link = f'<a href="{address}">{escape(shown.title)}</a> <small>{sigil}{shown.iid} {shown.state}</small>'
    return f"{link} {_labels(world, shown)}"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{each}</li>' for each in lines)}</ul>"


def _text(text: str) -> str:
    return f'<div class="text">{escape(text)}</div>'
