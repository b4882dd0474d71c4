// One issue or merge request in full: everything a colleague may change by hand, and all that happened to it.

import { icon, make, patch } from "./dom.js";
import { gitlabMarkdown } from "./gitlab_markdown.js";

const FOLDED_LINES = 14;

export function drawItem(place, gitlab, item) {
  const target = { kind: item.kind, number: item.number };
  const edits = (wanted) => gitlab.does("edit", { ...target, ...wanted });
  const isOpen = item.state === "opened";
  patch(place, [
    {
      key: "top",
      value: [target, item.state, item.confidential, gitlab.by],
      draw: () =>
        make(
          "div",
          { class: "gl-crumbs" },
          make(
            "button",
            { class: "quiet gl-back", type: "button", data: { focus: "back" }, onclick: () => gitlab.closes() },
            icon("back"),
            "All issues",
          ),
          make("span", { class: `gl-badge ${item.state}` }, { opened: "Open", closed: "Closed", merged: "Merged" }[item.state]),
          item.confidential && make("span", { class: "gl-secret" }, icon("lock"), "confidential"),
        ),
    },
    { key: `title-${item.number}`, value: [item.title, item.reference], draw: () => title(item, edits) },
    {
      key: `text-${item.number}`,
      value: item.description,
      draw: () => description(gitlab, item),
    },
    {
      key: `fields-${item.number}`,
      value: [item.milestone, item.assignees, item.labels, item.confidential, item.state, choices(gitlab)],
      draw: () => fields(gitlab, item, edits, isOpen),
    },
    { key: "heading", value: "", draw: () => make("h3", { class: "gl-between" }, "What happened") },
    { key: `activity-${item.number}`, value: "", draw: () => make("ol", { class: "gl-activity" }) },
    { key: `note-${item.number}`, value: gitlab.by, draw: () => noteForm(gitlab, target) },
  ]);
  patch(
    place.querySelector(".gl-activity"),
    item.activity.map((each, number) => ({ key: String(number), value: each, draw: () => happened(gitlab, each) })),
  );
}

/** A long one is folded, so that what can be changed by hand, and what happened, stay in reach. */
function description(gitlab, item) {
  const text = make("div", { class: "markdown" }, gitlabMarkdown(item.description, gitlab.world));
  const place = make("div", { class: "gl-description", hidden: !item.description }, text);
  if (item.description.split("\n").length <= FOLDED_LINES) return place;
  const says = () => (text.classList.contains("gl-folded") ? "Show all of it" : "Show less");
  const turn = make("button", { class: "quiet gl-unfold", type: "button", data: { focus: "unfold" } });
  const folds = (folded) => {
    text.classList.toggle("gl-folded", folded);
    turn.setAttribute("aria-expanded", String(!folded));
    turn.textContent = says();
  };
  turn.addEventListener("click", () => folds(!text.classList.contains("gl-folded")));
  folds(true);
  place.append(turn);
  return place;
}

const choices = (gitlab) => [gitlab.shown.milestones.map((each) => [each.id, each.title, each.state]), gitlab.shown.labels];

function title(item, edits) {
  const place = make("div", { class: "gl-heading" });
  const shows = () =>
    place.replaceChildren(
      make("h2", {}, item.title, " ", make("span", { class: "gl-ref" }, item.reference)),
      make("button", { class: "quiet", type: "button", "aria-label": "Edit the title", title: "Edit the title", data: { focus: "retitle" }, onclick: asks }, icon("pencil")),
    );
  const asks = () => {
    const field = make("input", { class: "field", value: item.title, "aria-label": "Title", required: true, maxlength: 255, data: { focus: "retitle" } });
    const form = make(
      "form",
      {
        class: "gl-form",
        onsubmit: async (event) => {
          event.preventDefault();
          if (field.value.trim() === item.title) return back();
          await edits({ title: field.value });
        },
        onkeydown: (event) => {
          if (event.key === "Escape") back();
        },
      },
      field,
      make(
        "div",
        { class: "gl-buttons" },
        make("button", { class: "button primary", data: { focus: "retitle" } }, "Save"),
        make("button", { class: "button", type: "button", onclick: () => back() }, "Cancel"),
      ),
    );
    place.replaceChildren(form);
    field.select();
  };
  const back = () => {
    shows();
    place.querySelector("button").focus();
  };
  shows();
  return place;
}

function fields(gitlab, item, edits, isOpen) {
  const milestones = gitlab.shown.milestones.filter((each) => each.state === "active" || each.id === item.milestone);
  return make(
    "div",
    { class: "gl-fields" },
    chooser("Milestone", "gl-milestone", item.milestone ?? "", [["", "None"], ...milestones.map((each) => [each.id, each.title])], (value) =>
      edits({ milestone: value === "" ? null : Number(value) }),
    ),
    chooser("Assignee", "gl-assignee", item.assignees[0] ?? "", [["", "Nobody"], ...gitlab.shown.people.map((each) => [each.name, each.says])], (value) =>
      edits({ assignee: value }),
    ),
    make(
      "div",
      { class: "gl-field" },
      make("span", { class: "gl-name-of" }, "Labels"),
      make("div", { class: "gl-labels" }, item.labels.length ? item.labels.map((each) => gitlab.label(each)) : make("span", { class: "gl-none" }, "None")),
      labelChooser(gitlab, item, edits),
    ),
    make(
      "div",
      { class: "gl-buttons" },
      item.state !== "merged" &&
        make(
          "button",
          { class: "button", type: "button", data: { focus: "state" }, onclick: () => edits({ state: isOpen ? "closed" : "opened" }) },
          isOpen ? "Close" : "Reopen",
        ),
      item.kind === "issue" &&
        make(
          "label",
          { class: "gl-check" },
          make("input", { type: "checkbox", id: "gl-confidential", checked: item.confidential, onchange: (event) => edits({ confidential: event.target.checked }) }),
          "Confidential",
        ),
    ),
  );
}

function chooser(name, id, value, options, choose) {
  const select = make(
    "select",
    { id, class: "field", onchange: (event) => choose(event.target.value) },
    options.map(([each, words]) => make("option", { value: each }, words)),
  );
  select.value = value;
  return make("div", { class: "gl-field" }, make("label", { class: "gl-name-of", for: id }, name), select);
}

let labelsUnfolded = false;

function labelChooser(gitlab, item, edits) {
  const box = (label) =>
    make(
      "label",
      { class: "gl-check" },
      make("input", {
        type: "checkbox",
        data: { focus: `label-${label.name}` },
        checked: item.labels.includes(label.name),
        onchange: (event) => edits(event.target.checked ? { add_labels: [label.name] } : { remove_labels: [label.name] }),
      }),
      gitlab.label(label.name),
    );
  return make(
    "details",
    { class: "gl-choose", open: labelsUnfolded },
    // Heard before it is unfolded: the browser tells of that later, when all this may have been drawn anew.
    make("summary", { data: { focus: "labels" }, onclick: (event) => (labelsUnfolded = !event.target.closest("details").open) }, "Change labels"),
    make("div", { class: "gl-boxes", role: "group", "aria-label": "Labels" }, gitlab.shown.labels.map(box)),
  );
}

const AT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

function happened(gitlab, line) {
  const at = make("time", { datetime: line.at }, `${AT.format(new Date(line.at))} UTC`);
  const by = make("b", { class: line.bot ? "gl-bot" : null }, line.by);
  if (!line.note) return make("li", { class: "gl-event" }, by, ` ${line.text} `, at);
  return make(
    "li",
    { class: line.internal ? "gl-note internal" : "gl-note" },
    make("p", {}, by, " ", at, line.internal && make("span", { class: "gl-secret" }, icon("lock"), "internal note")),
    make("div", { class: "markdown" }, gitlabMarkdown(line.text, gitlab.world)),
  );
}

function noteForm(gitlab, target) {
  const field = make("textarea", { id: "gl-note", class: "field", rows: 3, required: true });
  const internal = make("input", { type: "checkbox", id: "gl-internal" });
  return make(
    "form",
    {
      class: "gl-form",
      onsubmit: async (event) => {
        event.preventDefault();
        const body = field.value;
        const answer = await gitlab.does("note", { ...target, body, internal: internal.checked });
        if (!answer.ok) return;
        if (answer.said) gitlab.page.notice(answer.said);
        if (field.value === body) field.value = "";
      },
    },
    make("label", { class: "gl-name-of", for: "gl-note" }, `Add a note as ${gitlab.person(gitlab.by)}`),
    field,
    make("div", { class: "gl-buttons" }, make("button", { class: "button primary" }, "Comment"), make("label", { class: "gl-check" }, internal, "Internal")),
  );
}
