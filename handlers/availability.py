"""`/wow ap`: urgency and impact are chosen, the AP label that they give is shown, and then set."""

from dataclasses import replace

from bot.dialogue import Answer, Ask, Closed, FieldErrors, Modal, Outcome, Renewed, Reply, Request
from bot.domain import priority
from bot.domain.commands.wow import Prioritise
from bot.domain.errands import Errand
from bot.domain.people import Right
from bot.domain.team import Team
from bot.messages import availability as say
from bot.messages import general
from bot.services import availability, late
from bot.services.people import require
from bot.store import Tx


def begin(tx: Tx, team: Team, request: Request, asked: Prioritise) -> Outcome:
    """Open the modal; GitLab tells what the issue is called, and which AP label it has."""
    require(tx, team, request.who, Right.WRITE)
    about = say.Asked(asked.iid, asked.project).written()
    return Modal(general.reading(say.TITLE), Ask(availability.question(asked.iid), "wow.ap", about))


def show(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Show both sides of the matrix; GitLab silent, without what it would tell."""
    del tx
    asked = replace(say.read_asked(about), channel=request.channel if request.private else "")
    if answer.refused:
        return Reply(general.gitlab_refused(answer.reason))
    if answer.facts is None:
        return Modal(say.modal(replace(asked, reason=answer.reason)))
    issue = availability.find(answer.facts, team, asked.iid, asked.project)
    found = replace(asked, title=issue.spoken, url=issue.url, shown=priority.ap_labels(issue.labels))
    return Modal(say.modal(found))


def choose(tx: Tx, team: Team, request: Request) -> Outcome:
    """Show in the open modal what is chosen so far."""
    del tx, team
    return Renewed(say.modal(say.read_asked(request.about), *_chosen(request)))


def submit(tx: Tx, team: Team, request: Request) -> Outcome:
    """Begin to set the label; a message in the channel tells what comes of it."""
    require(tx, team, request.who, Right.WRITE)
    asked, (urgency, impact) = say.read_asked(request.about), _chosen(request)
    missing = {"urgency": urgency, "impact": impact}
    if errors := {side: "Please choose one." for side, number in missing.items() if not number}:
        return FieldErrors(errors)
    errand_id = f"ap-{request.view or request.id}"
    if tx.errand(errand_id):  # pressed twice
        return Closed()
    errand = Errand(
        errand_id,
        "ap",
        request.who,
        asked.channel or team.channel,
        request.at,
        f"errand-{errand_id}",
        asked.iid,
        asked.project,
        label=priority.ap_label(urgency, impact),
        urgency=urgency,
        impact=impact,
        shown=asked.shown,
    )
    late.run(tx, errand)
    return Closed()


def _chosen(request: Request) -> tuple[int, int]:
    """Read urgency and impact as numbers; 0 where nothing is chosen yet."""
    urgency, impact = (request.values.get(side, "")[1:] for side in ("urgency", "impact"))
    return int(urgency or 0), int(impact or 0)
