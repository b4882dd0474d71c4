// The Slack side: who looks, where, and what they do there. Drawing is done by the modules beside this one.

import { drawBlocks } from "./blocks.js";
import { createComposer } from "./composer.js";
import { fill, icon, make, patch, unlessPressed } from "./dom.js";
import { ask } from "./menu.js";
import { createModal } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar, clockTime, createList, dayWords, nameOf } from "./talk.js";

const HOME = "home";
const THREADS = "threads";
/** Wide enough for a thread to have a column of its own (see page.css). */
const COVERS_NOTHING = matchMedia("(min-width: 1560px)");

export function start(page) {
  const sidebar = document.getElementById("sidebar");
  const talk = document.getElementById("talk");
  const threadPane = document.getElementById("thread");

  let shown = null;
  let place = "";
  let thread = null;
  let newSince = null;
  let hasNew = false;
  let skew = 0;
  let editing = null;
  let goings = 0;
  const drafts = new Map();

  // -- asking and telling ---------------------------------------------------------------------------------------------

  const names = {
    get me() { return shown.me; },
    get bot() { return shown.bot; },
    get members() { return shown.members; },
    get usergroups() { return shown.usergroups; },
    get places() { return shown.places; },
    get commands() { return shown?.commands ?? []; },
    get zone() { return shown.members[shown.me].tz; },
    now: () => Date.now() / 1000 + skew,
    file: (file) => `/page/slack/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}?as=${shown.me}`,
  };

  async function look() {
    const [asked, channel] = [place, looksAt()];
    const answer = await page.get(`/page/slack?${new URLSearchParams({ as: page.me, channel })}`);
    if (asked !== place || channel !== looksAt()) return look();
    shown = answer;
    page.me = shown.me;
    skew = shown.now - Date.now() / 1000;
    if (place) draw();
    else void open(firstPlace(channel)); // which looks again, after this look
  }

  /** Whose messages are wanted: those of the place in front, or of the thread that is read from elsewhere. */
  function looksAt() {
    return [HOME, THREADS].includes(place) ? (thread?.channel ?? "") : (place || remembered());
  }

  function act(deed, more) {
    return page.post(`/page/slack/${deed}`, { as: page.me, ...more });
  }

  async function acted(deed, more) {
    const answer = await act(deed, more);
    if (answer.trouble) page.notice("Baton did not answer. Try again?");
    await again();
    return answer.ok;
  }

  const again = page.on(["slack"], look);

  const hands = {
    press: (message, block, element, values) =>
      acted("press", { channel: placeOf(message), ts: message.ts, block_id: block.block_id, action_id: element.action_id, values }),
    react: (message, name, on) => acted("react", { channel: placeOf(message), ts: message.ts, name, on }),
    shortcut: (message, shortcut) => acted("shortcut", { channel: placeOf(message), ts: message.ts, name: shortcut.name }),
    shortcuts: () => shown.shortcuts,
    openThread,
    edit(message, inThread) {
      stopEditing();
      editing = { message, composer: inThread ? threadComposer : composer };
      editing.composer.put(typed(message));
      draw();
    },
    async remove(message) {
      const sure = await ask({ title: "Delete this message?", words: "This cannot be taken back.", yes: "Delete", no: "Keep", danger: true });
      if (sure) await acted("delete", { channel: placeOf(message), ts: message.ts });
    },
  };

  const modal = createModal({ post: act, look: again, say: page.say, notice: page.notice });

  /** A message as it was typed, mentions by name. */
  function typed(message) {
    return message.text
      .replace(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id) => `@${shown.members[id]?.name ?? id}`)
      .replace(/<#(\w+)(?:\|[^>]*)?>/g, (whole, id) => `#${shown.places.find((each) => each.id === id)?.name ?? id}`)
      .replace(/<!(here|channel|everyone)>/g, "@$1")
      .replace(/<([^>|]+)(?:\|[^>]*)?>/g, "$1")
      .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  }

  const placeOf = (message) => message.place ?? (thread && [HOME, THREADS].includes(place) ? thread.channel : place);

  // -- going somewhere --------------------------------------------------------------------------------------------------

  function remembered() {
    return new URLSearchParams(location.search).get("in") ?? "";
  }

  /** Where one was before, if one may be there; else the first room. */
  function firstPlace(before) {
    if ([HOME, THREADS].includes(before)) return before;
    return shown.places.find((each) => each.id === before)?.id ?? shown.places[0]?.id ?? HOME;
  }

  async function open(id, { focus = false } = {}) {
    const going = (goings += 1);
    stopEditing({ quietly: true });
    drafts.set(place, composer.text);
    place = id;
    thread = null;
    newSince = null;
    composer.text = drafts.get(place) ?? "";
    const address = new URL(location.href);
    address.searchParams.set("as", page.me);
    address.searchParams.set("in", id);
    history.replaceState(null, "", address);
    if (id === HOME) await act("open-home", {});
    else if (isApp(here())) await act("open-messages", {});
    await again();
    if (going !== goings) return; // somebody went on meanwhile
    if (page.isPhone) page.show("talk");
    if (focus && isWaiting()) (talkBox.contains(composer.element) && !composer.element.hidden && !page.isPhone ? composer.field : talk).focus();
  }

  /** Whether somebody still is where they asked for a place, and does nothing else until it is there. */
  function isWaiting() {
    return [document.body, talk].includes(document.activeElement) || [sidebar, header].some((each) => each.contains(document.activeElement));
  }

  async function openThread(message) {
    stopEditing({ quietly: true });
    thread = { channel: placeOf(message), ts: message.thread_ts ?? message.ts };
    await again();
    threadComposer.field.focus();
  }

  function closeThread() {
    if (editing?.composer === threadComposer) stopEditing({ quietly: true });
    thread = null;
    draw();
    if (!page.isPhone) composer.field.focus();
  }

  async function talkTo(user) {
    const going = (goings += 1);
    const answer = await act("talk-to", { user });
    if (answer.ok && going === goings) await open(answer.channel, { focus: true });
  }

  // -- the conversation -------------------------------------------------------------------------------------------------

  const composer = createComposer({ id: "composer", label: "Message", send, names: () => names, cancel: () => stopEditing() });
  composer.element.hidden = true; // until it is known who writes, and what can be completed
  const list = createList("Messages", hands);
  const header = make("header", { class: "talk-head" });
  const other = make("div", { class: "talk-other", tabindex: 0, role: "region", "aria-label": "Contents" });
  const talkBox = make("div", { class: "talk-box" }, list.element, other, composer.element);
  talk.append(header, talkBox);

  const threadList = createList("Thread", hands);
  const threadComposer = createComposer({ id: "thread-composer", label: "Reply", send: reply, names: () => names, cancel: () => stopEditing() });
  const threadHead = make("header", { class: "talk-head" });
  threadPane.append(threadHead, threadList.element, threadComposer.element);
  threadPane.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector(".menu")) closeThread();
  });

  async function send(text, files) {
    if (editing?.composer === composer) return saveEdit(text);
    list.element.scrollTop = list.element.scrollHeight;
    return acted("type", { channel: place, text, files });
  }

  function saveEdit(text) {
    const { message } = editing;
    stopEditing();
    return acted("edit", { channel: placeOf(message), ts: message.ts, text });
  }

  function stopEditing({ quietly = false } = {}) {
    if (!editing) return false;
    const { composer: field } = editing;
    editing = null;
    field.text = "";
    if (!quietly) draw();
    return true;
  }

  function reply(text, files) {
    if (editing?.composer === threadComposer) return saveEdit(text);
    return acted("type", { channel: thread.channel, thread_ts: thread.ts, text, files });
  }

  function draw() {
    drawSidebar();
    drawHeader();
    drawTalk();
    drawThread();
    modal.show(shown.modal, names);
    markRead();
    const unread = shown.places.reduce((sum, each) => sum + each.mentions, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${placeName()} · Baton’s sandbox`;
  }

  function here() {
    return shown.places.find((each) => each.id === place);
  }

  function isApp(found) {
    return found?.kind === "im" && found.with === shown.bot;
  }

  function placeName(found = here()) {
    if (place === THREADS && found === here()) return "Threads";
    if (!found) return "Baton";
    return found.kind === "im" ? shown.members[found.with]?.real_name ?? "Direct message" : found.name;
  }

  function drawHeader() {
    const found = here();
    const app = place === HOME || isApp(found);
    const shape = JSON.stringify([place, found, app, page.me]);
    if (header.drawnFrom === shape) return;
    header.drawnFrom = shape;
    const sign = found?.kind === "channel" ? icon("hash") : found?.kind === "group" ? icon("lock") : place === THREADS ? icon("thread") : null;
    const who = found && found.kind !== "im" && make("span", { class: "head-members", title: found.members.map((id) => shown.members[id]?.real_name).join(", ") }, icon("people"), make("span", { class: "unseen" }, "Members: "), String(found.members.length));
    const tabs = app && make("div", { class: "head-tabs", role: "group", "aria-label": "Baton" },
      make("button", { "aria-pressed": String(place === HOME), onclick: () => open(HOME), data: { focus: "app-home" } }, "Home"),
      make("button", { "aria-pressed": String(place !== HOME), onclick: () => talkTo(shown.bot), data: { focus: "app-messages" } }, "Messages"),
    );
    const me = make("button", { class: "quiet head-me", onclick: () => page.show("sidebar"), data: { focus: "me" } }, avatar(names, page.me), make("span", { class: "unseen" }, `You are ${shown.members[page.me].real_name}. Be somebody else`));
    fill(header, make("h1", {}, sign, make("span", {}, placeName())), found?.topic && make("p", { class: "topic" }, mrkdwn(found.topic, names)), tabs, who, me);
  }

  function drawTalk() {
    const isTalk = ![HOME, THREADS].includes(place);
    list.element.hidden = !isTalk;
    other.hidden = isTalk;
    composer.element.hidden = !isTalk || (isApp(here()) && !shown.takes_words);
    composer.element.classList.toggle("is-editing", editing?.composer === composer);
    if (isTalk && shown.channel?.id === place) {
      const said = shown.channel.messages.filter((each) => !each.is_reply || each.broadcast || each.only_for_me);
      rememberWhatIsNew(said);
      list.show(said, names, { place, newSince: newSince || null });
      composer.rename(editing?.composer === composer ? "Edit your message" : `Message ${here().kind === "im" ? "" : "#"}${placeName()}`);
      list.element.classList.toggle("is-empty", !said.length);
    } else if (place === HOME) {
      drawHome();
    } else if (place === THREADS) {
      drawThreads();
    }
  }

  /** The line stands above what came while nobody looked; what comes before somebody's eyes is not new. */
  function rememberWhatIsNew(said) {
    if (newSince === null) newSince = shown.channel.read;
    else if (document.hasFocus() && !hasNew) newSince = said.at(-1)?.ts ?? newSince;
    hasNew = newSince !== "" && said.some((each) => each.ts > newSince && each.by !== shown.me && !each.only_for_me);
  }

  const drawHome = unlessPressed(other, () => {
    if (place !== HOME) return;
    const view = shown.home;
    if (!view) {
      patch(other, [{ key: "nothing", value: "home", draw: () => make("div", { class: "nothing" }, icon("baton"), make("h2", {}, "Baton’s Home"), make("p", {}, "Baton has not put anything here yet."), make("p", {}, "Commands work in every channel: try ", make("code", {}, "/wow"), ".")) }]);
      return;
    }
    const surface = {
      names, name: `view-${view.id}`, values: view.state.values, errors: {},
      press: (block, element, values) => acted("press", { view: view.id, block_id: block.block_id, action_id: element.action_id, values }),
      enter: (block, element, values) => acted("enter", { view: view.id, block_id: block.block_id, action_id: element.action_id, values, tells: true }),
    };
    patch(other, view.blocks.map((block) => ({ key: block.block_id, value: [view.id, block, grows(block) && minute()], draw: () => drawBlocks([block], surface)[0] })));
  });

  /** Whether something stands there that another minute changes: how long ago something was, or what day is today. */
  const grows = (block) => /<!date\^/.test(JSON.stringify(block));

  function drawThreads() {
    if (!shown.threads.length) {
      patch(other, [{ key: "nothing", value: "threads", draw: () => make("div", { class: "nothing" }, icon("thread"), make("h2", {}, "No threads yet"), make("p", {}, "Threads that you begin, reply to or are called in stand here.")) }]);
      return;
    }
    patch(other, shown.threads.map((each) => ({
      key: `${each.channel}-${each.first.ts}`,
      value: [each, shown.me],
      draw: () => {
        const found = shown.places.find((one) => one.id === each.channel);
        const where = found.kind === "im" ? placeName(found) : `#${found.name}`;
        const fresh = each.unread > 0 && make("span", { class: "badge new" }, `${each.unread} new`);
        const count = each.first.reply_count === 1 ? "1 reply" : `${each.first.reply_count} replies`;
        return make(
          "button",
          { class: "thread-card", onclick: () => openThread({ ...each.first, place: each.channel }), data: { focus: `thread-${each.first.ts}` } },
          make("span", { class: "thread-where" }, where, fresh),
          make("span", { class: "thread-first" }, avatar(names, each.first.by, each.first.username), make("span", {}, make("strong", {}, nameOf(names, each.first)), make("span", { class: "thread-words" }, typed(each.first)))),
          make("span", { class: "thread-count" }, `${count}, the last: ${dayWords(Number(each.latest), names)}${clockTime(Number(each.latest), names.zone)}`),
        );
      },
    })));
  }

  function drawThread() {
    const said = thread && shown.channel?.id === thread.channel ? shown.channel.messages.filter((each) => each.ts === thread.ts || each.thread_ts === thread.ts) : [];
    if (!said.length) thread = null;
    threadPane.hidden = !thread;
    document.body.classList.toggle("has-thread", Boolean(thread));
    if (!thread) return;
    const found = shown.places.find((each) => each.id === thread.channel);
    const shape = JSON.stringify([thread, found.name]);
    if (threadHead.drawnFrom !== shape) {
      threadHead.drawnFrom = shape;
      fill(
        threadHead,
        make("h2", {}, icon("thread"), make("span", {}, "Thread")),
        make("p", { class: "topic" }, found.kind === "im" ? placeName(found) : `#${found.name}`),
        make("button", { class: "quiet head-close", "aria-label": "Close the thread", onclick: closeThread }, icon("close")),
      );
    }
    threadList.show(said, names, { place: `${thread.channel}-${thread.ts}`, inThread: true });
    const isEdited = editing?.composer === threadComposer;
    threadComposer.element.classList.toggle("is-editing", isEdited);
    threadComposer.rename(isEdited ? "Edit your message" : "Reply in thread");
  }

  /** What stands on a screen somebody looks at is read. */
  function markRead() {
    if (!document.hasFocus()) return;
    const found = here();
    const last = shown.channel?.messages.filter((each) => !each.only_for_me && (!each.is_reply || each.broadcast)).at(-1);
    if (found?.unread && shown.channel?.id === place && last) act("read", { channel: place, ts: last.ts });
    if (thread) {
      const first = shown.channel?.messages.find((each) => each.ts === thread.ts);
      const latest = shown.channel?.messages.filter((each) => each.thread_ts === thread.ts && each.is_reply && !each.only_for_me).at(-1);
      if (first?.unread_replies && latest) act("read", { channel: thread.channel, ts: latest.ts });
    }
  }

  // -- the sidebar ------------------------------------------------------------------------------------------------------

  const drawSidebar = unlessPressed(sidebar, () => {
    const shape = JSON.stringify([shown.places, shown.threads.map((each) => each.unread), shown.members, place, page.me, minute()]);
    if (sidebar.drawnFrom === shape) return;
    sidebar.drawnFrom = shape;
    const channels = shown.places.filter((each) => each.kind !== "im");
    const talks = shown.places.filter((each) => each.kind === "im" && !isApp(each));
    const people = Object.entries(shown.members).filter(([, each]) => !each.is_bot && each.here);
    const app = shown.places.find(isApp);
    const freshThreads = shown.threads.filter((each) => each.unread).length;
    fill(
      sidebar,
      make("div", { class: "workspace" }, make("span", { class: "workspace-sign", "aria-hidden": "true" }, icon("baton")), make("strong", {}, "Baton’s sandbox")),
      make("div", { class: "sidebar-scroll" },
        section("You are", people.map(([id, each]) => personRow(id, each))),
        section("Channels", [
          row({ id: THREADS, sign: icon("thread"), words: "Threads", unread: freshThreads }),
          ...channels.map((each) => row({ id: each.id, sign: icon(each.kind === "group" ? "lock" : "hash"), words: each.name, unread: each.unread, mentions: each.mentions })),
        ]),
        section("Direct messages", people.filter(([id]) => id !== shown.me).map(([id, each]) => {
          const found = talks.find((one) => one.with === id);
          return row({ id: found?.id ?? `to-${id}`, sign: avatar(names, id), words: each.real_name, unread: found?.unread, mentions: found?.mentions, go: () => talkTo(id) });
        })),
        section("Apps", [row({ id: HOME, isHere: place === HOME || place === app?.id, sign: avatar(names, shown.bot), words: "Baton", unread: app?.unread, mentions: app?.mentions, go: () => (app?.unread ? talkTo(shown.bot) : open(HOME, { focus: true })) })]),
      ),
    );
  });

  const minute = () => Math.floor(names.now() / 60);

  function section(words, rows) {
    return make("section", { class: "side-section" }, make("h2", {}, words), make("ul", {}, rows.map((each) => make("li", {}, each))));
  }

  function personRow(id, person) {
    const isMe = id === shown.me;
    const zone = person.tz.split("/").at(-1).replaceAll("_", " ");
    const words = make("span", { class: "person-words" }, make("span", { class: "person-name" }, person.real_name), make("small", {}, `${clockTime(names.now(), person.tz)} in ${zone}`));
    const address = `?${new URLSearchParams({ as: id, in: place })}`;
    return make("a", { class: "side-row person", href: address, "aria-current": isMe ? "true" : null, data: { focus: `as-${id}` } }, avatar(names, id), words);
  }

  function row({ id, isHere = id === place, sign, words, unread, mentions, go }) {
    const count = mentions > 0 && make("span", { class: "count" }, String(mentions), make("span", { class: "unseen" }, " unread for you"));
    const fresh = unread > 0 && !mentions && make("span", { class: "unseen" }, `, ${unread} unread`);
    return make(
      "button",
      { class: `side-row${unread ? " is-unread" : ""}`, "aria-current": isHere ? "page" : null, onclick: go ?? (() => open(id, { focus: true })), data: { focus: `place-${id}` } },
      make("span", { class: "side-sign" }, sign), make("span", { class: "side-words" }, words, fresh), count,
    );
  }

  /** For the guide: puts words into the field, ready to be sent. */
  page.write = async (text) => {
    if (shown.modal) return page.notice("Something is open in front of the field. Close it first.");
    if ([HOME, THREADS].includes(place) || composer.element.hidden) await open(shown.places.find((each) => each.kind === "channel").id);
    if (page.isPhone) page.show("talk");
    composer.put(text);
  };

  /** For links: shows a message where it stands. */
  page.goTo = async ({ channel, ts, thread: first }) => {
    if (!shown.places.some((each) => each.id === channel)) return page.notice("You are not in that channel.");
    if (shown.modal) return page.notice("Something is open in front of the talk. Close it first.");
    if (place !== channel) await open(channel);
    if (page.isPhone) page.show("talk");
    if (first) await openThread({ ts: first });
    const pane = first ? threadList.element : list.element;
    const found = pane.querySelector(`[data-focus="message-${Boolean(first)}-${ts}"]`);
    if (!found) return page.notice("That message is not there any more.");
    found.scrollIntoView({ block: "center" });
    found.focus();
  };

  /** For what stands in the column beside: a thread may cover it. */
  page.uncover = () => thread && !page.isPhone && !COVERS_NOTHING.matches && closeThread();

  addEventListener("focus", again);
  setInterval(() => {
    if (!shown) return;
    drawSidebar();
    if (place === HOME) drawHome();
  }, 5000);
}
