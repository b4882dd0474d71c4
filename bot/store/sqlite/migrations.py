"""The schema, as named steps that are never changed once they were released.

https://sqlite-utils.datasette.io/en/stable/migrations.html
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("baton")


@migrations()
def requests_and_audit(db: Database) -> None:
    """First answers by request key; an audit that only grows; requests kept until Slack has described somebody."""
    db.executescript("""
        CREATE TABLE answers (key TEXT PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX answers_at ON answers (at);
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, command TEXT NOT NULL,
            outcome TEXT NOT NULL, detail TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL,
            request TEXT NOT NULL
        );
        CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
        CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;
        CREATE TABLE kept_requests (
            id TEXT PRIMARY KEY, at TEXT NOT NULL, waits_for TEXT NOT NULL, request TEXT NOT NULL
        );
    """)


@migrations()
def people(db: Database) -> None:
    """People and groups as Slack last described them."""
    db.executescript("""
        CREATE TABLE people (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, zone TEXT NOT NULL, email TEXT NOT NULL, bot INTEGER NOT NULL,
            deactivated INTEGER NOT NULL, guest INTEGER NOT NULL, team TEXT NOT NULL, read_at TEXT NOT NULL
        );
        CREATE TABLE groups (id TEXT PRIMARY KEY, read_at TEXT NOT NULL);
        CREATE TABLE group_members (
            "group" TEXT NOT NULL, person TEXT NOT NULL, PRIMARY KEY ("group", person)
        ) WITHOUT ROWID;
        CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL);
    """)


@migrations()
def journal(db: Database) -> None:
    """Batches of operations, their deliveries, our own messages, and how each outside world was last seen."""
    db.executescript("""
        CREATE TABLE batches (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL, stage INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL, finished_at TEXT
        );
        CREATE INDEX batches_about ON batches (about);
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY, batch TEXT REFERENCES batches (id), stage INTEGER NOT NULL DEFAULT 0,
            name TEXT NOT NULL, world TEXT NOT NULL, target TEXT, body TEXT NOT NULL, state TEXT NOT NULL,
            added_at TEXT NOT NULL, due_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
            strikes INTEGER NOT NULL DEFAULT 0, first_attempt_at TEXT, last_attempt_at TEXT, holder TEXT,
            lease_until TEXT, result TEXT NOT NULL DEFAULT '{}', error TEXT NOT NULL DEFAULT '', done_at TEXT,
            UNIQUE (batch, name)
        );
        CREATE INDEX deliveries_due ON deliveries (world, due_at, id) WHERE state = 'waiting';
        CREATE INDEX deliveries_leased ON deliveries (world, lease_until) WHERE state = 'leased';
        CREATE INDEX deliveries_stage ON deliveries (batch, state, stage);
        CREATE INDEX deliveries_target ON deliveries (target, id) WHERE state IN ('waiting', 'leased', 'queued');
        CREATE INDEX deliveries_unfinished ON deliveries (world, added_at)
            WHERE state IN ('planned', 'queued', 'waiting', 'leased');
        CREATE TABLE worlds (name TEXT PRIMARY KEY, up INTEGER NOT NULL, since TEXT NOT NULL, reason TEXT NOT NULL);
        CREATE TABLE messages (
            key TEXT PRIMARY KEY, channel TEXT NOT NULL, ts TEXT NOT NULL, show TEXT NOT NULL, about TEXT NOT NULL,
            shown_at TEXT NOT NULL
        );
        CREATE TABLE jobs (name TEXT NOT NULL, due_at TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (name, due_at));
    """)


@migrations()
def weeks(db: Database) -> None:
    """Rollovers, what was shown before them, and verdicts about late additions."""
    db.executescript("""
        CREATE TABLE snapshots (name TEXT PRIMARY KEY, at TEXT NOT NULL, value TEXT NOT NULL);
        CREATE TABLE previews (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL
        );
        CREATE TABLE rollovers (
            id TEXT PRIMARY KEY, ending TEXT NOT NULL, state TEXT NOT NULL, "by" TEXT NOT NULL, channel TEXT NOT NULL,
            at TEXT NOT NULL, batch TEXT NOT NULL, choices TEXT NOT NULL, turn TEXT, problem TEXT NOT NULL DEFAULT '',
            became_wow_at TEXT, wow INTEGER, done_at TEXT, undone_by TEXT, undone_at TEXT, undo_batch TEXT,
            kept TEXT NOT NULL DEFAULT '[]'
        );
        CREATE UNIQUE INDEX one_rollover_a_week ON rollovers (ending)
            WHERE state IN ('running', 'done', 'undoing');
        CREATE TABLE verdicts (
            milestone INTEGER NOT NULL, noun TEXT NOT NULL, iid INTEGER NOT NULL, late INTEGER NOT NULL,
            why TEXT NOT NULL, labelled INTEGER NOT NULL, seen TEXT NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (milestone, noun, iid)
        ) WITHOUT ROWID;
    """)


@migrations()
def errands(db: Database) -> None:
    """What somebody asked for that ends with one message."""
    db.executescript("CREATE TABLE errands (id TEXT PRIMARY KEY, at TEXT NOT NULL, value TEXT NOT NULL);")
