"""What GitLab is told of an outage: each thing once, in spite of answers that are lost, and overruling nobody."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import READ_ONLY, CloseIssue, CreateIssue, Operation, SetDescription, WriteNote
from bot.sandbox.gitlab.records import GUEST
from tests.contract import check_exchanges, needs_contract
from tests.edges.tracker import Tracker, opened

OUTAGE = CreateIssue("key-7", "GitLab.com is slow", "Pages take 20 s.", ("outage", "critical"), line="outage:7")


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with opened() as tracker:
        yield tracker


def note(
    iid: int | None,
    body: str = "12:00 UTC Slow",
    marker: str = "event:1",
    *,
    note: int | None = None,
    internal: bool = False,
) -> WriteNote:
    return WriteNote(7, 1, iid, note, body, marker, internal)


def bodies(tracker: Tracker, iid: int) -> list[str]:
    return [each["body"] for each in tracker.world.notes(iid)]


# The issue


def test_an_issue_is_made_by_one_request_with_its_marker_labels_and_confidentiality(tracker: Tracker) -> None:
    made = tracker.tells(CreateIssue("key-7", " Leak ", "Seen.", ("outage", "critical"), confidential=True))

    issue = tracker.world.issue(made["iid"])
    assert made == {"id": 1, "iid": 1, "url": issue["web_url"], "title": "Leak"}
    assert issue["description"] == "Seen.\n\n<!-- baton:key-7 -->"
    assert (issue["labels"], issue["confidential"]) == (["critical", "outage"], True)
    assert len(tracker.requests()) == 1
    [write] = tracker.world.writes
    assert write.body["confidential"] is True


@pytest.mark.parametrize("confidential", [False, True])
def test_an_issue_is_made_once_although_the_answer_was_lost(tracker: Tracker, confidential: bool) -> None:
    telling = tracker.telling(CreateIssue("key-7", "Slow", "Seen.", ("outage",), confidential=confidential))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    tracker.clock.moves(hours=2)

    assert telling.tries()["iid"] == 1
    assert telling.tries()["iid"] == 1
    assert len(tracker.requests("POST")) == 1


def test_an_issue_whose_first_attempt_did_not_arrive_is_made_by_the_second(tracker: Tracker) -> None:
    tracker.world.add_issue("Another", description="Seen.\n\n<!-- baton:key-77 -->")
    telling = tracker.telling(OUTAGE)
    tracker.weather.drops_before(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()

    assert telling.tries()["iid"] == 2


def test_an_issue_is_found_on_the_last_page_of_many_although_gitlab_s_clock_is_behind(tracker: Tracker) -> None:
    telling = tracker.telling(OUTAGE)
    telling.first_attempt_at, telling.attempts = tracker.clock(), 1
    tracker.clock.moves(minutes=-3)
    for number in range(210):
        tracker.world.add_issue(f"Issue {number}")
    tracker.world.add_issue("Ours", description="Seen.\n\n<!-- baton:key-7 -->\n\nSomebody added this.", state="closed")
    tracker.clock.moves(minutes=3)

    assert telling.tries()["title"] == "Ours"
    assert tracker.requests("POST") == []


def test_a_copy_that_somebody_made_of_an_issue_is_not_taken_for_it(tracker: Tracker) -> None:
    telling = tracker.telling(OUTAGE)
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    tracker.world.add_issue("Copy", description=tracker.world.issue(1)["description"], by="alice")

    assert telling.tries()["iid"] == 1


def test_an_issue_that_did_not_become_confidential_gets_nothing_more(tracker: Tracker) -> None:
    shown = {"iid": 3, "title": "Leak", "state": "opened", "confidential": False}
    tracker.weather.fails(201, match="POST", body=shown)

    with pytest.raises(Rejected, match="#3"):
        tracker.tells(CreateIssue("key-7", "Leak", "Seen.", confidential=True))


def test_a_title_that_gitlab_does_not_take_is_refused_in_its_words(tracker: Tracker) -> None:
    with pytest.raises(Rejected, match="title is too long"):
        tracker.tells(CreateIssue("key-7", "x" * 256, "Seen."))


# Notes


def test_a_note_is_written_by_one_request_and_internal_where_it_should_be(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")

    made = [tracker.tells(note(iid)), tracker.tells(note(iid, marker="event:2", internal=True))]

    public, internal = tracker.world.notes(iid)
    assert made == [{"id": public["id"]}, {"id": internal["id"]}]
    assert public["body"] == "12:00 UTC Slow\n\n<!-- baton:event:1 -->"
    assert (public["internal"], internal["internal"]) == (False, True)
    assert len(tracker.requests()) == 2


def test_two_attempts_make_one_note(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    tracker.tells(note(iid, marker="event:11"))
    telling = tracker.telling(note(iid, internal=True))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    for number in range(250):
        tracker.world.comment(iid, f"Look at {number}")

    made = telling.tries()

    assert made == {"id": tracker.world.notes(iid)[1]["id"]}
    assert len(tracker.requests("POST")) == 2
    assert tracker.requests("PUT") == []


def test_a_page_that_is_empty_because_its_notes_are_hidden_is_not_the_last(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    tracker.world.token_access = GUEST
    telling = tracker.telling(note(iid))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    for number in range(150):
        tracker.world.comment(iid, f"Between us {number}", internal=True)

    telling.tries()

    assert len(bodies(tracker, iid)) == 151


def test_what_was_written_long_before_the_first_attempt_is_not_looked_through(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    for number in range(250):
        tracker.world.comment(iid, f"Look at {number}")
    tracker.clock.moves(hours=1)
    telling = tracker.telling(note(iid))
    telling.first_attempt_at, telling.attempts = tracker.clock(), 1

    telling.tries()

    assert len(tracker.requests("GET")) == 1


def test_a_reply_that_quotes_a_note_is_not_taken_for_it(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(note(iid))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    quoted = "\n".join(f"> {line}" for line in bodies(tracker, iid)[0].splitlines())
    tracker.world.comment(iid, f"{quoted}\n\nReally?")

    assert telling.tries() == {"id": tracker.world.notes(iid)[0]["id"]}


def test_a_note_found_by_a_later_attempt_says_what_is_true_by_then(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(note(iid))
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        telling.tries()
    telling.operation = note(iid, "12:01 UTC Very slow")

    telling.tries()

    assert bodies(tracker, iid) == ["12:01 UTC Very slow\n\n<!-- baton:event:1 -->"]


def test_an_edited_note_keeps_its_place_and_is_not_written_where_it_says_so_already(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    first = tracker.tells(note(iid))["id"]
    tracker.tells(note(iid, "12:05 UTC Fast", "event:2"))
    edited = note(iid, "12:01 UTC Very slow", note=first)

    assert [tracker.tells(edited), tracker.tells(edited)] == [{"id": first}] * 2
    assert bodies(tracker, iid)[0].startswith("12:01 UTC Very slow")
    assert len(tracker.requests("PUT")) == 1


def test_a_deleted_note_stays_deleted(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    made = tracker.tells(note(iid))["id"]
    tracker.world.delete_note(iid, made)
    telling = tracker.telling(note(iid, "12:01 UTC Very slow", note=made))

    assert [telling.tries(), telling.tries()] == [{"kept": "somebody deleted the note"}] * 2
    assert bodies(tracker, iid) == []


def test_a_note_under_a_deleted_issue_is_refused_as_gone(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    made = tracker.tells(note(iid))["id"]
    tracker.world.delete_issue(iid)

    for operation in (note(iid), note(iid, note=made)):
        with pytest.raises(Rejected) as refused:
            tracker.tells(operation)
        assert refused.value.gone


def test_what_is_internal_is_not_written_where_everybody_reads_it(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    public = tracker.tells(note(iid))["id"]

    with pytest.raises(Rejected, match="everybody"):
        tracker.tells(note(iid, "A secret", note=public, internal=True))

    assert "secret" not in bodies(tracker, iid)[0]


def test_a_note_that_did_not_become_internal_is_taken_back(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    made = tracker.world.comment(iid, "A secret", by="baton")
    shown = {"id": made, "body": "A secret", "created_at": "2026-11-21T12:00:00.000Z", "internal": False}
    tracker.weather.fails(201, match="POST", body=shown)

    with pytest.raises(Rejected, match="took it back"):
        tracker.tells(note(iid, "A secret", internal=True))

    assert bodies(tracker, iid) == []


@pytest.mark.parametrize("operation", [note(None), CloseIssue(7), SetDescription(7, "Text", "postmortem:7")])
def test_without_an_issue_nothing_is_told(tracker: Tracker, operation: Operation) -> None:
    with pytest.raises(Rejected, match="no issue in GitLab yet"):
        tracker.tells(operation)

    assert tracker.requests() == []


def test_a_token_that_may_only_read_is_told_from_other_refusals(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    tracker.world.token_read_only = True

    for operation in (OUTAGE, note(iid), CloseIssue(7, iid), SetDescription(7, "Text", "postmortem:7", iid)):
        with pytest.raises(Rejected) as refused:
            tracker.tells(operation)
        assert refused.value.reason == READ_ONLY


# The end


def test_an_issue_is_closed_by_one_request(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")

    assert tracker.tells(CloseIssue(7, iid)) == {"at": "2026-11-21T12:00:01.000Z"}
    assert tracker.world.issue(iid)["state"] == "closed"
    assert len(tracker.requests()) == 1


def test_closing_again_finds_it_closed_and_leaves_it_open_where_somebody_reopened_it(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", state="closed")
    tracker.world.edit_issue(iid, state="opened", by="alice")  # long before anybody resolved it
    tracker.clock.moves(hours=1)
    telling = tracker.telling(CloseIssue(7, iid))
    tracker.weather.drops_after(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()

    assert telling.tries() == {}
    tracker.world.edit_issue(iid, state="opened", by="alice")
    assert telling.tries() == {"kept": "somebody reopened it"}
    assert tracker.world.issue(iid)["state"] == "opened"
    assert len(tracker.requests("PUT")) == 1


def test_an_issue_whose_closing_did_not_arrive_is_closed_by_the_next_attempt(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(CloseIssue(7, iid))
    tracker.weather.drops_before(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()

    assert list(telling.tries()) == ["at"]
    assert tracker.world.issue(iid)["state"] == "closed"


def test_closing_that_waited_for_long_looks_whether_somebody_was_faster(tracker: Tracker) -> None:
    closed, reopened = tracker.world.add_issue("Slow"), tracker.world.add_issue("Slower")
    tellings = [tracker.telling(CloseIssue(7, closed)), tracker.telling(CloseIssue(8, reopened))]
    tracker.clock.moves(minutes=6)
    for iid in (closed, reopened):
        tracker.world.edit_issue(iid, state="closed", by="alice")
    tracker.world.edit_issue(reopened, state="opened", by="alice")

    assert [each.tries() for each in tellings] == [{}, {"kept": "somebody reopened it"}]
    assert tracker.requests("PUT") == []


# The text


def description(tracker: Tracker, iid: int) -> str:
    return str(tracker.world.issue(iid)["description"])


def test_a_text_is_put_on_top_and_the_next_one_takes_its_place(tracker: Tracker) -> None:
    iid = tracker.tells(OUTAGE)["iid"]
    before = description(tracker, iid)

    for text in ("# Post-mortem\n\nFirst draft", "# Post-mortem\n\nSecond draft\n"):
        assert tracker.tells(SetDescription(7, text, "postmortem:7", iid)) == {}

    after = description(tracker, iid)
    assert after.startswith("# Post-mortem\n\nSecond draft\n\n\n<!-- baton:postmortem:7 ")
    assert after.endswith(f"-->\n\n{before}")
    assert after.count("baton:postmortem") == 1
    assert "First" not in after


def test_a_text_is_put_there_once_although_the_answer_was_lost(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    telling = tracker.telling(SetDescription(7, "# Post-mortem", "postmortem:7", iid))
    tracker.weather.drops_after(match="PUT")
    with pytest.raises(Unavailable):
        telling.tries()
    once = description(tracker, iid)

    assert telling.tries() == {}
    assert description(tracker, iid) == once
    assert len(tracker.requests("PUT")) == 1


def test_what_people_wrote_below_or_into_a_text_is_kept(tracker: Tracker) -> None:
    iid = tracker.tells(OUTAGE)["iid"]
    tracker.tells(SetDescription(7, "First draft\n\nWhy?", "postmortem:7", iid))
    edited = description(tracker, iid).replace("Why?", "Why? Because of the cache.") + "\n\nSee also the graphs."
    tracker.world.edit_issue(iid, description=edited)

    tracker.tells(SetDescription(7, "Second draft", "postmortem:7", iid))

    after = description(tracker, iid)
    parts = ["Second draft", "postmortem:7", "First draft", "Because of the cache.", "Pages take 20 s.", "key-7", "See"]
    assert [after.index(part) for part in parts] == sorted(after.index(part) for part in parts)
    tracker.tells(SetDescription(7, "Third draft", "postmortem:7", iid))
    assert description(tracker, iid).partition("-->")[2] == after.partition("-->")[2]


def test_a_text_takes_the_place_of_what_baton_wrote_first_and_the_issue_stays_known(tracker: Tracker) -> None:
    seen = "Pages take 20 s,  \nsays \\@alice (.*).\n\nDeclared by alice"
    for said_above, said_below, ends in (("", "", "\n"), ("See also #3\n\n", "\n\n    graphs", "\r\n")):
        iid = tracker.tells(replace(OUTAGE, marker=f"key{len(ends)}", description=seen))["iid"]
        written = f"{said_above}{description(tracker, iid)}{said_below}".replace("\n", ends)
        tracker.world.edit_issue(iid, description=written)

        for text in ("First draft", "Second draft"):
            tracker.tells(SetDescription(7, text, "postmortem:7", iid, seen))

        top, below = description(tracker, iid).split(" -->\n\n", 1)
        assert top.startswith("Second draft\n\n<!-- baton:postmortem:7 ")
        assert below == f"{said_above}<!-- baton:key{len(ends)} -->{said_below}".replace("\n", ends)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("says alice", "says alice, no: bob"),
        ("Declared by alice", "Declared by alice, as it seems"),
        ("Pages take", "> Pages take"),
    ],
)
def test_what_people_made_of_what_baton_wrote_first_stays(tracker: Tracker, ours: str, theirs: str) -> None:
    seen = "Pages take 20 s, says alice\n\nDeclared by alice"
    iid = tracker.tells(replace(OUTAGE, description=seen))["iid"]
    edited = description(tracker, iid).replace(ours, theirs)
    tracker.world.edit_issue(iid, description=edited)

    tracker.tells(SetDescription(7, "Draft", "postmortem:7", iid, seen))

    assert description(tracker, iid).endswith(f" -->\n\n{edited}")


def test_the_same_text_again_leaves_alone_what_somebody_made_of_it(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")
    operation = SetDescription(7, "First draft\n\nWhy?", "postmortem:7", iid)
    tracker.tells(operation)
    tracker.world.edit_issue(iid, description=description(tracker, iid).replace("Why?", "Because."))
    edited = description(tracker, iid)

    assert tracker.tells(operation) == {"kept": "somebody edited it since"}
    assert description(tracker, iid) == edited


def test_a_text_whose_mark_somebody_took_away_is_theirs(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", description="Only mine.\r\nSecond line.")

    tracker.tells(SetDescription(7, "Draft", "postmortem:7", iid))

    assert description(tracker, iid).endswith("\n\nOnly mine.\r\nSecond line.")


def test_a_text_that_gitlab_changed_on_the_way_is_said(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow")

    with pytest.raises(Rejected, match="kept another one"):
        tracker.tells(SetDescription(7, "Draft\n/confidential", "postmortem:7", iid))


@needs_contract
def test_all_that_is_said_keeps_to_gitlab_s_document(tracker: Tracker) -> None:
    making = tracker.telling(CreateIssue("key-7", "Slow", "Seen.", ("outage",), confidential=True))
    iid = [making.tries() for _ in range(2)][-1]["iid"]
    writing = tracker.telling(note(iid, internal=True))
    written = [writing.tries() for _ in range(2)][-1]["id"]
    tracker.tells(note(iid, "12:01 UTC Very slow", note=written))
    tracker.tells(SetDescription(7, "Draft", "postmortem:7", iid))
    closing = tracker.telling(CloseIssue(7, iid))
    closing.attempts = 1
    closing.tries()
    tracker.is_asked(iid, 99)

    seen = check_exchanges(tracker.server.recorded())

    assert len(seen) >= 10
