// The page's side: shows what the app says, and passes on what frames may say.
//
// The page is trusted, its frames are not: every value of a frame is checked by its schema here
// (so that its author learns at once) and again by the app (which trusts nobody).

/** @import { Denied, Element as Part, FailureCode, FromFrame, FromPage, Kind, Mount, Theme, ToPage } from "./wire.js" */

import { cardFor, deniedCard, failureCard } from "./cards.js";
import { Channel, startHeart } from "./channel.js";
import { addRows, fillLedger } from "./ledger.js";
import { Socket } from "./socket.js";
import { drop } from "./strays.js";
import { guardAgainstThefts } from "./thefts.js";
import { ValueRefused, decode, encode } from "./values.js";

/**
 * @typedef {{ restarts: number }} PageConfig
 * @typedef {PageConfig & import("./channel.js").ChannelLimits & import("./socket.js").SocketConfig} Config
 */

/**
 * After these a component that had begun is started again without asking, but not for ever. Never
 * after it broke a limit or the protocol: that it would do again. @type {FailureCode[]}
 */
const STARTED_AGAIN = ["hung", "component-threw"];

/** @type {Config} */
const config = JSON.parse(byId("components-config").textContent ?? "");
const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = document.documentElement.dataset.theme;
/**
 * @typedef {object} TrustedTypes Not in every engine, nor in TypeScript's library.
 * @property {(name: string, rules: { createHTML: (html: string) => string }) => { createHTML: (html: string) => string }} createPolicy
 */
/** @type {TrustedTypes | undefined} */
const trustedTypes = Reflect.get(window, "trustedTypes");
// The only markup that is not built node by node: what the app's sanitiser let through.
const cleaned = trustedTypes?.createPolicy("components-sdk", { createHTML: (html) => html });

/** @type {Map<string, Kind>} */
const kinds = new Map();
/** Everything on the page that can be removed, by id. @type {Map<string, HTMLElement>} */
const nodes = new Map([["", byId("page")]]);
/** @type {Map<string, Frame>} */
const frames = new Map();
/**
 * Frame documents that were asked for, by URL: who waits for it, or undefined once it is here.
 * @type {Map<string, Frame[] | undefined>}
 */
const arriving = new Map();

const OFFLINE = {
  lost: "The app cannot be reached. Trying again…",
  "too-much": "This page sent more at once than the app takes; it tries again in a few seconds.",
};

const socket = new Socket(config, show, (why) => {
  const banner = byId("offline");
  banner.hidden = !why;
  if (why) banner.textContent = OFFLINE[why];
});

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @returns {Theme} */
function theme() {
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark.matches ? "dark" : "light";
}

/** One component on the page: its arguments outlive its frames. */
class Frame {
  /** @type {Channel | undefined} */
  channel;
  #restarts = 0; // since the user asked for one

  /** @param {Mount} mount @param {Kind} kind @param {Uint8Array[]} tail */
  constructor(mount, kind, tail) {
    this.id = mount.id;
    this.kind = kind;
    this.url = mount.url;
    this.maxHeight = mount.max_height;
    /** @type {Record<string, unknown>} */
    this.args = this.decoded(mount.args, tail);
    this.place = document.createElement("div");
    this.place.className = "component";
    this.start();
  }

  /** @param {Record<string, unknown>} wire @param {Uint8Array[]} tail */
  decoded(wire, tail) {
    const entries = Object.entries(wire);
    return Object.fromEntries(entries.map(([name, value]) => [name, decode(this.kind.args[name], value, tail)]));
  }

  /**
   * Begin, but not before the first frame has brought the same document into the cache: of
   * twenty requests at once Firefox answers none from there.
   */
  start() {
    const waiting = arriving.get(this.url);
    if (waiting) waiting.push(this);
    else this.#load();
  }

  #load() {
    if (!arriving.has(this.url)) arriving.set(this.url, []);
    const channel = new Channel(
      this.kind,
      this.url,
      theme(),
      {
        args: () => this.args,
        maxHeight: this.maxHeight,
        onLoaded: () => {
          const waiting = arriving.get(this.url);
          arriving.set(this.url, undefined);
          for (const frame of waiting ?? []) if (frames.has(frame.id)) frame.#load();
        },
        onMessage: (message) => this.receive(message),
        onEnd: (...end) => this.failed(...end),
      },
      config,
    );
    this.channel = channel;
    this.place.replaceChildren(channel.frame);
  }

  /** @param {FailureCode} code @param {string} detail @param {boolean} wasReady */
  failed(code, detail, wasReady) {
    const again = wasReady && STARTED_AGAIN.includes(code) && this.#restarts < config.restarts;
    if (again) detail += `; started again (${this.#restarts + 1} of ${config.restarts})`;
    socket.send({ type: "report", frame: this.id, code, detail }, []);
    if (again) {
      this.#restarts += 1;
      return this.start();
    }
    const retry = () => {
      this.#restarts = 0;
      this.start();
    };
    return this.place.replaceChildren(failureCard(this.kind, code, detail, retry));
  }

  /** @param {Record<string, unknown>} args */
  patch(args) {
    this.args = { ...this.args, ...args };
    this.channel?.post({ type: "args", args });
  }

  /** @param {string} code @param {string} message */
  tell(code, message) {
    this.channel?.post({ type: "refused", code, message });
  }

  /** @param {FromFrame} message */
  receive(message) {
    switch (message.type) {
      case "height":
        if (!Number.isFinite(message.height)) return this.broke("a height that is no number");
        if (this.channel) this.channel.frame.style.height = `${this.clamped(message.height)}px`;
        return;
      case "value":
        if (!this.kind.has_value) return this.tell("no-value", "Declare one: value: Value[int] = 0");
        this.offer(
          this.kind.args.value,
          message.value,
          (value) => ({ type: "value", frame: this.id, value }),
          () => (this.args = { ...this.args, value: message.value }), // for a Retry
        );
        return;
      case "event": {
        const { event } = message;
        if (typeof event !== "string" || event.length > 100) return this.broke("an event without a name");
        if (!Object.hasOwn(this.kind.events, event)) {
          return this.tell("unknown-event", `Declare it in the class: ${event}: Event[str]`);
        }
        return this.offer(this.kind.events[event], message.value, (value) => {
          return { type: "event", frame: this.id, event, value };
        });
      }
      default:
        return this.broke("an unknown message");
    }
  }

  /** @param {number} height */
  clamped(height) {
    return Math.max(0, Math.min(height, this.maxHeight));
  }

  /** @param {string} detail */
  broke(detail) {
    this.channel?.end("protocol", detail);
  }

  /**
   * Check a value of the frame and send it on.
   * @param {any} schema
   * @param {unknown} value
   * @param {(wire: unknown) => FromPage} message
   * @param {() => void} [onSent]
   */
  offer(schema, value, message, onSent) {
    /** @type {Uint8Array[]} */
    const tail = [];
    try {
      const limits = { nodes: config.nodes, bytes: config.messageBytes, text: config.headBytes };
      const { bytes, refusal } = socket.send(message(encode(schema, value, tail, "$", limits)), tail);
      if (refusal?.code === "queue") return this.channel?.end("queue", refusal.sentence);
      if (refusal) this.tell(refusal.code, refusal.sentence);
      else onSent?.();
      return this.channel?.sentOn(bytes); // it was made, so it is paid for
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      return this.tell(error.code, error.message);
    }
  }
}

// what the app says ------------------------------------------------------------------------------

/** @param {ToPage[]} messages @param {Uint8Array[]} tail */
function show(messages, tail) {
  for (const message of messages) showOne(message, tail);
}

/** @param {ToPage} message @param {Uint8Array[]} tail */
function showOne(message, tail) {
  switch (message.type) {
    case "kind":
      return kinds.set(message.name, message);
    case "mount": {
      const kind = kinds.get(message.kind);
      if (!kind) throw new Error(`a mount before its kind: ${message.kind}`);
      const frame = new Frame(message, kind, tail);
      frames.set(message.id, frame);
      return put(message.id, message.parent, frame.place);
    }
    case "patch": {
      const frame = frames.get(message.frame);
      return frame?.patch(frame.decoded(message.args, tail));
    }
    case "element":
      return put(message.id, message.parent, element(message));
    case "change":
      return change(nodes.get(message.element), message.text);
    case "remove":
      return remove(message.id);
    case "denied":
      return put(message.id, message.parent, deniedCard(message));
    case "alert":
      return alertCard(message.reference);
    case "refused":
      return refused(message.frame, message.code, message.message);
    case "rows":
      return addRows(message.rows);
  }
}

/** @param {string} id @param {string} parent @param {HTMLElement} node */
function put(id, parent, node) {
  node.dataset.id = id;
  nodes.set(id, node);
  nodes.get(parent)?.append(node);
}

/** @param {Part} part */
function element(part) {
  const tag = { text: "p", heading: `h${part.level}`, html: "div", button: "button", columns: "div", column: "div", ledger: "table" }[part.kind];
  const node = document.createElement(tag);
  node.className = part.kind;
  if (part.kind === "button") {
    node.addEventListener("click", () => socket.send({ type: "press", element: part.id }, []));
  }
  if (part.kind === "ledger") fillLedger(node);
  else change(node, part.text);
  return node;
}

/** @param {HTMLElement | undefined} node @param {string} text */
function change(node, text) {
  if (!node) return;
  if (node.className !== "html") node.textContent = text;
  else node.innerHTML = cleaned?.createHTML(text) ?? text;
}

/** @param {string} id */
function remove(id) {
  const node = nodes.get(id);
  for (const inner of node?.querySelectorAll("[data-id]") ?? []) forget(/** @type {HTMLElement} */ (inner));
  if (node) forget(node);
  node?.remove();
}

/** @param {HTMLElement} node */
function forget(node) {
  const id = node.dataset.id ?? "";
  frames.get(id)?.channel?.close();
  frames.delete(id);
  nodes.delete(id);
}

const SHOWN_ALERTS = 3; // the log has them all

/** @param {string} reference */
function alertCard(reference) {
  const card = cardFor("Something went wrong in this app", `It has been logged under ${reference}. You can go on working.`, "alert");
  const dismiss = document.createElement("button");
  dismiss.textContent = "Dismiss";
  dismiss.addEventListener("click", () => card.remove());
  card.append(dismiss);
  const alerts = byId("alerts");
  alerts.append(card);
  if (alerts.children.length > SHOWN_ALERTS) alerts.firstElementChild?.remove();
}

/** @param {string} id @param {string} code @param {string} message */
function refused(id, code, message) {
  const frame = frames.get(id);
  if (frame) frame.tell(code, message);
  else console.error(`[components_sdk] ${code}: ${message}`);
}

// what the browser says --------------------------------------------------------------------------

function* channels() {
  for (const frame of frames.values()) if (frame.channel) yield frame.channel;
}

addEventListener("message", (event) => {
  // What a removed frame sent before it was: its window is null, and so is the source; in Firefox
  // the source is still there, without a parent.
  const source = /** @type {Window | null} */ (event.source);
  if (!source?.parent) return drop("removed");
  for (const channel of channels()) {
    if (channel.frame.contentWindow === event.source) return channel.onWindowMessage(event);
  }
  const outermost = frameAround(source);
  for (const channel of channels()) {
    if (channel.frame.contentWindow === outermost) return channel.onInnerMessage(event);
  }
  return drop("stranger");
});

/** @param {Window} inner @returns {Window} The frame of this page that it is in. */
function frameAround(inner) {
  let outer = inner;
  while (outer.parent && outer.parent !== window && outer.parent !== outer) outer = outer.parent;
  return outer;
}

dark.addEventListener("change", () => {
  for (const channel of channels()) channel.setTheme(theme());
});

// Firefox lets a frame close a tab whose history has one entry (top.close(), with nothing asked).
if (history.length === 1) history.pushState(null, "");

// A file that misses a component's drop zone would otherwise take the place of the app.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

guardAgainstThefts((thief) => {
  for (const channel of channels()) if (channel.frame === thief) channel.end("focus", "took the keyboard again and again");
});
startHeart(channels);
