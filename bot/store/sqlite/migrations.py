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


@migrations()
def log(db: Database) -> None:
    """The log: events as their newest revisions have them, all revisions, and what can be found in them.

    A revision is only ever added; the event follows it by trigger, and the full text follows the event.
    """
    db.executescript("""
        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, recorded_at TEXT NOT NULL,
            "by" TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL, permalink TEXT NOT NULL,
            private INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL, outage INTEGER,
            retracted INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX events_at ON events (at, id);
        CREATE INDEX events_outage ON events (outage, at, id) WHERE outage IS NOT NULL;
        CREATE INDEX events_private ON events (channel) WHERE private;
        CREATE TABLE revisions (
            event INTEGER NOT NULL REFERENCES events (id), number INTEGER NOT NULL, at TEXT NOT NULL,
            "by" TEXT NOT NULL, why TEXT NOT NULL, kind TEXT NOT NULL, happened_at TEXT NOT NULL, text TEXT NOT NULL,
            outage INTEGER, retracted INTEGER NOT NULL, PRIMARY KEY (event, number)
        ) WITHOUT ROWID;
        CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions
            BEGIN SELECT RAISE(ABORT, 'revisions are only added'); END;
        CREATE TRIGGER revisions_are_kept BEFORE DELETE ON revisions
            BEGIN SELECT RAISE(ABORT, 'revisions are only added'); END;
        CREATE TRIGGER events_are_kept BEFORE DELETE ON events
            BEGIN SELECT RAISE(ABORT, 'events are kept'); END;
        CREATE TRIGGER events_begin_empty BEFORE INSERT ON events WHEN new.version <> 0
            BEGIN SELECT RAISE(ABORT, 'an event is what its revisions say'); END;
        CREATE TRIGGER events_keep_their_origin
            BEFORE UPDATE OF id, key, recorded_at, "by", source, channel, permalink, private ON events
            BEGIN SELECT RAISE(ABORT, 'where an event comes from does not change'); END;
        CREATE TRIGGER events_follow_revisions BEFORE UPDATE ON events
            WHEN NOT EXISTS (
                SELECT 1 FROM revisions AS r WHERE r.event = new.id AND r.number = new.version AND r.kind = new.kind
                AND r.happened_at = new.at AND r.text = new.text AND r.outage IS new.outage
                AND r.retracted = new.retracted
            ) OR new.version <= old.version
            BEGIN SELECT RAISE(ABORT, 'an event is what its revisions say'); END;
        CREATE VIRTUAL TABLE events_text USING fts5 (
            text, content='events', content_rowid='id', prefix='2 3', tokenize='unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER revisions_count AFTER INSERT ON revisions BEGIN
            UPDATE events SET kind = new.kind, at = new.happened_at, text = new.text, outage = new.outage,
                retracted = new.retracted, version = new.number WHERE id = new.event;
        END;
        CREATE TRIGGER events_text_begins AFTER INSERT ON events BEGIN
            INSERT INTO events_text (rowid, text) VALUES (new.id, new.text);
        END;
        CREATE TRIGGER events_text_follows AFTER UPDATE OF text ON events WHEN new.text <> old.text BEGIN
            INSERT INTO events_text (events_text, rowid, text) VALUES ('delete', old.id, old.text);
            INSERT INTO events_text (rowid, text) VALUES (new.id, new.text);
        END;
    """)


@migrations()
def outages(db: Database) -> None:
    """Outages under Baton's own numbers, the notes that stand under their issues, and what waits for the hand-off."""
    db.executescript("""
        CREATE TABLE outages (
            number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, message TEXT UNIQUE, iid INTEGER UNIQUE,
            began_at TEXT NOT NULL, ended_at TEXT, confidential INTEGER NOT NULL, value TEXT NOT NULL
        );
        CREATE INDEX outages_ongoing ON outages (began_at) WHERE ended_at IS NULL;
        CREATE TABLE notes (
            event INTEGER NOT NULL REFERENCES events (id), outage INTEGER NOT NULL REFERENCES outages (number),
            id INTEGER NOT NULL, PRIMARY KEY (event, outage)
        ) WITHOUT ROWID;
        CREATE TABLE toil (event INTEGER PRIMARY KEY REFERENCES events (id), iid INTEGER, url TEXT NOT NULL DEFAULT '');
        CREATE TABLE pending (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at TEXT NOT NULL, taken_at TEXT,
            value TEXT NOT NULL
        );
    """)


@migrations()
def channels(db: Database) -> None:
    """Which channels are private, and who is a member of those whose words are for their members only."""
    db.executescript("""
        CREATE TABLE places (id TEXT PRIMARY KEY, private INTEGER NOT NULL, at TEXT NOT NULL);
        CREATE TABLE channels (id TEXT PRIMARY KEY, read_at TEXT NOT NULL);
        CREATE TABLE channel_members (
            channel TEXT NOT NULL, person TEXT NOT NULL, PRIMARY KEY (channel, person)
        ) WITHOUT ROWID;
    """)
