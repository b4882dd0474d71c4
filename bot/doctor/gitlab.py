"""GitLab: the token and its rights, the project, the weeks, the labels, the webhook."""

import asyncio
from datetime import date, timedelta

from bot.doctor.patient import Notes, Patient
from bot.domain import checkup, rollover
from bot.domain.errors import Rejected, Unavailable
from bot.domain.questions import WeekQuestion
from bot.domain.rollover import Weeks, find_weeks
from bot.domain.team import Team
from bot.domain.tracker import Project, WeekFacts
from bot.domain.week import Week
from bot.gitlab.examining import Examination, Webhook
from bot.gitlab.heard import TokenRefusedError
from bot.messages import count
from bot.messages import doctor as say
from bot.messages import doctor_parts as words
from bot.messages.labels import LABELS

CHECKS = ("project", "milestones", "labels", "webhook")
"""What cannot be looked at without the token."""
SOON = timedelta(days=14)


async def examine(patient: Patient, notes: Notes) -> None:
    """Look at GitLab with the token."""
    if wrong := patient.lacks("GITLAB_URL", "GITLAB_TOKEN"):
        notes.leave_out(f"{wrong} comes first", "GitLab token", *CHECKS)
        return
    gitlab, asked = _examination(patient), patient.now()
    at = None
    try:
        at = await gitlab.time()
    except Unavailable as silence:
        _silent(patient, silence, notes)
        notes.leave_out("the GitLab token comes first", *CHECKS)
        return
    except Rejected as refusal:
        if not refusal.gone:  # a token that may not even ask for the version
            notes.add(say.TOKEN_REFUSED, reason=refusal.reason)
            notes.leave_out("the GitLab token comes first", *CHECKS)
            return
    notes.heard("GitLab", at, asked, patient.now())
    if wrong := patient.lacks("GITLAB_PROJECT"):
        await _token(patient, gitlab, notes)
        notes.leave_out(f"{wrong} comes first", *CHECKS)
        return
    parts = [Notes(notes.differences) for _ in range(3)]
    try:
        _, is_shown, _ = await asyncio.gather(
            _token(patient, gitlab, parts[0]), _project(patient, parts[1]), _webhooks(patient, gitlab, parts[2])
        )
        if not is_shown:
            parts[2].findings.clear()  # nobody can say anything of its webhooks
    finally:
        notes.findings += [found for part in parts for found in part.findings]  # what was found in time
        notes.lacking = parts[1].lacking


def _examination(patient: Patient) -> Examination:
    return Examination(patient.gitlab.calls, patient.settings.gitlab_project)


def _silent(patient: Patient, silence: Unavailable, notes: Notes) -> None:
    if isinstance(silence, TokenRefusedError):
        notes.add({"expired": say.TOKEN_EXPIRED, "revoked": say.TOKEN_REVOKED}.get(silence.why, say.TOKEN_WRONG))
    else:
        notes.add(say.GITLAB_SILENT, url=patient.settings.gitlab_url, reason=words.silence(silence.reason))


# The token


async def _token(patient: Patient, gitlab: Examination, notes: Notes) -> None:
    try:
        token = await gitlab.token()
    except Unavailable as silence:
        _silent(patient, silence, notes)
        return
    if token is not None and "api" not in token.scopes:
        notes.add(say.TOKEN_SCOPE, scopes=", ".join(sorted(token.scopes)) or "none")
    elif token is not None and token.ends is not None and token.ends - _today(patient) <= SOON:
        notes.add(say.TOKEN_ENDS, day=token.ends, left=count((token.ends - _today(patient)).days, "day"))
    else:
        notes.add(say.TOKEN_FINE, url=patient.settings.gitlab_url, until=words.until(token.ends if token else None))


def _today(patient: Patient) -> date:
    return patient.now().date()


# The project, and what stands in it


async def _project(patient: Patient, notes: Notes) -> bool:
    """Look at the project; tell whether GitLab shows it, as far as anybody knows."""
    team, today = patient.team, patient.team.day(patient.now())
    question = WeekQuestion("doctor", ending=checkup.current(today).ending, rights=True, ranks=True)
    try:
        facts = await patient.gitlab.read(question)
    except Unavailable as silence:
        notes.not_seen(silence.reason, *CHECKS[:3])
        return True
    except Rejected as refusal:
        _no_project(patient, refusal, notes)
        return False
    weeks = find_weeks(facts, team)
    notes.lacking = checkup.lacking(facts, weeks, team, today, patient.wrong)
    _rights(facts.project, notes)
    _milestones(patient, facts, weeks, notes)
    _labels(patient, facts, notes)
    return True


def _no_project(patient: Patient, refusal: Rejected, notes: Notes) -> None:
    if refusal.gone:
        notes.add(say.PROJECT_UNKNOWN, project=patient.settings.gitlab_project)
    else:
        notes.add(say.PROJECT_REFUSED, reason=refusal.reason)
    notes.leave_out("the project comes first", *CHECKS[1:])


def _rights(project: Project, notes: Notes) -> None:
    level = project.access_level
    saying = say.PROJECT_FINE
    if project.archived:
        saying = say.PROJECT_ARCHIVED
    elif not project.has_issues:
        saying = say.ISSUES_OFF
    elif level == rollover.NO_MEMBER:
        saying = say.NO_MEMBER
    elif level is not None and level < rollover.MAY_EDIT:
        saying = say.ROLE_TOO_LOW
    elif level is not None and level < rollover.MAY_EDIT_MERGE_REQUESTS:
        saying = say.ROLE_REPORTER
    notes.add(saying, path=project.path)


def _milestones(patient: Patient, facts: WeekFacts, weeks: Weeks, notes: Notes) -> None:
    if wrong := patient.lacks("WOW_TITLE", "NEXT_WOW_TITLE"):
        notes.leave_out(f"{wrong} comes first", "milestones")
        return
    team, path, today = patient.team, facts.project.path, patient.team.day(patient.now())
    before = len(notes.findings)
    if weeks.wow is None:
        _no_week(team, facts, weeks, notes)
    for milestone, title in ((weeks.wow, team.wow_title), (weeks.following, team.next_wow_title)):
        if milestone is not None and milestone.title != title:
            notes.add(say.WOW_ALIKE, title=title, spelt=milestone.title)
    for clash in checkup.clashes(facts, weeks, team, today):
        notes.add(say.TITLE_OF_GROUP if clash.group else say.TITLE_TAKEN, path=path, title=clash.title)
    if weeks.wow is not None and len(notes.findings) == before:
        notes.add(say.WEEKS_FINE, title=team.wow_title, dates=words.dates(weeks.wow.start, weeks.wow.due, today))
    if weeks.following is None and team.next_wow_title in dict(notes.lacking.weeks):
        notes.add(say.NEXT_MISSING, title=team.next_wow_title)


def _no_week(team: Team, facts: WeekFacts, weeks: Weeks, notes: Notes) -> None:
    title, path = team.wow_title, facts.project.path
    named = [one for one in facts.milestones if one.title == title]
    if any(one.group for one in named):
        notes.add(say.WOW_OF_GROUP, title=title, path=path)
    elif named:
        notes.add(say.WOW_CLOSED, title=title, path=path)
    elif weeks.following is not None and title not in dict(notes.lacking.weeks):
        notes.add(say.WOW_TO_RENAME, title=title, path=path, following=weeks.following.title)
    else:
        notes.add(say.WOW_MISSING, title=title, path=path)


def _labels(patient: Patient, facts: WeekFacts, notes: Notes) -> None:
    path, spellings = facts.project.path, {label.casefold(): label for label in facts.label_ranks}
    wanted = {label: name for label, name in checkup.labels_of(patient.team).items() if name not in patient.wrong}
    missing = {label: variable for label, variable in wanted.items() if label not in facts.label_ranks}
    alike = {label: spelt for label in missing if (spelt := spellings.get(label.casefold()))}
    for label, spelt in alike.items():
        notes.add(say.LABEL_ALIKE, label=label, variable=missing[label], path=path, spelt=spelt)
    if len(others := [one for one in missing.items() if one[0] not in alike]) == 1:
        notes.add(say.LABEL_MISSING, label=others[0][0], variable=others[0][1], path=path)
    elif others:
        named = ", ".join(f"“{label}” ({variable})" for label, variable in others)
        notes.add(say.LABELS_MISSING, count=len(others), labels=named, path=path)
    if wrong := [name for name in checkup.labels_of(patient.team).values() if name in patient.wrong]:
        notes.leave_out(f"{wrong[0]} comes first", "labels")
    elif not missing:
        notes.add(say.LABELS_FINE, count=len(wanted))
    if notes.lacking.ap_labels:
        notes.add(say.AP_LABELS_MISSING, labels=", ".join(notes.lacking.ap_labels))


# The webhook


async def _webhooks(patient: Patient, gitlab: Examination, notes: Notes) -> None:
    settings = patient.settings
    if wrong := patient.lacks("GITLAB_WEBHOOK_SECRET", "GITLAB_WEBHOOK_SIGNING_TOKEN"):
        notes.leave_out(f"{wrong} comes first", "webhook")
        return
    wanted = bool(settings.gitlab_webhook_secret or settings.gitlab_webhook_signing_token)
    try:
        found = await gitlab.webhooks()
    except Unavailable as silence:
        notes.not_seen(silence.reason, "webhook")
        return
    if not found and not wanted:
        notes.add(say.HOOK_UNWANTED, sweep=settings.late_sweep)
    elif found is None:
        notes.add(say.HOOK_UNSEEN)
    elif not found:
        notes.add(say.HOOK_MISSING)
    for webhook in found or ():
        _webhook(webhook, notes, wanted=wanted)


def _webhook(webhook: Webhook, notes: Notes, *, wanted: bool) -> None:
    url, status, before = webhook.url, webhook.last, len(notes.findings)
    if not wanted:
        notes.add(say.HOOK_NO_SECRET, url=url)
    elif status and not status.startswith("2"):
        known = {"403": say.HOOK_403, "401": say.HOOK_401, "internal error": say.HOOK_UNREACHED}
        notes.add(known.get(status, say.HOOK_FAILS), url=url, status=status)
    if webhook.state != "executable":
        notes.add(say.HOOK_DISABLED, url=url, state=webhook.state.replace("_", " "))
    if webhook.lacks:
        notes.add(say.HOOK_LACKS, url=url, events=", ".join(webhook.lacks))
    if len(notes.findings) == before:
        notes.add(say.HOOK_FINE, url=url, last=f", which answered {status} the last time" if status else "")


# Creating what is lacking


async def create_label(patient: Patient, label: str) -> None:
    """Create a label; raises Unavailable or Rejected."""
    colour, description = LABELS[checkup.labels_of(patient.team).get(label, label)]
    await _examination(patient).create_label(label, colour, description)


async def create_week(patient: Patient, title: str, week: Week) -> None:
    """Create a milestone; raises Unavailable or Rejected."""
    await _examination(patient).create_milestone(title, week.start, week.ending)
