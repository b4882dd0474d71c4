"""The team's own names and choices, as the rules need them: a value made from the settings once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Labels:
    """Names of the labels that carry meaning, as this team's GitLab has them."""

    unscheduled: str = "unscheduled"
    outage: str = "outage"
    data_loss: str = "(perceived) data loss"
    goal: str = "goal"
    toil: str = "toil"
    report: str = "oncall report"


@dataclass(frozen=True)
class Team:
    """What the rules need to know about the team.

    `zone` is the IANA zone in which the week begins and ends. `leads` are Slack ids of people and user groups;
    empty means that every full member may turn the week. `private_channels` are treated as private whatever Slack says.
    `tracker` is the address under which Baton reaches GitLab. `environments` are names and tiers (in lower case) of those
    whose deployments are events, and `reaction` is the emoji that logs a message. `gitlab_users` are user names in GitLab
    by Slack id. `oncall_group` is the user group that holds whoever is on call (empty: none), `oncall_topic` tells whether
    the channel's topic names them. An offer that nobody answers is repeated after `handoff_reminder`, and told to the
    channel after `handoff_escalation`; an outage without an update is brought up every `outage_reminder`. With `pictures`
    a week's report is followed by its picture.
    """

    channel: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    leads: frozenset[str] = frozenset()
    wow_title: str = "WoW"
    next_wow_title: str = "Next WoW"
    labels: Labels = field(default_factory=Labels)
    private_channels: frozenset[str] = frozenset()
    tracker: str = ""
    environments: frozenset[str] = frozenset({"production"})
    reaction: str = "pushpin"
    gitlab_users: Mapping[str, str] = field(default_factory=dict)
    oncall_group: str = ""
    oncall_topic: bool = False
    handoff_reminder: timedelta = timedelta(minutes=10)
    handoff_escalation: timedelta = timedelta(minutes=30)
    outage_reminder: timedelta = timedelta(minutes=240)
    pictures: bool = True

    def day(self, at: datetime) -> date:
        """Tell the team's calendar day at the instant `at` (aware)."""
        return at.astimezone(self.zone).date()

    def ending_title(self, ending: date) -> str:
        """Title of the closed week that ended on `ending`, like "WoW ending 2017-08-29"."""
        return f"{self.wow_title} ending {ending.isoformat()}"
