"""Who is to be assigned to what passes in a hand-off: the incoming person, in place of the outgoing one.

Where GitLab's tier allows for one assignee it keeps the first that it is told of, and drops the others without a word.
So the order says who stays: the incoming person, unless somebody changed the assignees since the hand-off was offered;
nothing overrules a person. People are user names in GitLab; `present` are those who are assigned, `before` those who
were when it was offered.
"""

from collections.abc import Iterable


def is_so(present: Iterable[str], incoming: str, outgoing: str) -> bool:
    """Tell whether there is nothing to do."""
    return incoming in present and (outgoing == incoming or outgoing not in present)


def wanted(present: Iterable[str], before: Iterable[str], incoming: str, outgoing: str) -> tuple[str, ...]:
    """Give those who are to be assigned, in the order in which GitLab is to be told of them."""
    now, then = tuple(dict.fromkeys(present)), frozenset(before)
    others = [one for one in now if one not in {incoming, outgoing}]
    if then == frozenset(now):
        return (incoming, *others)
    return (*sorted(others, key=lambda one: one in then), incoming)


def put_there(present: Iterable[str], before: Iterable[str], incoming: str, outgoing: str) -> tuple[str, ...]:
    """List those whom somebody assigned since the hand-off was offered."""
    return tuple(one for one in dict.fromkeys(present) if one not in {*before, incoming, outgoing})
