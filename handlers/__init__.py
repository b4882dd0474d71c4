"""The routing page: everything that can happen, on one screen."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.dialogue import Outcome, Reply, Request
from bot.domain.commands.event import (
    DeclareOutage,
    DraftPostmortem,
    EventHelp,
    ExportEvents,
    FindEvents,
    ListEvents,
    LogEvent,
    ResolveOutage,
    ShowTimeline,
)
from bot.domain.commands.wow import Prioritise, ReportWeek
from bot.domain.operations import (
    AddNote,
    Assign,
    CloseIssue,
    Operation,
    SetDescription,
    SetTopic,
    SetUsergroup,
    Stages,
    WriteNote,
    WriteReport,
)
from bot.domain.questions import MessageQuestion, OutageQuestion, WeekQuestion
from bot.domain.team import Team
from bot.messages import general
from bot.messages import handoff as say_handoff
from bot.services import availability as ap_labels
from bot.services import events as log
from bot.services import late, reminder, shifts, watch, way_back, week
from bot.services import outages as known_outages
from bot.services import wow as weeks
from bot.store import Tx
from handlers import availability, events, handoff, home, hooks, outages, people, report, wow


def _unknown(_: Tx, __: Team, request: Request) -> Outcome:
    what = f"`/{request.name}`" if request.kind == "command" else "this button or shortcut"
    return Reply(general.unknown(what))


Ask = Callable[[Tx, Team, str], WeekQuestion | OutageQuestion | MessageQuestion]
Decide = Callable[[Tx, Team, str, Any, datetime], Stages]

REQUESTS = {
    ("command", "wow"): wow.answering({Prioritise: availability.begin, ReportWeek: report.begin}),
    ("button", "wow.ap.choose"): availability.choose,
    ("submission", "wow.ap"): availability.submit,
    ("submission", "wow.rollover"): wow.confirm_rollover,
    ("submission", "wow.undo"): wow.confirm_undo,
    ("button", "wow.retry"): wow.retry,
    ("button", "wow.undo"): wow.begin_undo,
    ("button", "wow.rollover"): wow.begin_rollover,
    ("command", "event"): events.answering(
        {
            EventHelp: events.usage,
            LogEvent: events.log,
            ListEvents: events.newest,
            FindEvents: events.find,
            ExportEvents: events.export,
            DeclareOutage: outages.begin,
            ResolveOutage: outages.resolve_named,
            ShowTimeline: outages.timeline_of,
            DraftPostmortem: outages.postmortem_of,
        }
    ),
    ("button", "event.older"): events.older,
    ("button", "event.edit"): events.edit,
    ("submission", "event.edit"): events.save,
    ("button", "event.retract"): events.retract,
    ("button", "event.restore"): events.restore,
    ("button", "event.switch"): events.switch,
    ("button", "event.move"): events.move,
    ("button", "event.toil"): events.toil,
    ("button", "event.retry"): events.retry,
    ("submission", "event.outage"): outages.declare,
    ("button", "outage.resolve"): outages.resolve,
    ("button", "outage.timeline"): outages.timeline,
    ("button", "outage.postmortem"): outages.draft,
    ("button", "outage.write_postmortem"): outages.write_postmortem,
    ("button", "outage.retry"): outages.retry,
    ("command", "handoff"): handoff.command,
    ("button", "handoff.typed"): handoff.typed,
    ("submission", "handoff.offer"): handoff.offer,
    ("button", "handoff.accept"): handoff.accept,
    ("button", "handoff.ask"): handoff.ask,
    ("button", "handoff.decline"): handoff.begin_decline,
    ("submission", "handoff.decline"): handoff.decline,
    ("button", "handoff.show"): handoff.show,
    ("button", "handoff.retry"): handoff.retry,
    ("button", "home.log"): events.begin,
    ("submission", "event.log"): events.log_filled_in,
    ("button", "home.outage"): outages.begin_anew,
    ("button", "home.handoff"): handoff.begin_next,
    ("button", "home.rollover"): wow.begin_usual_rollover,
    ("button", "home.week"): wow.open_status,
    ("shortcut", "log_as_event"): events.log_message,
    ("shortcut", "open_outage_issue"): outages.begin_from_message,
    ("shortcut", "add_to_handoff"): events.add_to_handoff,
    ("event", "reaction_added"): events.reacted,
    ("event", "reaction_removed"): events.reacted,
    ("event", "message_changed"): events.message_edited,
    ("event", "message_deleted"): events.message_deleted,
    ("event", "app_home_opened"): home.opened,
    ("event", home.KNOWN): home.known,
    ("event", "member_joined_channel"): people.joined,
    ("event", "member_left_channel"): people.left,
    ("event", "user_change"): people.changed,
    ("event", "subteam_updated"): people.changed,
    ("event", "subteam_members_changed"): people.changed,
    ("command", "*"): _unknown,
    ("submission", "*"): _unknown,
    ("button", "*"): _unknown,
    ("shortcut", "*"): _unknown,
}
"""What people do, by kind and name."""

ANSWERS = {
    "wow.preview": wow.show_preview,
    "wow.undo_preview": wow.show_undo,
    "wow.status": wow.show_status,
    "wow.next": wow.show_next,
    "wow.history": wow.show_history,
    "wow.report": report.show,
    "wow.ap": availability.show,
    "event.logged": events.show_logged,
    "outage.modal": outages.show_modal,
    "handoff.modal": handoff.show_modal,
}
"""How GitLab's answer to a question is shown."""

FILES = {
    "wow.preview": wow.preview_file,
    "wow.report": report.files,
    "event.timeline": outages.timeline_files,
    "event.export": events.export_file,
    "event.postmortem": outages.postmortem_file,
    "handoff.modal": handoff.list_file,
}
"""Files that go with an answer."""

PICTURES = {"wow.report": report.picture}
"""Pictures that stand under a message of Baton's."""

MESSAGES = {
    "wow.progress": wow.progress,
    "wow.stopped": wow.stopped,
    "wow.report": wow.report,
    "wow.undone": wow.undone,
    "wow.errand": wow.errand,
    "wow.due": wow.due,
    "event.echo": events.echo,
    "event.plain": events.plain,
    "outage.announced": outages.announced,
    "outage.answer": outages.answer,
    "outage.over": outages.over,
    "outage.unwritten": outages.unwritten,
    "outage.quiet": outages.quiet,
    "handoff.offer": handoff.worded(say_handoff.offer),
    "handoff.accepted": handoff.worded(say_handoff.accepted_note),
    "handoff.declined": handoff.worded(say_handoff.declined_note),
    "handoff.overtaken": handoff.worded(say_handoff.overtaken_note),
    "handoff.taken_elsewhere": handoff.worded(say_handoff.taken_elsewhere),
    "handoff.question": handoff.question,
    "handoff.reminder": handoff.worded(say_handoff.reminder),
    "handoff.waiting": handoff.worded(say_handoff.waiting_note),
    "handoff.escalation": handoff.worded(say_handoff.escalation),
    "handoff.soon": handoff.soon,
    "handoff.late": handoff.late,
    "handoff.group_refused": handoff.group_refused,
    "handoff.topic_refused": handoff.topic_refused,
}
"""How messages in channels are worded when they are sent or edited."""

PLANS: Mapping[str, tuple[Ask, Decide]] = {
    "rollover": (weeks.plan_question, weeks.plan),
    "latecomers": (weeks.latecomers_question, weeks.carry_latecomers),
    "undo": (way_back.undo_plan_question, way_back.plan_undo),
    "late": (late.look_question, late.label),
    "check": (late.look_question, late.check),
    "week": (week.look_question, week.looked),
    "add": (late.add_question, late.add),
    "ap": (ap_labels.plan_question, ap_labels.decide),
    "reminder": (reminder.question, reminder.decide),
    "outages": (known_outages.question, known_outages.take_over),
    "pin": (events.pin_question, events.pinned),
    shifts.HANDOFF: (shifts.plan_question, shifts.plan),
}
"""What a plan asks GitLab (or Slack), and what it decides."""

HOME = home.view
"""What somebody's Home tab shows."""

BATCHES = {
    "rollover": weeks.follow_rollover,
    "undo": way_back.follow_undo,
    "late": late.follow_look,
    "errand": late.follow_errand,
    log.NOTE: log.follow_note,
    log.TOIL: log.follow_toil,
    known_outages.OPENING: known_outages.follow_opening,
    known_outages.CLOSING: known_outages.follow_closing,
    known_outages.WRITING: known_outages.follow_closing,
    shifts.HANDOFF: shifts.follow,
    shifts.SIGNS: shifts.follow_signs,
}
"""Who follows a batch of operations."""

HOOKS = {"issue": hooks.issue, "merge_request": hooks.issue, "deployment": hooks.deployment}
"""What GitLab tells of, by kind."""

WATCH = watch.watch
"""What is looked for every few seconds."""

JOBS = {
    "late sweep": hooks.sweep,
    "outage sweep": hooks.look_for_outages,
    "rollover due": hooks.remind,
    "post-mortems due": hooks.remind_of_postmortems,
}
"""What is due by the clock."""

FILL_INS: Mapping[type[Operation], Callable[[Tx, Team, Any], Operation]] = {
    WriteNote: events.fill_in,
    CloseIssue: events.fill_in,
    SetDescription: events.fill_in,
    Assign: handoff.fill_in_assignment,
    AddNote: handoff.fill_in_note,
    WriteReport: handoff.fill_in_report,
    SetUsergroup: handoff.fill_in_group,
    SetTopic: handoff.fill_in_topic,
}
"""Completes what is told, right before it is told."""
