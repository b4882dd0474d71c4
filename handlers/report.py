"""`/wow report`: a week in numbers and in a picture, beside the weeks before."""

from dataclasses import replace
from datetime import date

from bot.dialogue import Answer, Ask, File, Outcome, Reply, Request, Sending
from bot.domain.commands.wow import ReportWeek
from bot.domain.errors import UserError
from bot.domain.team import Team
from bot.domain.telling import Reviewed
from bot.domain.tracker import WeekFacts
from bot.messages import general
from bot.messages import weekly as say
from bot.services import report, wow
from bot.store import Tx

SNAPSHOT = "report"


def begin(tx: Tx, team: Team, request: Request, asked: ReportWeek) -> Outcome:
    """Ask GitLab for what is not recorded."""
    del team, request
    return Ask(report.question(tx, asked.day), "wow.report", asked.day.isoformat() if asked.day else "")


def show(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Tell the week; GitLab silent, as far as it is recorded or known."""
    if answer.refused:
        return Reply(general.gitlab_refused(answer.reason))
    if answer.facts is not None:
        tx.keep_snapshot(f"{SNAPSHOT} {about}", answer.facts)
        report.keep(tx, team, answer.facts)
    shown = _review(tx, team, request, about, fresh=answer.facts)
    return Sending(say.report(replace(shown, reason=answer.reason), team), "wow.report", about)


def files(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Describe the picture that goes with it."""
    return [_file(_review(tx, team, request, about))]


def picture(tx: Tx, team: Team, rollover_id: str) -> File | None:
    """Describe the picture of the week that a rollover closed; None where too little of it is recorded."""
    try:
        shown = report.recorded(tx, team, wow.report(tx, rollover_id))
    except UserError:
        return None
    return _file(shown) if shown else None


def _review(tx: Tx, team: Team, request: Request, about: str, fresh: WeekFacts | None = None) -> Reviewed:
    day = date.fromisoformat(about) if about else None
    known = fresh or tx.snapshot(f"{SNAPSHOT} {about}") or tx.snapshot(f"{SNAPSHOT} ") or tx.snapshot("week")
    as_of = known.at if known and not fresh else None
    shown = report.review(tx, team, day, known, request.at, as_of)
    return replace(shown, as_of=None) if shown.by else shown  # what is recorded does not age


def _file(shown: Reviewed) -> File:
    comment = f"{shown.numbers.title}, and the weeks before."
    return File(say.picture_name(shown), say.picture(shown), comment, alternative=say.alternative(shown))
