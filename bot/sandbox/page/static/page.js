// Starts the page: who is looking, what is asked of the server, and the stream that says when to look again.

import { make } from "./dom.js";
import * as slack from "./slack.js";
import * as gitlab from "./gitlab.js";
import * as weather from "./weather.js";
import * as guide from "./guide.js";
import * as links from "./links.js";

const NAMES = { sidebar: "sidebar", talk: "talk", gitlab: "gitlab", weather: "weather", guide: "guide" };
const AGAIN_MS = 2000;
const LOOK_MS = 8000;
const HEARD_MS = 1000;
const PHONE = matchMedia("(max-width: 860px)");

class UnreachableError extends Error {}
class RefusedError extends Error {}

const handlers = { slack: [], gitlab: [], weather: [] };

/** What every module gets: `start(page)`. */
export const page = {
  RefusedError,

  /** The id of the person who looks through this window. */
  me: new URLSearchParams(location.search).get("as") ?? "",

  /**
   * Calls `look` when one of these worlds ("slack", "gitlab", "weather") may have changed, and once at the start. Gives
   * what looks at once: one look after another, so that no answer that is late undoes what a later one showed.
   */
  on(worlds, look) {
    const run = oneAtATime(look);
    for (const each of worlds) handlers[each].push(run);
    return run;
  },

  /** Calls the lookers of a world now, without waiting for the stream; done when they are. */
  async look(world) {
    await Promise.all(handlers[world].map((each) => each()));
  },

  async get(path) {
    const signal = AbortSignal.timeout(LOOK_MS);
    const response = await fetch(path, { headers: { Accept: "application/json" }, signal }).catch(() => null);
    if (!response || response.status >= 500) throw new UnreachableError(path);
    if (!response.ok) throw new RefusedError(await response.text());
    return response.json();
  },

  /** Sends what somebody did; gives the answer, and (unless `quiet`) says on the page what was refused. */
  async post(path, body, { quiet = false } = {}) {
    let answer;
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      answer = response.headers.get("Content-Type")?.includes("json")
        ? await response.json()
        : { ok: false, error: await response.text() };
    } catch {
      answer = { ok: false, error: "The sandbox does not answer. Is make demo still running?" };
    }
    if (!answer.ok && !quiet) page.notice(answer.error);
    return answer;
  },

  /** Something that a person must read now. */
  notice(words) {
    const notice = make("div", { class: "notice" }, words);
    document.getElementById("notices").append(notice);
    setTimeout(() => notice.remove(), 6000);
  },

  /** Something that only a screen reader has to be told. */
  say(words) {
    const said = document.getElementById("said");
    // What was said a moment ago stays: a screen reader may not have come to it yet.
    for (const each of [...said.children]) if (performance.now() - each.dataset.at > HEARD_MS) each.remove();
    said.append(make("p", { data: { at: performance.now() } }, words));
  },

  /** Shows a panel of the right column ("gitlab", "weather", "guide"); on a phone, any pane. */
  show(name) {
    showPanel(name);
    if (PHONE.matches) showPane(name);
  },

  // What the modules give to each other:
  /** Puts words into the field, ready to be sent. */
  write: (_text) => {},
  /** Shows a message: `{channel, ts, thread}`. */
  goTo: (_message) => {},
  /** Shows an issue ("issue") or merge request ("merge_request") in the column beside. */
  openItem: (_kind, _number) => {},
  /** Takes away what covers the column beside. */
  uncover: () => {},
  /** Where the project of the GitLab is. */
  gitlab: "",

  get isPhone() {
    return PHONE.matches;
  },
};

/** While it runs, further calls become one more run at its end; what cannot be reached is tried again. */
function oneAtATime(work) {
  let running = null;
  let again = false;
  const run = () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      try {
        do {
          again = false;
          await work();
        } while (again);
      } catch (error) {
        if (error instanceof UnreachableError) setTimeout(run, AGAIN_MS);
        else if (error instanceof RefusedError) page.notice(error.message);
        else reportError(error);
      } finally {
        running = null;
      }
    })();
    return running;
  };
  return run;
}

function listen() {
  const stream = new EventSource("/page/changes");
  stream.onmessage = (event) => page.look(JSON.parse(event.data).world);
  stream.onopen = () => document.body.classList.remove("cut-off");
  stream.onerror = () => {
    document.body.classList.add("cut-off");
    // The browser reconnects by itself, but gives up on an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function showPanel(name) {
  for (const tab of document.querySelectorAll("[role=tab][data-panel]")) {
    const chosen = tab.dataset.panel === name;
    if (!document.getElementById(name)?.matches(".panel")) return;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(tab.dataset.panel).hidden = !chosen;
  }
}

function showPane(name) {
  document.body.dataset.pane = NAMES[name] ?? "talk";
  for (const each of document.querySelectorAll(".bar button")) {
    if (each.dataset.pane === document.body.dataset.pane) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

/** F6 goes to the next part of the page, Shift+F6 to the one before: also between a modal and the column beside it. */
const ENTRANCES = {
  sidebar: ".side-row[aria-current=page]", talk: "#composer", thread: "#thread-composer", stage: "#modal-title",
  beside: "[role=tab][aria-selected=true], .panel:not([hidden])",
};

function goOn(event) {
  if (event.key !== "F6" || event.ctrlKey || event.altKey || event.metaKey) return;
  const parts = Object.keys(ENTRANCES).map((each) => document.getElementById(each)).filter((each) => !each.inert && each.checkVisibility());
  const at = parts.findIndex((each) => each.contains(document.activeElement));
  const next = event.shiftKey ? Math.max(at, 0) - 1 : at + 1;
  const part = parts.at(next % parts.length);
  event.preventDefault();
  const entrances = [...part.querySelectorAll(ENTRANCES[part.id])];
  (entrances.find((each) => each.checkVisibility()) ?? part).focus();
}

function startTabs() {
  const tabs = [...document.querySelectorAll("[role=tab][data-panel]")];
  for (const [number, tab] of tabs.entries()) {
    tab.addEventListener("click", () => page.show(tab.dataset.panel));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : number + step;
      if (!Number.isInteger(next)) return;
      event.preventDefault();
      const found = tabs[(next + tabs.length) % tabs.length];
      showPanel(found.dataset.panel);
      found.focus();
    });
  }
  for (const each of document.querySelectorAll(".bar button")) {
    each.addEventListener("click", () => page.show(each.dataset.pane));
  }
  showPanel("guide");
  showPane("talk");
}

startTabs();
document.addEventListener("keydown", goOn);
for (const each of [slack, gitlab, weather, guide, links]) each.start(page);
listen();
