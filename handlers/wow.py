"""`/wow`: what a person may ask about the weeks, and what happens then."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialogue import Answer, Ask, Closed, File, Modal, Outcome, Reply, Request
from bot.domain.commands.wow import (
    AddToWeek,
    CheckLate,
    History,
    NextWeek,
    RollOver,
    UndoRollover,
    WowCommand,
    WowHelp,
    WowOverview,
    WowStatus,
    parse_wow,
)
from bot.domain.errands import Errand
from bot.domain.errors import UserError
from bot.domain.people import Right
from bot.domain.rollover import Choice
from bot.domain.team import Team
from bot.domain.tracker import WeekFacts
from bot.domain.turning import Choices, Preview
from bot.messages import Words, general
from bot.messages import availability as ap_words
from bot.messages import late as late_words
from bot.messages import week as tell
from bot.messages import wow as say
from bot.services import late, reminder, way_back, week, wow
from bot.services import report as numbers
from bot.services.people import require
from bot.store import Tx

Handler = Callable[[Tx, Team, Request], Outcome]
OVERVIEW = "overview"


def answering(others: Mapping[type, Callable[[Tx, Team, Request, Any], Outcome]]) -> Handler:
    """Make the handler of `/wow …`: `others` answer, by kind, the commands that are not answered here."""

    def command(tx: Tx, team: Team, request: Request) -> Outcome:
        asked = parse_wow(request.text, team.day(request.at))
        if other := others.get(type(asked)):
            return other(tx, team, request, asked)
        return _answer(tx, team, request, asked)

    return command


def _answer(tx: Tx, team: Team, request: Request, asked: WowCommand) -> Outcome:
    match asked:
        case WowHelp() as asked:
            return Reply(tell.usage(asked))
        case WowOverview():
            return Ask(week.status_question(), "wow.status", OVERVIEW)
        case WowStatus():
            return Ask(week.status_question(), "wow.status")
        case NextWeek():
            return Ask(week.next_question(), "wow.next")
        case History(count):
            return Ask(week.history_question(count), "wow.history", str(count))
        case AddToWeek(iid, project):
            return _run(tx, team, request, Errand("", "add", "", "", request.at, "", iid, project))
        case CheckLate():
            return _run(tx, team, request, Errand("", "check", "", "", request.at, ""))
        case RollOver(ending):
            return _begin_rollover(tx, team, request, ending.isoformat() if ending else "")
        case UndoRollover():
            return begin_undo(tx, team, request)
    message = f"nobody answers {type(asked).__name__}"
    raise LookupError(message)


def begin_rollover(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the preview from the button of a reminder."""
    return _begin_rollover(tx, team, request, request.about)


def begin_usual_rollover(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the preview from a button, for the week that ended last."""
    return _begin_rollover(tx, team, request, "")


def _run(tx: Tx, team: Team, request: Request, wanted: Errand) -> Outcome:
    """Begin what ends with one message in the channel."""
    require(tx, team, request.who, Right.WRITE)
    channel = _channel(team, request)
    errand = replace(wanted, id=request.id, by=request.who, channel=channel, batch=f"errand-{request.id}")
    late.run(tx, errand)
    return Reply(late_words.begun(errand, team, late.waiting(tx)))


def _begin_rollover(tx: Tx, team: Team, request: Request, ending: str) -> Outcome:
    require(tx, team, request.who, Right.TURN_THE_WEEK)
    question = wow.preview_question(tx, team, ending, request.at)
    return Modal(general.reading(say.TITLE), Ask(question, "wow.preview", f"{request.id} {ending}"))


def show_preview(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Show what a rollover would do, or offer to do it later when GitLab is silent."""
    preview_id, _, ending = about.partition(" ")
    shown = Preview(
        id=preview_id,
        kind="rollover",
        by=request.who,
        at=request.at,
        ending=datetime.fromisoformat(ending).date() if ending else None,
        channel=_channel(team, request),
    )
    if answer.refused:
        return Reply(general.gitlab_refused(answer.reason))
    if answer.facts is None:
        return Modal(say.preview_silent(wow.preview_silent(tx, team, shown), answer.reason))
    tx.keep_snapshot("week", answer.facts)
    week.note_seen(tx, team, answer.facts)
    return Modal(say.preview(wow.preview(tx, team, shown, answer.facts), team))


def preview_file(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Give the whole list of a week that is too large for one modal."""
    del request
    found = wow.too_large_for_screen(tx, team, about.partition(" ")[0], say.MOST_FIELDS)
    if found is None:
        return []
    name = f"{team.wow_title} {found.ending}.tsv".replace(" ", "-")
    comment = f"All {len(found.lines)} open issues of the week ending {found.ending}."
    return [File(name, say.preview_file(found, team), comment)]


def confirm_rollover(tx: Tx, team: Team, request: Request) -> Outcome:
    """Begin the rollover that was previewed."""
    require(tx, team, request.who, Right.TURN_THE_WEEK)
    shown = _must_be_shown(tx, request)
    wow.roll_over(
        tx,
        shown,
        rollover_id=request.id,
        by=request.who,
        channel=shown.channel or team.channel,
        choices=_choices(request, shown),
        at=request.at,
    )
    return Closed()


def _choices(request: Request, shown: Preview) -> Choices:
    default = _choice(request.values.get(say.ALL, "carry"))
    chosen = {
        field.removeprefix("choice:"): _choice(value)
        for field, value in request.values.items()
        if field.startswith("choice:") and field != say.ALL
    }
    return Choices(chosen, default, None if shown.silent else shown.keys)


def _choice(value: str) -> Choice:
    match value:
        case "leave" | "next":
            return value
        case _:
            return "carry"


def begin_undo(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the preview of taking the last rollover back; also behind the Undo button."""
    require(tx, team, request.who, Right.TURN_THE_WEEK)
    found = way_back.rollover_to_undo(tx)
    ask = Ask(way_back.undo_question(tx, found), "wow.undo_preview", f"{request.id} {found.id}")
    return Modal(general.reading(say.UNDO_TITLE), ask)


def show_undo(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Show what the way back would do."""
    preview_id, _, rollover_id = about.partition(" ")
    shown = Preview(id=preview_id, kind="undo", by=request.who, at=request.at, about=rollover_id)
    if answer.refused:
        return Reply(general.gitlab_refused(answer.reason))
    if answer.facts is None:
        return Modal(say.undo_silent(way_back.preview_undo_silent(tx, shown), answer.reason))
    return Modal(say.preview_undo(way_back.preview_undo(tx, team, shown, answer.facts)))


def confirm_undo(tx: Tx, team: Team, request: Request) -> Outcome:
    """Begin the way back that was previewed."""
    require(tx, team, request.who, Right.TURN_THE_WEEK)
    shown = _must_be_shown(tx, request)
    way_back.undo(tx, shown.about, by=request.who, undo_id=request.id, at=request.at)
    return Closed()


def retry(tx: Tx, team: Team, request: Request) -> Outcome:
    """Try again what GitLab refused."""
    require(tx, team, request.who, Right.TURN_THE_WEEK)
    return Reply(say.trying_again(wow.retry(tx, request.about, request.at)))


def open_status(tx: Tx, team: Team, request: Request) -> Outcome:
    """Ask how the current week stands, and show it in a modal."""
    del tx, team, request
    return Modal(general.reading(tell.TITLE), Ask(week.status_question(), "wow.status"))


def show_status(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Say how the current week stands."""
    facts, as_of = _known(tx, "week", answer)
    if answer.facts is not None:
        week.note_seen(tx, team, answer.facts)
    if facts is None:
        said = _silence(answer)
        return Reply(tell.with_usage(said) if about == OVERVIEW else said)
    standing = replace(week.status(tx, team, facts, request.at, as_of), reason=answer.reason)
    return Reply(tell.standing(standing, team, with_usage=about == OVERVIEW))


def show_next(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Say what is planned for the next week."""
    del about
    facts, as_of = _known(tx, "next", answer)
    if facts is None:
        return Reply(_silence(answer))
    standing = replace(week.following(team, facts, request.at, as_of), reason=answer.reason)
    return Reply(tell.standing(standing, team))


def show_history(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """List the closed weeks."""
    facts, as_of = _known(tx, f"history {about}", answer)
    if facts is None:
        return Reply(_silence(answer))
    return Reply(tell.history(week.history(tx, team, facts, int(about)), team, as_of, request.at, answer.reason))


def progress(tx: Tx, team: Team, about: str) -> Words:
    """Word the channel message that follows a rollover."""
    del team
    return say.progress(wow.progress(tx, about))


def stopped(tx: Tx, team: Team, about: str) -> Words:
    """Word the question after a refused milestone."""
    del team
    return say.stopped(wow.progress(tx, about))


def report(tx: Tx, team: Team, about: str) -> Words:
    """Word the report of a rollover."""
    told = wow.report(tx, about)
    return say.report(told, team, numbers.recorded(tx, team, told))


def undone(tx: Tx, team: Team, about: str) -> Words:
    """Word the report of the way back."""
    return say.undone(way_back.taken_back(tx, about), team)


def errand(tx: Tx, team: Team, about: str) -> Words:
    """Word the message that follows an addition to the week, or a look for late ones."""
    told = late.told(tx, about)
    return ap_words.errand(told) if told.errand.kind == "ap" else late_words.errand(told, team)


def due(tx: Tx, team: Team, about: str) -> Words:
    """Word the reminder that a week is over and was not turned."""
    return late_words.due(reminder.due(tx, about), team)


def _known(tx: Tx, name: str, answer: Answer) -> tuple[WeekFacts | None, datetime | None]:
    """Take GitLab's answer, or what it said last, with the moment of that."""
    if answer.facts is not None:
        tx.keep_snapshot(name, answer.facts)
        week.keep_ranks(tx, answer.facts)
        return answer.facts, None
    if answer.refused:
        return None, None
    remembered = tx.snapshot(name)
    return remembered, remembered.at if remembered else None


def _silence(answer: Answer) -> Words:
    return general.gitlab_refused(answer.reason) if answer.refused else tell.unknown(answer.reason)


def _must_be_shown(tx: Tx, request: Request) -> Preview:
    shown = tx.preview(request.about)
    if shown is None:
        message = "This preview is too old. Please type the command again."
        raise UserError(message)
    return shown


def _channel(team: Team, request: Request) -> str:
    """Choose where a rollover is told: in the team's channel, or in the private one it was asked for in."""
    return request.channel if request.private and request.channel else team.channel
