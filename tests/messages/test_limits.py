"""Whatever stands in GitLab, our words fit Slack's limits, ping nobody, and stand as they were typed."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain.rollover import Kept, Line, Refusal, Turn
from bot.domain.team import Team
from bot.domain.telling import Closed, Previewed, Progressed, Reported, Standing, TakenBack, UndoPreviewed
from bot.domain.tracker import Issue, Milestone, WhoAndWhen
from bot.domain.turning import Preview, Rollover
from bot.domain.way_back import Undo
from bot.messages import Page, View, Words, escape, general, link, shorten, shorten_mrkdwn
from bot.messages import week as weeks
from bot.messages import wow as say
from bot.sandbox.slack.speech import MOST_CHARACTERS_IN_UPDATE, judged
from bot.sandbox.slack.views import MOST_BYTES, faults_in_view

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEAM = Team("C1")
OURS = re.compile(r"@[UW]\w+|!date\^\d+\^[^<>]*|!subteam\^S\w+|https?://[^<>| ]+(?:\|[^<>|]*)?")
"""What may stand between < and > in our words."""
NASTY = [
    "<!channel> <!here> <@U1> <#C1> <!subteam^S1>",
    "&lt;!channel&gt; & <b>",
    "`code` *bold* _italic_ ~gone~ ```",
    "\u202eright to left \u2066",
    "🔥" * 255,
    "&" * 255,
    "<" * 255,
    "w" * 255,
    "| > a\nsecond line",
    "",
    "@here #12 !3 ~label %milestone /close",
]
titles = st.sampled_from(NASTY) | st.text(max_size=255)
addresses = st.sampled_from(
    ["https://gitlab.com/a/b/-/issues/1", "", "javascript:x", "https://x/<!channel>", "https://a|b"]
)
numbers = st.integers(0, 10_000)
milestones = st.builds(
    Milestone, id=numbers, title=titles, start=st.none() | st.dates(), due=st.none() | st.dates(), url=addresses
)
lines = st.builds(
    Line,
    noun=st.sampled_from(["issue", "merge_request"]),
    iid=numbers,
    title=titles,
    url=addresses,
    choice=st.sampled_from(["carry", "leave", "next"]),
    labels=st.lists(titles, max_size=3).map(tuple),
    late=st.booleans(),
    moved=st.integers(0, 9),
    appeared=st.booleans(),
)
many_lines = st.lists(lines, max_size=30, unique_by=lambda line: line.key).map(tuple) | st.builds(
    lambda line, count: tuple(replace(line, iid=number) for number in range(count)),
    lines,
    st.sampled_from([60, 80, 81, 100, 1000]),
)
turns = st.builds(
    Turn,
    ending=st.just(date(2026, 11, 24)),
    wow=milestones,
    following=st.none() | milestones,
    lines=many_lines,
    done=numbers,
    unread=numbers,
    warnings=st.lists(titles.filter(bool), max_size=6).map(tuple),
    closed_since=st.lists(st.just("#12345"), max_size=90).map(tuple),
)
people = st.sampled_from(["U1", "W12", "terminal:<!channel>", "terminal:ann"])
rollovers = st.builds(
    Rollover,
    id=st.just("r1"),
    ending=st.just(date(2026, 11, 24)),
    state=st.sampled_from(["running", "done", "void", "undoing", "undone"]),
    by=people,
    channel=st.just("C1"),
    at=st.just(AT),
    batch=st.just("b"),
    problem=titles,
    undone_by=people,
    done_at=st.none() | st.just(AT),
    undone_at=st.none() | st.just(AT),
)
previews = st.builds(
    Preview, id=st.just("p1"), kind=st.just("rollover"), by=people, at=st.just(AT), ending=st.just(date(2026, 11, 24))
)
refusals = st.builds(Refusal, reason=titles.filter(str.strip), closed=st.none() | milestones, advice=titles)
who = st.none() | st.builds(WhoAndWhen, name=titles, at=st.none() | st.just(AT))
progressed = st.builds(
    Progressed,
    found=rollovers,
    delivered=numbers,
    total=numbers,
    waiting=numbers,
    gitlab_silent=st.booleans(),
    stopped=titles,
)
issues = st.builds(
    Issue, iid=numbers, title=titles, labels=st.lists(titles, max_size=5).map(tuple), url=addresses, open=st.booleans()
)
many_issues = st.lists(issues, max_size=50).map(tuple)
kept = st.lists(st.builds(Kept, what=titles, why=titles), max_size=30).map(tuple)
failed = st.lists(st.tuples(lines, titles), max_size=30).map(tuple)
generously = settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def texts(part: object) -> list[str]:
    """Every text in mrkdwn, however deep it stands."""
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == "mrkdwn" else []
        return own + [text for each in part.values() for text in texts(each)]
    return [text for each in part for text in texts(each)] if isinstance(part, list | tuple) else []


def pings_nobody(mrkdwn: list[str]) -> None:
    for text in mrkdwn:
        for token in re.findall(r"<([^<>]*)>", text):
            assert OURS.fullmatch(token), text
        assert not re.search(r"[<>]", re.sub(r"<[^<>]*>|^> ", "", text, flags=re.MULTILINE)), text


def fits(said: Words) -> None:
    """Slack takes it as a new message and as an edit."""
    judged({"text": said.text, "blocks": list(said.blocks)}, MOST_CHARACTERS_IN_UPDATE)
    assert said.text.strip()
    pings_nobody([said.text, *texts(said.blocks)])


def fits_screen(view: View) -> None:
    assert faults_in_view(view, view["type"]) == []
    assert view["blocks"]
    assert len(json.dumps(view)) <= MOST_BYTES - 1000, "with room for what is added when it is opened"
    pings_nobody(texts(view["blocks"]))


@generously
@given(st.builds(Previewed, preview=previews, turn=turns, project=titles))
def test_the_preview_of_any_week_fits_a_modal(shown: Previewed) -> None:
    fits_screen(say.preview(shown, TEAM))


@generously
@given(
    st.builds(Previewed, preview=previews, refusal=st.none() | refusals, running=st.none() | rollovers, who=who),
    titles,
)
def test_why_a_week_is_not_rolled_over_fits_a_modal(shown: Previewed, reason: str) -> None:
    fits_screen(say.preview(shown, TEAM))
    fits_screen(say.preview_silent(shown, reason))


@generously
@given(
    st.builds(
        UndoPreviewed,
        preview=previews,
        found=st.builds(lambda found, turn: replace(found, turn=turn), rollovers, st.none() | turns),
        undo=st.none() | st.builds(Undo, stages=st.just(()), issues=many_lines, kept=kept),
        refusal=titles.filter(str.strip),
    ),
    titles,
)
def test_the_preview_of_any_way_back_fits_a_modal(shown: UndoPreviewed, reason: str) -> None:
    fits_screen(say.preview_undo(shown))
    fits_screen(say.undo_silent(shown, reason))


@generously
@given(progressed)
def test_progress_fits_a_message(now: Progressed) -> None:
    fits(say.progress(now))
    fits(say.stopped(now))


@generously
@given(st.builds(Reported, found=rollovers, turn=turns, failed=failed, kept=failed))
def test_the_report_of_any_week_fits_a_message(told: Reported) -> None:
    fits(say.report(told, TEAM))
    assert not told.failed or "wow.retry" in str(say.report(told, TEAM).blocks), "the button is never crowded out"


@generously
@given(st.builds(TakenBack, found=rollovers, kept=kept, failed=failed))
def test_the_report_of_any_way_back_fits_a_message(told: TakenBack) -> None:
    fits(say.undone(told, TEAM))


@generously
@given(
    st.builds(
        Standing,
        title=titles,
        now=st.just(AT),
        milestone=st.none() | milestones,
        days_left=st.none() | st.integers(0, 7),
        open=many_issues,
        goals=many_issues,
        carried=st.none() | numbers,
        ap=st.just({"AP1": 1, "AP2": 0}),
        as_of=st.none() | st.just(AT),
        running=st.none() | progressed,
    ),
    st.booleans(),
)
def test_how_any_week_stands_fits_a_message(standing: Standing, with_usage: bool) -> None:
    fits(weeks.standing(standing, TEAM, with_usage=with_usage))


@generously
@given(
    st.lists(
        st.builds(
            Closed, milestone=milestones, done=numbers, unscheduled=numbers, by=people, by_hand=titles, at=st.just(AT)
        ),
        max_size=52,
    )
)
def test_a_year_of_weeks_fits_a_message(closed: list[Closed]) -> None:
    fits(weeks.history(closed, TEAM, None, AT))


@given(titles)
def test_whatever_went_wrong_is_said_within_the_limits(text: str) -> None:
    for said in (
        general.apology("r1"),
        general.unknown(text),
        general.gitlab_refused(text),
        general.file_not_sent(text),
        general.with_open_button(general.press_open(), text or "x"),
        weeks.unknown(text),
        weeks.with_usage(weeks.unknown(text)),
    ):
        fits(said)
        fits_screen(general.said_in_modal(said))


def test_a_request_that_is_too_long_for_a_button_gets_no_button() -> None:
    assert "button" not in str(general.with_open_button(general.press_open(), "x" * 2001).blocks)
    assert "button" in str(general.with_open_button(general.press_open(), "x" * 2000).blocks)


# The pieces


@given(titles)
def test_escaped_text_is_what_was_typed_and_nothing_else(text: str) -> None:
    shown = escape(text)

    assert not re.search(r"[<>]", shown)
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(titles, addresses)
def test_a_link_is_one_token_or_plain_text(text: str, url: str) -> None:
    pings_nobody([link(url, text)])


@given(st.text(max_size=50), st.integers(1, 60))
def test_a_shortened_text_says_that_it_was_cut(text: str, most: int) -> None:
    cut = shorten(text, most)

    assert len(cut) <= most
    assert cut == text or cut.endswith("…")


@given(titles, addresses, st.integers(1, 200))
def test_words_that_are_cut_end_in_no_half_of_a_link(text: str, url: str, most: int) -> None:
    cut = shorten_mrkdwn(f"{link(url, text)} {escape(text)} <@U1>", most)

    assert len(cut) <= most
    pings_nobody([cut])
    assert not re.search(r"&(?!amp;|lt;|gt;)", cut)


@given(st.lists(st.text(max_size=5000), max_size=12))
def test_a_page_of_any_paragraphs_fits_a_message(paragraphs: list[str]) -> None:
    page = Page().say("first")
    for each in paragraphs:
        page.say(escape(each))

    fits(page.words())


def test_a_goal_that_moves_and_a_late_addition_are_remarked_on() -> None:
    team = replace(TEAM, labels=replace(TEAM.labels, unscheduled="not planned"))

    remark = say.remark(Line("issue", 1, "t", late=True, moved=2), team)

    assert "“not planned”" in remark
    assert "moved 2" in remark
