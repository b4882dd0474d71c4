"""The weeks in numbers: of what the rollovers recorded, of what GitLab says, and beside the weeks before.

A week that Baton turned is told from its record, so nothing is asked about it. One that somebody closed by hand is read
once; its numbers are remembered for the comparison.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain import priority, report, rollover
from bot.domain.errors import UserError
from bot.domain.questions import WeekQuestion
from bot.domain.report import Fate, Numbers, Stood, Totals
from bot.domain.team import Team
from bot.domain.telling import Reported, Reviewed
from bot.domain.tracker import Issue, Milestone, WeekFacts
from bot.domain.turning import Rollover
from bot.domain.week import Week
from bot.services.week import keep_ranks, known_ranks
from bot.services.wow import report as reported
from bot.store import Tx

JUST_BEGUN = timedelta(days=1)
"""For so long after a rollover, and while nothing is delivered, a report without a day is that of the closed week."""
MOST_NAMED = 10


def question(tx: Tx, day: date | None) -> WeekQuestion:
    """Ask what the report of a week depends on, and is not recorded: of the week, and of those before it."""
    return WeekQuestion(
        "report",
        wow=day is None,
        day=day,
        trend=report.TREND if day else report.TREND - 1,  # the current week is one of them
        told=tx.turned_endings(),
        compared=frozenset(tx.totals()),
        ranks=True,
    )


def keep(tx: Tx, team: Team, facts: WeekFacts) -> None:
    """Remember of an answer what need not be asked again: the numbers of weeks closed by hand, and the labels' order."""
    keep_ranks(tx, facts)
    tx.keep_totals(_by_hand(tx, team, facts, rollover.find_weeks(facts, team)))


def review(
    tx: Tx, team: Team, day: date | None, facts: WeekFacts | None, now: datetime, as_of: datetime | None
) -> Reviewed:
    """Work out the report of the week that `day` is in, or of the current one; raises UserError where there is none.

    `facts` are what GitLab says, or said last (`as_of`); None: nothing is known but what is recorded.
    """
    weeks = rollover.find_weeks(facts, team) if facts else rollover.Weeks(None, None, {})
    turned = {one.ending: one for one in tx.rollovers(MOST_NAMED + report.TREND)}
    closed = {ending: one.turn.wow for ending, one in turned.items() if one.turn} | dict(weeks.closed)
    today = team.day(now)
    chosen = report.choose(closed, weeks.wow, day, today) if day else None
    if day and chosen is None:
        silent = facts is None or as_of is not None
        raise UserError(_silent(tx, day, turned) if silent else _unknown(day, closed, weeks.wow, today))
    stays = _just_begun(tx, facts, weeks.wow, turned, now) if day is None else None
    ending = chosen or (stays.ending if stays else None)
    numbers: Numbers | None
    if ending in closed and ending is not None:
        numbers = _closed(tx, team, ending, turned.get(ending), facts, weeks, today)
    elif weeks.wow and facts:
        numbers = current(tx, team, facts, weeks.wow, closed, today)
    elif closed and day is None:  # GitLab is silent, or there is no current week: the newest closed one is something
        ending = max(closed)
        numbers = _closed(tx, team, ending, turned.get(ending), facts, weeks, today)
    else:
        raise UserError(_nothing(facts, team))
    if numbers is None:
        raise UserError(
            _remembered(tx, ending) or f"There was a week ending {ending}, but I do not know what was in it. {_LATER}"
        )
    return Reviewed(
        numbers,
        by=turned.get(numbers.ending) if numbers.closed else None,
        order=priority.order_of(known_ranks(tx), team.labels),
        trend=_trend(tx, team, numbers),
        current=stays.turn.week.ending if stays and stays.turn else None,
        now=now,
        as_of=as_of,
    )


_SILENCE = "GitLab does not answer, and"
_LATER = "Please try again when GitLab answers."


def _nothing(facts: WeekFacts | None, team: Team) -> str:
    if facts is None:
        return f"GitLab does not answer, and I have no earlier copy to show. {_LATER}"
    return f"There is no open milestone “{team.wow_title}”, and no week is closed yet."


def _silent(tx: Tx, day: date, turned: Iterable[date]) -> str:
    """Say what is known of a week that only GitLab could tell."""
    kept = next((ending for ending in tx.totals() if Week(ending).start <= day <= ending), None)
    if kept:
        return _remembered(tx, kept)
    endings = _named(turned)
    said = f" Those closed that I recorded end on {endings}." if endings else ""
    return f"{_SILENCE} I know of no week with {day} in it.{said} {_LATER}"


def _remembered(tx: Tx, ending: date | None) -> str:
    """Say what the comparison remembers of a week; empty where it does not know it."""
    kept = tx.totals().get(ending) if ending else None
    if kept is None:
        return ""
    issues = "issue was" if kept.issues == 1 else "issues were"
    return f"{_SILENCE} of the week ending {ending} I know only that {kept.delivered} of {kept.issues} {issues} delivered. {_LATER}"


def _unknown(day: date, closed: Iterable[date], wow: Milestone | None, today: date) -> str:
    """Say which weeks there are instead."""
    said = f"There is no week with {day} in it."
    endings = list(closed)
    if endings:
        said += f" The closed weeks end on {_named(endings)}."
    if wow:
        start, ending = report.span(wow, endings, today)
        said += f" The current week is {start} to {ending}: `/wow report` alone."
    return said


def _named(endings: Iterable[date]) -> str:
    newest = sorted(endings, reverse=True)
    more = f" and {len(newest) - MOST_NAMED} older ones" if len(newest) > MOST_NAMED else ""
    return ", ".join(str(one) for one in newest[:MOST_NAMED]) + more


def recorded(tx: Tx, team: Team, told: Reported) -> Reviewed | None:
    """Work out the report of the week that a rollover closed, of what is recorded alone."""
    numbers = _of_record(team, told, _before(tx, told))
    if numbers is None:
        return None
    return Reviewed(
        numbers,
        by=told.found,
        order=priority.order_of(known_ranks(tx), team.labels),
        trend=_trend(tx, team, numbers),
        now=told.found.done_at or told.found.at,
    )


# One week


def current(tx: Tx, team: Team, facts: WeekFacts, wow: Milestone, closed: Iterable[date], today: date) -> Numbers:
    """Count the week that goes on."""
    start, ending = report.span(wow, closed, today)
    verdicts = tx.verdicts(wow.id)
    earlier = _carried_before(tx, start - timedelta(1))
    found = []
    for issue in facts.of(wow):
        if issue.noun != "issue":
            continue
        verdict = verdicts.get(issue.key)
        came = report.came_on(rollover.came(issue, verdict), start, team)
        stood = _stood(issue, "open" if issue.open else "delivered", team, came)
        was_carried = verdict is not None and verdict.why == "carried over"
        weeks = report.weeks_carried(issue.labels, issue.key, earlier, goes_on=False)
        found.append(replace(stood, weeks=max(weeks, int(was_carried))))
    return Numbers(wow.title, start, ending, today, tuple(found), team.labels, url=wow.url)


def _closed(
    tx: Tx,
    team: Team,
    ending: date,
    record: Rollover | None,
    facts: WeekFacts | None,
    weeks: rollover.Weeks,
    today: date,
) -> Numbers | None:
    """Count a closed week, of its record where there is one; None where nothing is known of what stood in it."""
    if record and record.turn:
        told = reported(tx, record.id)
        if numbers := _of_record(team, told, _before(tx, told)):
            return numbers
    milestone = weeks.closed.get(ending)
    if facts is None or milestone is None or milestone.id not in facts.issues:
        return None
    return _of_milestone(team, facts, milestone, ending, today)


def _of_milestone(team: Team, facts: WeekFacts, milestone: Milestone, ending: date, today: date) -> Numbers:
    """Count what stands in a closed week in GitLab: that tells nothing of what was carried on."""
    start = milestone.start or Week(ending).start
    found = tuple(
        _stood(
            issue,
            "left" if issue.open else "delivered",
            team,
            report.came_on(issue.created, start, team),
        )
        for issue in facts.of(milestone)
        if issue.noun == "issue"
    )
    return Numbers(milestone.title, start, ending, today, found, team.labels, closed=True, url=milestone.url)


def _of_record(team: Team, told: Reported, earlier: Sequence[frozenset[str]]) -> Numbers | None:
    """Count a week as its rollover left it, after `earlier` ones; None where an older version recorded too little."""
    turn = told.turn
    if len(turn.delivered) != turn.done:
        return None
    ending = turn.ending
    start = _first_day(turn)
    put = {line.key: choice for choice in ("carry", "next") for line in told.lines(choice)}
    found = []
    for line in turn.lines:
        if line.noun != "issue":
            continue
        fate: Fate = "left"
        if put.get(line.key) == "carry":
            fate = "carry"
        elif line.key in put:
            fate = "next"
        weeks = report.weeks_carried(line.labels, line.key, earlier, goes_on=True) if fate != "left" else 0
        stood = _stood(line, fate, team, report.came_on(line.came, start, team))
        found.append(replace(stood, unplanned=stood.unplanned or line.late, weeks=weeks))
    for one in turn.delivered:
        closed = report.day_of(one.closed, team)
        found.append(replace(_stood(one, "delivered", team, report.came_on(one.came, start, team)), closed=closed))
    return Numbers(
        team.ending_title(ending),
        start,
        ending,
        ending,
        tuple(found),
        team.labels,
        closed=True,
        turned=True,
        url=turn.wow.url,
    )


def _stood(issue: Issue | rollover.Line | rollover.Delivered, fate: Fate, team: Team, came: date | None) -> Stood:
    closed = issue.closed if isinstance(issue, Issue) and fate == "delivered" else ""
    return Stood(
        issue.iid,
        issue.title,
        fate,
        issue.labels,
        issue.url,
        issue.confidential,
        unplanned=not {team.labels.unscheduled, team.labels.outage}.isdisjoint(issue.labels),
        came=came,
        closed=report.day_of(closed, team),
    )


def _first_day(turn: rollover.Turn) -> date:
    return min(turn.wow.start or Week(turn.ending).start, turn.ending)


def _before(tx: Tx, told: Reported) -> list[frozenset[str]]:
    return _carried_before(tx, _first_day(told.turn) - timedelta(1))


def _carried_before(tx: Tx, ending: date) -> list[frozenset[str]]:
    """List what the rollovers up to a week carried on, newest week first; a gap ends the list."""
    found: list[frozenset[str]] = []
    expected = ending
    for one in tx.rollovers_to(ending, report.TREND):
        if one.turn is None or one.ending < expected:
            break
        found.append(frozenset(line.key for line in one.turn.lines if line.choice != "leave"))
        expected = _first_day(one.turn) - timedelta(1)
    return found


def _just_begun(
    tx: Tx, facts: WeekFacts | None, wow: Milestone | None, turned: Mapping[date, Rollover], now: datetime
) -> Rollover | None:
    """Give the rollover that made the week the current one a moment ago, as long as nothing was delivered since."""
    last = turned.get(max(turned)) if turned else None
    if last is None or last.done_at is None or now - last.done_at > JUST_BEGUN:
        return None
    if facts is None or wow is None:
        return last
    if tx.became_wow(wow.id) is None or any(not one.open for one in facts.of(wow)):
        return None
    return last


# Beside the weeks before


def _by_hand(tx: Tx, team: Team, facts: WeekFacts, weeks: rollover.Weeks) -> list[Totals]:
    """Count the closed weeks that were read now and that no rollover recorded."""
    turned = tx.turned_endings()
    return [
        _of_milestone(team, facts, milestone, ending, ending).totals
        for ending, milestone in weeks.closed.items()
        if ending not in turned and milestone.id in facts.issues
    ]


def _trend(tx: Tx, team: Team, numbers: Numbers) -> tuple[Totals, ...]:
    """List the weeks up to this one, oldest first, this one with them."""
    found = {ending: one for ending, one in tx.totals().items() if ending < numbers.ending}
    for record in tx.rollovers_to(numbers.ending - timedelta(1), report.TREND):
        if record.turn and (earlier := _of_record(team, Reported(record, record.turn), ())):
            found[record.ending] = earlier.totals
    before = sorted(found)[-(report.TREND - 1) :]
    return (*(found[ending] for ending in before), numbers.totals)
