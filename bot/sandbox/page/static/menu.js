// What opens over the page for a moment: menus, the choice of an emoji, a question. Keys: arrows, Home, End, Escape.

import { make } from "./dom.js";
import { drawEmoji, OFFERED } from "./emoji.js";

/** A menu under a button: `[{label, hint?, danger?, act} | "-"]`. */
export function openMenu(button, items) {
  const menu = make("div", { class: "menu", role: "menu", popover: "auto", "aria-label": button.getAttribute("aria-label") ?? "" });
  for (const each of items) {
    if (each === "-") {
      menu.append(make("div", { class: "menu-line", role: "separator" }));
      continue;
    }
    const choose = () => {
      menu.hidePopover();
      each.act();
    };
    const words = [make("span", {}, each.label), each.hint && make("small", {}, each.hint)];
    menu.append(make("button", { class: each.danger ? "danger" : "", role: "menuitem", tabindex: -1, onclick: choose }, words));
  }
  open(button, menu, 1);
}

/** The choice of an emoji: calls `choose(name)`. */
export function openEmoji(button, choose) {
  const grid = make("div", { class: "menu emoji-grid", role: "menu", popover: "auto", "aria-label": "Reactions" });
  for (const name of OFFERED) {
    const pick = () => {
      grid.hidePopover();
      choose(name);
    };
    const label = name.replaceAll("_", " ");
    grid.append(make("button", { role: "menuitem", tabindex: -1, "aria-label": label, title: label, onclick: pick }, drawEmoji(name)));
  }
  open(button, grid, 8);
}

function open(button, menu, columns) {
  (button.closest("dialog") ?? document.body).append(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    button.removeAttribute("aria-expanded");
    menu.remove();
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("[role=menuitem]")];
    const at = items.indexOf(document.activeElement);
    const steps = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1 };
    const next = { Home: 0, End: items.length - 1 }[event.key] ?? at + steps[event.key];
    if (event.key === "Tab") menu.hidePopover();
    if (Number.isNaN(next)) return;
    event.preventDefault();
    items[(next + items.length) % items.length].focus();
  });
  // What shows the button only while it is touched has to keep it: the focus comes back to it.
  button.setAttribute("aria-expanded", "true");
  menu.showPopover();
  const box = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = box.bottom + height + 8 < innerHeight || box.top < height + 8;
  menu.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`;
  menu.querySelector("[role=menuitem]")?.focus();
}

/** Asks before something is done; gives whether it may be. */
export function ask({ title, words, yes, no, danger }) {
  return new Promise((answer) => {
    const dialog = make(
      "dialog",
      { class: "question", "aria-labelledby": "question-title" },
      make("h2", { id: "question-title" }, title),
      make("div", { class: "question-words" }, words),
      make(
        "div",
        { class: "dialog-foot" },
        make("button", { class: "button", onclick: () => dialog.close("no") }, no),
        make("button", { class: `button ${danger ? "danger" : "primary"}`, onclick: () => dialog.close("yes") }, yes),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
