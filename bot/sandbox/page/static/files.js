// Files in messages: pictures with their words, texts with their beginning, and a window in which a text is read whole.

import { icon, make } from "./dom.js";
import { gitlabMarkdown } from "./gitlab_markdown.js";

const SHOWN_LINES = 6;
const MOST_BYTES = 1_000_000;

/** What texts say, by address: a message may be drawn many times. */
const texts = new Map();

/** `names.file(file)` is the address. When something comes in later, the element says `load`, as pictures do. */
export function drawFile(file, names) {
  const address = names.file(file);
  if (file.mimetype.startsWith("image/")) {
    const picture = make("img", { src: address, alt: file.alt_txt || file.title, class: "file-image" });
    return make("a", { class: "file-picture", href: address, target: "_blank", rel: "noopener" }, picture);
  }
  const size = file.size < 1024 ? `${file.size} bytes` : `${Math.round(file.size / 1024)} kB`;
  const about = file.title === file.name ? size : `${file.name} · ${size}`;
  const words = make("span", { class: "file-words" }, make("strong", {}, file.title), make("small", {}, about));
  const way = make("a", { class: "file", href: address, download: file.name, title: `Download ${file.name}` }, icon("file"), words);
  if (file.size > MOST_BYTES) return way;
  const box = make("div", { class: "file-box" }, way);
  showBeginning(box, file, address);
  return box;
}

async function showBeginning(box, file, address) {
  if (!texts.has(address)) {
    const response = await fetch(address).catch(() => null);
    if (!response?.ok) return;
    texts.set(address, await response.text());
  }
  const lines = texts.get(address).trimEnd().split("\n");
  const begin = lines.slice(0, SHOWN_LINES).join("\n");
  const read = make("button", { class: "file-read", type: "button", data: { focus: `read-${file.id}` }, onclick: () => readWhole(file, texts.get(address)) });
  read.append(lines.length > SHOWN_LINES ? `Read all ${lines.length} lines` : "Read");
  box.append(make("pre", { class: "file-text" }, make("code", {}, begin)), read);
  box.dispatchEvent(new Event("load"));
}

/** Markdown is shown as GitLab would, or as it was written. */
function readWhole(file, text) {
  const page = make("div", { class: "reading-page", tabindex: 0, role: "region", "aria-label": file.title });
  const isMarkdown = file.filetype === "md";
  const written = () => page.replaceChildren(make("pre", { class: isMarkdown && "wraps" }, make("code", {}, text)));
  const drawn = () => page.replaceChildren(make("div", { class: "markdown" }, gitlabMarkdown(text)));
  const turn = isMarkdown && make("button", { class: "button small", type: "button", "aria-pressed": "false" }, "As written");
  const dialog = make(
    "dialog",
    { class: "reading", "aria-labelledby": "reading-title", onclose: () => dialog.remove() },
    make("header", { class: "reading-head" }, make("h2", { id: "reading-title" }, file.title), turn, make("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    page,
  );
  if (turn) {
    turn.addEventListener("click", () => {
      const raw = turn.getAttribute("aria-pressed") === "false";
      turn.setAttribute("aria-pressed", String(raw));
      (raw ? written : drawn)();
    });
  }
  (isMarkdown ? drawn : written)();
  document.body.append(dialog);
  dialog.showModal();
  page.focus();
}
