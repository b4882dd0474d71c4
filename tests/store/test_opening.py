"""A file that cannot be used is refused in words, and nothing is touched."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.store import StoreError, look_in, open_store
from bot.store.sqlite.migrations import migrations
from bot.store.sqlite.turns import take_turn

OPENS = "import sys; from bot.store import open_store; open_store(sys.argv[1]).close()"


def opens(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()


def refusal(path: Path) -> str:
    """Open it, expect words, and expect the file to be the same as before."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as caught:
        opens(path)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert str(caught.value).startswith("DATABASE_URL: ")
    return str(caught.value)


def names(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        found = [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    connection.close()
    return found


def test_a_new_file_gets_the_whole_schema(path: Path) -> None:
    opens(path)

    assert names(path) == [migration.name for migration in migrations._migrations]


def test_one_who_only_looks_in_creates_and_changes_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        look_in(path, lambda tx: tx.backlog("gitlab"))
    assert not path.exists()

    opens(path)
    before = path.read_bytes()
    assert look_in(path, lambda tx: tx.backlog("gitlab")) == (0, None)
    with pytest.raises(StoreError):
        look_in(path, lambda tx: tx.run("DELETE FROM deliveries"))
    assert path.read_bytes() == before


def test_opening_again_changes_nothing(path: Path) -> None:
    opens(path)
    before = path.read_bytes()
    opens(path)

    assert path.read_bytes() == before


def test_processes_that_start_together_all_succeed(path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", OPENS, f"sqlite:///{path}"]) for _ in range(4)]

    assert [process.wait() for process in started] == [0, 0, 0, 0]
    assert len(names(path)) == len(set(names(path)))


def test_a_file_that_is_up_to_date_is_opened_while_somebody_writes(path: Path) -> None:
    opens(path)
    with writing(path):
        opens(path)


def test_the_schema_is_changed_as_soon_as_others_let_go_of_the_file(path: Path) -> None:
    opens(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'errands'")
        connection.execute("DROP TABLE errands")
    connection.close()

    with ThreadPoolExecutor(1) as threads:
        with writing(path):
            opened = threads.submit(opens, path)
            assert wait([opened], 0.2).not_done
        opened.result()

    assert "errands" in names(path)


def test_whoever_waits_for_a_turn_looks_often_and_gives_up_in_time(path: Path) -> None:
    opens(path)
    looks: list[str] = []
    waiting = sqlite3.connect(path, isolation_level=None, timeout=0)
    waiting.set_trace_callback(looks.append)

    with writing(path), pytest.raises(sqlite3.OperationalError, match="locked"):
        take_turn(waiting, patience=0.2)
    take_turn(waiting, patience=0.2)

    assert looks.count("BEGIN IMMEDIATE") > 5
    assert waiting.in_transaction
    waiting.close()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the file as somebody who writes for long."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    opens(path)

    assert names(path)


def test_the_database_of_a_newer_program_is_left_alone(path: Path) -> None:
    opens(path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('baton', 'a_later_idea', '')"
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "a newer Baton (it knows “a_later_idea”)" in refusal(path)


@pytest.mark.parametrize("content", [b"dear diary, " * 100, b"short", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert "cannot be read as a database" in refusal(path)


@pytest.mark.parametrize(
    "tables", ["CREATE TABLE notes (text)", "CREATE TABLE _sqlite_migrations (id, migration_set, name)"]
)
def test_the_database_of_another_program_is_left_alone(path: Path, tables: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(tables)
    connection.close()

    assert "another program" in refusal(path)


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "missing" / "baton.db")


def test_a_database_in_memory_would_forget_what_was_acknowledged() -> None:
    assert "not in memory" in refusal(Path(":memory:"))


def test_an_address_of_another_kind_of_database_is_said() -> None:
    with pytest.raises(StoreError, match="DATABASE_URL"):
        open_store("postgresql://localhost/baton")


def test_a_file_that_another_program_holds_for_writing_is_said(path: Path) -> None:
    opens(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")

    assert "locked" in refusal(path)
    holder.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, which only root can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("this machine does not let us make a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_no_table_is_made(small_disk: Path) -> None:
    path = small_disk / "baton.db"
    path.touch()
    (small_disk / "else").write_bytes(b"x" * 250 * 1024)

    assert "free space" in refusal(path)


def test_a_disk_that_can_only_be_read_is_said(small_disk: Path) -> None:
    path = small_disk / "baton.db"
    with sqlite3.connect(path) as connection:
        migrations_table = "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set, name, applied_at)"
        connection.execute(migrations_table)
        connection.execute("INSERT INTO _sqlite_migrations VALUES (1, 'baton', 'requests_and_audit', '')")
    connection.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    assert "cannot be used" in refusal(path)
