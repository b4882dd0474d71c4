"""Turning the week: preview, roll over, take it back, and what is known of the weeks."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain import late, rollover, week
from bot.domain.errors import UserError
from bot.domain.journal import Batch, Delivery
from bot.domain.late import Verdict
from bot.domain.operations import NOTHING_TO_RETRY, READ_ONLY, Plan, Post, SetIssue, ShowPicture, Stages, stops_batch
from bot.domain.people import is_in_slack, mention
from bot.domain.questions import WeekQuestion
from bot.domain.rollover import CREATED_NEXT, Turn
from bot.domain.team import Team
from bot.domain.telling import Previewed, Progressed, Reported
from bot.domain.tracker import WeekFacts
from bot.domain.turning import Choices, Preview, Rollover
from bot.store import Tx

REMINDER = "wow.due"
"""The rendering of the reminder that a week is over."""
CLOCKS_DIFFER = timedelta(minutes=10)
"""With more between GitLab's clock and ours, what it says is no clock's time."""
REFRESH = timedelta(seconds=2)
"""The progress message is edited at most this often."""


# What GitLab is asked


def rollover_question(tx: Tx, ending: date) -> WeekQuestion:
    """Ask for all that a rollover of the week ending on `ending` depends on."""
    return replace(late_question(tx, "week"), ending=ending)


def late_question(tx: Tx, name: str) -> WeekQuestion:
    """Ask what stands in the current week, and for the histories of what was not judged yet."""
    last = tx.rollovers(1)
    became = tuple((one.wow, one.became_wow_at) for one in last if one.wow is not None and one.became_wow_at)
    return WeekQuestion(name, wow=True, late=True, judged=tx.judged(), unlabelled=tx.unlabelled(), became_wow=became)


def preview_question(tx: Tx, team: Team, ending: str, at: datetime) -> WeekQuestion:
    """Ask what the preview depends on; `ending` is the last day as typed (yyyy-mm-dd), empty for the usual one."""
    return rollover_question(tx, date.fromisoformat(ending) if ending else week.last_ending(team.day(at)))


def judge(tx: Tx, facts: WeekFacts, team: Team, ending: date | None = None) -> dict[str, Verdict]:
    """Decide about the open issues of the current week that were not judged yet; give all verdicts by key.

    A milestone without dates is taken for the week that ends on `ending`; without that either, nothing is decided.
    """
    weeks = rollover.find_weeks(facts, team)
    if weeks.wow is None:
        return {}
    started = late.week_started(weeks.wow, tx.became_wow(weeks.wow.id), team, ending)
    if started is None:
        return tx.verdicts(weeks.wow.id)
    issues = {issue.key: issue for issue in facts.of(weeks.wow)}
    closed = frozenset(one.id for one in weeks.closed.values())
    found = {
        key: late.judge(issues[key], events, weeks.wow.id, started, team, facts.own_user, closed)
        for key, events in facts.events.items()
        if key in issues
    }
    tx.keep_verdicts(weeks.wow.id, found, facts.at, anew=True)
    return tx.verdicts(weeks.wow.id)


# The preview


def preview(tx: Tx, team: Team, shown: Preview, facts: WeekFacts) -> Previewed:
    """Work out what a rollover would do now, and remember what was shown. `shown.ending` is the week's last day."""
    ending = shown.ending or week.last_ending(team.day(shown.at))
    weeks = rollover.find_weeks(facts, team)
    running = tx.rollover_of(ending)
    refused = rollover.refusal(facts, weeks, ending, team)
    note_turned(tx, weeks, shown.at)
    if refused or (running and running.state != "done"):
        closed = refused.closed if refused else None
        who = facts.closed_by.get(closed.id) if closed else None
        return Previewed(shown, refusal=refused, running=running, now=_under_way(tx, running), who=who)
    verdicts = judge(tx, facts, team, ending)
    turn = rollover.decide(facts, weeks, ending, team, choices={}, verdicts=verdicts)
    kept = replace(shown, ending=ending, keys=frozenset(line.key for line in turn.lines))
    tx.keep_preview(kept)
    return Previewed(kept, turn=turn, project=facts.project.path)


def preview_silent(tx: Tx, team: Team, shown: Preview) -> Previewed:
    """Remember that GitLab did not answer, so that a rollover with the defaults may be asked for."""
    ending = shown.ending or week.last_ending(team.day(shown.at))
    kept = replace(shown, ending=ending, silent=True)
    tx.keep_preview(kept)
    running = tx.rollover_of(ending)
    return Previewed(kept, running=running, now=_under_way(tx, running))


def _under_way(tx: Tx, running: Rollover | None) -> Progressed | None:
    return progress(tx, running.id) if running and running.state != "done" else None


def too_large_for_screen(tx: Tx, team: Team, preview_id: str, most: int) -> Turn | None:
    """Give the plan that was previewed when it has more than `most` issues, for a file; else None."""
    shown = tx.preview(preview_id)
    return previewed(tx, team, preview_id) if shown and len(shown.keys) > most else None


def previewed(tx: Tx, team: Team, preview_id: str) -> Turn | None:
    """Give the plan that was previewed; None where GitLab was silent."""
    shown, facts = tx.preview(preview_id), tx.snapshot("week")
    if shown is None or facts is None or shown.ending is None or shown.silent:
        return None
    weeks = rollover.find_weeks(facts, team)
    if weeks.wow is None:
        return None
    return rollover.decide(facts, weeks, shown.ending, team, choices={}, verdicts=tx.verdicts(weeks.wow.id))


# Rolling over


def message_of(rollover_id: str) -> str:
    """Name of the channel message that follows a rollover."""
    return f"rollover:{rollover_id}"


def roll_over(
    tx: Tx, shown: Preview, *, rollover_id: str, by: str, channel: str, choices: Choices, at: datetime
) -> Rollover:
    """Begin the rollover that was previewed; raises UserError when this week is, or was, rolled over already.

    The rollover is a batch: it begins with one plan that reads GitLab, so it can begin while GitLab is silent.
    """
    if shown.ending is None:
        message = "This preview is too old. Please type `/wow rollover` again."
        raise UserError(message)
    found = Rollover(
        id=rollover_id,
        ending=shown.ending,
        state="running",
        by=by,
        channel=channel,
        at=at,
        batch=f"rollover-{rollover_id}",
        choices=choices,
    )
    if not tx.add_rollover(found):
        earlier = tx.rollover_of(found.ending)
        raise UserError(already(earlier) if earlier else "This week was rolled over already.")
    tx.add_operation(
        "progress",
        Post(message_of(rollover_id), channel, "wow.progress", rollover_id, otherwise=person_or_none(by)),
        at,
    )
    tx.add_batch(
        Batch(found.batch, "rollover", rollover_id, "running", by, at), ((("plan", Plan("rollover", rollover_id)),),)
    )
    return found


def already(earlier: Rollover) -> str:
    """Say who rolled this week over, or is doing it."""
    week_ending = f"The week ending {earlier.ending}"
    match earlier.state:
        case "running":
            said = f"{week_ending} is being rolled over by {mention(earlier.by)} already."
        case "undoing":
            said = (
                f"The rollover of the week ending {earlier.ending} is being taken back by {mention(earlier.undone_by)}."
            )
        case _:
            said = f"{week_ending} was rolled over by {mention(earlier.by)} already."
    return f"{said} Nothing was done twice."


def name(tx: Tx, who: str) -> str:
    """Name somebody where nobody is to be called."""
    if not person_or_none(who):
        return mention(who)
    known = tx.people([who])
    return known[who].name if who in known else "somebody"


def plan_question(tx: Tx, _: Team, rollover_id: str) -> WeekQuestion:
    """Ask what the plan of a rollover, or its second look, depends on."""
    found = must_find(tx, rollover_id)
    return rollover_question(tx, found.ending)


def plan(tx: Tx, team: Team, rollover_id: str, facts: WeekFacts, at: datetime) -> Stages:
    """Decide the whole rollover from what GitLab says now; from here on it is fixed.

    What makes it impossible ends it before anything is written, and is said.
    """
    found = must_find(tx, rollover_id)
    weeks = rollover.find_weeks(facts, team)
    if refused := rollover.refusal(facts, weeks, found.ending, team):
        problem = _with_who(refused, facts) + _turned_since(tx, refused, weeks)
        tx.save_rollover(replace(found, state="void", problem=problem, done_at=at))
        return ()
    verdicts = judge(tx, facts, team, found.ending)
    choices = found.choices
    turn = rollover.decide(
        facts,
        weeks,
        found.ending,
        team,
        choices=choices.chosen,
        verdicts=verdicts,
        default=choices.default,
        previewed=choices.previewed,
    )
    following = turn.following.id if turn.following else None
    tx.save_rollover(replace(found, turn=turn, wow=following))
    report = Post(f"report:{rollover_id}", found.channel, "wow.report", rollover_id, otherwise=person_or_none(found.by))
    return rollover.stages(turn, team, about=rollover_id, report=report)


def _with_who(refused: rollover.Refusal, facts: WeekFacts) -> str:
    who = facts.closed_by.get(refused.closed.id) if refused.closed else None
    said = refused.reason + (f" by {who.name}" if who else "")
    return " ".join(part for part in (said if said.endswith(".") else f"{said}.", refused.advice) if part)


def _turned_since(tx: Tx, refused: rollover.Refusal, weeks: rollover.Weeks) -> str:
    """Say by whom the current week was made the current one, where somebody may have been faster."""
    last = next(iter(tx.rollovers(1)), None)
    if refused.closed or weeks.wow is None or last is None or last.wow != weeks.wow.id:
        return ""
    when = f" on {last.done_at:%Y-%m-%d %H:%M} UTC" if last.done_at else ""
    return f" {name(tx, last.by)} rolled over the week ending {last.ending}{when}."


def latecomers_question(tx: Tx, _: Team, __: str) -> WeekQuestion:
    """Ask what stands in the week now, just before it is closed."""
    return late_question(tx, "latecomers")


def carry_latecomers(tx: Tx, team: Team, rollover_id: str, facts: WeekFacts, at: datetime) -> Stages:
    """Carry over the open issues that appeared since the plan was made."""
    found = must_find(tx, rollover_id)
    turn = found.turn
    if turn is None:
        return ()
    lines = rollover.latecomers(turn, facts, judge(tx, facts, team, found.ending), team)
    if not lines:
        return ()
    unread = turn.unread + sum(line.key in facts.unread for line in lines)
    tx.save_rollover(replace(found, turn=replace(turn, lines=turn.lines + lines, unread=unread)))
    del at
    return (rollover.carry_over(turn, lines, team),)


def follow_rollover(tx: Tx, team: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Keep the record, and what the channel sees, in step with the batch."""
    match outcome:
        case "delivered" if delivery is not None:
            _note_delivered(tx, batch.about, delivery, at)
        case "rejected" if delivery is not None and stops_all(tx, batch, delivery, at):
            ask_what_to_do(tx, must_find(tx, batch.about), at)
        case "stopped":
            ask_what_to_do(tx, must_find(tx, batch.about), at)
        case "done":
            _note_done(tx, team, must_find(tx, batch.about), at)
    if outcome in {"progressed", "done"}:
        refresh_messages(tx, batch.about, at, ended=outcome == "done")


def stops_all(tx: Tx, batch: Batch, refused: Delivery, at: datetime) -> bool:
    """Stop a batch whose token may only read, instead of hearing the same about one issue after another.

    What was to be sent beside it counts as refused too, so that it is not sent, and Retry tries all of it.
    """
    if batch.state != "running" or refused.error != READ_ONLY:
        return False
    for waiting in (*tx.deliveries(batch.id, "waiting"), *tx.deliveries(batch.id, "queued")):
        tx.rejected(waiting, READ_ONLY, at)
    tx.set_batch_state(batch.id, "stopped", at)
    return True


def ask_what_to_do(tx: Tx, found: Rollover, at: datetime) -> None:
    """Ask the lead, after GitLab refused to change a milestone, or anything."""
    key = f"stopped:{found.id}:{at.timestamp():.3f}"
    tx.add_operation("ask", Post(key, found.channel, "wow.stopped", found.id, otherwise=person_or_none(found.by)), at)


def refresh_messages(tx: Tx, rollover_id: str, at: datetime, *, ended: bool = False) -> None:
    """Let the messages that follow a rollover say what is true now: how it goes at times, that it has ended at once."""
    for key in (message_of(rollover_id), *tx.messages_of("wow.stopped", rollover_id)):
        tx.refresh(key, at, at_most_every=timedelta() if ended else REFRESH)


def refresh_reminders(tx: Tx, ending: date, at: datetime) -> None:
    """Let the reminders of a week say what is true now."""
    for key in tx.messages_of(REMINDER, ending.isoformat()):
        tx.refresh(key, at, at_most_every=REFRESH)


def note_turned(tx: Tx, weeks: rollover.Weeks, at: datetime) -> None:
    """Note that the last week was turned, be it by hand, where somebody was reminded of it."""
    last = max(weeks.closed, default=None)
    if last is None or tx.rollover_of(last) or tx.fact(turned_by_hand(last)) or not _is_reminded_of(tx, last):
        return
    tx.keep_fact(turned_by_hand(last), at.isoformat(), at)
    refresh_reminders(tx, last, at)


def turned_by_hand(ending: date) -> str:
    """Name of the remembered fact that a week, of which somebody was reminded, was turned by hand."""
    return f"turned by hand: {ending}"


def _is_reminded_of(tx: Tx, ending: date) -> bool:
    return bool(tx.messages_of(REMINDER, ending.isoformat()))


def _note_delivered(tx: Tx, rollover_id: str, delivery: Delivery, at: datetime) -> None:
    if isinstance(delivery.operation, SetIssue):
        _note_issue(tx, rollover_id, delivery.operation, at)
    elif delivery.name == CREATED_NEXT:
        tx.save_rollover(replace(must_find(tx, rollover_id), wow=_made_by(tx, delivery)))
    elif delivery.name == "rename next":
        tx.save_rollover(replace(must_find(tx, rollover_id), became_wow_at=_by_gitlabs_clock(delivery, at)))


def _by_gitlabs_clock(delivery: Delivery, at: datetime) -> datetime:
    """Tell when something was done, by the clock that dates the additions to a week; ours where GitLab's is far off."""
    try:
        theirs = datetime.fromisoformat(delivery.result["at"])
        return theirs if abs(theirs - at) < CLOCKS_DIFFER else at
    except (KeyError, TypeError, ValueError):
        return at


def _made_by(tx: Tx, delivery: Delivery) -> int | None:
    """Give the id of what a delivery has made."""
    return tx.made(delivery.batch, [delivery.name]).get(delivery.name) if delivery.batch else None


def _note_issue(tx: Tx, rollover_id: str, operation: SetIssue, at: datetime) -> None:
    key = f"{operation.noun}:{operation.iid}"
    if isinstance(operation.source, int) and operation.add:
        tx.set_labelled(operation.source, key, labelled=True)
    if isinstance(operation.milestone, int) and operation.milestone == tx.following_of(rollover_id):
        # our own carry-over is no late addition, even when it is repeated after the week has started
        tx.keep_verdicts(operation.milestone, {key: Verdict(late=False, why="carried over")}, at)


def _note_done(tx: Tx, team: Team, found: Rollover, at: datetime) -> None:
    if found.state == "running":
        tx.save_rollover(replace(found, state="done", done_at=at))
        tx.forget_snapshots()
        refresh_reminders(tx, found.ending, at)
        if team.pictures:
            # beside the batch: a rollover is done without it
            tx.add_operation("picture", ShowPicture(f"report:{found.id}", "wow.report", found.id), at)
    if found.state == "done" or _tried_since_the_report(tx, found):
        tx.refresh(f"report:{found.id}", at, at_most_every=REFRESH)


def _tried_since_the_report(tx: Tx, found: Rollover) -> bool:
    """Tell whether somebody pressed Retry before it was written down that the report had arrived."""
    deliveries = tx.deliveries(found.batch)
    worded = next((one.last_attempt_at for one in deliveries if one.name == "report"), None)
    tried = (one.last_attempt_at for one in deliveries if isinstance(one.operation, SetIssue))
    return worded is not None and any(at is not None and at > worded for at in tried)


def retry(tx: Tx, rollover_id: str, at: datetime) -> int:
    """Try again what GitLab refused: the milestone that stopped the run, or the issues in the report."""
    found = must_find(tx, rollover_id)
    if found.state not in {"running", "done", "undoing"}:
        message = "This rollover was taken back, so there is nothing to try again."
        raise UserError(message)
    batch = found.undo_batch if found.state == "undoing" else found.batch
    count = tx.retry(batch, None, at)
    if not count:
        raise UserError(NOTHING_TO_RETRY)
    refresh_messages(tx, rollover_id, at)
    return count


# What the words are made of


def progress(tx: Tx, rollover_id: str) -> Progressed:
    """Read how far a rollover is."""
    found = must_find(tx, rollover_id)
    name = found.undo_batch if found.state in {"undoing", "undone"} else found.batch
    counts, batch, gitlab, stuck = tx.progress(name), tx.batch(name), tx.world("gitlab"), tx.stuck(name)
    refused = None
    if batch and batch.state == "stopped":
        rejected = tx.deliveries(name, "rejected")
        refused = next((one for one in rejected if stops_batch(one.operation) or one.error == READ_ONLY), None)
    return Progressed(
        found=found,
        delivered=counts.delivered,
        total=counts.total,
        waiting=max(1, counts.waiting),
        gitlab_silent=(gitlab is not None and not gitlab.up) or bool(stuck),
        reason=stuck or (gitlab.reason if gitlab and not gitlab.up else ""),
        stopped=refused.error if refused else "",
        refused=refused.operation if refused else None,
    )


def report(tx: Tx, rollover_id: str) -> Reported:
    """Read what became of each issue; raises UserError when there was nothing to report on."""
    found = must_find(tx, rollover_id)
    if found.turn is None:
        message = "This rollover did not begin."
        raise UserError(message)
    lines = {line.key: line for line in found.turn.lines}
    deliveries = [one for one in tx.deliveries(found.batch) if one.name in lines]
    return Reported(
        found=found,
        turn=found.turn,
        failed=tuple((lines[one.name], one.error) for one in deliveries if one.state == "rejected"),
        kept=tuple((lines[one.name], one.result["kept"]) for one in deliveries if "kept" in one.result),
    )


def must_find(tx: Tx, rollover_id: str) -> Rollover:
    """Find a rollover; raises UserError when it is not known (any more)."""
    found = tx.rollover(rollover_id)
    if found is None:
        message = "I no longer know this rollover. `/wow status` shows the week."
        raise UserError(message)
    return found


def person_or_none(who: str) -> str:
    """Give the Slack id, or nothing for somebody at a terminal or in GitLab, and for a bot."""
    return who if is_in_slack(who) else ""
