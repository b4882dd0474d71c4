"""What there is to try on the page, and how it is known that it happened: by what stands on screens and in GitLab."""

from datetime import timedelta
from typing import Final

from bot.demo.worlds import Worlds
from bot.sandbox import seed
from bot.sandbox.page import Step

UNSCHEDULED: Final = "unscheduled"
OUTAGE: Final = "outage"
REPORT: Final = "oncall report"
THE_WEEK, AN_OUTAGE, THE_HANDOFF, LATER = "The week", "An outage", "The hand-off", "Later"


def steps(worlds: Worlds) -> tuple[Step, ...]:
    """The guided list for these worlds, as they are now."""
    seen = _Seen(worlds)
    return (*_of_the_week(worlds, seen), *_of_an_outage(seen), *_of_the_handoff(seen), *_later(worlds))


def _of_the_week(worlds: Worlds, seen: "_Seen") -> tuple[Step, ...]:
    return (
        Step(
            "See how the week stands",
            "Type `/wow` in #production. Only you see the answer.",
            "slack",
            lambda: seen.on_a_screen("most urgent first"),
            THE_WEEK,
        ),
        Step(
            "Add an issue late",
            "As Ben, make a new issue in “WoW”. The week has long begun, so Baton labels it `unscheduled` at once.",
            "gitlab",
            seen.late_issue_labelled,
            THE_WEEK,
        ),
        Step(
            "Preview the rollover",
            "As Alice, type `/wow rollover`. It shows every step, and nothing is written yet.",
            "slack",
            lambda: seen.in_a_modal("Roll over"),
            THE_WEEK,
        ),
        Step(
            "Cut GitLab off on the way",
            "While the preview is open, make GitLab slow; press Roll over, and then take GitLab down. "
            "The message in the channel says what waits, and so does the panel.",
            "weather",
            lambda: seen.on_a_screen("GitLab does not answer;"),
            THE_WEEK,
        ),
        Step(
            "Kill the bot meanwhile",
            "Restart it the hard way. What it acknowledged, it has kept.",
            "weather",
            lambda: worlds.kills > 0,
            THE_WEEK,
        ),
        Step(
            "Bring GitLab back",
            "The rollover goes on by itself: the week is closed, the next one begins, and the report is posted.",
            "weather",
            seen.rolled_over,
            THE_WEEK,
        ),
        Step(
            "Take it all back",
            "Change something in GitLab first, if you like: `/wow undo` leaves alone what people did since.",
            "slack",
            lambda: seen.on_a_screen("is taken back by"),
            THE_WEEK,
        ),
    )


def _of_an_outage(seen: "_Seen") -> tuple[Step, ...]:
    return (
        Step(
            "Open an outage from an alarm",
            "In #production, point at what Alarm says of db-02, and under ⋮ choose Open outage issue. "
            "The window is filled in from the message and its thread.",
            "slack",
            seen.outage_opened,
            AN_OUTAGE,
        ),
        Step(
            "Pin what matters",
            "In the thread of the alarm, put the pushpin on a reply: it is logged at its own time. "
            "Two outages go on, so Baton asks which one it belongs to.",
            "slack",
            lambda: seen.on_a_screen("logged by @"),
            AN_OUTAGE,
        ),
        Step(
            "Log a line while GitLab is down",
            "Take GitLab down, and type `/event log -5m throttled the writes to db-02`. It is kept, and delivered later.",
            "slack",
            lambda: seen.on_a_screen("Logged as event"),
            AN_OUTAGE,
        ),
        Step(
            "Let a deploy fail",
            "With GitLab back, deploy acme/website at the top of its pane, and let it fail: deploys log themselves.",
            "gitlab",
            lambda: seen.on_a_screen(" to production failed"),
            AN_OUTAGE,
        ),
        Step(
            "Look at the timeline",
            "Type `/event timeline`. The picture comes as a direct message from Baton.",
            "slack",
            lambda: seen.sent_by_baton("-timeline.png"),
            AN_OUTAGE,
        ),
        Step(
            "Log something private",
            "As Ben, type `/event log the old key was used at 08:12` in #security; then, as Chen, `/event list` in "
            "#production. The issue in GitLab has it as an internal note.",
            "slack",
            lambda: seen.on_a_screen("(private event)", seed.CHEN),
            AN_OUTAGE,
        ),
        Step(
            "Resolve it",
            "Press Resolve under the announcement in #production. The issue is closed behind its last note.",
            "slack",
            lambda: seen.on_a_screen("post-mortem is due"),
            AN_OUTAGE,
        ),
        Step(
            "Draft the post-mortem",
            "Press Draft post-mortem, read it in your messages with Baton, and put it into the issue.",
            "slack",
            seen.postmortem_written,
            AN_OUTAGE,
        ),
    )


def _of_the_handoff(seen: "_Seen") -> tuple[Step, ...]:
    return (
        Step(
            "Take the pager",
            "As Alice, type `/handoff take`: you are on call, and the channel's topic says so.",
            "slack",
            lambda: seen.on_a_screen("took the pager"),
            THE_HANDOFF,
        ),
        Step(
            "Hand off to the next one",
            "Type `/handoff @next`: by the rota that is Ben. Put a note to what goes on, say how it stands, and press "
            "Hand off. You stay on call until he accepts.",
            "slack",
            lambda: seen.on_a_screen("Hand-off offered") or seen.on_a_screen("handed off by"),
            THE_HANDOFF,
        ),
        Step(
            "Be the other one, and accept",
            "Choose Ben on the left. The offer is in #production and in his messages with Baton: ask, if you like, and "
            "press Accept.",
            "slack",
            lambda: seen.on_a_screen("handed off by"),
            THE_HANDOFF,
        ),
        Step(
            "Look at what has passed",
            "In GitLab, what goes on is assigned to Ben, with your notes; and there is an `oncall report`.",
            "gitlab",
            seen.handoff_reported,
            THE_HANDOFF,
        ),
        Step(
            "Miss a hand-off",
            "As Ben, type `/handoff @next`, and let nobody answer: travel to the next shift. Chen is reminded, and "
            "#production is told.",
            "weather",
            lambda: seen.on_a_screen("has not answered the hand-off"),
            THE_HANDOFF,
        ),
    )


def _later(worlds: Worlds) -> tuple[Step, ...]:
    return (
        Step(
            "Travel a week",
            "Go to the next Wednesday: everybody's clock moves, and Baton reminds the leads in #production, "
            "with a button that opens the preview.",
            "weather",
            lambda: worlds.now() > worlds.morning + timedelta(days=6),
            LATER,
        ),
    )


class _Seen:
    """Looks for what happened since the page was opened."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._people = {id_: worlds.slack.person(id_) for id_, *_ in seed.PEOPLE}
        self._issues_before = set(worlds.gitlab.state.issues)
        self._closed_before = set(worlds.gitlab.milestones("closed").values())

    def on_a_screen(self, words: str, *people: str) -> bool:
        """Whether a message in the team's channel says this to anybody, or to one of these people."""
        looking = [self._people[each] for each in people or self._people]
        return any(words in seen.text for each in looking for seen in each.sees(seed.CHANNEL))

    def sent_by_baton(self, name: str) -> bool:
        """Whether a file of this name stands in anybody's talk with the bot."""
        return any(
            name in file.name for each in self._people.values() for seen in each.sees() for file in seen.message.files
        )

    def in_a_modal(self, submit: str) -> bool:
        """Whether somebody has a modal with this button."""
        modals = [each.modal for each in self._people.values()]
        return any(each.view.given.get("submit", {}).get("text") == submit for each in modals if each)

    def late_issue_labelled(self) -> bool:
        """Whether the bot has labelled an issue that somebody made by hand."""
        gitlab = self._worlds.gitlab
        with gitlab.lock:
            made = [each for iid, each in gitlab.state.issues.items() if iid not in self._issues_before]
            by_bot = [event for each in made for event in each.label_events if event.user == gitlab.state.token_user]
            return any(gitlab.state.labels[each.subject].name == UNSCHEDULED for each in by_bot)

    def outage_opened(self) -> bool:
        """Whether the bot has made an issue with the label."""
        return any(OUTAGE in self._worlds.gitlab.issue(iid)["labels"] for iid in self._made_by_bot())

    def postmortem_written(self) -> bool:
        """Whether an issue of the bot's says more than when it was made."""
        return any("# Post-mortem" in str(self._worlds.gitlab.issue(iid)["description"]) for iid in self._made_by_bot())

    def handoff_reported(self) -> bool:
        """Whether the bot has written a report, and an accepted hand-off says which one it is."""
        made = any(REPORT in self._worlds.gitlab.issue(iid)["labels"] for iid in self._made_by_bot())
        return made and self.on_a_screen("handed off by")

    def rolled_over(self) -> bool:
        """Whether a week was closed."""
        return bool(set(self._worlds.gitlab.milestones("closed").values()) - self._closed_before)

    def _made_by_bot(self) -> list[int]:
        state = self._worlds.gitlab.state
        with self._worlds.gitlab.lock:
            return [iid for iid, each in state.issues.items() if each.author == state.token_user]
