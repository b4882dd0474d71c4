"""Outages are declared, resolved and looked back upon from a terminal, whatever GitLab does."""

import json
import signal
import subprocess
from pathlib import Path

from bot import terminal
from bot.terminal.event import EventTwin
from tests.edges.terminal.shell import OPS, Shell, command
from tests.stories.process import environment
from tests.stories.world import World

PNG = b"\x89PNG\r\n\x1a\n"


def notes_of(world: World, iid: int) -> list[str]:
    return [note.body for note in world.gitlab.state.issues[iid].notes if not note.system]


def test_an_outage_becomes_an_issue_with_what_was_filled_in_and_is_announced(world: World, shell: Shell) -> None:
    code, said = shell.declares(
        "Database is down", seen="every page is empty", data_loss="yes", confidential="", critical="yes", ap="AP2"
    )

    (iid,) = world.gitlab.state.issues
    assert code == terminal.DONE
    assert "Outage O1 “Database is down” is declared, and begins now. Nobody was paged" in said
    assert f"Its issue is #{iid}: {world.gitlab.server.url}/acme/production/-/issues/{iid}" in said
    assert world.gitlab.labels_of(iid) == ["(perceived) data loss", "AP2", "critical", "outage"]
    assert "every page is empty" in world.gitlab.issue(iid)["description"]
    assert len(notes_of(world, iid)) == 1
    assert f"O1 (#{iid})" in world.said("Outage O1").text


def test_a_confidential_outage_is_confidential_from_its_creation(world: World, shell: Shell) -> None:
    shell.declares("Keys leaked", confidential="yes")

    (iid,) = world.gitlab.state.issues
    assert world.gitlab.issue(iid)["confidential"] is True
    assert not world.messages("Keys leaked")


def test_an_outage_without_a_title_or_with_too_much_to_see_is_not_declared(world: World, shell: Shell) -> None:
    nameless = shell.declares(" ")
    long = shell.declares("Database is down", seen="x" * 3001)

    assert nameless == (terminal.WRONG, "Please say in a few words what is wrong.")
    assert long == (terminal.WRONG, "--seen takes at most 3,000 characters, and yours has 3,001.")
    assert shell.resolves()[1] == "No outage is ongoing."


def test_an_outage_that_looks_like_another_one_is_declared_and_this_is_said(world: World, shell: Shell) -> None:
    shell.declares("Database is down")

    code, said = shell.declares("database down again")

    assert code == terminal.DONE
    assert "It looks like O1 (#1) “Database is down”, which is ongoing already" in said
    assert ".venv/bin/python -m bot event resolve O2" in said


def test_an_outage_goes_on_while_gitlab_is_silent_and_becomes_one_issue_when_it_is_back(
    world: World, shell: Shell
) -> None:
    world.gitlab.goes_down()

    declared = shell.declares("Database is down")
    logged = shell.logs("replication stopped")
    resolved = shell.resolves()
    world.gitlab.comes_back()
    shell.logs("O1 it was the disk")

    assert {code for code, _ in (declared, logged, resolved)} == {terminal.DONE}
    for _, said in (declared, logged, resolved):
        assert "GitLab has not taken it yet: a running `serve` continues with it." in said
    (iid,) = world.gitlab.state.issues
    assert world.gitlab.issue(iid)["state"] == "closed"
    words = ("declared", "replication", "resolved", "disk")
    assert [next(word for word in words if word in note) for note in notes_of(world, iid)] == list(words)


def test_what_gitlab_refuses_has_a_code_of_its_own(world: World, shell: Shell) -> None:
    world.gitlab.weather.fails(403, match="^POST .*/issues$")

    code, said = shell.declares("Database is down")

    assert code == terminal.STOPPED
    assert "Outage O1 “Database is down” is declared, and begins now." in said
    assert "GitLab refused it: " in said


def test_one_of_several_outages_is_resolved_by_its_name(world: World, shell: Shell) -> None:
    shell.declares("Database is down")
    shell.declares("Mail is late")

    unnamed, asked = shell.resolves()
    named, said = shell.resolves("O1")
    again, refusal = shell.resolves("O1")

    assert unnamed == terminal.REFUSED
    assert "2 outages are ongoing. Which one is over?" in asked
    assert "• O2 (#2) Mail is late: .venv/bin/python -m bot event resolve O2" in asked
    assert named == terminal.DONE
    assert "Outage O1 (#1) “Database is down” is over." in said
    assert again == terminal.REFUSED
    assert "is over already" in refusal
    assert [world.gitlab.issue(iid)["state"] for iid in (1, 2)] == ["closed", "opened"]


def test_an_outage_nobody_can_read_or_knows_is_refused(world: World, shell: Shell) -> None:
    assert shell.resolves("the database")[0] == terminal.WRONG
    assert shell.resolves("O7")[0] == terminal.REFUSED


def test_an_event_is_moved_to_the_outage_that_is_named(world: World, shell: Shell) -> None:
    shell.declares("Database is down")
    shell.declares("Mail is late")
    _, asked = shell.logs("queue is full")

    code, _ = shell.does(lambda twin: twin.move(3, "2", wait=True))
    unknown = shell.does(lambda twin: twin.move(3, "O9", wait=True))
    nonsense = shell.does(lambda twin: twin.move(3, "the other", wait=True))

    assert "• O2 (#2) Mail is late: .venv/bin/python -m bot event move 3 O2" in asked
    assert code == terminal.DONE
    assert "queue is full" in "".join(notes_of(world, 2))
    assert unknown == (terminal.REFUSED, "I do not know outage O9.")
    assert nonsense[0] == terminal.WRONG


def test_a_timeline_is_told_in_order_and_drawn(world: World, shell: Shell, tmp_path: Path) -> None:
    shell.declares("Database is down", wait=False)
    shell.logs("08:30Z disk full", wait=False)
    place = tmp_path / "timeline.png"

    code, said = shell.does(lambda twin: twin.timeline("", place))

    assert code == terminal.DONE
    assert said.startswith(
        "Timeline of O1 “Database is down” 2026-11-25 09:01 UTC, ongoing · 2 events • 2026-11-25 08:30"
    )
    assert "direct messages" not in said
    assert said.endswith("timeline.png.")
    assert place.read_bytes().startswith(PNG)


def test_a_long_timeline_says_where_the_whole_is(world: World, shell: Shell) -> None:
    shell.declares("Database is down", wait=False)
    for number in range(41):
        shell.logs(f"08:30Z step {number}", wait=False)

    _, said = shell.does(lambda twin: twin.timeline("O1", None))

    assert "… and 2 more: .venv/bin/python -m bot event export gives all of them." in said.replace("`", "")


def test_a_picture_that_cannot_be_written_is_said(world: World, shell: Shell, tmp_path: Path) -> None:
    shell.declares("Database is down", wait=False)

    code, said = shell.does(lambda twin: twin.timeline("", tmp_path / "nowhere" / "timeline.png"))

    assert code == terminal.WRONG
    assert "timeline.png cannot be written (no such file or directory)." in said


def test_an_export_is_all_that_stands_on_standard_output(world: World, shell: Shell, tmp_path: Path) -> None:
    shell.declares("Database is down", wait=False)
    shell.logs("08:30Z disk  full · “/var”", wait=False)

    code, out, err = shell.prints(lambda bot: EventTwin(bot, OPS).export("json O1", None))
    there = shell.does(lambda twin: twin.export("json O1", tmp_path / "log.json"))

    events = json.loads(out)["events"]
    assert (code, err) == (terminal.DONE, "")
    assert [event["text"] for event in events] == ["disk  full · “/var”", "Outage declared: Database is down"]
    assert (tmp_path / "log.json").read_text() == out
    assert there == (terminal.DONE, f"Written to {tmp_path}/log.json.")


def test_a_table_keeps_its_line_ends(world: World, shell: Shell) -> None:
    shell.logs("disk full", wait=False)

    out = shell.prints(lambda bot: EventTwin(bot, OPS).export("csv", None))[1]

    assert out.startswith("id,kind,at,")
    assert len(out.split("\r\n")) == 3


def test_what_an_export_is_refused_for_stands_beside_standard_output(world: World, shell: Shell) -> None:
    code, out, err = shell.prints(lambda bot: EventTwin(bot, OPS).export("json last week or so", None))

    assert (code, out) == (terminal.WRONG, "")
    assert "not a range of time" in err


def test_a_postmortem_is_drafted_into_a_file_and_into_the_issue(world: World, shell: Shell, tmp_path: Path) -> None:
    shell.declares("Database is down")
    shell.resolves()

    drafted, out, err = shell.prints(lambda bot: EventTwin(bot, OPS).postmortem("", None, into_issue=False, wait=True))
    code, _ = shell.does(lambda twin: twin.postmortem("O1", tmp_path / "draft.md", into_issue=True, wait=True))

    assert (drafted, err) == (terminal.DONE, "")
    assert "Database is down" in out
    assert "ops" not in out
    assert code == terminal.DONE
    assert "Database is down" in (tmp_path / "draft.md").read_text()
    assert world.gitlab.issue(1)["description"].startswith("# Post-mortem: Database is down")


def test_ctrl_c_leaves_an_outage_to_serve(world: World, shell: Shell, tmp_path: Path) -> None:
    world.clock.runs_with_the_machine()  # what it leaves to others is due by its own clock
    world.gitlab.weather.hangs()

    with subprocess.Popen(
        command("outage", "Database", "is", "down", noun="event"),
        env=environment(world.bot.settings),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as left:
        world.until(lambda: world.gitlab.calls("POST") or world.messages("Outage O1"), "the outage is declared")
        left.send_signal(signal.SIGINT)
        said, _ = left.communicate(timeout=60)
    world.gitlab.comes_back()
    world.bot_returns()
    world.is_idle(within=60)

    assert left.returncode == 130
    assert "begins now" in said
    assert "Written down. A running `serve` does it as soon as GitLab answers." in said
    assert len(world.gitlab.state.issues) == 1
