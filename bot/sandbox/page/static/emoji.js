// Names of the usual emoji, as people and bots write them between colons.

export const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", pushpin: "📌", round_pushpin: "📍", eyes: "👀", white_check_mark: "✅",
  heavy_check_mark: "✔️", x: "❌", tada: "🎉", rocket: "🚀", fire: "🔥", warning: "⚠️", rotating_light: "🚨", bell: "🔔",
  no_bell: "🔕", heart: "❤️", smile: "😄", slightly_smiling_face: "🙂", joy: "😂", thinking_face: "🤔", sob: "😭", sweat_smile: "😅",
  wave: "👋", pray: "🙏", clap: "👏", raised_hands: "🙌", muscle: "💪", ok_hand: "👌", point_right: "👉", point_left: "👈",
  pager: "📟", telephone_receiver: "📞", memo: "📝", octagonal_sign: "🛑", clipboard: "📋", calendar: "📆", date: "📅", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", alarm_clock: "⏰", stopwatch: "⏱️", mag: "🔍", inbox_tray: "📥", outbox_tray: "📤", link: "🔗", lock: "🔒", unlock: "🔓", key: "🔑",
  wrench: "🔧", hammer: "🔨", gear: "⚙️", bug: "🐛", package: "📦", chart_with_upwards_trend: "📈", bar_chart: "📊",
  red_circle: "🔴", large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", white_circle: "⚪",
  black_circle: "⚫", large_orange_circle: "🟠", information_source: "ℹ️", question: "❓", exclamation: "❗", bulb: "💡",
  star: "⭐", sparkles: "✨", zap: "⚡", boom: "💥", construction: "🚧", no_entry: "⛔", no_entry_sign: "🚫", speech_balloon: "💬", raising_hand: "🙋", arrow_right: "➡️", arrow_left: "⬅️",
  arrows_counterclockwise: "🔄", repeat: "🔁", leftwards_arrow_with_hook: "↩️", checkered_flag: "🏁",
  triangular_flag_on_post: "🚩", label: "🏷️", lady_beetle: "🐞", coffee: "☕", zzz: "💤", sunny: "☀️", cloud: "☁️",
  snowflake: "❄️", umbrella: "☔", new_moon: "🌑", earth_africa: "🌍", earth_asia: "🌏", earth_americas: "🌎", runner: "🏃",
  handshake: "🤝", shrug: "🤷", robot_face: "🤖", ghost: "👻", skull: "💀", 100: "💯",
};

/** What the picker offers: enough to react with. All of them have drawings of their own. */
export const OFFERED = [
  "pushpin", "+1", "eyes", "white_check_mark", "x", "heart", "smile", "tada",
  "rocket", "fire", "warning", "rotating_light", "hourglass_flowing_sand", "memo", "bulb", "question",
];

/** Those in `emoji.svg`: what is most used looks the same everywhere, also where no font has pictures. */
const DRAWN = new Set([
  ...OFFERED, "-1", "leftwards_arrow_with_hook", "checkered_flag", "octagonal_sign", "information_source",
  "calendar", "inbox_tray", "mag", "lock", "hourglass", "no_entry_sign", "speech_balloon", "raising_hand", "handshake",
  "bar_chart", "label",
]);
const SAME = { thumbsup: "+1", thumbsdown: "-1" };

/** The character for a name, else the name between colons. */
export function emoji(name) {
  return EMOJI[bare(name)] ?? `:${name}:`;
}

/** The picture for a name as a node; without one it stays its name between colons. */
export function drawEmoji(name) {
  const known = SAME[bare(name)] ?? bare(name);
  const label = known.replaceAll("_", " ");
  if (DRAWN.has(known)) {
    const picture = drawing(known);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", label);
    return picture;
  }
  const character = EMOJI[known];
  if (!character || !hasPicture(character)) return document.createTextNode(`:${name}:`);
  const span = document.createElement("span");
  span.className = "emoji";
  span.setAttribute("role", "img");
  span.setAttribute("aria-label", label);
  span.textContent = character;
  return span;
}

function bare(name) {
  return name.replace(/::skin-tone-\d$/, "");
}

function drawing(name) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("class", "emoji-drawing");
  const used = document.createElementNS("http://www.w3.org/2000/svg", "use");
  used.setAttribute("href", new URL(`emoji.svg#${name}`, import.meta.url).href);
  picture.append(used);
  return picture;
}

const pictures = new Map();

/** Whether some font here can draw a character: without one, it looks like a character nobody has. */
function hasPicture(character) {
  if (!pictures.has(character)) pictures.set(character, looks(character) !== looks("\u{10FFFE}"));
  return pictures.get(character);
}

function looks(character) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 24;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "20px sans-serif";
  pen.fillText(character, 0, 20);
  return pen.getImageData(0, 0, 24, 24).data.join();
}
