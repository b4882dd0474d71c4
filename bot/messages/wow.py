"""What we say about the weeks: previews, progress, reports, and how a week stands."""

from collections.abc import Mapping, Sequence

from bot.domain.operations import READ_ONLY, CreateMilestone, RemoveMilestone, SetMilestone
from bot.domain.rollover import Line, Turn
from bot.domain.team import Team
from bot.domain.telling import Previewed, Progressed, Reported, Reviewed, TakenBack, UndoPreviewed
from bot.domain.turning import Rollover
from bot.domain.way_back import Undo
from bot.messages import (
    AS_SOON_AS_IT_IS_BACK,
    Page,
    Row,
    View,
    Words,
    count,
    escape,
    link,
    moment,
    person,
    shorten,
    silence,
    waits,
)
from bot.messages import trying_again as trying
from bot.messages.weekly import how_often, in_numbers

MOST_FIELDS = 90
"""Issues with a field each; a modal has room for 100 blocks, and the steps and warnings need some."""
LONGEST_LABEL = 150
"""Ninety labels of nothing but emoji still fit a modal's 250 kB, in which each takes twelve bytes."""
CHOICES = {"carry": "Carry over", "leave": "Leave in closed week", "next": "Move to new Next WoW"}
ALL = "choice:all"
TITLE, UNDO_TITLE = "Roll over the week", "Undo the rollover"


# The preview


def preview(shown: Previewed, team: Team) -> View:
    """Show what a rollover will do, or why it cannot be done."""
    if shown.turn is None:
        return _plain_modal(TITLE, _why_not(shown))
    turn = shown.turn
    page = Page()
    page.say(f"*The week ending {turn.ending}* in {escape(shown.project)}. Nothing is written before you confirm.")
    if turn.warnings:
        page.say("\n".join(f":warning: {escape(warning)}" for warning in turn.warnings))
    page.say(_steps(turn, team))
    if turn.unread:
        page.small(f"{_not_read(turn)}, so I do not label {_it_or_them(turn.unread)}.")
    page.blocks += _choices(turn, team)
    return _modal(TITLE, page, "Roll over", "wow.rollover", shown.preview.id)


def _not_read(turn: Turn) -> str:
    return f"I could not read when {count(turn.unread, 'issue')} came into the week"


def _it_or_them(number: int) -> str:
    return "it" if number == 1 else "them"


def _why_not(shown: Previewed) -> Page:
    if shown.now:
        return Page().say(f"{under_way(shown.now)} The message in the channel shows how far it is.")
    refusal = shown.refusal
    if refusal is None:
        return Page().say(f"The week ending {shown.preview.ending} was rolled over already{_by_whom(shown)}.")
    if refusal.closed is None:
        return Page().say(escape(refusal.reason))
    said = f"{escape(refusal.reason)}{_by_whom(shown)}. {escape(refusal.advice) or 'Nothing is left to do.'}"
    return Page().say(f"{said}\n{link(refusal.closed.url, refusal.closed.title)}")


def _by_whom(shown: Previewed) -> str:
    if shown.running:
        when = f", {moment(shown.running.done_at)}" if shown.running.done_at else ""
        return f" by {person(shown.running.by)}{when}"
    if shown.who:
        when = f", {moment(shown.who.at)}" if shown.who.at else ""
        return f" by {escape(shown.who.name)} in GitLab{when}"
    return " by hand in GitLab, which does not say by whom"


def _steps(turn: Turn, team: Team) -> str:
    """List the steps in the order in which they are done, each with its objects."""
    ahead = turn.week
    following = turn.following.title if turn.following else team.next_wow_title
    carried = [line for line in turn.lines if line.choice == "carry"]
    steps = []
    if not turn.following:
        steps.append(f"Create “{escape(following)}” ({ahead.start} to {ahead.ending})")
    steps += [
        f"Carry {_issues_in_words(carried)} over to “{escape(following)}”{_labels_in_words(turn.lines, team)}",
        f"Look again, and carry over what was added to “{escape(turn.wow.title)}” meanwhile",
        f"Rename “{escape(turn.wow.title)}” to “{escape(team.ending_title(turn.ending))}”, due {turn.ending}",
        "Close it",
        f"Rename “{escape(following)}” to “{escape(team.wow_title)}” ({ahead.start} to {ahead.ending})",
        f"Create “{escape(team.next_wow_title)}” ({ahead.following.start} to {ahead.following.ending})",
        f"Move to the new “{escape(team.next_wow_title)}” what you choose for it",
        "Report in the channel",
    ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _issues_in_words(lines: Sequence[Line]) -> str:
    issues = sum(line.noun == "issue" for line in lines)
    said = count(issues, "open issue")
    if requests := len(lines) - issues:
        said += f" and {count(requests, 'merge request')}"
    return said


def _counted(lines: Sequence[Line]) -> str:
    """Count issues, and merge requests beside them, as `/wow status` and `/wow history` count them."""
    requests = sum(line.noun == "merge_request" for line in lines)
    return f"{len(lines) - requests}" + (f" (and {count(requests, 'merge request')})" if requests else "")


def _labels_in_words(lines: Sequence[Line], team: Team) -> str:
    late = [line.reference for line in lines if line.late]
    goals = [f"{line.reference} moved {line.moved}" for line in lines if line.moved]
    parts = []
    if late:
        parts.append(f"late additions get “{escape(team.labels.unscheduled)}”: {_some(late)}")
    if goals:
        parts.append(f"goals: {_some(goals)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _choices(turn: Turn, team: Team) -> list[dict[str, object]]:
    issues = [line for line in turn.lines if line.noun == "issue"]
    if not issues:
        return []
    if len(issues) > MOST_FIELDS:
        label = f"All {len(issues)} open issues"
        hint = "Too many to choose one by one: this choice is for all. The list comes as a file in a direct message."
        return [_choice(ALL, label, hint)]
    return [
        _choice(f"choice:{line.key}", shorten(f"{line.reference} {line.title}", LONGEST_LABEL), remark(line, team))
        for line in issues
    ]


def remark(line: Line, team: Team) -> str:
    """Say what a rollover does with an issue, besides moving it."""
    said = []
    if line.late:
        said.append(f"late addition, gets “{team.labels.unscheduled}”")
    if line.moved:
        said.append(f"goal, gets “moved {line.moved}” if it moves on")
    return "; ".join(said)


def _choice(block: str, label: str, hint: str) -> dict[str, object]:
    options = [{"text": {"type": "plain_text", "text": text}, "value": value} for value, text in CHOICES.items()]
    field: dict[str, object] = {
        "type": "input",
        "block_id": block,
        "label": {"type": "plain_text", "text": label, "emoji": False},
        "element": {
            "type": "static_select",
            "action_id": "choice",
            "options": options,
            "initial_option": options[0],
        },
    }
    if hint:
        field["hint"] = {"type": "plain_text", "text": hint, "emoji": False}
    return field


def preview_file(turn: Turn, team: Team) -> str:
    """Write the whole list of a week that is too large for one modal."""
    return "\n".join(
        f"{line.reference}\t{line.title}\t{remark(line, team)}\t{line.url}".rstrip() for line in turn.lines
    )


def preview_silent(shown: Previewed, reason: str) -> View:
    """Offer to roll over as soon as GitLab is back."""
    if shown.running:
        return _plain_modal(TITLE, _why_not(shown))
    page = Page().say(
        f"{silence(reason)}. I cannot show now what is in the week.\n\n"
        f"I can roll over *the week ending {shown.preview.ending}* as soon as GitLab is back, with the defaults: "
        "every open issue is carried over, late additions and goals get their labels. I report in the channel, and "
        "`/wow undo` takes it back."
    )
    return _modal(TITLE, page, "Roll over later", "wow.rollover", shown.preview.id)


# The way back


def preview_undo(shown: UndoPreviewed) -> View:
    """Show what the way back will do, and what stays as people made it since."""
    if shown.undo is None:
        return _plain_modal(UNDO_TITLE, Page().say(escape(shown.refusal)))
    page = Page()
    found = shown.found
    done = "done" if found.state == "done" else "begun"
    page.say(f"*Take back the rollover of the week ending {found.ending}*, {done} by {person(found.by)}.")
    page.say(_back_in_words(shown.undo))
    page.rows([_row(line) for line in shown.undo.issues], most=15)
    if shown.undo.kept:
        if not shown.undo.week_returns:
            page.say(
                ":warning: Somebody renamed the closed week, so no milestone will be the current week. Please give "
                "one that title in GitLab afterwards."
            )
        page.say("*Changed since, and left as it is:*")
        page.rows([Row("", kept.what, remark=kept.why) for kept in shown.undo.kept], most=15)
    else:
        page.small("Nobody changed anything since.")
    return _modal(UNDO_TITLE, page, "Undo", "wow.undo", shown.preview.id)


def _back_in_words(undo: Undo) -> str:
    """List what the way back does, in its order; after a rollover that wrote nothing there is nothing to list."""
    steps = []
    if undo.issues:
        goes = "goes" if len(undo.issues) == 1 else "go"
        steps.append(f"{_issues_in_words(undo.issues).capitalize()} {goes} back, without the labels that were set")
    for _, operation in (named for stage in undo.stages for named in stage):
        match operation:
            case RemoveMilestone(titled=titled, kept_title=kept):
                steps.append(
                    f"“{escape(titled)}”, which I made, is removed if it is empty, otherwise kept as “{escape(kept)}”"
                )
            case SetMilestone(titled=titled, title=title) if title is not None:
                steps.append(f"“{escape(titled)}” becomes “{escape(title)}” again")
            case SetMilestone(titled=titled, active=True):
                steps.append(f"“{escape(titled)}” is reopened")
    if not steps:
        return "Nothing was written yet; this only ends the attempt."
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def undo_silent(shown: UndoPreviewed, reason: str) -> View:
    """Offer to take a rollover back as soon as GitLab is back."""
    page = Page().say(
        f"{silence(reason)}. I cannot show now what has changed since.\n\n"
        f"I can take back the rollover of *the week ending {shown.found.ending}* as soon as GitLab is back. What people "
        "changed since is left as it is, and listed."
    )
    return _modal(UNDO_TITLE, page, "Undo", "wow.undo", shown.preview.id)


# In the channel


def progress(now: Progressed) -> Words:
    """Say how far a rollover is; this message edits itself."""
    found = now.found
    week = f"the week ending {found.ending}"
    match found.state:
        case "void":
            return Page().say(f":information_source: {escape(found.problem)} Nothing was changed.").words()
        case "done":
            said = f":white_check_mark: {week.capitalize()} is rolled over. The report is below."
            if found.problem:
                said = f":information_source: {escape(found.problem)}"
            return Page().say(said).words()
        case "undone":
            when = f", {moment(found.undone_at)}" if found.undone_at else ""
            said = (
                f":leftwards_arrow_with_hook: The rollover of {week} was taken back by {person(found.undone_by)}{when}."
            )
            return Page().say(said).words()
    return Page().say(f":hourglass_flowing_sand: {under_way(now)}").words()


def under_way(now: Progressed) -> str:
    """Say who does what, and how far it is."""
    found = now.found
    if found.state == "undoing":
        head = f"{person(found.undone_by)} takes back the rollover of the week ending {found.ending}"
    else:
        head = f"{person(found.by)} rolls over the week ending {found.ending}"
    return f"{head}: {how_far(now)}"


def how_far(now: Progressed) -> str:
    """Say how many steps are done, and what it waits for."""
    done = f"{now.delivered} of {now.total} done" if now.total else "reading GitLab"
    if now.stopped == READ_ONLY:
        return f"It stopped: {READ_ONLY}, so {_changed(now)}. It waits for a token with the scope `api`."
    if now.stopped:
        answers = "*Retry* or *Undo*" if now.found.state == "running" else "*Retry*"
        return f"{done}. It stopped, because GitLab refused {_step(now)}{escape(now.stopped)}. It waits for {answers}."
    if now.gitlab_silent:
        so_far = f"{done}. " if now.total else ""
        return f"{so_far}{waits(now.reason, now.waiting, briefly=True)}. {AS_SOON_AS_IT_IS_BACK}"
    return f"{done}."


def _changed(now: Progressed) -> str:
    return f"only {now.delivered} of {count(now.total, 'step')} are done" if now.delivered else "nothing was changed"


def _step(now: Progressed) -> str:
    """Name the step that GitLab refused."""
    match now.refused:
        case SetMilestone(titled=titled, title=title) if title is not None:
            return f"to rename “{escape(titled)}”: "
        case SetMilestone(active=True):
            return "to reopen the week: "
        case SetMilestone(active=False):
            return "to close the week: "
        case CreateMilestone(title=title):
            return f"to create “{escape(title)}”: "
        case RemoveMilestone(titled=titled):
            return f"to remove “{escape(titled)}”: "
    return ""


def stopped(now: Progressed) -> Words:
    """Ask what to do after GitLab refused to change a milestone, or anything; later, say how it was settled."""
    found = now.found
    if not now.stopped:
        return Page().say(f"The week ending {found.ending}: {_settled(found)}").words()
    may_undo = found.state == "running"
    if now.stopped == READ_ONLY:
        said = (
            f"{person(found.by)}, {READ_ONLY}, so {_changed(now)} for the week ending {found.ending}.\n"
            "Put one with the scope `api` into `GITLAB_TOKEN`, restart me, and press *Retry*"
            f"{', or press *Undo* to end the attempt' if may_undo else ''}."
        )
    else:
        said = (
            f"{person(found.by)}, GitLab refused a step of the week ending {found.ending}, "
            f"{_step(now)}{escape(now.stopped)}\nFix it in GitLab and press *Retry*"
            f"{', or press *Undo* to take everything back' if may_undo else ''}."
        )
    page = Page().say(f":octagonal_sign: {said} Until then I do nothing more.")
    buttons = [_button("Retry", "wow.retry", found.id, style="primary")]
    if may_undo:
        buttons.append(_button("Undo", "wow.undo", found.id))
    page.block({"type": "actions", "elements": buttons})
    return page.words()


def _settled(found: Rollover) -> str:
    """Say how a question was settled."""
    match found.state:
        case "running":
            return "this is settled: it was tried again, and continues."
        case "done":
            return "this is settled: it was tried again, and the week is rolled over."
        case "undoing":
            return f"this is settled: {person(found.undone_by)} takes the rollover back."
    return f"this is settled: {person(found.undone_by)} took the rollover back."


def report(told: Reported, team: Team, shown: Reviewed | None = None) -> Words:
    """Report a rollover: what became of each issue, and the week in numbers where they are recorded."""
    turn, found = told.turn, told.found
    carried, left, moved_on = told.lines("carry"), told.lines("leave"), told.lines("next")
    late = [line for line in (*carried, *left, *moved_on) if line.late]
    page = Page()
    closed = link(turn.wow.url, team.ending_title(turn.ending))
    if found.state == "undone":
        page.say(f":leftwards_arrow_with_hook: *Taken back since* by {person(found.undone_by)}; this is how it was.")
    page.say(f":checkered_flag: *{closed}* is closed, rolled over by {person(found.by)}.")
    page.say(
        f"{turn.done} done · {_counted(carried)} carried over · {_counted(left)} left in the closed week · "
        f"{len(moved_on)} moved to {escape(team.next_wow_title)} · {len(late)} labelled {escape(team.labels.unscheduled)}"
    )
    page.small(
        f"{escape(team.wow_title)} is now {turn.week.start} to {turn.week.ending}, {escape(team.next_wow_title)} "
        f"{turn.week.following.start} to {turn.week.following.ending}."
        + ("" if found.state == "undone" else " `/wow undo` takes it back.")
    )
    if turn.unread:
        page.small(f"{_not_read(turn)}, so I did not label {_it_or_them(turn.unread)}.")
    if shown:
        in_numbers(page, shown, team)
    weeks = {one.key: how_often(one.weeks) for one in shown.numbers.carried if one.weeks > 1} if shown else {}
    _list(page, "Carried over", carried, weeks)
    _list(page, "Left in the closed week", left)
    if turn.requests_stay and any(line.noun == "merge_request" for line in left):
        page.small(
            "My GitLab token may not move merge requests, so they stay. To change that, give it the Developer role."
        )
    _list(page, f"Moved to {team.next_wow_title}", moved_on)
    goals = [line for line in (*carried, *moved_on) if line.moved]
    _list(page, "Goals that moved on", goals, {line.key: f"moved {line.moved}" for line in goals})
    _list(page, "Late additions", late)
    _list(page, "Added since the preview, and carried over", [line for line in carried if line.appeared])
    if turn.closed_since:
        page.say(f"*Closed since the preview, so they stay in the closed week:* {_some(turn.closed_since, 40)}")
    if turn.gone_since:
        page.say(f"*Taken out of the week by somebody since the preview:* {_some(turn.gone_since, 40)}")
    if told.kept:
        page.say("*Changed by somebody meanwhile, and left as it is*")
        page.rows([_row(line, why) for line, why in told.kept])
    _refused(page, told.failed, found.id)
    return page.words()


def undone(told: TakenBack, team: Team) -> Words:
    """Report that a rollover was taken back."""
    found, wow = told.found, escape(team.wow_title)
    then = f": “{wow}” is the current week again." if told.week_returned else f". {_no_week(wow)}"
    page = Page().say(
        f":leftwards_arrow_with_hook: The rollover of the week ending {found.ending} is taken back by "
        f"{person(found.undone_by)}{then}"
    )
    if told.kept:
        page.say("*Changed by somebody since, and left as it is*")
        page.rows([Row("", kept.what, remark=kept.why) for kept in told.kept])
    _refused(page, told.failed, found.id)
    return page.words()


def _no_week(wow: str) -> str:
    return f"*But no milestone is called “{wow}” now*: somebody renamed the week. Please give it that title in GitLab."


def _refused(page: Page, failed: Sequence[tuple[Line, str]], rollover: str) -> None:
    if failed:
        page.say(f"*:warning: GitLab refused {count(len(failed), 'issue')}*")
        page.rows([_row(line, why) for line, why in failed])
        page.block({"type": "actions", "elements": [_button("Retry", "wow.retry", rollover)]})


def _list(page: Page, head: str, lines: Sequence[Line], remarks: Mapping[str, str] | None = None) -> None:
    if lines:
        page.say(f"*{escape(head)}* ({len(lines)})")
        page.rows([_row(line, (remarks or {}).get(line.key, "")) for line in lines])


def _row(line: Line, remark: str = "") -> Row:
    return Row(line.reference, line.spoken, line.url, remark)


def trying_again(number: int) -> Words:
    """Say that what was refused is tried again."""
    return Page().say(f"{trying(number)} The message in the channel shows how far it is.").words()


# Shapes


def _button(text: str, action: str, value: str, *, style: str = "") -> dict[str, object]:
    button: dict[str, object] = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        "value": value,
    }
    return {**button, "style": style} if style else button


def _modal(title: str, page: Page, submit: str, callback: str, about: str) -> View:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": about,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": page.blocks,
    }


def _plain_modal(title: str, page: Page) -> View:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": page.blocks,
    }
