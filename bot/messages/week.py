"""What we say of how the weeks stand: the current one, the next one, those that are closed, and what one may type."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from bot.domain.commands.wow import WOW_USAGE, WowHelp
from bot.domain.team import Team
from bot.domain.telling import Closed, Standing
from bot.domain.tracker import Milestone
from bot.messages import Page, Row, Words, age, count, escape, link, moment, not_known, person, silence, usage_lines
from bot.messages.wow import under_way

TITLE = "This week"


def standing(week: Standing, team: Team, *, with_usage: bool = False) -> Words:
    """Say how a week stands: dates, counts, goals, and open issues in priority order."""
    page = Page()
    if week.running:
        page.say(f":hourglass_flowing_sand: {under_way(week.running)}")
    if week.milestone:
        _standing(page, week, team)
    elif week.running is None:
        page.say(f"There is no open milestone “{escape(week.title)}”{_as_of(week)}.")
    if with_usage:
        _usage(page)
    return page.words()


def _standing(page: Page, week: Standing, team: Team) -> None:
    milestone = week.milestone
    if milestone is None:
        return
    page.say(f"*{link(milestone.url, milestone.title)}* · {dates(milestone)}{_left(week)}{_as_of(week)}")
    carried = f" · {week.carried} carried over" if week.carried is not None else ""
    page.say(
        f"{week.done} done · {len(week.open)} open · {week.unscheduled} {escape(team.labels.unscheduled)}"
        f"{_outages(week)}{carried} · {' · '.join(f'{label}: {number}' for label, number in week.ap.items())}"
    )
    if week.order:
        page.small(_order(week))
    if week.goals:
        page.say(f"*Goals* ({sum(not goal.open for goal in week.goals)} of {len(week.goals)} done)")
        page.rows([Row(goal.reference, goal.spoken, goal.url, "" if goal.open else "done") for goal in week.goals])
    if week.open:
        page.say(f"*Open issues*, most urgent first ({len(week.open)})")
        page.rows([Row(issue.reference, issue.spoken, issue.url, ", ".join(issue.labels)) for issue in week.open])


def _order(week: Standing) -> str:
    """Say in one line which labels come first, and whose order that is."""
    whose = "the project's own" if week.own_order else "the default; the project gives its labels no priorities"
    return f"Priority order ({whose}): {in_order(week.order)}"


def in_order(order: Mapping[str, int], most: int = 12) -> str:
    """List labels in their order; those of one rank are joined."""
    ranks = [list(labels) for _, labels in groupby(sorted(order, key=lambda one: (order[one], one)), key=order.get)]
    shown = " › ".join(escape(" = ".join(labels)) for labels in ranks[:most])
    return f"{shown} › {len(ranks) - most} more" if len(ranks) > most else shown


def _left(week: Standing) -> str:
    if week.ended:
        return f" · ended {count(week.ended, 'day')} ago; `/wow rollover` is due"
    return f" · {count(week.days_left, 'day')} left" if week.days_left is not None else ""


def _outages(week: Standing) -> str:
    return f" ({count(week.outages, 'outage')} among them)" if week.outages else ""


def dates(milestone: Milestone) -> str:
    """Say from when to when a milestone goes."""
    if milestone.start is None and milestone.due is None:
        return "no dates yet"
    return f"{milestone.start or 'no start date'} to {milestone.due or 'no due date'}"


def _as_of(week: Standing) -> str:
    return age(week.as_of, week.now, week.reason)


def unknown(reason: str) -> Words:
    """Say that GitLab is silent and nothing is remembered."""
    said = f"{silence(reason)}, and I have no earlier copy to show. Please try again later."
    return Page().say(said).words()


def with_usage(said: Words) -> Words:
    """Add the sub-commands below other words."""
    page = Page()
    _usage(page)
    usage = page.words()
    blocks = said.blocks or tuple(Page().say(said.text).blocks)
    return Words(f"{said.text}\n{usage.text}", (*blocks, *usage.blocks))


def history(weeks: Sequence[Closed], team: Team, as_of: datetime | None, now: datetime, reason: str = "") -> Words:
    """List closed weeks, newest first."""
    if not weeks:
        return Page().say(f"No week is closed yet: there is no milestone “{escape(team.wow_title)} ending …”.").words()
    page = Page().say(
        f"*The last {'closed week' if len(weeks) == 1 else f'{len(weeks)} closed weeks'}*{age(as_of, now, reason)}"
    )
    return page.say("\n".join(_closed(week, team) for week in weeks)).words()


def _closed(week: Closed, team: Team) -> str:
    carried = f" · {week.carried} carried over" if week.carried is not None else ""
    return (
        f"*{link(week.milestone.url, week.milestone.title)}* · {week.done} done{carried} · "
        f"{week.unscheduled} {escape(team.labels.unscheduled)}{_closed_by(week)}"
    )


def _closed_by(week: Closed) -> str:
    if week.by:
        when = f", {moment(week.at)}" if week.at else ""
        return f" · rolled over by {person(week.by)}{when}"
    if week.by_hand:
        return f" · closed by {escape(week.by_hand)} in GitLab"
    return ""


def usage(asked: WowHelp) -> Words:
    """Show the sub-commands with examples; for an unknown one, name the nearest."""
    page = Page()
    if asked.unknown:
        page.say(not_known("/wow", asked.unknown, asked.nearest))
    _usage(page)
    return page.words()


def _usage(page: Page) -> None:
    page.say(f"*The week*\n{usage_lines(WOW_USAGE)}")
