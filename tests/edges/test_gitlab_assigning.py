"""What passes in a hand-off is assigned to whoever takes the pager, and what is said of it is written there once."""

from collections.abc import Iterator

import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.domain.journal import Delivery
from bot.domain.operations import AddNote, Assign, Colleague, WriteReport
from tests.contract import check_exchanges, needs_contract
from tests.edges.tracker import Tracker, opened

ALICE, BOB = Colleague(email="alice@example.com"), Colleague(email="Bob@Example.com", handle="robert")
NOT_ACCEPTED = {"missing": "GitLab did not accept bob as an assignee (are they a member of the project?)"}
NOT_KNOWN = {"missing": "no user in GitLab is known for them; GITLAB_USERS names one"}


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with opened() as tracker:
        for name in ("alice", "bob", "chen", "dave"):
            tracker.world.add_user(name, email=f"{name}@example.com")
        yield tracker


@pytest.fixture
def paid(tracker: Tracker) -> Tracker:
    """A tier that allows for several assignees."""
    tracker.world.state.many_assignees = True
    return tracker


def assign(
    iid: int | None,
    *before: str,
    incoming: Colleague | None = BOB,
    outgoing: Colleague | None = ALICE,
) -> Assign:
    return Assign(3, f"issue:{iid}", f"issue:{iid}", iid, incoming, outgoing, before)


def add_note(iid: int | None, body: str = "For Bob: it is the cache.", *, internal: bool = False) -> AddNote:
    return AddNote(3, f"issue:{iid}", f"issue:{iid}", "handoff:3", iid, body, internal)


def assigned(tracker: Tracker, iid: int) -> list[str]:
    return [each["username"] for each in tracker.world.issue(iid)["assignees"]]


def bodies(tracker: Tracker, iid: int) -> list[str]:
    return [each["body"] for each in tracker.world.notes(iid)]


def lookups(tracker: Tracker) -> list[str]:
    """What was asked about people."""
    return [each.query.partition("&")[0] for each in tracker.server.recorded() if each.path.endswith("/users")]


# Assigning


def test_the_incoming_person_takes_the_place_of_the_outgoing_one_and_the_others_stay(paid: Tracker) -> None:
    iid = paid.world.add_issue("Slow", assignees=["alice", "chen"])

    assert paid.tells(assign(iid, "alice", "chen")) == {}

    assert assigned(paid, iid) == ["bob", "chen"]


def test_where_one_person_fits_it_is_the_incoming_one_and_who_made_room_is_said(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["chen"])

    assert tracker.tells(assign(iid, "chen")) == {"missing": "chen had to make room for bob: GitLab keeps one here"}

    assert assigned(tracker, iid) == ["bob"]


def test_where_it_is_so_already_nothing_is_written(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["bob"])

    assert tracker.tells(assign(iid, "alice")) == {}

    assert tracker.requests("PUT") == []


def test_a_closed_issue_is_left_alone(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"], state="closed")

    assert tracker.tells(assign(iid, "alice")) == {"kept": "it is closed"}

    assert assigned(tracker, iid) == ["alice"]


def test_whom_somebody_assigned_since_the_offer_stays_where_one_person_fits(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])
    tracker.world.edit_issue(iid, assignees=["chen"])

    assert tracker.tells(assign(iid, "alice")) == {"kept": "somebody assigned chen meanwhile"}

    assert assigned(tracker, iid) == ["chen"]


def test_whom_somebody_assigned_since_the_offer_stays_beside_the_incoming_person(paid: Tracker) -> None:
    iid = paid.world.add_issue("Slow", assignees=["alice"])
    paid.world.edit_issue(iid, assignees=["alice", "chen"])

    assert paid.tells(assign(iid, "alice")) == {}

    assert assigned(paid, iid) == ["chen", "bob"]


def test_two_attempts_assign_once(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])
    telling = tracker.telling(assign(iid, "alice"))
    tracker.weather.drops_after(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()

    assert telling.tries() == {}
    assert assigned(tracker, iid) == ["bob"]
    assert len(tracker.requests("PUT")) == 1


def test_an_attempt_that_did_not_arrive_is_made_up_for(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])
    telling = tracker.telling(assign(iid, "alice"))
    tracker.weather.drops_before(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()
    tracker.world.comment(iid, "assigned to @bob", by="chen")

    assert telling.tries() == {}
    assert assigned(tracker, iid) == ["bob"]


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (["chen"], "somebody assigned chen meanwhile"),
        (["alice"], "somebody took bob off meanwhile"),
        ([], "somebody took bob off meanwhile"),
        (["dave", "chen"], "somebody assigned dave and chen meanwhile"),
    ],
)
def test_who_changed_it_after_an_attempt_whose_answer_was_lost_has_the_last_word(
    paid: Tracker, chosen: list[str], why: str
) -> None:
    iid = paid.world.add_issue("Slow", assignees=["alice"])
    telling = paid.telling(assign(iid, "alice"))
    paid.weather.drops_after(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()
    for number in range(120):
        paid.world.comment(iid, f"Look at {number}")
    paid.world.edit_issue(iid, assignees=chosen)

    assert telling.tries() == {"kept": why}
    assert assigned(paid, iid) == chosen


def test_who_was_assigned_long_before_and_taken_off_is_assigned(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])
    tracker.world.edit_issue(iid, assignees=["bob"])
    tracker.world.edit_issue(iid, assignees=["alice"])
    tracker.clock.moves(hours=8)
    telling = tracker.telling(assign(iid, "alice"))
    telling.first_attempt_at, telling.attempts = tracker.clock(), 1
    tracker.world.edit_issue(iid, assignees=["chen"])
    tracker.world.edit_issue(iid, assignees=["alice"])

    assert telling.tries() == {}
    assert assigned(tracker, iid) == ["bob"]


@pytest.mark.parametrize("before", [["alice"], ["alice", "chen"], ["chen"], []])
@pytest.mark.parametrize("many", [False, True])
def test_who_is_no_member_is_dropped_by_gitlab_without_a_word_and_that_is_said(
    tracker: Tracker, before: list[str], many: bool
) -> None:
    tracker.world.edit_user("bob", access_level=0)
    tracker.world.state.many_assignees = many
    iid = tracker.world.add_issue("Slow", assignees=before)
    telling = tracker.telling(assign(iid, *assigned(tracker, iid)))

    assert [telling.tries(), telling.tries()] == [NOT_ACCEPTED] * 2


def test_who_may_not_see_a_confidential_issue_is_said_too(tracker: Tracker) -> None:
    tracker.world.edit_user("bob", access_level=10)
    iid = tracker.world.add_issue("Leak", confidential=True, assignees=["alice"])

    assert tracker.tells(assign(iid, "alice")) == NOT_ACCEPTED


def test_an_issue_that_is_gone_or_was_never_made_is_refused(tracker: Tracker) -> None:
    with pytest.raises(Rejected) as refused:
        tracker.tells(assign(99))
    assert refused.value.gone

    for operation in (assign(None), add_note(None)):
        with pytest.raises(Rejected, match="no issue in GitLab"):
            tracker.tells(operation)


# Who is who


@pytest.mark.parametrize(
    "who",
    [
        Colleague(username="BOB", email="alice@example.com", handle="alice"),
        Colleague(email="BOB@example.com", handle="alice"),
        Colleague(email="bob@private.example", handle="Bob"),
        Colleague(handle="bob"),
    ],
)
def test_somebody_is_known_by_the_setting_else_the_same_e_mail_else_the_same_name(
    tracker: Tracker, who: Colleague
) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])

    assert tracker.tells(assign(iid, "alice", incoming=who)) == {}
    assert assigned(tracker, iid) == ["bob"]


def test_an_address_that_is_not_public_is_shown_to_an_administrator_only(tracker: Tracker) -> None:
    tracker.world.add_user("bobby", email="robert@example.com", email_public=False)
    iid = tracker.world.add_issue("Slow")
    robert = Colleague(email="Robert@example.com")

    assert tracker.tells(assign(iid, incoming=robert)) == NOT_KNOWN
    tracker.world.token_admin = True
    assert tracker.tells(assign(iid, incoming=robert)) == {}

    assert assigned(tracker, iid) == ["bobby"]


def test_a_name_in_which_the_address_merely_occurs_is_not_taken_for_it(tracker: Tracker) -> None:
    tracker.world.add_user("mallory", "Not b@example.com", email="mallory@example.com")
    iid = tracker.world.add_issue("Slow")

    assert tracker.tells(assign(iid, incoming=Colleague(email="b@example.com"))) == NOT_KNOWN
    assert assigned(tracker, iid) == []


@pytest.mark.parametrize("who", [None, Colleague(), Colleague(email="x@example.com", handle="nobody")])
def test_who_is_not_known_in_gitlab_is_said_and_nothing_is_touched(tracker: Tracker, who: Colleague | None) -> None:
    iid = tracker.world.add_issue("Slow", assignees=["alice"])

    assert tracker.tells(assign(iid, "alice", incoming=who)) == NOT_KNOWN

    assert assigned(tracker, iid) == ["alice"]
    assert tracker.requests() == []


def test_a_setting_that_names_nobody_is_said_and_nobody_else_is_taken(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")

    made = tracker.tells(assign(iid, incoming=Colleague("bbo", "bob@example.com", "bob")))

    assert made == {"missing": "GitLab knows no user bbo, whom GITLAB_USERS names"}


def test_where_the_outgoing_person_is_not_known_the_incoming_one_is_assigned_all_the_same(paid: Tracker) -> None:
    iid = paid.world.add_issue("Slow", assignees=["alice"])

    assert paid.tells(assign(iid, "alice", outgoing=Colleague(handle="nobody"))) == {}
    assert paid.tells(assign(iid, "alice", outgoing=None)) == {}

    assert assigned(paid, iid) == ["bob", "alice"]


def test_the_same_two_are_asked_for_once_in_a_while(tracker: Tracker) -> None:
    gitlab = tracker.edge()
    try:
        for minutes in (0, 1, 20):
            tracker.clock.moves(minutes=minutes)
            iid = tracker.world.add_issue("Slow", assignees=["alice"])
            gitlab.perform(Delivery(1, "b", "n", assign(iid, "alice"), "leased", 0))
    finally:
        gitlab.close()

    assert lookups(tracker) == ["search=Bob%40Example.com", "search=alice%40example.com"] * 2


# Notes and the report


def test_a_note_is_written_with_its_marker_and_internal_where_it_should_be(tracker: Tracker) -> None:
    iid, other = tracker.world.add_issue("Slow"), tracker.world.add_issue("Leak")

    made = [tracker.tells(add_note(iid)), tracker.tells(add_note(other, internal=True))]

    [public], [internal] = tracker.world.notes(iid), tracker.world.notes(other)
    assert made == [{"id": public["id"]}, {"id": internal["id"]}]
    assert public["body"] == "For Bob: it is the cache.\n\n<!-- baton:handoff:3 -->"
    assert (public["internal"], internal["internal"]) == (False, True)
    assert len(tracker.requests()) == 2


def test_a_note_is_written_once_and_what_somebody_made_of_it_stays(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(add_note(iid))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    made = tracker.world.notes(iid)[0]["id"]
    edited = f"{bodies(tracker, iid)[0]}\n\nNo, it is the disk."
    tracker.world.edit_note(iid, made, edited)
    for number in range(250):
        tracker.world.comment(iid, f"Look at {number}")

    assert telling.tries() == {"id": made}
    assert bodies(tracker, iid)[0] == edited
    assert (len(tracker.requests("POST")), tracker.requests("PUT")) == (1, [])


def test_a_note_whose_first_attempt_did_not_arrive_is_written_by_the_second(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(add_note(iid))
    tracker.weather.drops_before(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()

    telling.tries()

    assert len(bodies(tracker, iid)) == 1


def test_a_note_that_did_not_become_internal_is_taken_back(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    made = tracker.world.comment(iid, "A secret", by="baton")
    shown = {"id": made, "body": "A secret", "created_at": "2026-11-21T12:00:00.000Z", "internal": False}
    tracker.weather.fails(201, match="POST", body=shown)

    with pytest.raises(Rejected, match="took it back"):
        tracker.tells(add_note(iid, "A secret", internal=True))

    assert bodies(tracker, iid) == []


def test_the_report_of_a_hand_off_is_made_once_as_any_issue_is(tracker: Tracker) -> None:
    report = WriteReport("handoff:3", "On call", "Quiet.", ("oncall report",), line="reports", handoff=3)
    telling = tracker.telling(report)
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()

    assert telling.tries()["iid"] == 1
    assert tracker.world.issue(1)["labels"] == ["oncall report"]
    assert len(tracker.requests("POST")) == 1


@needs_contract
def test_all_that_is_said_keeps_to_gitlab_s_document(paid: Tracker) -> None:
    iid = paid.world.add_issue("Slow", assignees=["alice"])
    telling = paid.telling(assign(iid, "alice", incoming=Colleague(email="x@example.com", handle="bob")))
    paid.weather.drops_after(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()
    paid.world.edit_issue(iid, assignees=["chen"])
    telling.tries()
    writing = paid.telling(add_note(iid, internal=True))
    assert writing.tries() == writing.tries()
    paid.is_asked()

    assert len(check_exchanges(paid.server.recorded())) >= 7
