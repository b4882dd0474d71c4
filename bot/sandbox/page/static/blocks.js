// Block Kit as nodes. What the app may send was judged by the emulated Slack before; here it is only drawn.
//
// https://docs.slack.dev/reference/block-kit
//
// `surface` says where the blocks stand and what touching them does:
//   names                        people, places, zone and clock (see mrkdwn.js)
//   name                         a prefix for ids, unique on the page
//   values                       what stands in inputs: block_id → action_id → Slack's state (views only)
//   errors                       what the app or Slack complains of: block_id → words
//   press(block, element, values)        a button or a menu outside an input block was used
//   enter(block, element, values, tells) a field holds something else now; `tells`: the app may want to hear it,
//                                        after a pause where it is AFTER_A_PAUSE

import { ask, openMenu } from "./menu.js";
import { icon, make } from "./dom.js";
import { dayOf, drawText, markdown, partsOf, plain, richText } from "./mrkdwn.js";

/** Slack tells what is typed not with every letter. */
export const AFTER_A_PAUSE = "after a pause";
const MOST_ROWS = 9;

const BLOCKS = {
  section: drawSection,
  header: (block, surface) => make("h3", { class: "block-header" }, drawText(block.text, surface.names)),
  divider: () => make("hr", { class: "block-divider" }),
  context: drawContext,
  actions: drawActions,
  image: drawImage,
  input: drawInput,
  markdown: (block, surface) => make("div", { class: "block-markdown" }, markdown(block.text, surface.names)),
  rich_text: (block, surface) => richText(block, surface.names),
  table: drawTable,
};

export function drawBlocks(blocks, surface) {
  return blocks.map((block) => drawBlock(block, surface));
}

export function drawBlock(block, surface) {
  const draw = BLOCKS[block.type];
  const drawn = draw ? draw(block, surface) : make("p", { class: "block-unknown" }, `A block of the type ${block.type}`);
  drawn.classList.add("block");
  return drawn;
}

function drawSection(block, surface) {
  const words = [];
  if (block.text) words.push(make("div", { class: "block-text" }, drawText(block.text, surface.names)));
  if (block.fields) {
    const fields = block.fields.map((each) => make("div", { class: "block-text" }, drawText(each, surface.names)));
    words.push(make("div", { class: "block-fields" }, fields));
  }
  const label = plain(block.text).slice(0, 80);
  const accessory = block.accessory && drawElement(block, block.accessory, surface, label);
  return make("div", { class: "block-section" }, make("div", { class: "block-words" }, words), accessory);
}

function drawContext(block, surface) {
  const inside = block.elements.map((each) =>
    each.type === "image" ? picture(each, surface, "context-image") : make("span", {}, drawText(each, surface.names)),
  );
  return make("div", { class: "block-context" }, inside);
}

function drawActions(block, surface) {
  return make("div", { class: "block-actions" }, block.elements.map((each) => drawElement(block, each, surface, "")));
}

function drawImage(block, surface) {
  const title = block.title && make("figcaption", {}, drawText(block.title, surface.names));
  return make("figure", { class: "block-image" }, title, picture(block, surface, ""));
}

function picture(image, surface, style) {
  const file = image.slack_file;
  const address = file?.id ? surface.names.file({ id: file.id, name: "image" }) : (file?.url ?? image.image_url);
  return make("img", { src: address, alt: image.alt_text, class: style, loading: "lazy" });
}

function drawTable(block, surface) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (each, column) => {
    const inside = each.type === "rich_text" ? richText(each, surface.names) : String(each.text ?? each.value ?? "");
    return make(tag, { class: `to-${settings[column]?.align ?? "left"}`, scope: tag === "th" ? "col" : null }, inside);
  };
  const [head, ...rows] = block.rows;
  const body = rows.map((row) => make("tr", {}, row.map(cell("td"))));
  const table = make("table", {}, make("thead", {}, make("tr", {}, head.map(cell("th")))), make("tbody", {}, body));
  return make("div", { class: "block-table", tabindex: 0, role: "region", "aria-label": "Table" }, table);
}

function drawInput(block, surface) {
  const { element } = block;
  const name = `${surface.name}-${block.block_id}-${element.action_id}`.replace(/[^\w-]/g, "_");
  const error = surface.errors?.[block.block_id];
  const described = [block.hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  const optional = block.optional && make("span", { class: "optional" }, " (optional)");
  const label = [drawText(block.label, surface.names), optional];
  const control = drawControl(block, element, surface, {
    id: name,
    "aria-describedby": described || null,
    "aria-invalid": error ? "true" : null,
    "aria-required": block.optional || isGroup(element) ? null : "true",
  });
  const below = [
    error && make("p", { class: "field-error", id: `${name}-error` }, error),
    block.hint && make("p", { class: "field-hint", id: `${name}-hint` }, drawText(block.hint, surface.names)),
  ];
  if (isGroup(element)) {
    return make("fieldset", { class: "block-input" }, make("legend", { class: "label" }, label), control, below);
  }
  return make("div", { class: "block-input" }, make("label", { class: "label", for: name }, label), control, below);
}

function isGroup(element) {
  return ["checkboxes", "radio_buttons"].includes(element.type) || element.type.startsWith("multi_");
}

/** An interactive element outside an input block. */
function drawElement(block, element, surface, label) {
  if (element.type === "image") return picture(element, surface, "accessory-image");
  if (element.type === "button") return drawButton(block, element, surface);
  if (element.type === "overflow") return drawOverflow(block, element, surface);
  const named = plain(element.placeholder) || label || "Choose";
  return drawControl(block, element, surface, { "aria-label": isGroup(element) ? null : named, group: named });
}

function drawButton(block, element, surface) {
  const label = plain(element.text);
  // Not by its block: where the app names none, an edited message has others, and the focus would be lost.
  const focus = `${surface.name}-${element.action_id}-${element.value ?? ""}`;
  const style = { class: `button ${element.style ?? ""}`, data: { focus } };
  if (element.accessibility_label) style["aria-label"] = element.accessibility_label;
  if (element.url) {
    const press = () => surface.press(block, element, []);
    return make("a", { ...style, href: element.url, target: "_blank", rel: "noopener noreferrer", onclick: press }, label);
  }
  const button = make("button", { ...style, type: "button" }, label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") || !(await confirmed(element, surface))) return;
    await busy(button, () => surface.press(block, element, []));
  });
  return button;
}

function drawOverflow(block, element, surface) {
  const button = make("button", { class: "quiet", type: "button", "aria-label": "More actions", "aria-haspopup": "menu" }, icon("more"));
  const choose = async (option) => {
    if (option.url) window.open(option.url, "_blank", "noopener");
    if (await confirmed(element, surface)) await surface.press(block, element, [option.value]);
  };
  button.addEventListener("click", () =>
    openMenu(button, element.options.map((each) => ({ label: plain(each.text), act: () => choose(each) }))),
  );
  return button;
}

/** While the app is told, the button says so and takes no second click. */
export async function busy(button, work) {
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

function confirmed(element, surface) {
  const { confirm } = element;
  if (!confirm) return true;
  return ask({
    title: plain(confirm.title),
    words: drawText(confirm.text, surface.names),
    yes: plain(confirm.confirm),
    no: plain(confirm.deny),
    danger: confirm.style === "danger",
  });
}

// -- fields: each is drawn with what stands in it, and tells `surface.enter` the values it holds ----------------------

const CONTROLS = {
  plain_text_input: (field) => (field.element.multiline ? drawTextArea(field) : drawLine(field, "text")),
  number_input: (field) => drawLine(field, "text", { inputmode: field.element.is_decimal_allowed ? "decimal" : "numeric" }),
  email_text_input: (field) => drawLine(field, "email"),
  url_text_input: (field) => drawLine(field, "url"),
  datepicker: (field) => drawPicker(field, "date"),
  timepicker: (field) => drawPicker(field, "time"),
  datetimepicker: drawMoment,
  static_select: (field) => drawSelect(field, groupsOf(field.element)),
  external_select: (field) => drawSelect(field, []),
  users_select: (field) => drawSelect(field, peopleIn(field.surface.names)),
  channels_select: (field) => drawSelect(field, placesIn(field.surface.names)),
  conversations_select: (field) => drawSelect(field, placesIn(field.surface.names)),
  multi_static_select: (field) => drawChecks(field, groupsOf(field.element).flatMap((each) => each.options)),
  multi_external_select: (field) => drawChecks(field, []),
  multi_users_select: (field) => drawChecks(field, peopleIn(field.surface.names)[0].options),
  multi_channels_select: (field) => drawChecks(field, placesIn(field.surface.names)[0].options),
  multi_conversations_select: (field) => drawChecks(field, placesIn(field.surface.names)[0].options),
  checkboxes: (field) => drawChecks(field, optionsOf(field)),
  radio_buttons: (field) => drawChecks(field, optionsOf(field), "radio"),
};

function drawControl(block, element, surface, given) {
  const { group, ...attributes } = given;
  const outside = block.type !== "input";
  const state = surface.values?.[block.block_id]?.[element.action_id];
  const focus = `${surface.name}-${block.block_id}-${element.action_id}`;
  const field = {
    block, element, surface, attributes: { ...attributes, data: { focus } }, group, focus,
    held: heldBy(state ?? firstState(element)),
    enter: async (values, tells = true) => {
      if (outside && !surface.values) return (await confirmed(element, surface)) && surface.press(block, element, values);
      return surface.enter(block, element, values, tells);
    },
  };
  return CONTROLS[element.type](field);
}

/** What a state of `view.state.values` holds, as a list of strings: values, ids or text. */
export function heldBy(state) {
  const [held] = Object.entries(state).filter(([key]) => key !== "type").map(([, value]) => value);
  const list = Array.isArray(held) ? held : held === null || held === undefined ? [] : [held];
  return list.map((each) => (typeof each === "object" ? each.value : String(each)));
}

function firstState(element) {
  const key = Object.keys(element).find((each) => each.startsWith("initial_"));
  return { type: element.type, held: key ? element[key] : null };
}

function drawLine(field, type, more = {}) {
  const { element } = field;
  const input = make("input", {
    ...field.attributes, ...more, type, class: "field", autocomplete: "off", maxlength: element.max_length,
    placeholder: plain(element.placeholder), value: field.held[0] ?? "",
  });
  followTyping(field, input);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && field.block.dispatch_action) {
      event.preventDefault();
      field.enter([input.value], true);
    }
  });
  return input;
}

function drawTextArea(field) {
  const { element } = field;
  const value = field.held[0] ?? "";
  const area = make("textarea", {
    ...field.attributes, class: "field", rows: Math.max(4, Math.min(value.split("\n").length, MOST_ROWS)), maxlength: element.max_length,
    placeholder: plain(element.placeholder), value,
  });
  followTyping(field, area);
  return area;
}

function followTyping(field, input) {
  const told = field.element.dispatch_action_config?.trigger_actions_on ?? [];
  input.addEventListener("input", () => field.enter([input.value], told.includes("on_character_entered") && AFTER_A_PAUSE));
}

function drawPicker(field, type) {
  const input = make("input", { ...field.attributes, type, class: "field short", value: field.held[0] ?? "" });
  input.addEventListener("change", () => field.enter([input.value]));
  return input;
}

/** Date and time in the reader's zone; Slack keeps seconds. */
function drawMoment(field) {
  const { zone } = field.surface.names;
  const input = make("input", { ...field.attributes, type: "datetime-local", class: "field short" });
  if (field.held[0]) {
    const { hour, minute } = partsOf(field.held[0], zone);
    input.value = `${dayOf(field.held[0], zone)}T${hour}:${minute}`;
  }
  input.addEventListener("change", () => field.enter(input.value ? [String(secondsIn(zone, input.value))] : []));
  return input;
}

function secondsIn(zone, local) {
  const wanted = Date.parse(`${local}Z`) / 1000;
  const { year, hour, minute, day } = partsOf(wanted, zone);
  const shown = Date.parse(`${dayOf(wanted, zone)}T${hour}:${minute}Z`) / 1000;
  return year && day ? wanted - (shown - wanted) : wanted;
}

function drawSelect(field, groups) {
  const chosen = field.held[0] ?? "";
  const draw = (each) => make("option", { value: each.value, selected: each.value === chosen }, each.label);
  const options = groups.map((each) => (each.label ? make("optgroup", { label: each.label }, each.options.map(draw)) : each.options.map(draw)));
  const nothing = make("option", { value: "", selected: chosen === "" }, plain(field.element.placeholder) || "Choose an option");
  const select = make("select", { ...field.attributes, class: "field" }, nothing, options);
  // An answer that must be given cannot be taken back to nothing, but it can be missing at first.
  if (!field.block.optional && chosen) nothing.remove();
  select.addEventListener("change", () => field.enter(select.value ? [select.value] : []));
  return make("span", { class: "select" }, select);
}

function drawChecks(field, options, type = "checkbox") {
  const name = `${field.focus}-options`;
  const boxes = options.map((each, number) => {
    const id = `${field.attributes.id ?? name}-${number}`.replace(/[^\w-]/g, "_");
    const box = make("input", {
      type, id, name, value: each.value, "aria-describedby": field.attributes["aria-describedby"],
      "aria-invalid": type === "checkbox" ? field.attributes["aria-invalid"] : null, data: { focus: `${field.focus}-${number}` },
    });
    box.checked = field.held.includes(each.value);
    return [box, make("label", { class: "check", for: id }, box, make("span", {}, each.drawn ?? each.label, each.description && make("small", {}, each.description)))];
  });
  const inputs = boxes.map(([box]) => box);
  const changed = () => field.enter(inputs.filter((each) => each.checked).map((each) => each.value));
  for (const each of inputs) each.addEventListener("change", changed);
  const role = type === "radio" ? "radiogroup" : "group";
  return make("div", { class: "checks", role, "aria-label": field.group ?? plain(field.block.label) }, boxes.map(([, label]) => label));
}

function optionsOf(field) {
  return field.element.options.map((each) => ({
    value: each.value, label: plain(each.text), drawn: drawText(each.text, field.surface.names),
    description: each.description && drawText(each.description, field.surface.names),
  }));
}

function groupsOf(element) {
  const bare = (options) => options.map((each) => ({ value: each.value, label: plain(each.text) }));
  if (element.options) return [{ options: bare(element.options) }];
  return (element.option_groups ?? []).map((each) => ({ label: plain(each.label), options: bare(each.options) }));
}

function peopleIn(names) {
  const people = Object.entries(names.members).filter(([, each]) => each.here);
  return [{ options: people.map(([id, each]) => ({ value: id, label: `${each.real_name} (@${each.name})` })) }];
}

function placesIn(names) {
  const places = names.places.filter((each) => each.kind !== "im");
  return [{ options: places.map((each) => ({ value: each.id, label: `#${each.name}` })) }];
}
