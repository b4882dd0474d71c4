"""What there is to try on the page, and how it is known that it happened: by what stands on screens and in GitLab."""

from datetime import timedelta
from typing import Final

from bot.demo.worlds import Worlds
from bot.sandbox import seed
from bot.sandbox.page import Step

UNSCHEDULED: Final = "unscheduled"


def steps(worlds: Worlds) -> tuple[Step, ...]:
    """The guided list for these worlds, as they are now."""
    seen = _Seen(worlds)
    return (
        Step(
            "See how the week stands",
            "Type `/wow` in #production. Only you see the answer.",
            "slack",
            lambda: seen.on_a_screen("most urgent first"),
        ),
        Step(
            "Add an issue late",
            "As Ben, make a new issue in “WoW”. The week has long begun, so Baton labels it `unscheduled` at once.",
            "gitlab",
            seen.late_issue_labelled,
        ),
        Step(
            "Preview the rollover",
            "As Alice, type `/wow rollover`. It shows every step, and nothing is written yet.",
            "slack",
            lambda: seen.in_a_modal("Roll over"),
        ),
        Step(
            "Cut GitLab off on the way",
            "While the preview is open, make GitLab slow; press Roll over, and then take GitLab down. "
            "The message in the channel says what waits, and so does the panel.",
            "weather",
            lambda: seen.on_a_screen("GitLab does not answer;"),
        ),
        Step(
            "Kill the bot meanwhile",
            "Restart it the hard way. What it acknowledged, it has kept.",
            "weather",
            lambda: worlds.kills > 0,
        ),
        Step(
            "Bring GitLab back",
            "The rollover goes on by itself: the week is closed, the next one begins, and the report is posted.",
            "weather",
            seen.rolled_over,
        ),
        Step(
            "Take it all back",
            "Change something in GitLab first, if you like: `/wow undo` leaves alone what people did since.",
            "slack",
            lambda: seen.on_a_screen("is taken back by"),
        ),
        Step(
            "Travel a week",
            "Go to the next Wednesday: everybody's clock moves, and Baton reminds the leads in #production, "
            "with a button that opens the preview.",
            "weather",
            lambda: worlds.now() > worlds.morning + timedelta(days=6),
        ),
    )


class _Seen:
    """Looks for what happened since the page was opened."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._people = [worlds.slack.person(id_) for id_, *_ in seed.PEOPLE]
        self._issues_before = set(worlds.gitlab.state.issues)
        self._closed_before = set(worlds.gitlab.milestones("closed").values())

    def on_a_screen(self, words: str) -> bool:
        """Whether a message in the team's channel says this to anybody."""
        return any(words in seen.text for each in self._people for seen in each.sees(seed.CHANNEL))

    def in_a_modal(self, submit: str) -> bool:
        """Whether somebody has a modal with this button."""
        modals = [each.modal for each in self._people]
        return any(each.view.given.get("submit", {}).get("text") == submit for each in modals if each)

    def late_issue_labelled(self) -> bool:
        """Whether the bot has labelled an issue that somebody made by hand."""
        gitlab = self._worlds.gitlab
        with gitlab.lock:
            made = [each for iid, each in gitlab.state.issues.items() if iid not in self._issues_before]
            by_bot = [event for each in made for event in each.label_events if event.user == gitlab.state.token_user]
            return any(gitlab.state.labels[each.subject].name == UNSCHEDULED for each in by_bot)

    def rolled_over(self) -> bool:
        """Whether a week was closed."""
        return bool(set(self._worlds.gitlab.milestones("closed").values()) - self._closed_before)
