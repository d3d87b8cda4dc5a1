// Cards: what stands in the place of a component that is not there, and why.

/** @import { Denied, FailureCode, Kind } from "./wire.js" */

/** @type {Record<FailureCode, [title: string, cause: string]>} */
const CAUSES = {
  "module-error": ["could not be loaded", "Its main.js has an error."],
  "component-threw": ["stopped with an error", "Its function threw."],
  "no-default-export": ["could not be loaded", "Its main.js exports no function by default."],
  "not-ready": ["did not get ready in time", "Likely its module waits for something that never comes, is in an endless loop, or could not be fetched."],
  hung: ["does not answer any more", "It was removed so that the page goes on working."],
  navigated: ["left its page", "A component may not load another document, or begin twice; it was removed."],
  protocol: ["broke the protocol", "It sent what no component sends; it was removed."],
  "message-rate": ["sent too much", "It sent more messages than this app allows; it was removed."],
  "byte-rate": ["sent too much", "It sent more data than this app allows; it was removed."],
  "message-bytes": ["sent too much", "It sent a larger message than this app allows; it was removed."],
  "message-depth": ["sent too much", "It sent a message that is nested too deeply; it was removed."],
  "message-nodes": ["sent too much", "It sent a message of more parts than this app allows; it was removed."],
  "page-time": ["sent too much", "The page had to work more for it than this app allows; it was removed."],
  queue: ["sent too much", "It sent more than can wait while the app cannot be reached; it was removed."],
  focus: ["kept taking the keyboard", "It took it from where you were, again and again; it was removed."],
  slow: ["is too busy", "It took nearly all the time of its process; it was removed so that the page goes on working."],
};

/** @type {Record<Denied["code"], [title: string, cause: string, remedy: string]>} */
const DENIALS = {
  "not-granted": ["asks for more than this app grants", "It was not started.", "To grant it, the app's author writes:"],
  "forbidden-by-organisation": [
    "is forbidden by the organisation's policy",
    "It was not started, and no grant of the app would help.",
    "The policy says so in:",
  ],
  "storage-needs-own-origin": [
    "needs an origin of its own",
    "Here it would share what it keeps with other components, or with the app. It was not started.",
    "The app's author serves it with:",
  ],
};

/** @param {string} tag @param {string} text */
function node(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** @param {string} title @param {string} sentence @param {"alert" | "status"} role */
export function cardFor(title, sentence, role) {
  const card = document.createElement("section");
  card.className = "card";
  card.setAttribute("role", role);
  card.append(node("strong", title), node("p", sentence));
  return card;
}

/** @param {Kind} kind @param {FailureCode} code @param {string} detail @param {() => void} retry */
export function failureCard(kind, code, detail, retry) {
  const [title, cause] = CAUSES[code];
  const card = cardFor(`“${kind.title}” ${title}`, cause, "alert");
  card.dataset.code = code;
  const button = node("button", "Retry");
  button.addEventListener("click", retry);
  card.append(node("code", `${code}: ${detail}`), button);
  return card;
}

/** @param {Denied} denied */
export function deniedCard({ code, title, missing, line }) {
  const [why, cause, remedy] = DENIALS[code];
  const card = cardFor(`“${title}” ${why}`, cause, "status");
  card.dataset.code = code;
  const list = document.createElement("ul");
  for (const { permission, meaning, reason, origins } of missing) {
    const item = node("li", "");
    item.append(node("code", [permission, ...origins].join(" ")), ` ${meaning} Its reason: “${reason}”`);
    list.append(item);
  }
  card.append(list, node("p", remedy), node("code", line));
  return card;
}
