"""Taking a rollover back: preview, the way back as a batch of its own, and what is told of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain import rollover, way_back
from bot.domain.errors import Unavailable, UserError
from bot.domain.journal import Batch, Delivery
from bot.domain.late import Verdict
from bot.domain.operations import Plan, Post, SetIssue, Stages
from bot.domain.people import mention
from bot.domain.questions import WeekQuestion
from bot.domain.rollover import CREATED_NEXT, NEW_NEXT, Kept, Weeks
from bot.domain.team import Team
from bot.domain.telling import TakenBack, UndoPreviewed
from bot.domain.tracker import WeekFacts
from bot.domain.turning import Preview, Rollover
from bot.services.wow import (
    ask_what_to_do,
    must_find,
    name,
    person_or_none,
    refresh_messages,
    refresh_reminders,
    stops_all,
)
from bot.store import Tx


def undo_question(tx: Tx, found: Rollover) -> WeekQuestion:
    """Ask for all that taking this rollover back depends on."""
    ids = [*_milestones_of(tx, found)]
    return WeekQuestion("undo", milestones=tuple(one for one in ids if one is not None), rights=True)


def rollover_to_undo(tx: Tx) -> Rollover:
    """Find the rollover that may be taken back; raises UserError with the reason when there is none."""
    found = tx.last_rollover()
    if found is None:
        message = "I have not rolled over a week yet, so there is nothing to take back."
        raise UserError(message)
    if found.state == "undone":
        when = f" on {found.undone_at:%Y-%m-%d %H:%M} UTC" if found.undone_at else ""
        message = f"The rollover of the week ending {found.ending} was taken back already, by {mention(found.undone_by)}{when}."
        if earlier := next(iter(tx.rollovers(1)), None):
            message += (
                f" The one before it, of the week ending {earlier.ending}, stays: I take back only the last rollover, "
                "because what people did since builds on those before."
            )
        raise UserError(message)
    if found.state == "undoing":
        message = f"The rollover of the week ending {found.ending} is being taken back by {mention(found.undone_by)}."
        raise UserError(message)
    return found


def preview_undo(tx: Tx, team: Team, shown: Preview, facts: WeekFacts) -> UndoPreviewed:
    """Work out what the way back would do now."""
    found = must_find(tx, shown.about)
    if refusal := _later_week(tx, found, rollover.find_weeks(facts, team)):
        return UndoPreviewed(shown, found, refusal=refusal)
    if forbidden := rollover.forbidden(facts):
        return UndoPreviewed(shown, found, refusal=forbidden.reason)
    tx.keep_preview(shown)
    way = _way_back(tx, team, found, facts, team.day(shown.at))
    return UndoPreviewed(shown, found, undo=replace(way, kept=(*way.kept, *_filled_since(tx, found, facts, way))))


def _filled_since(tx: Tx, found: Rollover, facts: WeekFacts, way: way_back.Undo) -> tuple[Kept, ...]:
    """Say that the Next WoW that the rollover made is not empty any more, so that it will stay."""
    new_next = _recorded(tx, found).new_next
    ours = {line.key for line in way.issues}
    others = [issue for issue in facts.issues.get(new_next or 0, ()) if issue.key not in ours]
    if not others:
        return ()
    title = next((one.title for one in facts.milestones if one.id == new_next), "Next WoW")
    some = ", ".join(issue.reference for issue in others[:10])
    return (Kept(f"The new “{title}”", f"it holds {some} by now, so it stays, under another title"),)


def preview_undo_silent(tx: Tx, shown: Preview) -> UndoPreviewed:
    """Remember that GitLab did not answer, so that the way back may be asked for all the same."""
    kept = replace(shown, silent=True)
    tx.keep_preview(kept)
    return UndoPreviewed(kept, must_find(tx, shown.about))


def _later_week(tx: Tx, found: Rollover, weeks: Weeks) -> str:
    later = max((day for day in weeks.closed if day > found.ending), default=None)
    if later is None:
        return ""
    by = f" by {name(tx, who.by)}" if (who := tx.rollover_of(later)) else ""
    return (
        f"The week ending {later} was rolled over since{by}, so the rollover of the week ending {found.ending} "
        "can no longer be taken back."
    )


def undo(tx: Tx, rollover_id: str, *, by: str, undo_id: str, at: datetime) -> Rollover:
    """Begin the way back: the rest of the rollover is dropped, and a plan reads what is to be restored."""
    found = must_find(tx, rollover_id)
    if found.state in {"undoing", "undone"}:
        message = (
            f"The rollover of the week ending {found.ending} is taken back already, by {mention(found.undone_by)}."
        )
        raise UserError(message)
    if found.state == "void":
        message = "That rollover changed nothing, so there is nothing to take back."
        raise UserError(message)
    tx.drop_rest(found.batch, at)
    batch = f"undo-{undo_id}"
    after = replace(found, state="undoing", undone_by=by, undo_batch=batch)
    tx.save_rollover(after)
    tx.add_batch(Batch(batch, "undo", found.id, "running", by, at), ((("plan", Plan("undo", found.id)),),))
    refresh_messages(tx, found.id, at)
    return after


def undo_plan_question(tx: Tx, _: Team, rollover_id: str) -> WeekQuestion:
    """Ask what the way back depends on."""
    return undo_question(tx, must_find(tx, rollover_id))


def plan_undo(tx: Tx, team: Team, rollover_id: str, facts: WeekFacts, at: datetime) -> Stages:
    """Decide the way back from what GitLab says now; waits for the rollover's last calls to end."""
    found = must_find(tx, rollover_id)
    if tx.deliveries(found.batch, "leased"):
        message = "the last steps of the rollover are still on their way"
        raise Unavailable(message, retry_after=1.0)
    if refusal := _later_week(tx, found, rollover.find_weeks(facts, team)):
        tx.save_rollover(replace(found, state="done", problem=refusal))
        return ()
    way = _way_back(tx, team, found, facts, team.day(at))
    tx.save_rollover(replace(found, kept=way.kept))
    return way.stages


def _way_back(tx: Tx, team: Team, found: Rollover, facts: WeekFacts, today: date) -> way_back.Undo:
    report = Post(
        f"undone:{found.undo_batch}", found.channel, "wow.undone", found.id, otherwise=person_or_none(found.by)
    )
    if found.turn is None:
        return way_back.Undo(stages=((("report", report),),))
    done = {
        delivery.name: delivery.operation
        for delivery in tx.deliveries(found.batch)
        if isinstance(delivery.operation, SetIssue)
        and delivery.attempts
        and delivery.state != "rejected"
        and "kept" not in delivery.result
    }
    return way_back.undo(found.turn, done, _recorded(tx, found), facts, team, today=today, report=report)


def _milestones_of(tx: Tx, found: Rollover) -> tuple[int | None, int | None, int | None]:
    """Give the ids of the closed week, of the one that became current, and of the Next WoW that the rollover made."""
    recorded = _recorded(tx, found)
    return found.turn.wow.id if found.turn else None, recorded.following, recorded.new_next


def _recorded(tx: Tx, found: Rollover) -> way_back.Recorded:
    if found.turn is None:
        return way_back.Recorded()
    results = {delivery.name: delivery.result for delivery in tx.deliveries(found.batch, "delivered")}
    made = [results.get(name, {}) for name in (CREATED_NEXT, NEW_NEXT)]
    return way_back.Recorded(
        following=found.turn.following.id if found.turn.following else made[0].get("id"),
        new_next=made[1].get("id"),
        adopted=frozenset(result["id"] for result in made if result.get("adopted")),
    )


def follow_undo(tx: Tx, team: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Keep the record in step with the way back."""
    found = must_find(tx, batch.about)
    match outcome:
        case "delivered" if delivery is not None and isinstance(delivery.operation, SetIssue):
            _note_back(tx, found, delivery.operation, team, at)
        case "rejected" if delivery is not None and stops_all(tx, batch, delivery, at):
            ask_what_to_do(tx, found, at)
        case "stopped":
            ask_what_to_do(tx, found, at)
        case "done" if found.state == "undoing":
            tx.save_rollover(replace(found, state="undone", undone_at=at))
            tx.forget_snapshots()
            tx.refresh(f"report:{found.id}", at, at_most_every=timedelta())
            refresh_reminders(tx, found.ending, at)
    if outcome in {"progressed", "done"}:
        refresh_messages(tx, found.id, at, ended=outcome == "done")


def _note_back(tx: Tx, found: Rollover, operation: SetIssue, team: Team, at: datetime) -> None:
    key = f"{operation.noun}:{operation.iid}"
    if isinstance(operation.source, int):
        tx.forget_verdict(operation.source, key)
    if found.turn is None:
        return
    # our own way back is no late addition either
    tx.keep_verdicts(found.turn.wow.id, {key: Verdict(late=False, why="moved back")}, at)
    if team.labels.unscheduled in operation.remove:
        tx.set_labelled(found.turn.wow.id, key, labelled=False)


def taken_back(tx: Tx, rollover_id: str) -> TakenBack:
    """Read what the way back left as it was, and what GitLab refused."""
    found = must_find(tx, rollover_id)
    lines = {line.key: line for line in found.turn.lines} if found.turn else {}
    kept, failed = list(found.kept), []
    for one in tx.deliveries(found.undo_batch):
        line = lines.get(one.name)
        if title := one.result.get("kept_title"):
            kept.append(Kept(f"Milestone “{title}”", "it is not empty, so it stays, with its issues, under this title"))
        elif why := one.result.get("kept"):
            kept.append(Kept(f"{line.reference} {line.spoken}" if line else one.name, why))
        elif one.state == "rejected" and line:
            failed.append((line, one.error))
    return TakenBack(found, tuple(kept), tuple(failed))
