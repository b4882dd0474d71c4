// The modal in front of a person: a real dialog, with fields, their errors, and a state of waiting.
//
// Escape and the cross close it, and the app is told if it asked to be. What is typed is sent on soon, so that an app
// that changes the view meanwhile takes nothing away. It stands in front of the workspace only: the column beside it,
// where GitLab and the weather are, belongs to another world and stays in reach, with the mouse or with F6.

import { AFTER_A_PAUSE, busy, drawBlock, heldBy } from "./blocks.js";
import { fill, icon, make, patch } from "./dom.js";
import { plain } from "./mrkdwn.js";

const TYPING_MS = 250;
const PAUSE_MS = 500;

/** `api` does things for the person: post(act, body), look(), say(words), notice(words). */
export function createModal(api) {
  const title = make("h2", { id: "modal-title", tabindex: -1 });
  const trouble = make("p", { class: "modal-trouble", role: "alert", hidden: true });
  const body = make("div", { class: "modal-body" });
  const foot = make("div", { class: "dialog-foot" });
  const cross = make("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => close() }, icon("close"));
  const head = make("header", { class: "modal-head" }, make("span", { class: "modal-app" }, icon("baton")), title, cross);
  const form = make("form", { class: "modal-form", novalidate: true }, head, trouble, body, foot);
  const dialog = make("dialog", { class: "modal", "aria-labelledby": "modal-title" }, form);
  const stage = document.getElementById("stage");
  const behind = document.querySelectorAll(".skip, #sidebar, #talk, #thread");
  const beside = document.getElementById("beside");
  stage.append(dialog);

  let view = null;
  let entered = new Map();
  let sending = new Map();
  let waiting = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    }
    if (event.key === "Tab") goRound(event);
  });
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.target.closest("#gitlab :is(input, select, textarea), dialog:modal") || document.querySelector(".menu");
    if (event.key !== "Escape" || event.defaultPrevented || isElsewhere || !dialog.checkVisibility()) return;
    event.preventDefault();
    close();
  });

  /** Tab goes from the last button to the cross again, and back. */
  function goRound(event) {
    const last = foot.lastElementChild;
    const leaves = event.shiftKey ? [title, cross] : [last];
    if (!leaves.includes(event.target)) return;
    event.preventDefault();
    (event.shiftKey ? last : cross).focus();
  }

  /** The dialog first, the rest afterwards, and the other way round: so the focus goes where it came from. */
  function comes() {
    stage.hidden = false;
    dialog.show();
    for (const each of behind) each.inert = true;
  }

  function goes() {
    for (const each of behind) each.inert = false;
    dialog.close();
    stage.hidden = true;
  }

  /** Brings the dialog to what the server says stands in front of the person; null: nothing. */
  function show(shown, names) {
    if (!shown) {
      if (dialog.open) goes();
      view = null;
      return;
    }
    const isNew = view?.id !== shown.id;
    const isOther = isNew || view.hash !== shown.hash;
    const hadErrors = view && Object.keys(view.errors).length;
    view = shown;
    if (isNew) entered = new Map();
    draw(names);
    if (!dialog.open) comes();
    if (isNew) body.scrollTop = 0;
    if (isOther && ![body, beside].some((each) => each.contains(document.activeElement))) focusFirst();
    if (Object.keys(view.errors).length && !hadErrors) focusError();
  }

  function draw(names) {
    const words = plain(view.title);
    if (title.textContent !== words) title.textContent = words;
    trouble.hidden = !view.trouble;
    trouble.textContent = view.trouble;
    const surface = {
      names, name: `view-${view.id}`, values: valuesNow(), errors: view.errors,
      press: (block, element, values) => act("press", block, element, { values }),
      enter,
    };
    patch(body, view.blocks.map((block) => ({
      key: block.block_id,
      value: [view.id, block, view.errors[block.block_id]],
      draw: () => drawBlock(block, surface),
    })));
    drawFoot();
  }

  function drawFoot() {
    const shape = JSON.stringify([view.id, view.close, view.submit, view.depth]);
    if (foot.drawnFrom !== shape) {
      foot.drawnFrom = shape;
      const words = view.depth > 1 ? "Back" : "Cancel";
      fill(
        foot,
        make("button", { class: "button", type: "button", data: { focus: "modal-close" }, onclick: () => close() }, plain(view.close) || words),
        view.submit && make("button", { class: "button primary", type: "submit", data: { focus: "modal-submit" } }, plain(view.submit)),
      );
    }
  }

  /** What stands in the fields: what was entered here, else what the server knows. */
  function valuesNow() {
    const values = structuredClone(view.state.values);
    for (const [key, held] of entered) {
      const [block, action] = JSON.parse(key);
      const state = values[block]?.[action];
      if (state) values[block][action] = { type: state.type, held };
    }
    return values;
  }

  async function enter(block, element, values, tells) {
    const key = JSON.stringify([block.block_id, element.action_id]);
    entered.set(key, values);
    clearTimeout(sending.get(key)?.timer);
    const wanted = Boolean(tells && (block.type !== "input" || block.dispatch_action));
    const send = () => {
      sending.delete(key);
      return act("enter", block, element, { values, tells: wanted });
    };
    if (wanted && tells !== AFTER_A_PAUSE) await send();
    else sending.set(key, { send, wanted, timer: setTimeout(send, wanted ? PAUSE_MS : TYPING_MS) });
  }

  async function act(deed, block, element, more) {
    if (!view) return;
    const given = { view: view.id, block_id: block.block_id, action_id: element.action_id, ...more };
    const answer = await api.post(deed, given);
    if (answer.trouble) api.notice("Baton did not answer. Try again?");
    await api.look();
  }

  function stopSending() {
    for (const each of sending.values()) clearTimeout(each.timer);
    sending = new Map();
  }

  /** What the app wants to hear while it is typed, it hears before the modal goes. */
  async function sendWhatIsTyped() {
    const wanted = [...sending.values()].filter((each) => each.wanted);
    stopSending();
    for (const each of wanted) await each.send();
  }

  async function submit() {
    if (!view?.submit || waiting) return;
    stopSending();
    const values = {};
    for (const [block, actions] of Object.entries(valuesNow())) {
      values[block] = Object.fromEntries(Object.entries(actions).map(([action, state]) => [action, heldBy(state)]));
    }
    await wait(() => api.post("submit", { view: view.id, values }));
  }

  async function close() {
    if (!view || waiting) return;
    const { id } = view;
    await wait(async () => {
      await sendWhatIsTyped();
      return api.post("close", { view: id });
    });
  }

  async function wait(work) {
    waiting = true;
    form.setAttribute("aria-busy", "true");
    const button = foot.querySelector("[type=submit]");
    try {
      await (button ? busy(button, work) : work());
    } finally {
      waiting = false;
      form.removeAttribute("aria-busy");
      await api.look();
    }
  }

  function focusFirst() {
    const first = view.blocks[0];
    const wanted = view.blocks.find((each) => each.element?.focus_on_load) ?? (first?.type === "input" ? first : null);
    const key = wanted && body.querySelector(`[data-key="${CSS.escape(wanted.block_id)}"]`);
    (key?.querySelector("input, select, textarea") ?? title).focus({ preventScroll: !key });
  }

  function focusError() {
    const field = body.querySelector("[aria-invalid=true]");
    field?.focus();
    field?.scrollIntoView({ block: "center" });
    api.say(`${Object.keys(view.errors).length} fields need another look.`);
  }

  return { show };
}
