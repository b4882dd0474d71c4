"""What we say of a week in numbers: the report, what its picture shows, and the rule of thumb beside it."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from bot.domain.pictures import WeekPicture
from bot.domain.report import LEAST_PLANNED, MOST_TOIL, MOST_UNSCHEDULED, Numbers, Share, Stood, Totals
from bot.domain.team import Team
from bot.domain.telling import Reviewed
from bot.messages import Page, Row, Words, age, count, escape, link, person, shorten, silence

GAP = "weeks are missing here"
LONGEST_ALTERNATIVE = 1000
MOST_LABELS = 12
RULE = (
    f"The {MOST_TOIL}/{MOST_UNSCHEDULED}/{LEAST_PLANNED} rule of thumb, by number of issues: at most {MOST_TOIL} % toil, "
    f"at most {MOST_UNSCHEDULED} % unscheduled, at least {LEAST_PLANNED} % planned. What is both counts in both."
)


def report(shown: Reviewed, team: Team) -> Words:
    """Report a week: a closed one, or the current one so far."""
    page, numbers = Page(), shown.numbers
    page.say(f":bar_chart: {_head(shown)}")
    if shown.current:
        page.small(
            f"The current week has just begun, so this is the one before. `/wow report {shown.current}` shows the "
            "current one."
        )
    page.say(_delivered(numbers))
    in_numbers(page, shown, team)
    if numbers.closed:
        _list(page, "Goals not kept", [one for one in numbers.goals if one.fate != "delivered"])
    _list(page, "Carried over", numbers.carried)
    _list(page, "Came from the week before", numbers.came_carried)
    _list(page, "Still open in the closed week", numbers.fated("left"))
    if numbers.closed and not numbers.turned:
        page.small("This week was closed by hand in GitLab, which does not say what was carried over.")
    page.small(picture_follows())
    return page.words()


def picture_follows() -> str:
    """Announce the picture."""
    return "A picture of it follows in our direct messages."


def _head(shown: Reviewed) -> str:
    numbers = shown.numbers
    head = f"*{link(numbers.url, numbers.title)}* · {numbers.start} to {numbers.ending}"
    if not numbers.closed:
        over = numbers.today > numbers.ending
        head += f" · so far{'; it is over, and `/wow rollover` is due' if over else ''}"
    elif shown.by:
        head += f" · rolled over by {person(shown.by.by)}"
    if shown.as_of:
        return head + age(shown.as_of, shown.now, shown.reason)
    return f"{head} · {silence(shown.reason)}; this is as I recorded it" if shown.reason else head


def in_numbers(page: Page, shown: Reviewed, team: Team) -> None:
    """Add a week in numbers: the rule of thumb, goals, labels, and the weeks before."""
    numbers = shown.numbers
    page.say("\n".join([*_shares(numbers, team), *_goals(numbers), *_labels(shown)]))
    page.small(RULE)
    if len(shown.trend) > 1:
        weeks = [f"• {week}" for week in _weeks(shown.trend)]
        page.say("\n".join([f"*Week by week* ({len(shown.trend)})", *weeks]))


def _delivered(numbers: Numbers) -> str:
    done = f"*{len(numbers.fated('delivered'))} of {len(numbers.issues)} delivered*"
    if not numbers.closed:
        carried = f" · {len(numbers.came_carried)} carried over from before{_how_long(numbers.came_carried)}"
        return f"{done} · {len(numbers.fated('open'))} open{carried if numbers.came_carried else ''}"
    if not numbers.turned:
        return f"{done} · {len(numbers.fated('left'))} left open"
    moved = len(numbers.fated("next"))
    return (
        f"{done} · {len(numbers.carried)} carried over{_how_long(numbers.carried)}"
        f"{f' ({moved} of them to the week after next)' if moved else ''} · {len(numbers.fated('left'))} left open"
    )


def _how_long(carried: Sequence[Stood]) -> str:
    """Say for how many weeks in a row things were carried, where it was more than one."""
    several = Counter(one.weeks for one in carried if one.weeks > 1)
    told = [f"{number} for {weeks} weeks" for weeks, number in sorted(several.items(), reverse=True)]
    return f" ({', '.join(told)})" if told else ""


def _shares(numbers: Numbers, team: Team) -> list[str]:
    if not numbers.issues:
        return ["There were no issues in this week." if numbers.closed else "There are no issues in this week."]
    return [
        _share("Unscheduled", team.labels.unscheduled, numbers.unscheduled, MOST_UNSCHEDULED),
        _share("Toil", team.labels.toil, numbers.toil, MOST_TOIL),
        _share("Planned", "", numbers.planned, LEAST_PLANNED, least=True),
    ]


def _share(name: str, label: str, share: Share, mark: int, *, least: bool = False) -> str:
    named = f"{name} ({escape(label)})" if label and label != name.casefold() else name
    # compared exactly: 30.4 % is above 30 %, though it is written as 30 %
    exactly, marked = 100 * share.part, mark * share.whole
    kept = exactly >= marked if least else exactly <= marked
    how = "within" if kept else "below" if least else "above"
    bound = f"at {'least' if least else 'most'} {mark} %"
    return f"*{named}*: {share.percent} % ({share.part} of {share.whole}) · {how} the rule of thumb ({bound})"


def _goals(numbers: Numbers) -> list[str]:
    if not numbers.goals:
        return ["*Goals*: none were set." if numbers.closed else "*Goals*: none are set."]
    kept = sum(one.fate == "delivered" for one in numbers.goals)
    return [f"*Goals kept*: {kept} of {len(numbers.goals)}{'' if numbers.closed else ' so far'}"]


def _labels(shown: Reviewed) -> list[str]:
    found = shown.numbers.by_label(shown.order)
    if not any(label for label, _ in found):
        return []
    told = [f"{escape(label) or 'others'} {share.part} of {share.whole}" for label, share in found]
    more = f" · and {len(told) - MOST_LABELS} more" if len(told) > MOST_LABELS else ""
    return [f"*Delivered by label*, most urgent first: {' · '.join(told[:MOST_LABELS])}{more}"]


def _weeks(trend: Sequence[Totals]) -> list[str]:
    """List the weeks, newest first, and say where some are missing in between, such as those that were never read."""
    told = [_total(trend[-1])]
    for later, week in pairwise(reversed(trend)):
        told += [_total(week)] if later.follows(week) else [GAP, _total(week)]
    return told


def _total(week: Totals) -> str:
    if not week.issues:
        return f"{week.ending}: no issues"
    carried = f" · {week.carried} carried" if week.carried is not None else ""
    unscheduled, toil = Share(week.unscheduled, week.issues), Share(week.toil, week.issues)
    return (
        f"{week.ending}: {week.delivered} of {week.issues} delivered{carried} · "
        f"{unscheduled.percent} % unscheduled · {toil.percent} % toil"
    )


def _list(page: Page, head: str, issues: Sequence[Stood]) -> None:
    if issues:
        page.say(f"*{head}* ({len(issues)})")
        page.rows([_row(one) for one in sorted(issues, key=lambda one: (-one.weeks, one.iid))])


def _row(issue: Stood) -> Row:
    return Row(issue.reference, issue.spoken, issue.url, how_often(issue.weeks))


def how_often(weeks: int) -> str:
    """Say for how many weeks in a row something was carried over."""
    return f"carried over {count(weeks, 'week')} in a row" if weeks > 1 else "carried over" if weeks else ""


# The picture


def picture(shown: Reviewed) -> WeekPicture:
    """Describe the picture of a week."""
    numbers = shown.numbers
    so_far = "" if numbers.closed else ", so far"
    return WeekPicture(
        numbers.title, f"{numbers.start} to {numbers.ending}{so_far}", numbers.ending, numbers.days(), shown.trend
    )


def picture_name(shown: Reviewed) -> str:
    """Name the file."""
    return f"WoW-{shown.numbers.ending}.png"


def alternative(shown: Reviewed) -> str:
    """Say in words what the picture shows, for those who do not see it."""
    numbers = shown.numbers
    days = ", ".join(f"{_weekday(one.day)} {one.delivered} of {one.issues}" for one in numbers.days())
    said = f"Burn-up of {shorten(numbers.title, 60)}, {numbers.start} to {numbers.ending}. Delivered by day: {days}."
    if len(shown.trend) > 1:
        said += f" Week by week, newest first: {'; '.join(_weeks(shown.trend)).replace(' · ', ', ')}."
    return shorten(said, LONGEST_ALTERNATIVE)


def _weekday(day: date) -> str:
    return f"{day:%A}"
