"""The routing page: everything that can happen, on one screen."""

from bot.dialogue import Outcome, Reply, Request
from bot.domain.team import Team
from bot.messages import general
from bot.services import late, reminder, way_back
from bot.services import wow as weeks
from bot.store import Tx
from handlers import hooks, people, wow


def _not_there_yet(_: Tx, __: Team, request: Request) -> Outcome:
    what = f"/{request.name}" if request.kind == "command" else "This"
    return Reply(general.not_there_yet(what))


REQUESTS = {
    ("command", "wow"): wow.command,
    ("submission", "wow.rollover"): wow.confirm_rollover,
    ("submission", "wow.undo"): wow.confirm_undo,
    ("button", "wow.retry"): wow.retry,
    ("button", "wow.undo"): wow.begin_undo,
    ("button", "wow.rollover"): wow.begin_rollover,
    ("event", "user_change"): people.changed,
    ("event", "subteam_updated"): people.changed,
    ("event", "subteam_members_changed"): people.changed,
    ("command", "*"): _not_there_yet,
    ("submission", "*"): _not_there_yet,
    ("button", "*"): _not_there_yet,
    ("shortcut", "*"): _not_there_yet,
}
"""What people do, by kind and name."""

ANSWERS = {
    "wow.preview": wow.show_preview,
    "wow.undo_preview": wow.show_undo,
    "wow.status": wow.show_status,
    "wow.next": wow.show_next,
    "wow.history": wow.show_history,
}
"""How GitLab's answer to a question is shown."""

FILES = {"wow.preview": wow.preview_file}
"""Files that go with what is shown."""

MESSAGES = {
    "wow.progress": wow.progress,
    "wow.stopped": wow.stopped,
    "wow.report": wow.report,
    "wow.undone": wow.undone,
    "wow.errand": wow.errand,
    "wow.due": wow.due,
}
"""How messages in channels are worded when they are sent or edited."""

PLANS = {
    "rollover": (weeks.plan_question, weeks.plan),
    "latecomers": (weeks.latecomers_question, weeks.carry_latecomers),
    "undo": (way_back.undo_plan_question, way_back.plan_undo),
    "late": (late.look_question, late.label),
    "check": (late.look_question, late.check),
    "add": (late.add_question, late.add),
    "reminder": (reminder.question, reminder.decide),
}
"""What a plan asks GitLab, and what it decides."""

BATCHES = {
    "rollover": weeks.follow_rollover,
    "undo": way_back.follow_undo,
    "late": late.follow_look,
    "errand": late.follow_errand,
}
"""Who follows a batch of operations."""

HOOKS = {"issue": hooks.issue, "merge_request": hooks.issue}
"""What GitLab tells of, by kind."""

JOBS = {"late sweep": hooks.sweep, "rollover due": hooks.remind}
"""What is due by the clock."""
