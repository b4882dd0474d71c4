// A short guided list: what to try, in an order that tells a story; the server ticks off what it saw happen.

import { icon, make, patch } from "./dom.js";

const GO = { gitlab: "Open GitLab", weather: "Open Weather" };

export function start(page) {
  const far = make("progress", { "aria-label": "Steps done" });
  const count = make("span", {});
  const list = make("ol", { class: "g-steps" });
  document.getElementById("guide").append(
    make("h2", {}, "What to try"),
    make("p", { class: "g-intro" }, "An emulated chat and an emulated GitLab on your machine, with the real Baton between them. It is Wednesday morning, the week is over, and a database falls behind."),
    make("div", { class: "g-far" }, far, count),
    list,
    make("p", { class: "g-intro" }, "Also: choose Ben or Chen on the left, in a second window too. Point at a message, or reach it with the arrow keys, for reactions, threads and Baton’s shortcuts. F6 goes from one part of the page to the next."),
  );

  let before = null;

  async function look() {
    const { steps } = await page.get("/page/guide");
    const done = steps.filter((each) => each.done).map((each) => each.title);
    far.max = steps.length;
    far.value = done.length;
    count.textContent = `${done.length} of ${steps.length}`;
    for (const title of done) if (before && !before.includes(title)) page.say(`Done: ${title}.`);
    before = done;
    const next = steps.findIndex((each) => !each.done);
    patch(list, steps.flatMap((each, number) => {
      const step = { key: each.title, value: [each, number === next], draw: () => drawStep(each, number === next) };
      const begins = each.part && each.part !== steps[number - 1]?.part;
      return begins ? [{ key: `part ${each.part}`, value: 1, draw: () => make("li", { class: "g-part" }, make("h3", {}, each.part)) }, step] : [step];
    }));
  }

  function drawStep(step, isNext) {
    const mark = make("span", { class: "g-mark" }, step.done && icon("check"), step.done && make("span", { class: "unseen" }, "Done"));
    const words = make("div", {}, make("h4", {}, step.title), !step.done && [make("p", {}, withCode(step.how)), drawGo(step)]);
    return make("li", { class: step.done ? "done" : isNext ? "next" : "" }, mark, words);
  }

  /** A command is put into the field, not sent; everything else is where the step says. */
  function drawGo(step) {
    const command = /`(\/[^`]+)`/.exec(step.how)?.[1];
    if (command) return make("button", { class: "g-go", onclick: () => page.write(command) }, "Write ", make("code", {}, short(command)));
    return GO[step.where] && make("button", { class: "g-go", onclick: () => open(step.where) }, GO[step.where]);
  }

  function open(name) {
    page.show(name);
    document.getElementById(name).focus({ preventScroll: true });
  }

  page.on(["slack", "gitlab", "weather"], look);
}

/** A long command stands above the button in full. */
function short(command) {
  const words = command.split(" ");
  return words.length > 3 ? `${words.slice(0, 2).join(" ")} …` : command;
}

function withCode(words) {
  return words.split("`").map((each, number) => (number % 2 ? make("code", {}, each) : each));
}
