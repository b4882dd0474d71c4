"""A copy of the database while others write it, and a copy in its place: whole, or not at all."""

import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.domain.events import Event, Span
from bot.store import StoreError, Tx, keeping, open_store
from bot.store.sqlite.migrations import migrations
from bot.terminal import DONE, REFUSED, WRONG
from bot.terminal.keeping import back_up, restore
from tests.edges.terminal.remembered import AT, remember, rows
from tests.stories.process import run_to_its_end

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ASIDE = "baton-before-restore-20261125T080000Z.db"
WATCHED = frozenset(
    {"open", "os.chmod", "os.chown", "os.link", "os.remove", "os.rename", "sqlite3.connect", "fcntl.lockf"}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "baton.db"
    remember(found)
    return found


def logs(path: Path, *texts: str) -> None:
    with closing(open_store(f"sqlite:///{path}")) as store:
        for text in texts:
            event = Event(0, text, "change", AT, AT, "U1", text, "command")
            store.write_now(partial(Tx.add_event, event=event))


def texts(path: Path) -> list[str]:
    """What the log says, opened as `serve` opens it."""
    with closing(open_store(f"sqlite:///{path}")) as store:
        return [one.text for one in store.write_now(lambda tx: tx.events_in(Span()))]


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def runs(path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_to_its_end(words, {"DATABASE_URL": f"sqlite:///{path}"}, path.parent)


@contextmanager
def somebody_with(path: Path) -> Iterator[None]:
    """Another process that has the database open, and does nothing."""
    holds = (
        "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM events').fetchone(); "
        "print(1, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holds, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield
        holder.communicate()


# backup


def test_a_backup_says_what_is_in_it_and_is_for_its_owner_alone(path: Path, tmp_path: Path) -> None:
    done = runs(path, "backup", "kept.db")

    assert (done.returncode, done.stderr) == (DONE, "")
    assert "Backed up to kept.db: " in done.stdout
    assert "5 events, 3 outages, 2 shifts, 1 week rolled over, 4 lines of the audit" in done.stdout
    assert stat.S_IMODE((tmp_path / "kept.db").stat().st_mode) == 0o600
    assert texts(tmp_path / "kept.db") == texts(path)
    assert [one.name for one in tmp_path.iterdir() if "partial" in one.name] == []


def test_without_a_name_it_has_the_moment_in_utc(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert back_up(path, None, NOW, yes=False) == DONE
    assert is_whole(tmp_path / "baton-20261125T080000Z.db")


def test_nothing_is_overwritten_without_a_yes(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.db"
    kept.write_text("dear diary")

    refused = runs(path, "backup", "kept.db")
    assert (refused.returncode, kept.read_text()) == (REFUSED, "dear diary")
    assert "There is a file kept.db already. Nothing was done" in refused.stdout
    assert runs(path, "backup", "kept.db", "--yes").returncode == DONE
    assert is_whole(kept)


@pytest.mark.parametrize(
    ("name", "said"),
    [("baton.db", "is the database itself"), ("nowhere/kept.db", "There is no folder"), ("used.db", "used.db-wal")],
)
def test_a_name_that_can_not_be_used_is_refused_in_words(name: str, said: str, path: Path, tmp_path: Path) -> None:
    (tmp_path / "used.db-wal").write_bytes(b"of another")

    done = runs(path, "backup", name, "--yes")

    assert done.returncode == REFUSED
    assert said in done.stdout


def test_a_backup_under_load_is_whole_and_has_all_that_was_acknowledged_before(path: Path, tmp_path: Path) -> None:
    kept, begun, stop, acknowledged = tmp_path / "kept.db", threading.Event(), threading.Event(), 0

    def write() -> None:
        nonlocal acknowledged
        with closing(open_store(f"sqlite:///{path}")) as store:
            while not stop.is_set():
                event = Event(0, f"n{acknowledged}", "change", AT, AT, "U1", "busy " * 200, "command")
                store.write_now(partial(Tx.add_event, event=event))
                acknowledged += 1
                if acknowledged == 50:
                    begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    before = acknowledged
    assert runs(path, "backup", str(kept)).returncode == DONE
    meanwhile = acknowledged - before
    stop.set()
    writer.join()

    found = rows(kept, "events WHERE key LIKE 'n%'")
    assert before <= found <= acknowledged
    assert rows(kept, "revisions WHERE text LIKE 'busy%'") == found
    assert meanwhile > 0, "whoever writes was held up"
    assert is_whole(kept)


# restore


def test_a_restore_shows_what_it_would_do_and_then_keeps_the_one_before(path: Path, tmp_path: Path) -> None:
    before = texts(path)
    runs(path, "backup", "kept.db")
    logs(path, "came later")

    shown = runs(path, "restore", "kept.db")
    assert shown.returncode == REFUSED
    assert "5 events" in shown.stdout
    assert "Add --yes to replace it" in shown.stdout
    assert "came later" in texts(path)

    done = runs(path, "restore", "kept.db", "--yes")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert texts(path) == before
    (aside,) = tmp_path.glob("baton-before-restore-*.db")
    assert f"The one before is kept as {aside}." in done.stdout
    assert "came later" in texts(aside)


def test_a_restore_where_nothing_is_needs_no_yes(path: Path, tmp_path: Path) -> None:
    before = texts(path)
    path.rename(tmp_path / "kept.db")
    (tmp_path / "baton.db-wal").write_bytes(b"of one that is gone")

    assert runs(path, "restore", "kept.db").returncode == DONE
    assert texts(path) == before


def test_nothing_is_restored_while_another_process_has_the_database_open(path: Path, tmp_path: Path) -> None:
    runs(path, "backup", "kept.db")
    logs(path, "came later")

    with somebody_with(path):
        done = runs(path, "restore", "kept.db", "--yes")

    assert done.returncode == WRONG
    assert "Another process has " in done.stderr
    assert "stop `serve` first. Nothing was changed." in done.stderr
    assert "came later" in texts(path)


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(60, len(content) // 4096):
        content[page * 4096 : page * 4096 + 512] = b"\xff" * 512
    path.write_bytes(content)


def of_a_newer_baton(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('baton', 'a_later_idea', '')"
        )


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damaged, "is damaged"),
        (of_a_newer_baton, "was written by a newer Baton (it knows “a_later_idea”)"),
        (of_another_program, "is not a database of Baton's"),
        (lambda path: path.write_text("dear diary"), "cannot be read as a database"),
        (lambda path: path.unlink(), "There is no file"),
    ],
)
def test_what_is_no_sound_backup_is_refused_and_nothing_changes(
    spoil: Callable[[Path], None], said: str, path: Path, tmp_path: Path
) -> None:
    runs(path, "backup", "kept.db")
    before = texts(path)
    spoil(tmp_path / "kept.db")

    done = runs(path, "restore", "kept.db", "--yes")

    assert done.returncode == WRONG
    assert said in done.stderr
    assert texts(path) == before
    assert not list(tmp_path.glob("*before-restore*"))


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"\xff" * 9000), damaged])
def test_a_damaged_database_can_be_replaced_and_is_kept_as_it_is(
    spoil: Callable[[Path], None], path: Path, tmp_path: Path
) -> None:
    before = texts(path)
    runs(path, "backup", "kept.db")
    spoil(path)
    spoilt = path.read_bytes()

    assert runs(path, "restore", "kept.db", "--yes").returncode == DONE
    assert texts(path) == before
    (aside,) = tmp_path.glob("baton-before-restore-*.db")
    assert len(aside.read_bytes()) == len(spoilt)


def test_the_database_of_another_program_is_not_replaced(path: Path, tmp_path: Path) -> None:
    runs(path, "backup", "kept.db")
    of_another_program(path)

    done = runs(path, "restore", "kept.db", "--yes")

    assert done.returncode == WRONG
    assert "is the database of another program. Nothing was changed." in done.stderr
    assert rows(path, "notes") == 0


def test_who_opened_the_old_file_in_the_last_moment_does_not_write_into_it(path: Path, tmp_path: Path) -> None:
    runs(path, "backup", "kept.db")
    late = os.open(path, os.O_RDWR)

    runs(path, "restore", "kept.db", "--yes")

    assert os.pread(late, 15, 0) != b"SQLite format 3"
    os.close(late)
    assert is_whole(path)


# killed


def killed_at(step: int, work: Callable[[], int]) -> bool:
    """Do it in a process of its own that is killed before its `step`th call; tells whether there were so many."""
    child = os.fork()
    if child == 0:
        left = step

        def watch(call: str, _: tuple[object, ...]) -> None:
            nonlocal left
            if call in WATCHED:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.addaudithook(watch)
            work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_one(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.db"
    back_up(path, kept, NOW, yes=False)
    old = path.read_bytes()
    logs(path, "came later")
    newer = path.read_bytes()
    assert old != newer

    step, ends = 0, set()
    while killed_at(step, lambda: restore(path, kept, NOW, yes=True)):
        assert is_whole(path), step
        ends.add("came later" in texts(path))
        for one in tmp_path.iterdir():
            if one != kept:
                one.unlink()
        path.write_bytes(newer)
        step += 1

    assert step > 10
    assert ends == {True, False}
    assert "came later" not in texts(path)


def test_a_backup_killed_at_any_step_is_there_and_whole_or_not_at_all(path: Path, tmp_path: Path) -> None:
    kept, step, ends = tmp_path / "kept.db", 0, set()
    while killed_at(step, lambda: back_up(path, kept, NOW, yes=False)):
        ends.add(kept.exists())
        assert not kept.exists() or is_whole(kept), step
        kept.unlink(missing_ok=True)
        step += 1

    assert step > 5
    assert ends == {True, False}
    assert is_whole(kept)
    assert is_whole(path)


# migrate


BEFORE, NEWEST = (one.name for one in migrations._migrations[-2:])
TAKEN_BACK = {"weeks_in_numbers": "ALTER TABLE verdicts DROP COLUMN added; DROP TABLE closed_weeks;"}
"""How the newest step of the schema is taken back: it changes with each new step."""


def made_older(path: Path) -> None:
    """Take the newest step of the schema back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(TAKEN_BACK[NEWEST])
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (NEWEST,))


def test_a_migration_says_from_what_to_what_and_does_nothing_twice(path: Path) -> None:
    made_older(path)

    rehearsed = runs(path, "migrate", "--dry-run")
    assert rehearsed.returncode == DONE
    assert f"is at “{BEFORE}”. To come, 1 step: {NEWEST}. Nothing was done." in rehearsed.stdout
    done = runs(path, "migrate")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert f"from “{BEFORE}” to “{NEWEST}” (1 step: {NEWEST})" in done.stdout
    again = runs(path, "migrate")
    assert again.returncode == DONE
    assert f"is up to date (“{NEWEST}”). Nothing was done." in again.stdout


def test_a_backup_of_an_older_database_can_be_restored_and_says_so(path: Path, tmp_path: Path) -> None:
    made_older(path)

    assert f"It is from an older Baton (1 step: {NEWEST} to come)" in runs(path, "backup", "kept.db").stdout
    assert "It is from an older Baton" in runs(path, "restore", "kept.db", "--yes").stdout
    assert len(texts(path)) == 5


@pytest.mark.parametrize("verb", ["migrate", "backup", "audit", "explore"])
def test_a_newer_database_is_left_alone(verb: str, path: Path) -> None:
    of_a_newer_baton(path)

    done = runs(path, verb)

    assert done.returncode == WRONG
    assert "was written by a newer Baton" in done.stderr


@pytest.mark.parametrize("verb", ["backup", "audit", "explore"])
def test_a_database_that_is_not_there_is_not_made(verb: str, tmp_path: Path) -> None:
    done = runs(tmp_path / "baton.db", verb)

    assert done.returncode == WRONG
    assert "there is no database at " in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["backup"], ["restore", "x"], ["migrate"], ["audit"], ["explore"]])
def test_an_address_that_can_not_be_used_is_said_by_its_name(words: list[str], tmp_path: Path) -> None:
    done = run_to_its_end(words, {"DATABASE_URL": "postgresql://localhost/baton"}, tmp_path)

    assert done.returncode == WRONG
    assert "DATABASE_URL: Baton cannot use PostgreSQL yet" in done.stderr


def test_a_disk_that_can_not_be_written_is_said_in_one_sentence(path: Path) -> None:
    done = runs(path, "backup", "/proc/kept.db")

    assert done.returncode == WRONG
    assert "The disk does not let me (/proc/" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lock_of_any_process_is_noticed_also_on_a_damaged_file(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"\xff" * 9000)
    command = (
        "import fcntl, sys; f = open(sys.argv[1], 'rb+'); fcntl.lockf(f, fcntl.LOCK_SH, 1, int(sys.argv[2])); "
        "print(1, flush=True); sys.stdin.read()"
    )
    held = [sys.executable, "-c", command, str(path), str(keeping.FIRST_LOCK + 2)]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreError, match="Another process"):
            keeping.must_be_free(path)
        holder.communicate()


def test_a_copy_names_one_size_that_of_what_was_copied(path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}")):  # what was written stands in the journal beside a small file
        said = runs(path, "backup", "kept.db").stdout

    assert "Copying: 100 % …" in said
    assert len(re.findall(r"\d kB", said)) == 1
