"""What is still wanted of a change to an issue when it is tried again: nothing overrules a person who was faster.

An earlier attempt may have arrived although its answer was lost. What it did, and somebody undid since, looks like
something that was never done; only the issue's history tells the two apart.
"""

from dataclasses import replace

from bot.domain.operations import SetIssue
from bot.domain.tracker import History, Issue, LabelEvent, MilestoneEvent


def left_to_do(operation: SetIssue, issue: Issue) -> SetIssue:
    """Leave out what is so already, and a label that what the issue has become exempts it from."""
    label, *exempting = operation.unless or ("",)
    exempt = set() if {*exempting}.isdisjoint(issue.labels) else {label}
    return replace(
        operation,
        milestone=None if operation.milestone == issue.milestone else operation.milestone,
        add=tuple(one for one in operation.add if one not in {*issue.labels, *exempt}),
        remove=tuple(one for one in operation.remove if one in issue.labels),
    )


def is_nothing(operation: SetIssue) -> bool:
    """Tell whether there is nothing to do."""
    return operation.milestone is None and not operation.add and not operation.remove


def without_overruling(operation: SetIssue, since: History) -> SetIssue:
    """Leave out what was done `since` the first attempt and undone: whoever undid it has the last word."""
    moves = [one for one in since if isinstance(one, MilestoneEvent)]
    if any(one.added and one.milestone == operation.milestone for one in moves):
        return replace(operation, milestone=None, add=(), remove=())
    return replace(
        operation,
        add=tuple(one for one in operation.add if not _was_undone(one, since, added=True)),
        remove=tuple(one for one in operation.remove if not _was_undone(one, since, added=False)),
    )


def _was_undone(label: str, since: History, *, added: bool) -> bool:
    """Tell whether a label was set (or taken off), and at last the contrary was done."""
    events = sorted(
        (one for one in since if isinstance(one, LabelEvent) and one.label == label), key=lambda one: one.at
    )
    return any(one.added == added for one in events) and events[-1].added != added
