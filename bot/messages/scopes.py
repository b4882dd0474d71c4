"""What each of Slack's scopes is for, said by what is missing without it."""

from collections.abc import Mapping

WITHOUT: Mapping[str, str] = {
    "channels:history": "edits and deletions of logged messages are missed, and threads are not read",
    "channels:read": "Baton does not know who is in a channel, or whether it is private",
    "channels:write.topic": "the channel's topic does not tell who is on call",
    "chat:write": "Baton cannot say anything",
    "commands": "there are no commands and shortcuts",
    "files:write": "exports, pictures and long lists cannot be sent",
    "groups:history": "edits and deletions of messages logged in private channels are missed",
    "groups:read": "Baton does not know who is in a private channel, and takes commands there for private",
    "groups:write.topic": "a private channel's topic does not tell who is on call",
    "im:history": "a direct message whose arrival is unsure may come twice",
    "im:write": "a hand-off cannot be offered in a direct message",
    "reactions:read": "a pushpin logs nothing",
    "usergroups:read": "user groups in WOW_LEADS are not known",
    "usergroups:write": "the user group ONCALL_USERGROUP does not follow who is on call",
    "users:read": "names, time zones and rights of people are not known",
    "users:read.email": "people are not found in GitLab or in the rota by their address",
}
"""What does not work without a scope, for every scope of manifest.yml."""
NEEDED_SCOPES = frozenset({"channels:read", "chat:write", "commands", "users:read"})
"""Without one of these, hardly anything works."""
