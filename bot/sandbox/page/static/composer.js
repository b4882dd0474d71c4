// The field one writes in: messages, commands and people with completion, files. Enter sends, Shift+Enter breaks the line.

import { icon, make } from "./dom.js";
import { drawEmoji, EMOJI } from "./emoji.js";
import { unescaped } from "./mrkdwn.js";

const MOST_OFFERED = 8;
const MOST_BYTES = 5_000_000;
let composers = 0;

/** `send(text, files)` gives whether it went, `cancel()` whether there was something; `names()`: what can be completed. */
export function createComposer({ id, label, send, names, cancel }) {
  const listId = `completion-${(composers += 1)}`;
  const offered = make("div", { class: "completion", role: "listbox", id: listId, "aria-label": "Suggestions", hidden: true });
  const field = make("textarea", {
    id, class: "composer-field", rows: 1, "aria-label": label, placeholder: label, autocomplete: "off",
    "aria-autocomplete": "list", "aria-haspopup": "listbox",
  });
  const chips = make("div", { class: "chips" });
  const chooser = make("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files" });
  const attach = make("button", { class: "quiet", type: "button", "aria-label": "Attach a file", title: "Attach a file", onclick: () => chooser.click() }, icon("clip"));
  const slash = make("button", { class: "quiet", type: "button", "aria-label": "Commands", title: "Commands", onclick: () => put("/") }, icon("slash"));
  const submit = make("button", { class: "composer-send", type: "submit", "aria-label": "Send", title: "Send" }, icon("send"));
  const giveUp = cancel && make("button", { class: "button", type: "button", onclick: cancel }, "Cancel");
  const box = make("div", { class: "composer-box" }, chips, field, make("div", { class: "composer-tools" }, attach, slash, chooser, make("span", { class: "space" }), giveUp, submit));
  const form = make("form", { class: "composer" }, offered, box);

  let items = [];
  let at = -1;
  let files = [];

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  field.addEventListener("input", () => {
    grow();
    offer();
  });
  field.addEventListener("blur", () => setTimeout(close, 150));
  field.addEventListener("keydown", keys);
  chooser.addEventListener("change", async () => {
    for (const each of chooser.files) if (each.size <= MOST_BYTES) files.push({ name: each.name, content: await base64(each) });
    chooser.value = "";
    drawChips();
  });

  function keys(event) {
    if (event.isComposing) return;
    const open = !offered.hidden;
    if (open && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      mark((at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      take(Math.max(at, 0));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && at >= 0 && !items[at].isThere) take(at);
      else go();
    } else if (event.key === "Escape" && cancel?.()) {
      event.preventDefault();
    }
  }

  async function go() {
    const text = field.value;
    if (!text.trim() && !files.length) return;
    const sent = files;
    close();
    field.value = "";
    files = [];
    drawChips();
    grow();
    if (!(await send(text, sent)) && !field.value) {
      field.value = text;
      files = sent;
      drawChips();
      grow();
    }
  }

  function offer() {
    const found = suggestions(field.value.slice(0, field.selectionStart), names());
    items = found.items;
    if (!items.length) {
      close();
      return;
    }
    offered.replaceChildren(...items.map((each, number) => drawItem(each, number)));
    offered.hidden = false;
    field.setAttribute("aria-controls", listId);
    mark(found.first);
  }

  function drawItem(item, number) {
    const words = make("span", { class: "completion-words" }, make("strong", {}, item.label), item.hint && make("code", {}, item.hint));
    const about = item.about && make("small", {}, item.about);
    const option = make("div", { role: "option", id: `${listId}-${number}`, "aria-selected": "false" }, words, about);
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(number);
    });
    return option;
  }

  function mark(number) {
    at = number;
    for (const [each, option] of [...offered.children].entries()) option.setAttribute("aria-selected", String(each === at));
    if (at < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", `${listId}-${at}`);
      offered.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function take(number) {
    const item = items[number];
    const after = field.value.slice(field.selectionStart);
    const before = field.value.slice(0, item.from) + item.text;
    field.value = before + after;
    field.setSelectionRange(before.length, before.length);
    grow();
    offer();
  }

  function close() {
    offered.hidden = true;
    items = [];
    at = -1;
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
  }

  function put(text) {
    field.value = text;
    field.focus();
    field.setSelectionRange(text.length, text.length);
    grow();
    offer();
  }

  function grow() {
    field.style.height = "auto";
    // Nothing has a height while it is hidden.
    if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
    submit.disabled = !field.value.trim() && !files.length;
  }

  function drawChips() {
    chips.replaceChildren(...files.map((each) => {
      const drop = () => {
        files = files.filter((other) => other !== each);
        drawChips();
        grow();
      };
      return make("span", { class: "chip" }, each.name, make("button", { class: "quiet", type: "button", "aria-label": `Remove ${each.name}`, onclick: drop }, icon("close")));
    }));
    grow();
  }

  grow();
  return {
    element: form,
    field,
    put,
    get text() {
      return field.value;
    },
    set text(words) {
      field.value = words;
      close();
      grow();
    },
    rename(words) {
      if (field.placeholder === words) return;
      field.placeholder = words;
      field.setAttribute("aria-label", words);
    },
  };
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(text);
}

/**
 * What could stand where the cursor is: `{items: [{label, hint, about, text, from, isThere}], first}`. A command's
 * sub-commands are only offered, for Enter has to send what stands there.
 */
export function suggestions(before, names) {
  const nothing = { items: [], first: -1 };
  const command = /^\/\S*$/.exec(before);
  if (command) {
    const items = names.commands.filter((each) => each.name.startsWith(before)).map((each) => ({
      label: each.name, hint: each.hint, about: each.description, text: `${each.name} `, from: 0, isThere: each.name === before,
    }));
    return { items, first: items.length ? 0 : -1 };
  }
  const word = /(?:^|\s)([@#:])([\w.+-]*)$/.exec(before);
  if (word && !(word[1] === ":" && word[2].length < 2)) {
    const items = named(word[1], word[2], names, before.length - word[2].length - 1);
    if (items.length) return { items, first: items[0].isThere ? -1 : 0 };
  }
  const part = /^(\/\S+) (\w*)$/.exec(before);
  const known = part && names.commands.find((each) => each.name === part[1]);
  if (!known) return nothing;
  const items = wordsOf(known.hint).filter((each) => each.startsWith(part[2]) && each !== part[2]).map((each) => ({
    label: `${known.name} ${each}`, text: each, from: part[1].length + 1, isThere: false,
  }));
  return { items, first: -1 };
}

/** The sub-commands in a usage hint like `[status | ap #iid | help]`. */
function wordsOf(hint) {
  return hint.replace(/^\[|\]$/g, "").split("|").map((each) => each.trim().split(/\s/)[0]).filter((each) => /^\w+$/.test(each));
}

function named(sign, start, names, from) {
  const low = start.toLowerCase();
  const fits = (...words) => words.some((each) => each.toLowerCase().startsWith(low));
  if (sign === "@") {
    return Object.values(names.members)
      .filter((each) => each.here && fits(each.name, ...each.real_name.split(" ")))
      .slice(0, MOST_OFFERED)
      .map((each) => ({ label: each.real_name, hint: `@${each.name}`, text: `@${each.name} `, from, isThere: each.name === start }));
  }
  if (sign === "#") {
    return names.places
      .filter((each) => each.kind === "channel" && fits(each.name))
      .slice(0, MOST_OFFERED)
      .map((each) => ({ label: `#${each.name}`, about: unescaped(each.topic), text: `#${each.name} `, from, isThere: each.name === start }));
  }
  return Object.entries(EMOJI)
    .filter(([name]) => name.startsWith(low))
    .slice(0, MOST_OFFERED)
    .map(([name]) => ({ label: [drawEmoji(name), ` :${name}:`], text: `:${name}: `, from, isThere: false }));
}
