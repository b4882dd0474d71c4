// Messages as rows: who, when, what, files, reactions, the way into the thread, and what can be done with them.
//
// `hands` does things for the person: press, react, openThread, shortcut, edit, remove (see slack.js).

import { drawBlocks } from "./blocks.js";
import { icon, make, patch, unlessPressed } from "./dom.js";
import { drawEmoji } from "./emoji.js";
import { drawFile } from "./files.js";
import { openEmoji, openMenu } from "./menu.js";
import { dayOf, mrkdwn, nearDay, partsOf } from "./mrkdwn.js";

const TOGETHER_SECONDS = 300;
const ITSELF = "USLACKBOT";

/** A list of messages that is kept up to date; it goes on with them while somebody reads at its end. */
export function createList(label, hands) {
  const list = make("div", { class: "messages", role: "log", "aria-label": label, tabindex: 0 });
  list.addEventListener("keydown", (event) => walk(list, event));

  let end = 0;
  let follows = true;
  list.addEventListener("scroll", () => (follows = list.scrollTop > end - 80));
  // It also gets a size when its pane is brought back on a phone, and another one when somebody types many lines.
  new ResizeObserver(() => follows && goOn()).observe(list);
  // Pictures and texts come in after their message; `load` does not bubble, but it can be caught on its way down.
  list.addEventListener("load", () => follows && goOn(), { capture: true });

  const show = unlessPressed(list, (messages, names, { place, newSince = null, inThread = false }) => {
    const isOther = list.dataset.place !== place;
    list.dataset.place = place;
    patch(list, rows(messages, names, { newSince, inThread, hands, place }));
    if (isOther) list.scrollTop = 0;
    if (isOther || follows) goOn();
  });

  /** To the end of the last message; where it is longer than the list is high, to its beginning and no further. */
  function goOn() {
    const last = [...list.children].findLast((each) => each.matches("article"));
    const begin = last ? last.offsetTop - list.offsetTop - 8 : 0;
    end = Math.max(0, Math.min(list.scrollHeight - list.clientHeight, begin));
    if (list.scrollTop < end) list.scrollTop = end;
    follows = true;
  }

  return { element: list, show };
}

/** Arrow keys go from message to message; Tab then goes into what can be done with it. */
function walk(list, event) {
  if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key) || event.target.closest("input, textarea, select")) return;
  const items = [...list.querySelectorAll("article")];
  if (!items.length) return;
  const at = items.indexOf(event.target.closest("article"));
  const next = { ArrowUp: at < 0 ? items.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
  event.preventDefault();
  items[Math.max(0, Math.min(next, items.length - 1))].focus();
}

function rows(messages, names, context) {
  const wanted = [];
  let day = "";
  let before = null;
  let marked = false;
  const today = nearness(names);
  for (const message of messages) {
    const at = Number(message.ts);
    const isNew = context.newSince !== null && !marked && message.ts > context.newSince && message.by !== names.me && !message.only_for_me;
    if (dayOf(at, names.zone) !== day && !context.inThread) {
      day = dayOf(at, names.zone);
      before = null;
      wanted.push({ key: `day-${day}`, value: [day, today], draw: () => drawDay(at, names) });
    }
    if (isNew) {
      marked = true;
      before = null;
      wanted.push({ key: "new", value: 1, draw: () => make("div", { class: "new-line", role: "separator" }, make("span", {}, "New")) });
    }
    const joined = before && before.by === message.by && !message.only_for_me && !before.only_for_me &&
      before.username === message.username && at - Number(before.ts) < TOGETHER_SECONDS;
    wanted.push({
      key: `${message.channel ?? ""}${message.ts}-${message.only_for_me}`,
      value: [message, Boolean(joined), names.me],
      draw: () => drawMessage(message, names, { ...context, joined }),
    });
    before = message;
  }
  return wanted;
}

function nearness(names) {
  return dayOf(names.now(), names.zone);
}

function drawDay(at, names) {
  const { weekday, month, day } = partsOf(at, names.zone);
  const near = nearDay(at, names);
  const words = near ? near[0].toUpperCase() + near.slice(1) : `${weekday}, ${day} ${month}`;
  return make("div", { class: "day", role: "separator" }, make("span", {}, words));
}

/** Where no line between days says it. */
export function dayWords(at, names) {
  const { day, month } = partsOf(at, names.zone);
  const near = nearDay(at, names);
  return near === "today" ? "" : `${near ? near[0].toUpperCase() + near.slice(1) : `${day} ${month}`}, `;
}

export function clockTime(at, zone) {
  const { hour, minute } = partsOf(at, zone);
  return `${hour}:${minute}`;
}

/** The square with somebody's initials; the bot has its own drawing. */
export function avatar(names, id, username) {
  const member = names.members[id];
  if (id === names.bot) return make("span", { class: "avatar is-baton", "aria-hidden": "true" }, icon("baton"));
  const words = username || member?.real_name || id;
  const initials = words.split(/\s+/).slice(0, 2).map((each) => each[0]?.toUpperCase() ?? "").join("");
  const people = Object.keys(names.members).filter((each) => each !== names.bot);
  return make("span", { class: `avatar is-${people.indexOf(id) % 5}`, "aria-hidden": "true" }, initials);
}

export function nameOf(names, message) {
  if (message.by === ITSELF) return "Sandbox";
  return message.username || names.members[message.by]?.real_name || message.by;
}

function drawMessage(message, names, context) {
  const at = Number(message.ts);
  const time = (context.inThread ? dayWords(at, names) : "") + clockTime(at, names.zone);
  const by = nameOf(names, message);
  const member = names.members[message.by];
  const stamp = make("time", { class: "stamp", datetime: new Date(at * 1000).toISOString() }, time);
  const isApp = member?.is_bot || message.subtype === "bot_message";
  const head = make("div", { class: "message-head" }, make("strong", { class: "by" }, by), isApp && make("span", { class: "badge" }, "APP"), stamp);
  const inside = make(
    "div",
    { class: "message-inside" },
    message.only_for_me && make("p", { class: "only" }, icon("eye"), "Only visible to you"),
    message.is_reply && message.broadcast && !context.inThread && make("p", { class: "only" }, "replied to a thread"),
    !context.joined && head,
    drawContent(message, names, context.hands),
    drawReactions(message, names, context.hands),
    !context.inThread && drawReplies(message, names, context.hands),
  );
  const style = ["message", context.joined && "joined", message.only_for_me && "private"].filter(Boolean).join(" ");
  return make(
    "article",
    { class: style, tabindex: -1, "aria-label": `${by}, ${time}`, data: { focus: `message-${context.inThread}-${message.ts}` } },
    context.joined ? make("span", { class: "gutter", "aria-hidden": "true" }, time) : avatar(names, message.by, nameOf(names, message)),
    inside,
    drawTools(message, names, context),
  );
}

function drawContent(message, names, hands) {
  const surface = {
    names,
    name: `message-${message.ts.replace(".", "-")}`,
    press: (block, element, values) => hands.press(message, block, element, values),
  };
  const content = make("div", { class: "content" });
  if (message.blocks?.length) content.append(...drawBlocks(message.blocks, surface));
  else if (message.text) content.append(make("div", { class: "block block-text" }, mrkdwn(message.text, names)));
  if (message.edited && message.by !== names.bot) content.append(make("span", { class: "edited" }, "(edited)"));
  content.append(...(message.attachments ?? []).map((each) => drawAttachment(each, names, surface)));
  content.append(...(message.files ?? []).map((each) => drawFile(each, names)));
  return content;
}

function drawAttachment(attachment, names, surface) {
  const words = (key) => attachment[key] && make("div", { class: `attachment-${key}` }, mrkdwn(String(attachment[key]), names));
  const fields = (attachment.fields ?? []).map((each) =>
    make("div", {}, make("strong", {}, each.title), make("div", {}, mrkdwn(String(each.value ?? ""), names))),
  );
  const inside = [
    words("author_name"), words("title"), words("text"),
    fields.length > 0 && make("div", { class: "block-fields" }, fields),
    attachment.blocks && drawBlocks(attachment.blocks, surface), words("footer"),
  ];
  const box = make("div", { class: "attachment" }, inside);
  if (/^#?[0-9a-f]{6}$/i.test(attachment.color ?? "")) box.style.borderColor = `#${attachment.color.replace("#", "")}`;
  else if (attachment.color) box.classList.add(`is-${attachment.color}`);
  return make("div", {}, words("pretext"), box);
}

function drawReactions(message, names, hands) {
  const given = message.reactions ?? [];
  if (!given.length) return null;
  const drawn = given.map((each) => {
    const mine = each.users.includes(names.me);
    const who = each.users.map((id) => names.members[id]?.real_name ?? id).join(", ");
    const label = `${each.name.replaceAll("_", " ")}, ${each.count}: ${who}`;
    const press = () => hands.react(message, each.name, !mine);
    return make(
      "button",
      { class: "reaction", "aria-pressed": String(mine), "aria-label": label, title: label, onclick: press, data: { focus: `reaction-${message.ts}-${each.name}` } },
      make("span", { "aria-hidden": "true" }, drawEmoji(each.name)), String(each.count),
    );
  });
  return make("div", { class: "reactions" }, drawn);
}

function drawReplies(message, names, hands) {
  if (!message.reply_count) return null;
  const faces = message.reply_users.slice(0, 3).map((id) => avatar(names, id));
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const fresh = message.unread_replies > 0 && make("span", { class: "badge new" }, `${message.unread_replies} new`);
  return make("button", { class: "replies", onclick: () => hands.openThread(message) }, faces, make("strong", {}, words), fresh);
}

/** What can be done with a message; shown when it is touched, and reached from it with Tab. */
function drawTools(message, names, { hands, inThread }) {
  const isOwn = message.by === names.me && !message.only_for_me;
  const react = make("button", { class: "quiet", "aria-label": "Add a reaction", title: "Add a reaction", data: { focus: `react-${message.ts}` }, "aria-haspopup": "menu" }, icon("smile"));
  react.addEventListener("click", () => openEmoji(react, (name) => hands.react(message, name, true)));
  const reply = make("button", { class: "quiet", "aria-label": "Reply in thread", title: "Reply in thread", data: { focus: `reply-${message.ts}` }, onclick: () => hands.openThread(message) }, icon("thread"));
  const more = make("button", { class: "quiet", "aria-label": "More actions", title: "More actions", data: { focus: `more-${message.ts}` }, "aria-haspopup": "menu" }, icon("more"));
  more.addEventListener("click", () => {
    const items = hands.shortcuts().map((each) => ({ label: each.name, hint: each.description, act: () => hands.shortcut(message, each) }));
    if (isOwn) items.push("-", { label: "Edit message", act: () => hands.edit(message, inThread) }, { label: "Delete message", danger: true, act: () => hands.remove(message) });
    openMenu(more, items);
  });
  if (message.only_for_me) return null;
  return make("div", { class: "tools" }, react, !inThread && !message.is_reply && reply, more);
}
