// The weather panel: what time it is, how the services are, and what becomes of the bot meanwhile.

import { icon, make, patch } from "./dom.js";

const SERVICES = { gitlab: "GitLab", slack: "Chat API" };
const RECEIVERS = { gitlab: "GitLab", slack: "the chat" };
const KINDS = {
  fine: { says: "Fine", means: "answers at once" },
  slow: { says: "Slow", means: "takes two seconds for each answer" },
  limited: { says: "Rate limited", means: "answers 429: try again later" },
  refusing: { says: "Token refused", means: "answers 401" },
  down: { says: "Down", means: "cuts every connection" },
};
const OFFERS = { gitlab: ["fine", "slow", "limited", "refusing", "down"], slack: ["fine", "slow", "limited", "down"] };
const LOOK_AGAIN = 2000;

export function start(page) {
  const panel = document.getElementById("weather");
  const place = (name, heading, ...inside) =>
    make("section", { "aria-labelledby": `w-${name}` }, make("h3", { id: `w-${name}` }, heading), inside);
  const clocks = make("div", { class: "w-clocks" });
  const travel = make("div", { class: "w-buttons" });
  const skies = Object.keys(SERVICES).map((service) => sky(page, service));
  const bot = make("div", { class: "w-bot" });
  const outbox = make("div", { class: "w-outbox" });
  panel.append(
    make("h2", { class: "unseen" }, "Weather"),
    place("time", "Time", clocks, travel),
    ...skies.map((each) => each.place),
    place("bot", "Baton", bot, make("h4", {}, "Waiting in its outbox"), outbox),
  );

  let ahead = 0;
  let zones = [];
  let before = null;

  async function look() {
    const shown = await page.get("/page/weather");
    ahead = new Date(shown.now) - Date.now();
    zones = shown.zones;
    drawClocks();
    drawTravel(page, travel, shown);
    for (const each of skies) each.shows(shown.weather[each.service]);
    drawBot(page, bot, shown);
    drawOutbox(outbox, shown);
    mark(shown);
    tell(page, before, shown);
    before = shown;
  }

  function drawClocks() {
    const at = new Date(Date.now() + ahead);
    patch(clocks, [
      { key: "utc", value: clock(at, "UTC"), draw: () => drawClock("UTC", "the team’s zone", at, "UTC") },
      ...zones.map(({ name, zone }) => ({
        key: zone,
        value: clock(at, zone),
        draw: () => drawClock(name, zone.split("/").pop().replaceAll("_", " "), at, zone),
      })),
    ]);
  }

  page.on(["weather"], look);
  // What waits follows from what is said and done; nobody has to know it before the next look while this is hidden.
  page.on(["slack", "gitlab"], () => panel.hidden || page.look("weather"));
  setInterval(drawClocks, 1000);
  setInterval(() => document.visibilityState === "visible" && page.look("weather"), LOOK_AGAIN);
}

const formats = new Map();

function formatted(at, zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key).format(at);
}

const MOMENT = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };

const clock = (at, zone) => formatted(at, zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function drawClock(name, where, at, zone) {
  const hour = Number(formatted(at, zone, { hour: "2-digit", hourCycle: "h23" }));
  return make(
    "p",
    { class: zone === "UTC" ? "w-clock utc" : "w-clock" },
    make("span", { class: "w-who" }, make("b", {}, name), make("span", {}, where)),
    make(
      "span",
      { class: hour >= 8 && hour < 20 ? "w-at" : "w-at night" },
      make("span", { class: "w-day" }, formatted(at, zone, { weekday: "short", day: "numeric", month: "short" })),
      make("b", {}, formatted(at, zone, { hour: "2-digit", minute: "2-digit" })),
    ),
  );
}

function drawTravel(page, place, shown) {
  const buttons = { wednesday: "Next Wednesday", shift: "Next shift" };
  const when = (name) => `${formatted(new Date(shown.destinations[name]), "UTC", MOMENT)} UTC`;
  patch(
    place,
    Object.entries(buttons).map(([name, words]) => ({
      key: name,
      value: [when(name), shown.busy],
      draw: () =>
        make(
          "button",
          {
            class: "button w-travel",
            type: "button",
            data: { focus: `travel-${name}` },
            "aria-disabled": shown.busy ? "true" : null,
            onclick: () => !shown.busy && page.post("/page/weather/travel", { to: name }),
          },
          make("span", {}, words),
          make("small", {}, when(name)),
        ),
    })),
  );
}

/** The weather of one service, as a group of radio buttons. */
function sky(page, service) {
  const means = make("p", { class: "w-means", id: `w-means-${service}` });
  const radios = OFFERS[service].map((kind) =>
    make("input", {
      type: "radio",
      name: `w-${service}`,
      id: `w-${service}-${kind}`,
      value: kind,
      onchange: async () => {
        const answer = await page.post("/page/weather/turn", { service, kind });
        if (answer.ok) page.say(`${SERVICES[service]} ${KINDS[kind].means}.`);
      },
    }),
  );
  const place = make(
    "fieldset",
    { class: "w-sky", "aria-describedby": means.id },
    make("legend", {}, SERVICES[service]),
    means,
    make(
      "div",
      { class: "w-kinds" },
      radios.map((radio) => [radio, make("label", { for: radio.id, class: radio.value }, KINDS[radio.value].says)]),
    ),
  );
  return {
    service,
    place,
    shows(kind) {
      for (const each of radios) each.checked = each.value === kind;
      means.textContent = KINDS[kind].means;
    },
  };
}

function drawBot(page, place, { busy, outbox }) {
  const says = busy ? "Starts again …" : Object.keys(outbox).length ? "Runs." : "Does not answer.";
  patch(place, [
    {
      key: "bot",
      value: says,
      draw: () =>
        make(
          "div",
          { class: "w-life" },
          make("p", { class: busy ? "w-is busy" : says === "Runs." ? "w-is" : "w-is gone" }, says),
          make(
            "button",
            {
              class: "button danger",
              type: "button",
              data: { focus: "kill" },
              "aria-disabled": busy ? "true" : null,
              onclick: () => !busy && page.post("/page/weather/kill", {}),
            },
            icon("power"),
            "Kill -9 and restart",
          ),
        ),
    },
  ]);
}

function drawOutbox(place, { outbox, busy }) {
  const worlds = Object.entries(outbox);
  const waiting = worlds.filter(([, each]) => each.waiting > 0);
  const words = busy ? "Not known while it starts." : worlds.length ? "Nothing waits." : "Not known.";
  patch(
    place,
    waiting.length
      ? waiting.map(([name, each]) => ({ key: name, value: each, draw: () => drawWaiting(RECEIVERS[name], each) }))
      : [{ key: "none", value: words, draw: () => make("p", { class: "w-none" }, words) }],
  );
}

function drawWaiting(name, { waiting, oldest_seconds: seconds, trouble, operations }) {
  const rest = waiting - operations.length;
  return make(
    "div",
    { class: "w-waiting" },
    make("p", {}, make("b", {}, `${waiting} for ${name}`), ` · the oldest for ${lasting(seconds)}`),
    trouble && make("p", { class: "w-trouble" }, `${trouble}.`),
    make(
      "ul",
      {},
      operations.map((each) => make("li", {}, each)),
      rest > 0 && make("li", { class: "w-none" }, `and ${rest} more`),
    ),
  );
}

/** Two clocks may differ by a moment. */
const lasting = (seconds) =>
  seconds < 90 ? `${Math.max(0, seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;

/** Shows on the tab, and on a phone at the foot of the page, that something is not as it should be. */
function mark({ weather, busy }) {
  const bad = busy !== "" || Object.values(weather).some((each) => each !== "fine");
  for (const each of document.querySelectorAll("#tab-weather, .bar [data-pane=weather]")) {
    each.classList.toggle("w-bad", bad);
  }
}

function tell(page, before, { weather, busy, now }) {
  if (!before) return;
  if (before.busy && !busy) page.say(`Baton runs again. It is ${clock(new Date(now), "UTC")} UTC.`);
  for (const [service, kind] of Object.entries(weather)) {
    if (before.weather[service] !== kind) page.say(`${SERVICES[service]} ${KINDS[kind].means}.`);
  }
}
