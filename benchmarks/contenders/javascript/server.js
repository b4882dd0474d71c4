// Bolt for JavaScript as its documentation starts it: `App`, a listener that acknowledges, `app.start()`.
// https://docs.slack.dev/tools/bolt-js/getting-started
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import bolt from "@slack/bolt";
import Database from "better-sqlite3";

const [file, secret, slack] = process.argv.slice(2);
const database = new Database(file);
database.pragma("synchronous = FULL");
database.pragma("foreign_keys = ON");

const written = readFileSync(new URL("../transaction.sql", import.meta.url), "utf8");
const sections = written.matchAll(/^-- (\w+)\n([^;]+);$/gm);
const run = Object.fromEntries([...sections].map(([, name, sql]) => [name, database.prepare(sql)]));

function log(command) {
  const text = command.text.slice(command.text.indexOf(" ") + 1);
  const values = {
    key: `trigger:${command.trigger_id}`,
    id: randomUUID().slice(0, 12),
    at: new Date().toISOString().replace("Z", "000Z"),
    who: command.user_id,
    channel: command.channel_id,
    command: `${command.command} ${command.text}`,
    text,
  };
  const first = run.seen.get(values);
  if (first) {
    return first.answer;
  }
  const event = Number(run.event.run(values).lastInsertRowid);
  run.revision.run({ ...values, event });
  const post = { message: `event:${event}`, channel: command.channel_id, show: "event.echo", about: String(event) };
  const body = JSON.stringify({ kind: "Post", fields: { ...post, otherwise: command.user_id } });
  run.outbox.run({ ...values, target: `message:event:${event}`, body });
  run.audit.run(values);
  const answer = JSON.stringify({ response_type: "ephemeral", text: `Logged as event ${event}: ${text}` });
  run.answer.run({ ...values, answer });
  return answer;
}

function logDurably(command) {
  run.begin.run();
  try {
    const answer = log(command);
    run.commit.run();
    return answer;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

const app = new bolt.App({ token: "xoxb-sandbox", signingSecret: secret, clientOptions: { slackApiUrl: slack } });
app.command("/event", async ({ command, ack }) => {
  await ack(JSON.parse(logDurably(command)));
});
const server = await app.start({ port: 0, host: "127.0.0.1" });
console.log(JSON.stringify({ address: `http://127.0.0.1:${server.address().port}` }).replace(":", ": "));
