// GitLab's Markdown as nodes, as far as notes and descriptions need it; what a backslash or U+2060 parts stays apart.
//
// https://docs.gitlab.com/user/markdown/
//
// `world` knows what a reference may lead to: {issue(number), mergeRequest(number), person(name), label(name),
// milestone(title)}; each gives a node, or nothing where there is no such thing. Raw HTML is shown as text.

import { make } from "./dom.js";

const NOWHERE = {};
const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3}(?:[-*+]|\d{1,9}[.)]))(?:( +)(.*))?$/;
const TASK = /^\[([ xX])\] +/;

/** A whole text. */
export function gitlabMarkdown(text, world = NOWHERE) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/<!--[\s\S]*?(?:-->|$)/g, "").split("\n");
  return blocks(lines, world);
}

function blocks(lines, world, isTight = false) {
  const nodes = [];
  const rest = [...lines];
  while (rest.length) {
    const line = rest[0];
    const heading = HEADING.exec(line);
    if (!line.trim()) rest.shift();
    else if (FENCE.test(line)) nodes.push(code(fenced(rest)));
    else if (/^(?: {4}|\t)/.test(line)) nodes.push(code(taken(rest, (each) => /^(?: {4}|\t)/.test(each)).map((each) => each.replace(/^(?: {4}|\t)/, ""))));
    else if (heading) nodes.push(drawHeading(heading[1].length, inline(rest.shift() && (heading[2] ?? ""), world)));
    else if (RULE.test(line)) nodes.push(rest.shift() && make("hr"));
    else if (QUOTE.test(line)) nodes.push(make("blockquote", {}, blocks(quoted(rest), world)));
    else if (ITEM.test(line)) nodes.push(list(rest, world));
    else nodes.push(paragraph(rest, world, isTight));
  }
  return nodes;
}

/** Lines from the beginning, as long as they fit; they are gone from `rest`. */
function taken(rest, fits) {
  const end = rest.findIndex((each) => !fits(each));
  return rest.splice(0, end < 0 ? rest.length : end);
}

function code(lines) {
  return make("pre", {}, make("code", {}, lines.join("\n")));
}

function fenced(rest) {
  const [, mark] = FENCE.exec(rest.shift());
  const inside = taken(rest, (each) => !(each.trim().startsWith(mark) && !each.trim().replaceAll(mark[0], "")));
  rest.shift();
  return inside;
}

function drawHeading(level, inside) {
  return make("div", { class: `md-heading is-${level}`, role: "heading", "aria-level": Math.min(level + 2, 6) }, inside);
}

/** A paragraph ends where something else begins; but a list that begins with a 2 is only a line of it. */
function goesOn(line) {
  const item = ITEM.exec(line);
  const isList = item && item[3] && !/[02-9]|1\d/.test(item[1]);
  return line.trim() && !isList && ![FENCE, HEADING, RULE, QUOTE].some((each) => each.test(line));
}

function quoted(rest) {
  const inside = [];
  while (rest.length && (QUOTE.test(rest[0]) || (inside.at(-1)?.trim() && goesOn(rest[0])))) inside.push(rest.shift().replace(QUOTE, ""));
  return inside;
}

function paragraph(rest, world, isTight) {
  const lines = [rest.shift()];
  while (rest.length && goesOn(rest[0]) && !/^ {0,3}(=+|-+)[ \t]*$/.test(rest[0])) lines.push(rest.shift());
  const words = inline(lines.map((each) => each.replace(/^[ \t]+/, "")).join("\n").replace(/[ \t]+$/, ""), world);
  const underline = /^ {0,3}(=+|-+)[ \t]*$/.exec(rest[0] ?? "");
  if (underline) return rest.shift() && drawHeading(underline[1].startsWith("=") ? 1 : 2, words);
  return isTight ? make("span", {}, words) : make("p", {}, words);
}

function list(rest, world) {
  const sign = (line) => ITEM.exec(line)?.[1].trim().at(-1);
  const kind = sign(rest[0]);
  const start = parseInt(rest[0], 10);
  const items = [];
  let isTight = true;
  while (rest.length && sign(rest[0]) === kind && !RULE.test(rest[0])) {
    const [, mark, blanks, first] = ITEM.exec(rest.shift());
    const width = mark.length + (blanks && blanks.length < 5 ? blanks.length : 1);
    const inside = [first ?? ""];
    const isIn = (each) => !each.trim() || each.search(/\S/) >= width || (inside.at(-1).trim() && goesOn(each) && !ITEM.test(each));
    while (rest.length && isIn(rest[0])) inside.push(rest.shift().replace(new RegExp(`^ {0,${width}}`), ""));
    const gap = inside.findIndex((each) => !each.trim());
    const hasMore = rest.length && sign(rest[0]) === kind;
    if (gap >= 0 && (hasMore || inside.slice(gap).some((each) => each.trim()))) isTight = false;
    items.push(inside);
  }
  const drawn = items.map((each) => drawListItem(each, world, isTight));
  return Number.isNaN(start) ? make("ul", { class: "md-list" }, drawn) : make("ol", { class: "md-list", start: start === 1 ? null : start }, drawn);
}

function drawListItem(lines, world, isTight) {
  const task = TASK.exec(lines[0]);
  if (!task) return make("li", {}, blocks(lines, world, isTight));
  const isDone = task[1] !== " ";
  const box = make("span", { class: `md-task${isDone ? " is-done" : ""}`, role: "img", "aria-label": isDone ? "done" : "to do" });
  return make("li", { class: "md-has-task" }, box, blocks([lines[0].replace(TASK, ""), ...lines.slice(1)], world, isTight));
}

// -- within a line ----------------------------------------------------------------------------------------------------

const INSIDE = "(?:\\\\[^]|[^\\\\])+?";
const INLINE = new RegExp(
  [
    "\\\\(?<escaped>[!-/:-@\\[-`{-~])",
    "(?<break>(?: {2,}|\\\\)\\n *)",
    "(?<soft> ?\\n *)",
    "(?<!`)(?<ticks>`+)(?!`)(?<code>[^]+?)(?<!`)\\k<ticks>(?!`)",
    `!?\\[(?<words>(?:\\\\[^]|[^\\\\\\[\\]])*)\\]\\((?<address>[^)\\s]+)(?: +"[^"]*")?\\)`,
    "<(?<auto>https?://[^\\s<>]+)>",
    "(?<url>https?://[^\\s<>]*[^\\s<>.,;:!?)\\]'\"*_~])",
    "&(?<entity>#\\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|nbsp);",
    `(?<strong>\\*\\*|__)(?!\\s)(?<bold>${INSIDE})(?<!\\s)\\k<strong>`,
    `\\*(?![\\s*])(?<italic>${INSIDE.replace("[^\\\\]", "[^\\\\*]")})(?<!\\s)\\*(?!\\*)`,
    `(?<!\\w)_(?![\\s_])(?<slanted>${INSIDE.replace("[^\\\\]", "[^\\\\_]")})(?<!\\s)_(?!\\w)`,
    `~~(?!\\s)(?<struck>${INSIDE})(?<!\\s)~~`,
    "(?<![\\w/&])#(?<issue>\\d{1,9})(?!\\w)",
    "(?<!\\w)!(?<merge>\\d{1,9})(?!\\w)",
    "(?<!\\w)@(?<person>\\w[\\w.-]*\\w|\\w)",
    '(?<![\\w~])~(?:"(?<quotedLabel>[^"\\n]+)"|(?<label>[\\w?.&:-]*\\w))',
    '(?<![\\w%])%(?:"(?<quotedMilestone>[^"\\n]+)"|(?<milestone>\\w+))',
  ].join("|"),
  "g",
);
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" };

function inline(text, world) {
  const nodes = [];
  let position = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(position, match.index), piece(match[0], match.groups, world));
    position = match.index + match[0].length;
  }
  nodes.push(text.slice(position));
  return nodes.flat(Infinity).filter((each) => each !== "");
}

function piece(whole, found, world) {
  if (found.escaped !== undefined) return found.escaped;
  if (found.break !== undefined) return make("br");
  if (found.soft !== undefined) return " ";
  if (found.code !== undefined) return make("code", {}, found.code.replaceAll("\n", " ").replace(/^ (.*\S.*) $/, "$1"));
  if (found.address !== undefined) return link(found.address, inline(found.words, world), whole);
  if (found.auto ?? found.url) return link(found.auto ?? found.url, found.auto ?? found.url, whole);
  if (found.entity !== undefined) return entity(found.entity);
  if (found.bold !== undefined) return make("strong", {}, inline(found.bold, world));
  if (found.italic ?? found.slanted) return make("em", {}, inline(found.italic ?? found.slanted, world));
  if (found.struck !== undefined) return make("s", {}, inline(found.struck, world));
  return reference(found, world) || whole;
}

function reference(found, world) {
  if (found.issue) return world.issue?.(Number(found.issue));
  if (found.merge) return world.mergeRequest?.(Number(found.merge));
  if (found.person) return world.person?.(found.person);
  if (found.label ?? found.quotedLabel) return world.label?.(found.label ?? found.quotedLabel);
  return world.milestone?.(found.milestone ?? found.quotedMilestone);
}

function entity(name) {
  if (!name.startsWith("#")) return ENTITIES[name];
  const number = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : Number(name.slice(1));
  return number > 0 && number <= 0x10ffff ? String.fromCodePoint(number) : "\ufffd";
}

/** Only what leads to another page is a link; `javascript:` and the like stay as they were written. */
function link(address, words, whole) {
  if (!/^(https?:|mailto:)/i.test(address)) return whole;
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}
