"""Who may do what: one question, asked alike of commands, shortcuts, buttons, modals and the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.team import Team


class Right(StrEnum):
    """What a command asks of the person who uses it."""

    LOOK = "look"
    WRITE = "write"
    TURN_THE_WEEK = "turn"


@dataclass(frozen=True)
class Person:
    """Somebody in Slack, as last described by Slack. `zone` is an IANA name, `team` the workspace's id.

    `name` is the one that is shown, `others` are those that they are known by too: the real one, the user name
    (`handle`).
    """

    id: str
    name: str
    zone: str = "UTC"
    email: str = ""
    bot: bool = False
    deactivated: bool = False
    guest: bool = False
    team: str = ""
    others: tuple[str, ...] = ()
    handle: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that tells who they are, the name that is shown first."""
        return tuple(dict.fromkeys(filter(None, (self.name, *self.others, self.email))))


def mention(who: str) -> str:
    """Mention somebody in Slack, or name somebody at a terminal or in GitLab."""
    if is_in_slack(who):
        return f"<@{who}>"
    kind, _, name = who.partition(":")
    return f"{name or 'somebody'} ({'in GitLab' if kind == 'gitlab' else kind})"


def is_in_slack(who: str) -> bool:
    """Tell a person's Slack id from somebody at a terminal or in GitLab, and from a bot."""
    return who[:1] in {"U", "W"} and ":" not in who


def may(
    who: str,
    right: Right,
    team: Team,
    *,
    home: str,
    people: Mapping[str, Person],
    groups: Mapping[str, frozenset[str]],
) -> None:
    """Let `who` (a Slack id) do what needs `right`, or raise UserError with the reason.

    `home` is the id of Baton's own workspace; `groups` maps a user group's id to its members. Looking is open to
    whoever can type the command. Raises NotKnownYetError when the answer depends on somebody not described yet.
    """
    if right is Right.LOOK:
        return
    person = people.get(who)
    if person is None:
        raise NotKnownYetError(who)
    _must_be_full_member(person, home)
    if right is Right.TURN_THE_WEEK and team.leads:
        _must_be_lead(who, team, groups)


def _must_be_full_member(person: Person, home: str) -> None:
    if person.bot:
        message = "Apps and bots cannot do this. Please ask somebody on the team."
    elif person.deactivated:
        message = "This account is deactivated, so it cannot change anything."
    elif person.team and home and person.team != home:
        message = "You belong to another workspace, so you can look but not change anything. Please ask the team."
    elif person.guest:
        message = "Guests can look but not change anything. Please ask a full member of the team."
    else:
        return
    raise UserError(message)


def is_lead(who: str, team: Team, groups: Mapping[str, frozenset[str]]) -> bool:
    """Tell whether somebody is one of the team's leads; raises NotKnownYetError where that depends on a group unknown yet."""
    if who in team.leads:
        return True
    unknown = None
    for lead in sorted(team.leads):
        if lead.startswith("S"):
            if lead not in groups:
                unknown = lead
            elif who in groups[lead]:
                return True
    if unknown:
        raise NotKnownYetError(unknown)
    return False


def _must_be_lead(who: str, team: Team, groups: Mapping[str, frozenset[str]]) -> None:
    if is_lead(who, team, groups):
        return
    names = " or ".join(f"<!subteam^{lead}>" if lead.startswith("S") else f"<@{lead}>" for lead in sorted(team.leads))
    message = f"Only {names} may roll over or undo a week. Please ask them."
    raise UserError(message)
