// The GitLab pane: milestones with their issues, and one issue in full. What changes by itself is shown and said.

import { fill, icon, make, patch, unlessPressed } from "./dom.js";
import { deployments } from "./gitlab_deployments.js";
import { drawItem } from "./gitlab_item.js";
import { askForIssue, askForMilestone, editMilestone } from "./gitlab_forms.js";

const OPEN_AT_FIRST = "active";

export function start(page) {
  const pane = document.getElementById("gitlab");
  const head = make("header", { class: "gl-head" });
  const list = make("div", { class: "gl-list" });
  const one = make("div", { class: "gl-one", hidden: true });
  pane.append(head, list, one);

  /** What the parts of this pane share. */
  const gitlab = {
    page,
    shown: null,
    /** Who changes things by hand here. */
    by: remembered("gitlab-by") ?? "ben",
    /** The issue that is open in full, as {kind, number}. */
    open: null,
    /** By milestone: whether it is unfolded, where somebody chose it. */
    unfolded: new Map(),
    /** Keys of issues that changed with the last look. */
    changed: new Set(),

    /** Does something as the chosen colleague; gives the answer. What is refused is said on the page, unless `quiet`. */
    async does(what, wanted, how = {}) {
      const answer = await page.post(`/page/gitlab/${what}`, { by: gitlab.by, ...wanted }, how);
      if (answer.ok) await page.look("gitlab");
      return answer;
    },

    async opens(item) {
      gitlab.open = { kind: item.kind, number: item.number };
      list.hidden = head.hidden = true;
      one.hidden = false;
      await look();
      pane.scrollTop = 0;
      one.querySelector(".gl-back")?.focus({ preventScroll: true });
    },

    closes() {
      const key = gitlab.open && keyOf(gitlab.open);
      gitlab.open = null;
      list.hidden = head.hidden = false;
      one.hidden = true;
      fill(one);
      drawList();
      const row = key && list.querySelector(`[data-key="${key}"] .gl-issue`);
      if (row) {
        row.closest("details:not([open])")?.setAttribute("open", "");
        row.focus();
      } else {
        pane.focus();
      }
    },

    label(name) {
      const found = gitlab.shown.labels.find((each) => each.name === name);
      const pill = make("span", { class: "gl-label" }, name);
      pill.style.setProperty("--paint", found?.color ?? "#666666");
      pill.style.setProperty("--ink-on-paint", found?.ink ?? "#ffffff");
      return pill;
    },

    /** What references in a text lead to (see gitlab_markdown.js). */
    world: {
      issue: (number) => itemLink("issue", "#", number),
      mergeRequest: (number) => itemLink("merge_request", "!", number),
      person: (name) => gitlab.shown.people.some((each) => each.name === name) && make("span", { class: "mention" }, `@${name}`),
      label: (name) => gitlab.shown.labels.some((each) => each.name === name) && gitlab.label(name),
      milestone: (title) => gitlab.shown.milestones.some((each) => each.title === title) && make("span", { class: "gl-ref" }, `%${title}`),
    },

    milestone: (id) => gitlab.shown.milestones.find((each) => each.id === id),
    person: (name) => gitlab.shown.people.find((each) => each.name === name)?.says ?? name,
  };

  function itemLink(kind, sigil, number) {
    if (!itemsIn(gitlab.shown).has(`${kind}-${number}`)) return null;
    return make("a", { href: `${gitlab.shown.address}/-/${kind}s/${number}` }, `${sigil}${number}`);
  }

  page.openItem = async (kind, number) => {
    page.uncover();
    page.show("gitlab");
    await gitlab.opens({ kind, number });
  };

  async function draw() {
    const { open } = gitlab;
    if (!open) return drawAll();
    try {
      const item = await page.get(`/page/gitlab/${open.kind}/${open.number}`);
      if (gitlab.open === open) drawOne(item);
    } catch (error) {
      if (!(error instanceof page.RefusedError)) throw error;
      page.notice("That issue is not there any more.");
      if (gitlab.open === open) gitlab.closes();
    }
  }

  function drawList() {
    drawHead(head, gitlab);
    drawMilestones(list, gitlab);
  }

  const drawAll = unlessPressed(list, drawList);
  const drawOne = unlessPressed(one, (item) => gitlab.open && keyOf(gitlab.open) === keyOf(item) && drawItem(one, gitlab, item));

  const look = page.on(["gitlab"], async () => {
    const before = gitlab.shown;
    gitlab.shown = await page.get("/page/gitlab");
    page.gitlab = gitlab.shown.address;
    if (!gitlab.shown.people.some((each) => each.name === gitlab.by)) gitlab.by = gitlab.shown.people[0]?.name;
    gitlab.changed = before ? tell(page, gitlab, itemsIn(before), itemsIn(gitlab.shown)) : new Set();
    await draw();
  });
}

/** A key for an issue or merge request. */
export const keyOf = (item) => `${item.kind}-${item.number}`;

function itemsIn(shown) {
  const all = [...shown.milestones.flatMap((each) => each.items), ...shown.elsewhere];
  return new Map(all.map((each) => [keyOf(each), each]));
}

/** Says what is different now, in a few words; gives the keys of what changed. */
function tell(page, gitlab, before, after) {
  const said = [];
  for (const [key, item] of after) {
    const was = before.get(key);
    if (JSON.stringify(was) !== JSON.stringify(item)) said.push([key, difference(gitlab, was, item)]);
  }
  if (said.length > 3) page.say(`GitLab: ${said.length} issues changed.`);
  else if (said.length) page.say(`GitLab: ${said.map(([, words]) => words).join(". ")}.`);
  return new Set(said.map(([key]) => key));
}

function difference(gitlab, was, item) {
  if (!was) return `${item.reference} is new: ${item.title}`;
  const added = item.labels.filter((each) => !was.labels.includes(each)).map((each) => `label ${each} added`);
  const gone = was.labels.filter((each) => !item.labels.includes(each)).map((each) => `label ${each} removed`);
  const parts = [...added, ...gone];
  if (was.milestone !== item.milestone) parts.push(`now in ${gitlab.milestone(item.milestone)?.title ?? "no milestone"}`);
  if (was.state !== item.state) parts.push(`now ${item.state === "opened" ? "open" : item.state}`);
  if (was.title !== item.title) parts.push(`now called ${item.title}`);
  if (was.notes < item.notes) parts.push("a new note");
  return `${item.reference} ${parts.join(", ") || "changed"}`;
}

function drawHead(head, gitlab) {
  const { shown } = gitlab;
  patch(head, [
    {
      key: "head",
      value: [shown.project, shown.address, shown.people, gitlab.by],
      draw: () =>
        make(
          "div",
          { class: "gl-top" },
          make("h2", {}, shown.project),
          make("a", { class: "gl-out", href: shown.address, target: "_blank", rel: "noreferrer" }, "Plain pages"),
          make(
            "div",
            { class: "gl-hand" },
            make("label", { for: "gl-by" }, "By hand, as"),
            drawPeople(gitlab),
            make("button", { class: "button", type: "button", onclick: () => askForIssue(gitlab) }, "New issue"),
          ),
        ),
    },
  ]);
}

function drawPeople(gitlab) {
  const chosen = make(
    "select",
    {
      id: "gl-by",
      class: "field",
      onchange: (event) => {
        gitlab.by = event.target.value;
        remember("gitlab-by", gitlab.by);
      },
    },
    gitlab.shown.people.map((each) => make("option", { value: each.name }, each.says)),
  );
  chosen.value = gitlab.by;
  return chosen;
}

function drawMilestones(list, gitlab) {
  const { milestones, elsewhere } = gitlab.shown;
  const open = milestones.filter((each) => each.state === OPEN_AT_FIRST);
  const closed = milestones.filter((each) => each.state !== OPEN_AT_FIRST);
  const groups = [
    ...open,
    ...(elsewhere.length ? [{ id: 0, title: "In no milestone", items: elsewhere, state: "none" }] : []),
  ];
  const heading = (words) => ({ key: words, value: words, draw: () => make("h3", { class: "gl-between" }, words) });
  const add = {
    key: "add",
    value: "",
    draw: () =>
      make(
        "button",
        { class: "quiet gl-add", type: "button", onclick: () => askForMilestone(gitlab) },
        icon("plus"),
        "New milestone",
      ),
  };
  patch(list, [
    deployments(gitlab),
    ...groups.map((each) => asSection(gitlab, each)),
    add,
    ...(closed.length ? [heading("Closed")] : []),
    ...closed.map((each) => asSection(gitlab, each)),
  ]);
  for (const each of milestones.concat(groups)) fillSection(list, gitlab, each);
}

const isUnfolded = (gitlab, milestone) => gitlab.unfolded.get(milestone.id) ?? milestone.state !== "closed";

/** The frame of a milestone; its rows are brought in by `fillSection`, so that they stay when only the frame changes. */
function asSection(gitlab, milestone) {
  const { items, ...frame } = milestone;
  const unfolded = isUnfolded(gitlab, milestone);
  return {
    key: `milestone-${milestone.id}`,
    value: [frame, unfolded],
    draw: () => {
      const name = `gl-milestone-${milestone.id}`;
      const fold = make(
        "button",
        {
          class: "gl-fold",
          type: "button",
          "aria-expanded": String(unfolded),
          "aria-controls": name,
          data: { focus: name },
          onclick: () => {
            gitlab.unfolded.set(milestone.id, !unfolded);
            drawMilestones(document.querySelector(".gl-list"), gitlab);
          },
        },
        icon("chevron"),
        make("span", { class: "gl-title" }, milestone.title),
      );
      const edit =
        milestone.id !== 0 &&
        make(
          "button",
          {
            class: "quiet",
            type: "button",
            "aria-label": `Edit milestone ${milestone.title}`,
            title: "Edit milestone",
            onclick: () => editMilestone(gitlab, milestone),
          },
          icon("pencil"),
        );
      return make(
        "section",
        { class: `gl-milestone ${milestone.state}`, "aria-label": milestone.title },
        make("div", { class: "gl-bar" }, make("h3", {}, fold), edit),
        milestone.id !== 0 && facts(milestone),
        make("div", { id: name, class: "gl-rows", hidden: !unfolded }),
      );
    },
  };
}

function facts(milestone) {
  const total = milestone.open + milestone.done;
  const percent = total ? Math.round((100 * milestone.done) / total) : 0;
  const bar = make("span", { class: "gl-progress", "aria-hidden": "true" }, make("span", {}));
  bar.firstChild.style.setProperty("inline-size", `${percent}%`);
  const over = milestone.expired && milestone.state === "active";
  return make(
    "p",
    { class: "gl-facts" },
    make("span", {}, dates(milestone)),
    milestone.group && make("span", {}, "of the group"),
    over && make("span", { class: "gl-over" }, "over"),
    make("span", { class: "gl-count" }, `${milestone.open} open, ${milestone.done} done`),
    bar,
  );
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const day = (text) => DAY.format(new Date(`${text}T00:00Z`));

function dates({ start, due }) {
  if (!start && !due) return "No dates";
  return `${start ? day(start) : "…"} – ${due ? day(due) : "…"}`;
}

function fillSection(list, gitlab, milestone) {
  const rows = list.querySelector(`#gl-milestone-${milestone.id}`);
  if (!rows || !isUnfolded(gitlab, milestone)) return rows?.replaceChildren();
  const open = milestone.items.filter((each) => each.state === "opened");
  const done = milestone.items.filter((each) => each.state !== "opened");
  const parts = [];
  if (!milestone.items.length) {
    parts.push({ key: "none", value: "", draw: () => make("p", { class: "gl-none" }, "Nothing in it yet.") });
  }
  if (open.length) parts.push({ key: "open", value: "", draw: () => make("ul", { class: "gl-issues" }) });
  if (done.length) {
    const isAll = !open.length;
    parts.push({
      key: "done",
      value: [done.length, isAll],
      draw: () => {
        const before = rows.querySelector("[data-key=done]");
        return make(
          "details",
          { class: "gl-done", open: before ? before.open : isAll },
          make("summary", { data: { focus: `gl-done-${milestone.id}` } }, `${done.length} closed`),
          make("ul", { class: "gl-issues" }),
        );
      },
    });
  }
  patch(rows, parts);
  for (const [key, items] of [["open", open], ["done", done]]) {
    const place = rows.querySelector(`:scope > [data-key=${key}]`);
    if (place) patch(place.matches("ul") ? place : place.querySelector("ul"), items.map((each) => asRow(gitlab, each)));
  }
}

function asRow(gitlab, item) {
  const key = keyOf(item);
  const labels = item.labels.map((name) => gitlab.shown.labels.find((each) => each.name === name) ?? name);
  return {
    key,
    value: [item, labels],
    draw: () =>
      make(
        "li",
        { class: gitlab.changed.has(key) ? "gl-fresh" : null },
        make(
          "button",
          { class: `gl-issue ${item.kind} ${item.state}`, type: "button", data: { focus: key }, onclick: () => gitlab.opens(item) },
          make("span", { class: "gl-state", "aria-hidden": "true" }),
          make(
            "span",
            { class: "gl-words" },
            make("span", { class: "gl-name" }, item.title),
            make(
              "span",
              { class: "gl-more" },
              make("span", { class: "gl-ref" }, item.reference),
              item.kind === "merge_request" && make("span", {}, "merge request"),
              item.state !== "opened" && make("span", { class: "unseen" }, item.state),
              item.confidential && make("span", { class: "gl-secret" }, icon("lock"), "confidential"),
              item.labels.map((each) => gitlab.label(each)),
              item.notes > 0 && make("span", { class: "gl-notes" }, item.notes === 1 ? "1 note" : `${item.notes} notes`),
            ),
          ),
          item.assignees.map((each) => face(gitlab, each)),
        ),
      ),
  };
}

/** Somebody's initials in a circle. */
export function face(gitlab, name) {
  const says = gitlab.person(name);
  const initials = says.split(/\s+/).map((each) => each[0]).slice(0, 2).join("");
  return make(
    "span",
    { class: "gl-face", title: says },
    make("span", { "aria-hidden": "true" }, initials),
    make("span", { class: "unseen" }, `assigned to ${says}`),
  );
}

function remembered(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing forgets it with the window; that is all.
  }
}
