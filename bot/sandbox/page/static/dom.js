// Small tools for the page's document. Every text goes in as a text node: what people and GitLab write stays text.

/** An element: `make("button", {class: "quiet", onclick: press, "aria-label": "Close"}, "Close", icon("close"))`. */
export function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

const DRAWN = "http://www.w3.org/2000/svg";

/** One of the drawings in `icons.svg`; decoration only, so whoever uses it says in words what it means. */
export function icon(name) {
  const drawing = document.createElementNS(DRAWN, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const used = document.createElementNS(DRAWN, "use");
  used.setAttribute("href", new URL(`icons.svg#${name}`, import.meta.url).href);
  drawing.append(used);
  return drawing;
}

/**
 * Brings the children of `parent` to what `wanted` lists, and touches only what is different: `[{key, value, draw}]`,
 * where `value` is all that the drawing depends on. So focus, scroll and typed text stay where nothing happened.
 */
export function patch(parent, wanted) {
  const there = new Map([...parent.children].map((each) => [each.dataset.key, each]));
  const active = document.activeElement;
  // What goes goes first: all that stands behind it would have to move, and what moves is new to a screen reader.
  const kept = new Set(wanted.map((each) => String(each.key)));
  for (const [key, element] of there) if (!kept.has(key)) element.remove();
  let place = parent.firstElementChild;
  for (const { key, value, draw } of wanted) {
    const mark = JSON.stringify(value) ?? "";
    let element = there.get(key);
    there.delete(key);
    if (!element || element.drawnFrom !== mark) {
      const drawn = draw();
      drawn.dataset.key = key;
      drawn.drawnFrom = mark;
      if (element) {
        if (place === element) place = drawn;
        keepingFocus(element, () => element.replaceWith(drawn), drawn);
      }
      element = drawn;
    }
    if (place === element) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  if (parent.contains(active) && active !== document.activeElement) active.focus({ preventScroll: true }); // it moved
}

/**
 * Makes of `draw` one that waits while the pointer's button is down inside `element`: what were drawn anew between its
 * going down and up would take the click with it.
 */
export function unlessPressed(element, draw) {
  let isPressed = false;
  let later = null;
  // Where a list of choices is unfolded, nobody tells when the button is up again.
  element.addEventListener("pointerdown", (event) => (isPressed = !event.target.closest("select")));
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => isPressed && setTimeout(() => {
      isPressed = false;
      later?.();
    }));
  }
  return (...given) => {
    later = isPressed ? () => draw(...given) : null;
    if (!isPressed) draw(...given);
  };
}

/** Replaces all children, and gives the focus back to the element with the same `data-focus` (or id). */
export function fill(parent, ...inside) {
  keepingFocus(parent, () => parent.replaceChildren(...inside.flat(Infinity).filter(Boolean)), parent);
}

function keepingFocus(before, change, after) {
  const active = document.activeElement;
  const held = before.contains(active) ? active : null;
  const name = held && (held.dataset.focus || held.id);
  change();
  if (!held || held.isConnected) return;
  const named = [...after.querySelectorAll("[data-focus], [id]")];
  const found = name && named.find((each) => (each.dataset.focus || each.id) === name);
  // Around first: some things can only be seen, and so be focused, where the focus already is.
  after.focus({ preventScroll: true });
  if (found) found.focus({ preventScroll: true });
}
