"""Slack: the tokens and what they may do, the team's channel, the leads, the user group of whoever is on call."""

import asyncio
from collections.abc import Sequence

from bot.doctor.patient import Notes, Patient
from bot.domain.errors import Rejected, Unavailable
from bot.messages import doctor as say
from bot.messages import doctor_parts as words
from bot.messages.doctor import Saying
from bot.messages.scopes import NEEDED_SCOPES, WITHOUT
from bot.slack.calls import SlackCalls
from bot.slack.errors import code_of, refused_with
from bot.slack.examining import Admission, Examination, Group

CHECKS = ("scopes", "team channel", "leads", "user group")
"""What cannot be looked at without the bot token."""


async def examine(patient: Patient, notes: Notes) -> None:
    """Look at Slack with the bot token, and with the app token where there is one."""
    ours, theirs = Notes(notes.differences), Notes(notes.differences)
    try:
        if wrong := patient.lacks("SLACK_API_URL"):
            notes.leave_out(f"{wrong} comes first", "Slack token", *CHECKS)
            return
        await asyncio.gather(_bot(patient, ours), _door(patient, theirs))
    finally:
        notes.findings += [*ours.findings, *theirs.findings]  # what was found in time, however it ended


async def _bot(patient: Patient, notes: Notes) -> None:
    if wrong := patient.lacks("SLACK_BOT_TOKEN"):
        notes.leave_out(f"{wrong} comes first", "Slack token", *CHECKS)
        return
    slack = Examination(_calls(patient, patient.settings.slack_bot_token.get_secret_value()))
    asked = patient.now()
    try:
        admitted = await slack.admission()
    except (Unavailable, Rejected) as refusal:
        _refused(patient, notes, refusal)
        notes.leave_out("the Slack token comes first", *CHECKS)
        return
    notes.heard("Slack", admitted.at, asked, patient.now())
    notes.add(say.BOT_TOKEN_FINE, user=admitted.user, workspace=admitted.workspace)
    _scopes(admitted, notes)
    parts = [Notes(notes.differences) for _ in range(2)]
    try:
        await asyncio.gather(_channel(patient, slack, admitted, parts[0]), _people(patient, slack, parts[1]))
    finally:
        notes.findings += [found for part in parts for found in part.findings]


def _refused(patient: Patient, notes: Notes, refusal: Unavailable | Rejected) -> None:
    if code := refused_with(refusal):
        notes.add(say.BOT_TOKEN_REFUSED, code=code)
    else:
        notes.add(say.SLACK_SILENT, url=patient.settings.slack_api_url, reason=words.silence(refusal.reason))


def _scopes(admitted: Admission, notes: Notes) -> None:
    if admitted.scopes is None:
        notes.add(say.SCOPES_UNTOLD)
        return
    missing = [scope for scope in WITHOUT if scope not in admitted.scopes]
    needed, others = ([one for one in missing if (one in NEEDED_SCOPES) is needed] for needed in (True, False))
    _lacks(needed, say.NEEDED_SCOPE_MISSING, say.NEEDED_SCOPES_MISSING, notes)
    _lacks(others, say.SCOPE_MISSING, say.SCOPES_MISSING, notes)
    if not missing:
        notes.add(say.SCOPES_FINE, count=len(WITHOUT))


def _lacks(scopes: Sequence[str], one: Saying, several: Saying, notes: Notes) -> None:
    if len(scopes) == 1:
        notes.add(one, scope=scopes[0], without=WITHOUT[scopes[0]])
    elif scopes:
        notes.add(several, count=len(scopes), scopes=", ".join(f"{each} ({WITHOUT[each]})" for each in scopes))


async def _channel(patient: Patient, slack: Examination, admitted: Admission, notes: Notes) -> None:
    if wrong := patient.lacks("TEAM_CHANNEL"):
        notes.leave_out(f"{wrong} comes first", "team channel")
        return
    channel = patient.settings.team_channel
    try:
        place = await slack.place(channel)
    except (Unavailable, Rejected) as refusal:
        notes.not_seen(_why(refusal), "team channel")
        return
    if place is None:
        notes.add(say.CHANNEL_UNKNOWN, channel=channel, user=admitted.user)
    elif place.is_archived:
        notes.add(say.CHANNEL_ARCHIVED, name=place.name, user=admitted.user)
    elif not place.is_member:
        notes.add(say.NOT_IN_CHANNEL, name=place.name, user=admitted.user)
    else:
        notes.add(say.CHANNEL_FINE, name=place.name)


async def _people(patient: Patient, slack: Examination, notes: Notes) -> None:
    """Look at the leads and the user group; the list of all groups is asked for once, and only where one matters."""
    leads, group = patient.settings.wow_leads, patient.settings.oncall_usergroup
    groups: dict[str, Group] | None = {}
    why = ""
    if group or any(lead.startswith("S") for lead in leads):
        try:
            groups = dict(await slack.groups())
        except (Unavailable, Rejected) as refusal:
            groups, why = None, _why(refusal)
    await _leads(patient, slack, groups, why, notes)
    if wrong := patient.lacks("ONCALL_USERGROUP"):
        notes.leave_out(f"{wrong} comes first", "user group")
    elif group is None:
        notes.add(say.GROUP_UNSET)
    elif groups is None:
        notes.not_seen(why, "user group")
    else:
        await _group(group, groups.get(group), slack, notes)


async def _leads(patient: Patient, slack: Examination, groups: dict[str, Group] | None, why: str, notes: Notes) -> None:
    leads = patient.settings.wow_leads
    if wrong := patient.lacks("WOW_LEADS"):
        notes.leave_out(f"{wrong} comes first", "leads")
        return
    if not leads:
        notes.add(say.LEADS_EMPTY)
        return
    try:
        people = [lead for lead in leads if not lead.startswith("S")]
        known = dict(zip(people, await asyncio.gather(*(slack.is_somebody(who) for who in people)), strict=True))
    except (Unavailable, Rejected) as refusal:
        notes.not_seen(_why(refusal), "leads")
        return
    if groups is None and len(people) < len(leads):
        notes.not_seen(why, "leads")
    else:
        known |= {lead: lead in (groups or {}) for lead in leads if lead.startswith("S")}
    if unknown := [who for who, is_known in known.items() if not is_known]:
        notes.add(say.LEAD_UNKNOWN, who=", ".join(unknown))
    elif len(known) == len(leads):
        notes.add(say.LEADS_FINE, count=len(leads))


async def _group(group: str, found: Group | None, slack: Examination, notes: Notes) -> None:
    if found is None:
        notes.add(say.GROUP_UNKNOWN, group=group)
    elif not found.is_enabled:
        notes.add(say.GROUP_DISABLED, handle=found.handle)
    elif not found.users:
        notes.add(say.GROUP_EMPTY, handle=found.handle)
    else:
        try:
            may = await slack.may_set(group, found.users)
        except (Unavailable, Rejected) as refusal:
            notes.not_seen(_why(refusal), "user group")
            return
        notes.add(say.GROUP_FINE if may else say.GROUP_NOT_EDITABLE, handle=found.handle)


async def _door(patient: Patient, notes: Notes) -> None:
    """Look at the way in which people's requests come to Baton."""
    token = patient.settings.slack_app_token
    if wrong := patient.lacks("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        notes.leave_out(f"{wrong} comes first", "requests")
        return
    if token is None:
        notes.add(say.HTTP_FINE)
        return
    try:
        await Examination(_calls(patient, "")).connects(token.get_secret_value())
    except (Unavailable, Rejected) as refusal:
        if (code := refused_with(refusal)) == "missing_scope":
            notes.add(say.APP_TOKEN_SCOPE)
        elif code:
            notes.add(say.APP_TOKEN_REFUSED, code=code)
        else:
            notes.not_seen(refusal.reason, "Socket Mode")
    else:
        notes.add(say.SOCKET_FINE)


def _calls(patient: Patient, token: str) -> SlackCalls:
    return SlackCalls(token, patient.settings.slack_api_url, patient.session, patient.now)


def _why(refusal: Unavailable | Rejected) -> str:
    return "a scope is missing" if code_of(refusal) == "missing_scope" else refusal.reason
