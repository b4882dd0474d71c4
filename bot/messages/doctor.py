"""What a check-up says: for each check what is so, what is wrong with it, and how to mend that.

Every saying stands in docs/troubleshooting.md too, with what it means; a test holds the two together.
"""

from dataclasses import dataclass

from bot.domain.checkup import Finding, Level


@dataclass(frozen=True)
class Saying:
    """A sentence about one check, with {names} for what is filled in, and the way to mend it."""

    check: str
    level: Level
    said: str
    mend: str = ""

    def of(self, **values: object) -> Finding:
        """Say it of something."""
        return Finding(self.check, self.level, self.said.format(**values), self.mend.format(**values))


def left_out(why: str, *checks: str) -> Finding:
    """Say that some checks could not be made."""
    return Finding(", ".join(checks), "note", NOT_LOOKED_AT.said.format(why=why))


DOCTOR = ".venv/bin/python -m bot doctor"
APP_PAGE = "your Slack app's page (https://api.slack.com/apps)"

NOT_LOOKED_AT = Saying("…", "note", "Not looked at: {why}.")
NOT_SEEN = Saying(
    "…",
    "warning",
    "Could not be looked at: {why}.",
    "Fix what is wrong beside it, if anything is, and run it again; if it stays so, whoever answers has to be asked why.",
)
TOO_LONG = Saying(
    "…",
    "warning",
    "Looking at {what} took too long, and was given up.",
    "Run it again; if it stays so, look at this machine's network, its proxy and its load.",
)
BROKE = Saying(
    "…",
    "problem",
    "Looking at {what} failed in a way that nobody thought of ({error}).",
    "Run it again, and if it stays so, tell whoever maintains Baton.",
)

# This machine

SETTINGS_FINE = Saying("settings", "ok", "All settings are valid.")
SETTING_WRONG = Saying("settings", "problem", "{problem}")
NO_ENV_FILE = Saying(
    "settings",
    "note",
    "There is no file .env in {folder}; only the environment was read.",
    "Go to Baton's folder, or copy .env.example to .env there and fill it in.",
)
ZONE_FINE = Saying("time zones", "ok", "In TEAM_TIMEZONE, {zone}, it is {time}.")
ZONES_MISSING = Saying(
    "time zones",
    "problem",
    "Time zone data is missing on this machine: it knows {count} zones.",
    "Run `make setup`, which installs the package tzdata, or install the system's tzdata.",
)
LOCALE_FINE = Saying("locale", "ok", "Text is read and written as {encoding}.")
LOCALE_NARROW = Saying(
    "locale",
    "warning",
    "Text is read and written as {encoding}, which lacks most of the world's signs.",
    "Set LANG to a locale in UTF-8, such as C.UTF-8, or PYTHONUTF8=1, for the terminal and for the service.",
)
ADDRESS_FREE = Saying("address", "ok", "Baton can listen on {where} (HOST, PORT).")
ADDRESS_OURS = Saying("address", "ok", "Baton serves on {where} (HOST, PORT).")
ADDRESS_TAKEN = Saying(
    "address", "problem", "PORT: another program listens on {where}.", "Stop it, or set another PORT."
)
ADDRESS_REFUSED = Saying(
    "address",
    "problem",
    "HOST, PORT: Baton cannot listen on {where} ({reason}).",
    "Put an address of this machine into HOST (127.0.0.1, or 0.0.0.0 for all), and a port above 1023 into PORT.",
)
PICTURES_FINE = Saying("pictures", "ok", "Pictures can be drawn.")
PICTURES_FAIL = Saying(
    "pictures",
    "warning",
    "No pictures can be drawn: {reason}.",
    "Run `make setup`, which installs matplotlib; it needs half a gigabyte of memory. Until then text stands alone.",
)

# Slack

SLACK_SILENT = Saying(
    "Slack token",
    "warning",
    "Slack cannot be asked at {url}: {reason}.",
    "If Slack is down, wait: Baton continues when it is back. Else look at this machine's network and proxy, and at "
    "SLACK_API_URL.",
)
BOT_TOKEN_FINE = Saying("Slack token", "ok", "SLACK_BOT_TOKEN is that of @{user} in {workspace}.")
BOT_TOKEN_REFUSED = Saying(
    "Slack token",
    "problem",
    "Slack refuses SLACK_BOT_TOKEN ({code}).",
    f"Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions on {APP_PAGE} into SLACK_BOT_TOKEN, and restart.",
)
SCOPES_FINE = Saying("scopes", "ok", "SLACK_BOT_TOKEN has all {count} scopes of manifest.yml.")
SCOPE_MISSING = Saying(
    "scopes",
    "warning",
    "SLACK_BOT_TOKEN lacks the scope {scope}: {without}.",
    f"Paste manifest.yml under App Manifest on {APP_PAGE}, or add {{scope}} to the bot's scopes under OAuth & "
    "Permissions; then choose Reinstall to Workspace there.",
)
NEEDED_SCOPE_MISSING = Saying("scopes", "problem", SCOPE_MISSING.said, SCOPE_MISSING.mend)
SCOPES_MISSING = Saying(
    "scopes",
    "warning",
    "SLACK_BOT_TOKEN lacks {count} scopes: {scopes}.",
    f"Paste manifest.yml under App Manifest on {APP_PAGE}, or add them to the bot's scopes under OAuth & Permissions; "
    "then choose Reinstall to Workspace there.",
)
NEEDED_SCOPES_MISSING = Saying("scopes", "problem", SCOPES_MISSING.said, SCOPES_MISSING.mend)
SCOPES_UNTOLD = Saying("scopes", "note", "Slack does not tell which scopes SLACK_BOT_TOKEN has.")
SOCKET_FINE = Saying("Socket Mode", "ok", "SLACK_APP_TOKEN opens a connection.")
APP_TOKEN_REFUSED = Saying(
    "Socket Mode",
    "problem",
    "Slack refuses SLACK_APP_TOKEN ({code}).",
    "Generate a token with the scope connections:write under Basic Information, App-Level Tokens, on "
    f"{APP_PAGE}, put it (xapp-…) into SLACK_APP_TOKEN, and restart.",
)
APP_TOKEN_SCOPE = Saying(
    "Socket Mode", "problem", "SLACK_APP_TOKEN lacks the scope connections:write.", APP_TOKEN_REFUSED.mend
)
HTTP_FINE = Saying(
    "requests", "ok", "SLACK_SIGNING_SECRET is set; whether it is the right one shows at the first command."
)
CHANNEL_FINE = Saying("team channel", "ok", "Baton is a member of #{name} (TEAM_CHANNEL).")
CHANNEL_UNKNOWN = Saying(
    "team channel",
    "problem",
    "TEAM_CHANNEL: Slack shows Baton no channel {channel}.",
    "Copy the channel's id from the foot of its details in Slack into TEAM_CHANNEL, and restart; if it is a private "
    "one, type /invite @{user} in it.",
)
CHANNEL_ARCHIVED = Saying(
    "team channel",
    "problem",
    "TEAM_CHANNEL: the channel #{name} is archived, so nothing can be said there.",
    "Unarchive it in Slack (channel details, Settings) and type /invite @{user} in it, or put another channel's id "
    "into TEAM_CHANNEL and restart.",
)
NOT_IN_CHANNEL = Saying(
    "team channel",
    "problem",
    "TEAM_CHANNEL: Baton is not a member of the channel #{name}.",
    "Type /invite @{user} in it.",
)
LEADS_FINE = Saying("leads", "ok", "Slack knows all of WOW_LEADS ({count}).")
LEADS_EMPTY = Saying("leads", "ok", "WOW_LEADS is empty: every full member may roll over the week.")
LEAD_UNKNOWN = Saying(
    "leads",
    "warning",
    "WOW_LEADS names {who}, whom Slack does not know (any more).",
    "Put the right id into WOW_LEADS, and restart: a person's (U…) is in the profile under ⋮, Copy member ID, a user "
    "group's (S…) in the address of its page.",
)
GROUP_UNSET = Saying("user group", "ok", "ONCALL_USERGROUP is not set: no user group follows who is on call.")
GROUP_FINE = Saying("user group", "ok", "Baton may edit @{handle} (ONCALL_USERGROUP).")
GROUP_UNKNOWN = Saying(
    "user group",
    "warning",
    "ONCALL_USERGROUP: there is no user group {group} in Slack.",
    "Put the group's id (S…, in the address of its page) into ONCALL_USERGROUP, and restart.",
)
GROUP_DISABLED = Saying(
    "user group",
    "warning",
    "ONCALL_USERGROUP: the user group @{handle} is switched off.",
    "Enable it in Slack (People, User groups), or put another one's id into ONCALL_USERGROUP and restart.",
)
GROUP_NOT_EDITABLE = Saying(
    "user group",
    "warning",
    "ONCALL_USERGROUP: Baton may not edit the user group @{handle}.",
    "In Slack, under Admin, Workspace settings, Roles & permissions, let everybody create and edit user groups (a bot "
    "counts as everybody), or leave ONCALL_USERGROUP out.",
)
GROUP_EMPTY = Saying(
    "user group", "note", "Nobody is in @{handle} (ONCALL_USERGROUP): whether Baton may edit it shows at a hand-off."
)

# GitLab

GITLAB_SILENT = Saying(
    "GitLab token",
    "warning",
    "GitLab cannot be asked at {url} (GITLAB_URL): {reason}.",
    "If GitLab is down, wait: what it must learn is kept, and goes through when it is back. Else look at this machine's "
    "network and proxy, and at GITLAB_URL.",
)
_ANOTHER = (
    "In the project, under Settings, Access tokens, make one with the scope api and the role Developer; put it into "
    "GITLAB_TOKEN, and restart."
)
_RENEW = f"{_ANOTHER} What waits for GitLab then goes through."
TOKEN_FINE = Saying("GitLab token", "ok", "GITLAB_TOKEN is accepted by {url}{until}.")
TOKEN_WRONG = Saying("GitLab token", "problem", "GitLab refuses GITLAB_TOKEN: it is not, or no longer, valid.", _RENEW)
TOKEN_EXPIRED = Saying("GitLab token", "problem", "GitLab refuses GITLAB_TOKEN: it has expired.", _RENEW)
TOKEN_REVOKED = Saying("GitLab token", "problem", "GitLab refuses GITLAB_TOKEN: it was revoked.", _RENEW)
TOKEN_REFUSED = Saying("GitLab token", "problem", "GitLab lets GITLAB_TOKEN do nothing ({reason}).", _RENEW)
TOKEN_SCOPE = Saying(
    "GitLab token", "problem", "GITLAB_TOKEN may not write: it lacks the scope api (it has: {scopes}).", _RENEW
)
TOKEN_ENDS = Saying("GitLab token", "warning", "GITLAB_TOKEN expires on {day}, in {left}.", _ANOTHER)
PROJECT_FINE = Saying("project", "ok", "GITLAB_PROJECT is {path}, and GITLAB_TOKEN may write there.")
PROJECT_UNKNOWN = Saying(
    "project",
    "problem",
    "GITLAB_PROJECT: GitLab shows no project {project} to GITLAB_TOKEN.",
    "Put the project's path as in the browser (group/project), or its number, into GITLAB_PROJECT, and restart; make "
    "the token's user a member of it, with the role Developer.",
)
PROJECT_REFUSED = Saying(
    "project", "problem", "GITLAB_PROJECT: GitLab refuses to show it ({reason}).", PROJECT_UNKNOWN.mend
)
PROJECT_ARCHIVED = Saying(
    "project",
    "problem",
    "GITLAB_PROJECT: {path} is archived, so nobody can change anything in it.",
    "Unarchive it in GitLab (Settings, General, Advanced), or name another project in GITLAB_PROJECT and restart.",
)
ISSUES_OFF = Saying(
    "project",
    "problem",
    "GITLAB_PROJECT: {path} has its issues switched off.",
    "Switch them on in GitLab (Settings, General, Visibility), or name another project in GITLAB_PROJECT and restart.",
)
NO_MEMBER = Saying(
    "project",
    "problem",
    "GITLAB_PROJECT: the user of GITLAB_TOKEN is not a member of {path}.",
    "Add that user in GitLab (Manage, Members) with the role Developer.",
)
ROLE_TOO_LOW = Saying(
    "project",
    "problem",
    "GITLAB_TOKEN may not edit milestones and issues in {path}: its role is too low.",
    "Give the token's user the role Developer in GitLab (Manage, Members); a project's access token has to be made "
    "again with that role.",
)
ROLE_REPORTER = Saying(
    "project",
    "warning",
    "GITLAB_TOKEN may not move merge requests in {path}: its role is below Developer.",
    ROLE_TOO_LOW.mend,
)
WEEKS_FINE = Saying("milestones", "ok", "“{title}” is the current week{dates}.")
_MAKE_WEEK = f"Run `{DOCTOR} --fix`, or create a milestone “{{title}}” in the project itself (Plan, Milestones)."
WOW_MISSING = Saying("milestones", "problem", "The milestone “{title}” (WOW_TITLE) is missing in {path}.", _MAKE_WEEK)
WOW_TO_RENAME = Saying(
    "milestones",
    "problem",
    "The milestone “{title}” (WOW_TITLE) is missing in {path}, while “{following}” is there.",
    "If “{following}” is the current week, rename it to “{title}” in GitLab (Plan, Milestones); else create “{title}”.",
)
WOW_ALIKE = Saying(
    "milestones",
    "warning",
    "The milestone “{title}” is written “{spelt}” in GitLab.",
    "Rename one of the two: the milestone in GitLab, or WOW_TITLE or NEXT_WOW_TITLE in the settings.",
)
WOW_OF_GROUP = Saying(
    "milestones",
    "problem",
    "The milestone “{title}” (WOW_TITLE) belongs to a group, and Baton rolls over the weeks of one project, {path}.",
    f"Rename the group's milestone, for GitLab allows a title only once; then run `{DOCTOR} --fix`.",
)
WOW_CLOSED = Saying(
    "milestones",
    "problem",
    "The milestone “{title}” (WOW_TITLE) in {path} is closed.",
    f"Reopen it in GitLab, or rename it (“{{title}} ending yyyy-mm-dd”) and run `{DOCTOR} --fix`.",
)
NEXT_MISSING = Saying(
    "milestones",
    "note",
    "The milestone “{title}” (NEXT_WOW_TITLE) is missing; the next rollover creates it.",
    f"To have it now: `{DOCTOR} --fix`.",
)
TITLE_OF_GROUP = Saying(
    "milestones",
    "problem",
    "A milestone of a group above {path} is titled “{title}” too, a title that the rollover needs: a clash, for GitLab "
    "allows each title only once.",
    "Rename the group's milestone.",
)
TITLE_TAKEN = Saying(
    "milestones",
    "problem",
    "A milestone in {path} that is closed, or not the one meant, is titled “{title}”, a title that the rollover needs.",
    "Rename that milestone in GitLab, or reopen it if it is the one meant.",
)
LABELS_FINE = Saying("labels", "ok", "All {count} labels of the settings are there.")
LABEL_MISSING = Saying(
    "labels",
    "warning",
    "The label “{label}” ({variable}) is missing in {path}.",
    f"Run `{DOCTOR} --fix`, or create it in GitLab (Manage, Labels); where your label is called otherwise, put its name "
    "into {variable} and restart.",
)
LABELS_MISSING = Saying(
    "labels",
    "warning",
    "{count} labels are missing in {path}: {labels}.",
    f"Run `{DOCTOR} --fix`, or create them in GitLab (Manage, Labels); where yours are called otherwise, put their "
    "names into these variables and restart.",
)
LABEL_ALIKE = Saying(
    "labels",
    "warning",
    "The label “{label}” ({variable}) is missing in {path}; there is one written “{spelt}”.",
    "Put that name into {variable} and restart, or rename the label in GitLab (Manage, Labels).",
)
AP_LABELS_MISSING = Saying(
    "labels",
    "note",
    "Not there yet: {labels}, the labels of /wow ap; GitLab creates each when it is first used.",
    f"To have them now: `{DOCTOR} --fix`.",
)
HOOK_FINE = Saying("webhook", "ok", "GitLab's webhook leads to {url}{last}.")
HOOK_UNWANTED = Saying(
    "webhook",
    "note",
    "No webhook: neither GITLAB_WEBHOOK_SECRET nor GITLAB_WEBHOOK_SIGNING_TOKEN is set, so Baton looks by itself, every "
    "{sweep} minutes, and records no deployments.",
)
HOOK_UNSEEN = Saying(
    "webhook",
    "note",
    "GitLab shows webhooks to Maintainers only, which GITLAB_TOKEN's user is not.",
    "See how deliveries ended in the project, under Settings, Webhooks, Edit, Recent events.",
)
_TEST_HOOK = (
    "On the webhook's page (Settings, Webhooks) press Test, Issues events: an answer of 200 puts it into use again."
)
HOOK_MISSING = Saying(
    "webhook",
    "warning",
    "The webhook is missing: none of the project's leads to Baton (…/gitlab/hooks).",
    "In the project, under Settings, Webhooks, add https://<your host>/gitlab/hooks with the secret token of "
    "GITLAB_WEBHOOK_SECRET and the triggers Issues, Confidential issues, Merge request and Deployment events.",
)
HOOK_NO_SECRET = Saying(
    "webhook",
    "warning",
    "GitLab's webhook to {url} is answered 403: neither GITLAB_WEBHOOK_SECRET nor GITLAB_WEBHOOK_SIGNING_TOKEN is set.",
    "Put the webhook's secret token into GITLAB_WEBHOOK_SECRET (or its whsec_… into GITLAB_WEBHOOK_SIGNING_TOKEN), and "
    f"restart. {_TEST_HOOK}",
)
HOOK_403 = Saying(
    "webhook",
    "warning",
    "GitLab's webhook to {url} was answered 403 the last time, although GITLAB_WEBHOOK_SECRET or "
    "GITLAB_WEBHOOK_SIGNING_TOKEN is set now.",
    f"Restart Baton with these settings. {_TEST_HOOK} If it stays 403, something in front of Baton refuses.",
)
HOOK_401 = Saying(
    "webhook",
    "warning",
    "GitLab's webhook to {url} was answered 401: its secret is not that of GITLAB_WEBHOOK_SECRET or "
    "GITLAB_WEBHOOK_SIGNING_TOKEN, or the clocks differ by more than five minutes.",
    f"Give the same secret to both, and restart Baton. {_TEST_HOOK}",
)
HOOK_FAILS = Saying(
    "webhook",
    "warning",
    "GitLab's webhook to {url} was answered {status}.",
    f"Look whether that address leads to Baton's HOST and PORT, whatever stands in between, and at Baton's log. {_TEST_HOOK}",
)
HOOK_UNREACHED = Saying(
    "webhook",
    "warning",
    "GitLab's webhook does not reach {url}.",
    "Look whether GitLab can reach that address: its name, certificate, firewall, and in GitLab's admin area whether "
    f"webhooks may go to the local network. {_TEST_HOOK}",
)
HOOK_DISABLED = Saying(
    "webhook",
    "warning",
    "GitLab has disabled the webhook to {url} ({state}), because its deliveries failed.",
    f"Recent events on its page tell why. {_TEST_HOOK}",
)
HOOK_LACKS = Saying(
    "webhook",
    "warning",
    "GitLab's webhook to {url} does not tell of: {events}.",
    "Tick them on the webhook's page (Settings, Webhooks, Edit).",
)

# Clock, database, rota

CLOCK_FINE = Saying("clock", "ok", "This machine's clock agrees with that of {whose}.")
CLOCK_OFF = Saying(
    "clock",
    "warning",
    "This machine's clock is {off} {way} that of {whose}; from five minutes on requests and hooks are refused.",
    "Have the clock set by itself: `timedatectl set-ntp true`, or the time service of the machine around a container.",
)
CLOCK_WRONG = Saying(
    "clock",
    "problem",
    "This machine's clock is {off} {way} that of {whose}, so the signatures of requests and hooks are refused.",
    CLOCK_OFF.mend,
)
STORE_FINE = Saying("database", "ok", "{path} is sound and can be written; {free} are free.")
STORE_NEW = Saying("database", "ok", "{path} (DATABASE_URL) is not there yet: `serve` creates it; {free} are free.")
STORE_BEHIND = Saying(
    "database", "note", "{path} is of an older Baton: the next start brings it up to date ({steps} steps)."
)
STORE_REFUSED = Saying("database", "problem", "{reason}")
STORE_READ_ONLY = Saying(
    "database",
    "problem",
    "DATABASE_URL: {path} is read-only, or its folder is ({reason}).",
    "Let Baton's user write both (`chown`, `chmod u+w`), and look whether the disk is mounted read-only; or name "
    "another file in DATABASE_URL.",
)
STORE_FULL = Saying(
    "database",
    "problem",
    "DATABASE_URL: the disk of {path} is full ({free} free).",
    "Make room on that disk, or raise the quota of Baton's user: until then nothing is accepted.",
)
STORE_TIGHT = Saying(
    "database",
    "warning",
    "DATABASE_URL: only {free} are free on the disk of {path}.",
    "Make room on that disk: when it is full, nothing is accepted any more.",
)
STORE_DAMAGED = Saying(
    "database",
    "problem",
    "DATABASE_URL: {path} is damaged ({damage}).",
    "Stop Baton, keep a copy of the file with those beside it (-wal, -shm), and put the last backup in its place.",
)
STORE_LARGE = Saying("database", "note", "{path} is large: only its beginning was looked through in the time there is.")
ROTA_UNSET = Saying("rota", "ok", "ROTA is not set: /handoff @next lets you choose the person.")
ROTA_FINE = Saying("rota", "ok", "ROTA can be read: {count} for the coming month.")
ROTA_UNREAD = Saying(
    "rota",
    "warning",
    "ROTA cannot be read: {reason}.",
    "Open the calendar's address where you can, put the right one into ROTA, and restart; until then the rota stays as "
    "it was read last.",
)
ROTA_EMPTY = Saying(
    "rota",
    "warning",
    "ROTA holds nothing for the coming month.",
    "Enter the coming shifts, or name another calendar in ROTA.",
)


def verdict(problems: int, warnings: int) -> str:
    """Sum a check-up up."""
    counted = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((problems, "problem"), (warnings, "warning"))
        if count
    ]
    if not counted:
        return "All is well."
    said = " and ".join(counted)
    if problems:
        return f"{said}: Baton cannot serve, or cannot do its work, until that is fixed."
    return f"{said}: Baton can serve, but not all is well."
