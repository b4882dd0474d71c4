"""What we say about late additions, issues put into the week, and weeks that nobody has turned."""

from collections.abc import Sequence

from bot.domain.errands import Errand, Told
from bot.domain.team import Team
from bot.domain.telling import Due
from bot.domain.tracker import Issue
from bot.messages import AS_SOON_AS_IT_IS_BACK, Page, Row, Words, count, escape, link, person, waits


def begun(one: Errand, team: Team, waiting: int | None) -> Words:
    """Say at once that it will be done; `waiting` counts what waits for GitLab, None when it answers."""
    what = f"put #{one.iid} into “{escape(team.wow_title)}”" if one.kind == "add" else "look for late additions"
    page = Page().say(f"I {what}, and post the result.")
    if waiting is not None:
        page.small(f"{waits('', waiting)}. {AS_SOON_AS_IT_IS_BACK}")
    return page.words()


def errand(told: Told, team: Team) -> Words:
    """Say how far an errand is, and at its end what was done."""
    page = Page()
    one = told.errand
    if not told.over:
        doing = f"puts #{one.iid} into “{escape(team.wow_title)}”" if one.kind == "add" else "looks for late additions"
        return page.say(f":hourglass_flowing_sand: {person(one.by)} {doing}: {how_far(told)}").words()
    if one.problem:
        about = f"#{one.iid}" if one.kind == "add" else "Late additions"
        said = f":information_source: {person(one.by)}, {about}: {escape(sentence(one.problem))} Nothing was changed."
        return page.say(said).words()
    return _added(page, told, team) if one.kind == "add" else _checked(page, told, team)


def how_far(told: Told) -> str:
    """Say what an errand waits for."""
    if told.gitlab_silent:
        return f"{waits(told.reason, told.waiting, briefly=True)}. {AS_SOON_AS_IT_IS_BACK}"
    return "labelling." if told.errand.decided and told.errand.kind == "check" else "reading GitLab."


def sentence(problem: str) -> str:
    """End a reason with a full stop."""
    return problem if problem.endswith((".", "?", "!")) else f"{problem}."


def _added(page: Page, told: Told, team: Team) -> Words:
    one, wow, unscheduled = told.errand, escape(team.wow_title), escape(team.labels.unscheduled)
    name = _named(one.issue) if one.issue else f"#{one.iid}"
    if one.was_there:
        return page.say(f":information_source: {person(one.by)}, {name} is in “{wow}” already.").words()
    if told.refused:
        why = escape(sentence(told.refused[0][1]))
        return page.say(f":warning: {person(one.by)}, GitLab refused to put {name} into “{wow}”: {why}").words()
    if told.kept:
        why = escape(sentence(told.kept[0][1]))
        return page.say(f":information_source: {person(one.by)}, I left {name} as it is: {why}").words()
    if one.issue and not one.issue.open:
        name += " (closed)"
    label = f" It came after the week had started, so it is labelled “{unscheduled}”." if one.late else ""
    return page.say(f":inbox_tray: {person(one.by)} put {name} into “{wow}”.{label}").words()


def _checked(page: Page, told: Told, team: Team) -> Words:
    one, unscheduled = told.errand, escape(team.labels.unscheduled)
    failed = {issue.key for issue, _ in (*told.refused, *told.kept)}
    labelled = [issue for issue in one.labelled if issue.key not in failed]
    page.say(f":mag: {person(one.by)} looked for late additions. {_found(one, labelled)}")
    _list(page, f"Labelled “{unscheduled}” now", labelled)
    _list(page, f"Had “{unscheduled}” already", one.known)
    _list(page, f"“{unscheduled}” was taken off by hand, and stays off", one.taken_off)
    if told.refused:
        page.say(f"*:warning: GitLab refused {count(len(told.refused), 'issue')}*")
        page.rows([_row(issue, why) for issue, why in told.refused])
    if told.kept:
        page.say("*Changed by somebody meanwhile, and left as it is*")
        page.rows([_row(issue, why) for issue, why in told.kept])
    if one.unread:
        as_it_is = "it as it is" if one.unread == 1 else "them as they are"
        page.small(f"GitLab did not show the history of {count(one.unread, 'issue')}, so I left {as_it_is}.")
    return page.words()


def _found(one: Errand, labelled: Sequence[Issue]) -> str:
    if not (one.labelled or one.known or one.taken_off):
        return f"There are none; {count(one.planned, 'open issue')} in the week." if one.planned else "There are none."
    done = f"{count(len(labelled), 'issue')} labelled." if labelled else "Nothing is left to label."
    need = "needs" if one.planned == 1 else "need"
    return f"{done} {count(one.planned, 'other open issue')} {need} no label." if one.planned else done


def _list(page: Page, head: str, issues: Sequence[Issue]) -> None:
    if issues:
        page.say(f"*{head}* ({len(issues)})")
        page.rows([_row(issue) for issue in issues])


def _row(issue: Issue, remark: str = "") -> Row:
    return Row(issue.reference, issue.spoken, issue.url, remark)


def _named(issue: Issue) -> str:
    return f"{link(issue.url, issue.reference)} {escape(issue.spoken)}"


def due(now: Due, team: Team) -> Words:
    """Remind the lead that a week is over and was not turned; later, say who did it."""
    found = now.found
    if now.by_hand:
        return Page().say(f"The week ending {now.ending} is over, and was rolled over by hand in GitLab.").words()
    if found is not None:
        verb = {"running": "rolls it over", "undoing": "takes its rollover back"}.get(found.state, "rolled it over")
        who = found.undone_by if found.state == "undoing" else found.by
        return Page().say(f"The week ending {now.ending} is over, and {person(who)} {verb}.").words()
    leads = ", ".join(f"<!subteam^{one}>" if one.startswith("S") else f"<@{one}>" for one in sorted(team.leads))
    to = f"{leads}: the" if leads else "The"
    page = Page().say(
        f":calendar: {to} week ending {now.ending} is over and not rolled over yet. "
        "The button opens the preview; nothing is written before you confirm."
    )
    button = {
        "type": "button",
        "action_id": "wow.rollover",
        "text": {"type": "plain_text", "text": "Roll over"},
        "value": now.ending.isoformat(),
        "style": "primary",
    }
    return page.block({"type": "actions", "elements": [button]}).words()
