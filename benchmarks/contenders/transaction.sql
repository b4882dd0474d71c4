-- What each contender writes for one `/event log`, before it answers: Baton's own tables, indexes and triggers.

-- begin
BEGIN IMMEDIATE;

-- seen
SELECT answer FROM answers WHERE key = :key;

-- event
INSERT INTO events (key, recorded_at, "by", source, channel, permalink, private, kind, at, text, outage, retracted)
VALUES (:id, :at, :who, 'command', :channel, '', 0, 'change', :at, :text, NULL, 0);

-- revision
INSERT INTO revisions (event, number, at, "by", why, kind, happened_at, text, outage, retracted)
VALUES (:event, 1, :at, :who, 'logged', 'change', :at, :text, NULL, 0);

-- outbox
INSERT INTO deliveries (batch, stage, name, world, target, body, state, added_at, due_at)
VALUES (NULL, 0, 'echo', 'slack', :target, :body, 'waiting', :at, :at);

-- audit
INSERT INTO audit (at, who, command, outcome, detail, source, channel, request)
VALUES (:at, :who, :command, 'done', '', 'slack', :channel, :id);

-- answer
INSERT OR IGNORE INTO answers (key, at, answer) VALUES (:key, :at, :answer);

-- commit
COMMIT;
