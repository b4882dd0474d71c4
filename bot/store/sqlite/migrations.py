"""The schema, as named steps that are never changed once they were released.

https://sqlite-utils.datasette.io/en/stable/migrations.html
"""

from bot.store.sqlite.tables import Database, Migrations

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
            deactivated INTEGER NOT NULL, guest INTEGER NOT NULL, team TEXT NOT NULL, others TEXT NOT NULL,
            read_at TEXT NOT NULL
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

    A revision is only ever added, and no event is kept without one; the event follows it by trigger, and the full text
    follows the event. What is hidden is indexed apart, so that a search on behalf of somebody who may not read it does
    not even walk over it. Prefixes are words of the index themselves, else all events in which anything begins so would
    be gathered before the newest is known; small pages make it cheap to jump to where a second word might stand, and
    spread the work of merging over more writes.
    """
    db.executescript("""
        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, recorded_at TEXT NOT NULL,
            "by" TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL, permalink TEXT NOT NULL,
            private INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL,
            outage INTEGER REFERENCES outages (number), retracted INTEGER NOT NULL DEFAULT 0,
            confidential INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0,
            hidden INTEGER GENERATED ALWAYS AS (private OR confidential) VIRTUAL,
            FOREIGN KEY (id, version) REFERENCES revisions (event, number) DEFERRABLE INITIALLY DEFERRED
        );
        CREATE INDEX events_at ON events (at, id);
        CREATE INDEX events_outage ON events (outage, at, id) WHERE outage IS NOT NULL;
        CREATE INDEX events_hidden ON events (channel) WHERE hidden;
        CREATE TABLE revisions (
            event INTEGER NOT NULL REFERENCES events (id), number INTEGER NOT NULL, at TEXT NOT NULL,
            "by" TEXT NOT NULL, why TEXT NOT NULL, kind TEXT NOT NULL, happened_at TEXT NOT NULL, text TEXT NOT NULL,
            outage INTEGER, retracted INTEGER NOT NULL, PRIMARY KEY (event, number)
        ) WITHOUT ROWID;
        CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions
            BEGIN SELECT RAISE(ABORT, 'revisions are only added'); END;
        CREATE TRIGGER revisions_are_kept BEFORE DELETE ON revisions
            BEGIN SELECT RAISE(ABORT, 'revisions are only added'); END;
        -- REPLACE takes a row away without a word to the trigger above: nothing may be there to be replaced
        CREATE TRIGGER revisions_are_next BEFORE INSERT ON revisions
            WHEN new.number IS NOT (SELECT version + 1 FROM events WHERE id = new.event)
            BEGIN SELECT RAISE(ABORT, 'revisions are only added'); END;
        CREATE TRIGGER events_are_kept BEFORE DELETE ON events
            BEGIN SELECT RAISE(ABORT, 'events are kept'); END;
        CREATE TRIGGER events_are_new BEFORE INSERT ON events
            WHEN EXISTS (SELECT 1 FROM events WHERE id = new.id) OR EXISTS (SELECT 1 FROM events WHERE key = new.key)
            BEGIN SELECT RAISE(ABORT, 'events are kept'); END;
        CREATE TRIGGER events_begin_empty BEFORE INSERT ON events WHEN new.version IS NOT 0 OR new.confidential IS NOT 0
            BEGIN SELECT RAISE(ABORT, 'an event is what its revisions say'); END;
        -- no list of columns: `SET rowid = …` moves a row and names none of them
        CREATE TRIGGER events_keep_their_origin BEFORE UPDATE ON events
            WHEN new.id IS NOT old.id OR new.key IS NOT old.key OR new.recorded_at IS NOT old.recorded_at
                OR new."by" IS NOT old."by" OR new.source IS NOT old.source OR new.channel IS NOT old.channel
                OR new.permalink IS NOT old.permalink OR new.private IS NOT old.private
            BEGIN SELECT RAISE(ABORT, 'where an event comes from does not change'); END;
        CREATE TRIGGER events_follow_revisions BEFORE UPDATE ON events
            WHEN new.version < old.version OR NOT EXISTS (
                SELECT 1 FROM revisions AS r WHERE r.event = new.id AND r.number = new.version AND r.kind = new.kind
                AND r.happened_at = new.at AND r.text = new.text AND r.outage IS new.outage
                AND r.retracted = new.retracted
            ) OR new.confidential IS NOT coalesce((SELECT confidential FROM outages WHERE number = new.outage), 0)
            BEGIN SELECT RAISE(ABORT, 'an event is what its revisions say'); END;
        CREATE TRIGGER revisions_count AFTER INSERT ON revisions BEGIN
            UPDATE events SET kind = new.kind, at = new.happened_at, text = new.text, outage = new.outage,
                retracted = new.retracted, version = new.number,
                confidential = coalesce((SELECT confidential FROM outages WHERE number = new.outage), 0)
            WHERE id = new.event;
        END;
        CREATE VIEW public_events AS SELECT id, text FROM events WHERE version > 0 AND NOT hidden;
        CREATE VIEW hidden_events AS SELECT id, text, channel, "by" FROM events WHERE version > 0 AND hidden;
        CREATE VIRTUAL TABLE public_text USING fts5 (
            text, content='public_events', content_rowid='id', prefix='1 2 3 4 5 6 7 8 9 10 11 12',
            tokenize='unicode61 remove_diacritics 2'
        );
        CREATE VIRTUAL TABLE hidden_text USING fts5 (
            text, channel, "by", content='hidden_events', content_rowid='id', prefix='1 2 3 4 5 6 7 8 9 10 11 12',
            tokenize='unicode61 remove_diacritics 2'
        );
        INSERT INTO public_text (public_text, rank) VALUES ('pgsz', 1024);
        INSERT INTO hidden_text (hidden_text, rank) VALUES ('pgsz', 1024);
        CREATE TRIGGER public_text_follows AFTER UPDATE ON events
            WHEN NOT (old.hidden AND new.hidden)
                AND (old.version = 0 OR new.text <> old.text OR new.hidden <> old.hidden) BEGIN
            INSERT INTO public_text (public_text, rowid, text)
                SELECT 'delete', old.id, old.text WHERE old.version > 0 AND NOT old.hidden;
            INSERT INTO public_text (rowid, text) SELECT new.id, new.text WHERE NOT new.hidden;
        END;
        CREATE TRIGGER hidden_text_follows AFTER UPDATE ON events
            WHEN (old.hidden OR new.hidden)
                AND (old.version = 0 OR new.text <> old.text OR new.hidden <> old.hidden) BEGIN
            INSERT INTO hidden_text (hidden_text, rowid, text, channel, "by")
                SELECT 'delete', old.id, old.text, old.channel, old."by" WHERE old.version > 0 AND old.hidden;
            INSERT INTO hidden_text (rowid, text, channel, "by")
                SELECT new.id, new.text, new.channel, new."by" WHERE new.hidden;
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
        CREATE INDEX outages_began ON outages (began_at, number);
        CREATE INDEX outages_ongoing ON outages (began_at, number) WHERE ended_at IS NULL;
        CREATE TRIGGER outages_are_kept BEFORE DELETE ON outages
            BEGIN SELECT RAISE(ABORT, 'outages are kept'); END;
        CREATE TRIGGER outages_are_new BEFORE INSERT ON outages
            WHEN EXISTS (SELECT 1 FROM outages WHERE number = new.number OR key = new.key)
                OR EXISTS (SELECT 1 FROM outages WHERE message = new.message OR iid = new.iid)
            BEGIN SELECT RAISE(ABORT, 'outages are kept'); END;
        CREATE TRIGGER outages_hide_their_events AFTER UPDATE OF confidential ON outages
            WHEN new.confidential <> old.confidential BEGIN
            UPDATE events SET confidential = new.confidential WHERE outage = new.number;
        END;
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


@migrations()
def oncall(db: Database) -> None:
    """Shifts and hand-offs; one offer at a time. People also have their user name, so all are described anew."""
    db.executescript("""
        CREATE TABLE handoffs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at TEXT NOT NULL, state TEXT NOT NULL,
            value TEXT NOT NULL
        );
        CREATE UNIQUE INDEX one_offer ON handoffs (state) WHERE state = 'offered';
        CREATE TRIGGER handoffs_are_kept BEFORE DELETE ON handoffs
            BEGIN SELECT RAISE(ABORT, 'hand-offs are kept'); END;
        -- REPLACE takes a row away without a word to the trigger above: nothing may be there to be replaced
        CREATE TRIGGER handoffs_are_new BEFORE INSERT ON handoffs
            WHEN EXISTS (SELECT 1 FROM handoffs WHERE number = new.number OR key = new.key)
                OR (new.state = 'offered' AND EXISTS (SELECT 1 FROM handoffs WHERE state = 'offered'))
            BEGIN SELECT RAISE(ABORT, 'hand-offs are kept, and one is offered at a time'); END;
        -- who writes what they read a while ago must not take an answer back
        CREATE TRIGGER handoffs_keep_their_answer BEFORE UPDATE ON handoffs
            WHEN new.number IS NOT old.number OR new.key IS NOT old.key
                OR (old.state <> 'offered' AND new.state IS NOT old.state)
            BEGIN SELECT RAISE(ABORT, 'an answer stands'); END;
        CREATE TABLE shifts (
            number INTEGER PRIMARY KEY AUTOINCREMENT, who TEXT NOT NULL, since TEXT NOT NULL,
            handoff INTEGER NOT NULL UNIQUE REFERENCES handoffs (number)
        );
        CREATE TRIGGER shifts_stay BEFORE UPDATE ON shifts
            BEGIN SELECT RAISE(ABORT, 'shifts only follow one another'); END;
        CREATE TRIGGER shifts_are_kept BEFORE DELETE ON shifts
            BEGIN SELECT RAISE(ABORT, 'shifts only follow one another'); END;
        CREATE TRIGGER shifts_leave_no_overlap BEFORE INSERT ON shifts
            WHEN new.since < (SELECT since FROM shifts ORDER BY number DESC LIMIT 1)
                OR EXISTS (SELECT 1 FROM shifts WHERE number = new.number OR handoff = new.handoff)
            BEGIN SELECT RAISE(ABORT, 'shifts only follow one another'); END;
        CREATE TABLE drafts (
            who TEXT NOT NULL, shift INTEGER NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (who, shift)
        ) WITHOUT ROWID;
        CREATE TABLE ongoing_issues (
            only_one INTEGER PRIMARY KEY CHECK (only_one = 1), at TEXT NOT NULL, value TEXT NOT NULL
        );
        ALTER TABLE people ADD COLUMN handle TEXT NOT NULL DEFAULT '';
        UPDATE people SET read_at = '';
    """)


@migrations()
def taken_requests(db: Database) -> None:
    """Of several processes one takes up a kept request: who holds it, and until when."""
    db.executescript("""
        ALTER TABLE kept_requests ADD COLUMN holder TEXT NOT NULL DEFAULT '';
        ALTER TABLE kept_requests ADD COLUMN held_until TEXT NOT NULL DEFAULT '';
    """)


@migrations()
def backlogs(db: Database) -> None:
    """How much is still to be sent to each world, counted while it comes and goes: an answer names it each time."""
    db.executescript("""
        CREATE TABLE backlogs (world TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO backlogs SELECT column1, (
            SELECT count(*) FROM deliveries
                WHERE world = column1 AND state IN ('planned', 'queued', 'waiting', 'leased')
        ) FROM (VALUES ('gitlab'), ('slack'));
        CREATE TRIGGER backlogs_grow AFTER INSERT ON deliveries
            WHEN new.state IN ('planned', 'queued', 'waiting', 'leased') BEGIN
            UPDATE backlogs SET size = size + 1 WHERE world = new.world;
        END;
        CREATE TRIGGER backlogs_shrink AFTER UPDATE OF state ON deliveries
            WHEN old.state IN ('planned', 'queued', 'waiting', 'leased')
                AND new.state NOT IN ('planned', 'queued', 'waiting', 'leased') BEGIN
            UPDATE backlogs SET size = size - 1 WHERE world = old.world;
        END;
        CREATE TRIGGER backlogs_grow_again AFTER UPDATE OF state ON deliveries
            WHEN old.state NOT IN ('planned', 'queued', 'waiting', 'leased')
                AND new.state IN ('planned', 'queued', 'waiting', 'leased') BEGIN
            UPDATE backlogs SET size = size + 1 WHERE world = new.world;
        END;
        CREATE TRIGGER backlogs_lose AFTER DELETE ON deliveries
            WHEN old.state IN ('planned', 'queued', 'waiting', 'leased') BEGIN
            UPDATE backlogs SET size = size - 1 WHERE world = old.world;
        END;
    """)


@migrations()
def tidy_text(db: Database) -> None:
    """Let the full text be merged where two parts of a size are there, not four: it is done when nobody waits for it."""
    db.executescript("""
        INSERT INTO public_text (public_text, rank) VALUES ('usermerge', 2);
        INSERT INTO hidden_text (hidden_text, rank) VALUES ('usermerge', 2);
    """)


@migrations()
def homes(db: Database) -> None:
    """Whose Home tab was opened, and what it shows; and how the current week stood when it was last read, in numbers."""
    db.executescript("""
        CREATE TABLE homes (
            who TEXT PRIMARY KEY, opened_at TEXT NOT NULL, digest TEXT NOT NULL DEFAULT '', changed_at TEXT,
            holder TEXT NOT NULL DEFAULT '', held_until TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID;
        CREATE TABLE week_seen (
            only_one INTEGER PRIMARY KEY CHECK (only_one = 1), at TEXT NOT NULL, value TEXT NOT NULL
        );
    """)


@migrations()
def weeks_in_numbers(db: Database) -> None:
    """When an issue came into a week that had started, and the numbers of weeks that somebody closed by hand."""
    db.executescript("""
        ALTER TABLE verdicts ADD COLUMN added TEXT NOT NULL DEFAULT '';
        CREATE TABLE closed_weeks (ending TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """)
