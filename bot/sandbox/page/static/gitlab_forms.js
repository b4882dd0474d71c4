// What is filled in before there is something to show: a new issue, a new milestone, and a milestone's own fields.

import { make } from "./dom.js";

/** What is refused is said in the dialog itself. */
const HERE = { quiet: true };

export function askForIssue(gitlab) {
  const { milestones, labels, people } = gitlab.shown;
  const active = milestones.filter((each) => each.state === "active");
  const title = make("input", { id: "gl-new-title", class: "field", required: true, maxlength: 255, autocomplete: "off" });
  const milestone = select("gl-new-milestone", [...active.map((each) => [each.id, each.title]), ["", "None"]]);
  const assignee = select("gl-new-assignee", [["", "Nobody"], ...people.map((each) => [each.name, each.says])]);
  const confidential = make("input", { type: "checkbox" });
  const boxes = labels.map((each) => [each.name, make("input", { type: "checkbox" })]);
  ask(
    "New issue",
    `As ${gitlab.person(gitlab.by)}, in ${gitlab.shown.project}.`,
    [
      field("Title", title),
      field("Milestone", milestone),
      field("Assignee", assignee),
      make(
        "details",
        { class: "gl-choose" },
        make("summary", {}, "Labels"),
        make(
          "div",
          { class: "gl-boxes", role: "group", "aria-label": "Labels" },
          boxes.map(([name, box]) => make("label", { class: "gl-check" }, box, gitlab.label(name))),
        ),
      ),
      make("label", { class: "gl-check" }, confidential, "Confidential"),
    ],
    "Create issue",
    async () => {
      const wanted = {
        title: title.value,
        milestone: milestone.value === "" ? null : Number(milestone.value),
        assignee: assignee.value,
        labels: boxes.filter(([, box]) => box.checked).map(([name]) => name),
        confidential: confidential.checked,
      };
      const answer = await gitlab.does("create", wanted, HERE);
      if (answer.ok) gitlab.page.notice(`#${answer.number} was created.`);
      return answer;
    },
  );
}

export function askForMilestone(gitlab) {
  const title = make("input", { id: "gl-m-title", class: "field", required: true, maxlength: 255, autocomplete: "off" });
  const [start, due] = [date("gl-m-start", ""), date("gl-m-due", "")];
  ask(
    "New milestone",
    `As ${gitlab.person(gitlab.by)}.`,
    [field("Title", title), pair(field("First day", start), field("Last day", due))],
    "Create milestone",
    () => gitlab.does("new_milestone", { title: title.value, start_date: start.value, due_date: due.value }, HERE),
  );
}

export function editMilestone(gitlab, milestone) {
  const title = make("input", { id: "gl-m-title", class: "field", required: true, maxlength: 255, value: milestone.title });
  const [start, due] = [date("gl-m-start", milestone.start), date("gl-m-due", milestone.due)];
  const isOpen = milestone.state === "active";
  const dialog = ask(
    "Edit milestone",
    `As ${gitlab.person(gitlab.by)}.`,
    [field("Title", title), pair(field("First day", start), field("Last day", due))],
    "Save",
    () => {
      const wanted = { id: milestone.id, title: title.value, start_date: start.value, due_date: due.value };
      return gitlab.does("milestone", wanted, HERE);
    },
    make(
      "button",
      {
        class: "button",
        type: "button",
        onclick: async () => {
          const answer = await gitlab.does("milestone", { id: milestone.id, state: isOpen ? "closed" : "active" });
          if (answer.ok) dialog.close();
        },
      },
      isOpen ? "Close milestone" : "Reopen milestone",
    ),
  );
}

/** A dialog with a form; it goes away when `send` gives an answer that is ok, else it says why not. */
function ask(title, remark, fields, submit, send, ...more) {
  const wrong = make("p", { class: "gl-wrong", role: "alert" });
  const dialog = make(
    "dialog",
    { class: "gl-dialog", "aria-labelledby": "gl-dialog-title", onclose: () => dialog.remove() },
    make(
      "form",
      {
        class: "gl-form",
        onsubmit: async (event) => {
          event.preventDefault();
          const answer = await send();
          if (answer.ok) dialog.close();
          else wrong.textContent = answer.error;
        },
      },
      make("h2", { id: "gl-dialog-title" }, title),
      make("p", { class: "gl-none" }, remark),
      fields,
      wrong,
      make(
        "div",
        { class: "gl-buttons end" },
        more,
        make("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Cancel"),
        make("button", { class: "button primary" }, submit),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const field = (name, input) =>
  make("div", { class: "gl-field" }, make("label", { class: "gl-name-of", for: input.id }, name), input);
const pair = (...fields) => make("div", { class: "gl-pair" }, fields);
const date = (id, value) => make("input", { id, class: "field", type: "date", value: value ?? "" });
const select = (id, options) =>
  make("select", { id, class: "field" }, options.map(([value, words]) => make("option", { value }, words)));
