// An application that is deployed by hand: begun here, and ended here, well or not.

import { icon, make } from "./dom.js";

const SAYS = { running: "running", success: "succeeded", failed: "failed", canceled: "canceled" };
const ENDS = [["success", "Succeed"], ["failed", "Fail"], ["canceled", "Cancel"]];

/** As one piece for `patch`. */
export function deployments(gitlab) {
  const { deployments: shown } = gitlab.shown;
  return { key: "deployments", value: [shown, gitlab.by], draw: () => draw(gitlab, shown) };
}

function draw(gitlab, { project, environment, last }) {
  const begin = make("button", { class: "button", type: "button", data: { focus: "deploy" }, onclick: () => gitlab.does("deploy", {}) }, icon("rocket"), "Deploy");
  return make(
    "section",
    { class: "gl-deployments", "aria-label": `Deployments of ${project}` },
    make("div", { class: "gl-bar" }, make("h3", {}, project, make("span", { class: "gl-ref" }, ` to ${environment}`)), begin),
    last.length > 0 && make("ul", { class: "gl-issues" }, last.map((each) => drawOne(gitlab, each))),
  );
}

function drawOne(gitlab, one) {
  const ends = ([state, words]) =>
    make("button", { class: "button small", type: "button", "aria-label": `${words} ${one.title}`, data: { focus: "deploy-end" }, onclick: () => gitlab.does("deployed", { id: one.id, state }) }, words);
  return make(
    "li",
    { class: `gl-deployment is-${one.state}` },
    make("span", { class: "gl-name" }, one.title, " ", make("code", {}, one.sha)),
    make("span", { class: "gl-more" }, make("span", { class: "gl-badge" }, SAYS[one.state]), make("span", {}, `by ${one.by}`)),
    one.state === "running" && make("div", { class: "gl-buttons" }, ENDS.map(ends)),
  );
}
