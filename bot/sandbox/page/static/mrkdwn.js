// Slack's markup as nodes: mentions, links, dates in the reader's zone, code, bold, quotes, emoji. Also rich text blocks.
//
// https://docs.slack.dev/messaging/formatting-message-text
//
// `names` knows people, channels, groups, zone and clock: {members, places, usergroups, me, zone, now()}.

import { drawEmoji, emoji } from "./emoji.js";
import { make } from "./dom.js";

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<token>[^<>]+)>",
    "(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\w_])",
    "(?<![\\w~])~(?<struck>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\w~])",
    "(?<![\\w:]):(?<emoji>[a-z0-9_+\\-]+):(?!\\w)",
    "(?<url>https?://[^\\s<>|]*[^\\s<>|.,;:!?)\\]'\"])",
  ].join("|"),
  "g",
);

export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A text object of Block Kit: `plain_text` or `mrkdwn`. */
export function drawText(text, names) {
  if (!text) return [];
  if (text.type === "mrkdwn") return mrkdwn(text.text, names);
  return lines(unescaped(text.text), text.emoji === false ? (line) => (line ? [line] : []) : withEmoji);
}

/** The characters of a plain text, where only a string is possible (labels, options). */
export function plain(text) {
  const words = unescaped(text?.text ?? "");
  return text?.emoji === false ? words : words.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name));
}

export function mrkdwn(text, names) {
  const nodes = [];
  for (const [number, part] of text.split("```").entries()) {
    if (number % 2) nodes.push(make("pre", {}, make("code", {}, unescaped(part.replace(/^\n|\n$/g, "")))));
    else nodes.push(...quotedLines(number ? part.replace(/^\n/, "") : part, names));
  }
  return nodes;
}

function quotedLines(text, names) {
  const nodes = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) nodes.push(make("blockquote", {}, lines(quoted.join("\n"), (line) => inline(line, names))));
    quoted = [];
  };
  let open = false;
  for (const line of text.split("\n")) {
    const match = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (match) {
      quoted.push(match[1]);
      open = false;
      continue;
    }
    flush();
    if (open) nodes.push(document.createElement("br"));
    nodes.push(...inline(line, names));
    open = true;
  }
  flush();
  return nodes;
}

function lines(text, draw) {
  return text.split("\n").flatMap((line, number) => (number ? [document.createElement("br"), ...draw(line)] : draw(line)));
}

function inline(text, names) {
  const nodes = [];
  let position = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(unescaped(text.slice(position, match.index)));
    nodes.push(piece(match.groups, names));
    position = match.index + match[0].length;
  }
  nodes.push(unescaped(text.slice(position)));
  return nodes.filter((each) => each !== "");
}

function piece(found, names) {
  if (found.code !== undefined) return make("code", {}, unescaped(found.code));
  if (found.token !== undefined) return drawToken(found.token, names);
  if (found.bold !== undefined) return make("strong", {}, inline(found.bold, names));
  if (found.italic !== undefined) return make("em", {}, inline(found.italic, names));
  if (found.struck !== undefined) return make("s", {}, inline(found.struck, names));
  if (found.emoji !== undefined) return drawEmoji(found.emoji);
  return link(unescaped(found.url), unescaped(found.url));
}

function withEmoji(text) {
  const nodes = [];
  let position = 0;
  for (const match of text.matchAll(/(?<![\w:]):([a-z0-9_+-]+):(?!\w)/g)) {
    nodes.push(text.slice(position, match.index), drawEmoji(match[1]));
    position = match.index + match[0].length;
  }
  nodes.push(text.slice(position));
  return nodes.filter((each) => each !== "");
}

function drawToken(token, names) {
  const bar = token.indexOf("|");
  const [target, label] = bar < 0 ? [token, ""] : [token.slice(0, bar), token.slice(bar + 1)];
  if (target.startsWith("@")) return mention(names, target.slice(1), label);
  if (target.startsWith("#")) return place(names, target.slice(1), label);
  if (target.startsWith("!date^")) return date(names, target, unescaped(label));
  if (target.startsWith("!subteam^")) return group(names, target.slice(9), label);
  if (target.startsWith("!")) return make("span", { class: "mention calls" }, `@${target.slice(1)}`);
  return link(unescaped(target), unescaped(label || target));
}

function mention(names, id, label) {
  const person = names.members[id];
  const calls = id === names.me ? "mention calls" : "mention";
  return make("span", { class: calls }, `@${person ? person.name : unescaped(label) || id}`);
}

function place(names, id, label) {
  const found = names.places.find((each) => each.id === id);
  return make("span", { class: "mention" }, `#${found?.name ?? (unescaped(label) || id)}`);
}

function group(names, id, label) {
  const words = `@${names.usergroups[id]?.handle ?? (unescaped(label).replace(/^@/, "") || id)}`;
  const drawn = make("span", { class: "mention" }, words);
  // Looked up when it is asked for: who is in a group changes more often than what was said.
  drawn.addEventListener("pointerenter", () => {
    const inside = (names.usergroups[id]?.users ?? []).map((each) => names.members[each]?.real_name ?? each);
    drawn.title = inside.join(", ") || "Nobody";
  });
  return drawn;
}

/** Only what leads to another page is a link; `javascript:` and the like stay words. */
function link(address, words) {
  if (!/^(https?|mailto|tel):/i.test(address)) return words;
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

function date(names, target, fallback) {
  const [, seconds, form, address] = target.split("^");
  if (!/^\d+$/.test(seconds) || !form) return fallback;
  const words = form.replace(/\{(\w+)\}/g, (whole, name) => dateWords(name, Number(seconds), names) ?? whole);
  const time = make("time", { datetime: new Date(seconds * 1000).toISOString(), title: fallback }, words);
  return address ? make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, time) : time;
}

/** An instant (seconds) as the parts of a date in a zone. */
export function partsOf(at, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "long", day: "numeric", weekday: "long",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date(at * 1000));
  return Object.fromEntries(parts.map((each) => [each.type, each.value]));
}

/** The day of an instant in a zone: `2026-11-18`. */
export function dayOf(at, zone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date(at * 1000));
}

/** “today”, “yesterday”, “tomorrow”, else "". */
export function nearDay(at, names) {
  const days = (Date.parse(dayOf(names.now(), names.zone)) - Date.parse(dayOf(at, names.zone))) / 86_400_000;
  return { 0: "today", 1: "yesterday", "-1": "tomorrow" }[days] ?? "";
}

function dateWords(name, at, names) {
  const base = name.replace(/_pretty$/, "");
  const near = base !== name ? nearDay(at, names) : "";
  if (near) return near;
  const { year, month, day, weekday, hour, minute, second } = partsOf(at, names.zone);
  const spoken = `${month} ${day}${ordinal(Number(day))}, ${year}`;
  return {
    date_num: dayOf(at, names.zone),
    date_slash: dayOf(at, names.zone).split("-").reverse().join("/"),
    date: spoken,
    date_short: `${month.slice(0, 3)} ${day}, ${year}`,
    date_long: `${weekday}, ${spoken}`,
    day_divider: `${weekday}, ${month} ${day}${ordinal(Number(day))}`,
    time: `${hour}:${minute}`,
    time_secs: `${hour}:${minute}:${second}`,
    ago: agoWords(names.now() - at),
  }[base];
}

/** “5 minutes ago”, “in 2 hours”: in the largest unit that there is one of. */
function agoWords(seconds) {
  const length = Math.abs(seconds);
  const [unit, size] = [["day", 86_400], ["hour", 3600], ["minute", 60]].find(([, each]) => length >= each) ?? ["", 1];
  if (!unit) return "just now";
  const count = Math.floor(length / size);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

function ordinal(day) {
  return day % 100 > 10 && day % 100 < 14 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th");
}

// -- rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

export function richText(element, names) {
  const inside = () => (element.elements ?? []).map((each) => richText(each, names));
  switch (element.type) {
    case "rich_text": return make("div", { class: "rich" }, inside());
    case "rich_text_section": return make("span", { class: "rich-section" }, inside());
    case "rich_text_preformatted": return make("pre", {}, make("code", {}, inside()));
    case "rich_text_quote": return make("blockquote", {}, inside());
    case "rich_text_list": return richList(element, names);
    default: return styled(richPiece(element, names), element.style);
  }
}

function richList(element, names) {
  const tag = element.style === "ordered" ? "ol" : "ul";
  const items = element.elements.map((each) => make("li", {}, richText(each, names)));
  const list = make(tag, { class: "rich-list", start: element.offset ? element.offset + 1 : null }, items);
  list.style.setProperty("--indent", element.indent ?? 0);
  return list;
}

function richPiece(element, names) {
  switch (element.type) {
    case "text": return lines(element.text, (line) => (line ? [line] : []));
    case "user": return mention(names, element.user_id, "");
    case "channel": return place(names, element.channel_id, "");
    case "usergroup": return group(names, element.usergroup_id, "");
    case "broadcast": return make("span", { class: "mention calls" }, `@${element.range}`);
    case "emoji": return drawEmoji(element.name);
    case "link": return link(element.url, element.text || element.url);
    case "date": return date(names, `!date^${element.timestamp}^${element.format}`, element.fallback ?? "");
    case "color": return element.value;
    default: return element.text ?? "";
  }
}

function styled(inside, style = {}) {
  let drawn = inside;
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style?.[name]) drawn = make(tag, {}, drawn);
  }
  return drawn;
}

// -- the `markdown` block: https://docs.slack.dev/reference/block-kit/blocks/markdown-block

export function markdown(text, names) {
  const nodes = [];
  const rows = text.split("\n");
  while (rows.length) {
    const row = rows.shift();
    const heading = /^(#{1,6}) +(.*)$/.exec(row);
    if (/^```/.test(row)) nodes.push(make("pre", {}, make("code", {}, fenced(rows))));
    else if (heading) nodes.push(make("p", { class: "markdown-heading" }, markdownInline(heading[2], names)));
    else if (/^\s*([-*+]|\d+[.)]) +/.test(row)) nodes.push(markdownList(row, rows, names));
    else if (/^> ?/.test(row)) nodes.push(make("blockquote", {}, markdownInline(row.replace(/^> ?/, ""), names)));
    else if (row.trim()) nodes.push(make("p", {}, markdownInline(row, names)));
  }
  return nodes;
}

function fenced(rows) {
  const code = [];
  while (rows.length) {
    const row = rows.shift();
    if (/^```/.test(row)) break;
    code.push(row);
  }
  return code.join("\n");
}

function markdownList(first, rows, names) {
  const item = /^\s*(?:[-*+]|(\d+)[.)]) +(.*)$/;
  const tag = item.exec(first)[1] ? "ol" : "ul";
  const found = [item.exec(first)[2]];
  while (rows.length && item.test(rows[0])) found.push(item.exec(rows.shift())[2]);
  return make(tag, { class: "rich-list" }, found.map((each) => make("li", {}, markdownInline(each, names))));
}

const MARKDOWN = /`(?<code>[^`]+)`|\[(?<words>[^\]]*)\]\((?<address>[^)\s]+)\)|\*\*(?<bold>.+?)\*\*|\*(?<italic>[^*]+)\*|~~(?<struck>.+?)~~|<(?<token>[@#!][^<>]+)>/g;

function markdownInline(text, names) {
  const nodes = [];
  let position = 0;
  for (const { 0: whole, index, groups: found } of text.matchAll(MARKDOWN)) {
    nodes.push(...withEmoji(text.slice(position, index)));
    if (found.code !== undefined) nodes.push(make("code", {}, found.code));
    else if (found.address) nodes.push(link(found.address, found.words));
    else if (found.bold) nodes.push(make("strong", {}, markdownInline(found.bold, names)));
    else if (found.italic) nodes.push(make("em", {}, markdownInline(found.italic, names)));
    else if (found.struck) nodes.push(make("s", {}, markdownInline(found.struck, names)));
    else nodes.push(drawToken(found.token, names));
    position = index + whole.length;
  }
  nodes.push(...withEmoji(text.slice(position)));
  return nodes;
}
