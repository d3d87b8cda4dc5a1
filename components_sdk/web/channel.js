// Channel: the page's end of one frame, from its first byte to its removal.
//
//   loading --hello--> offered --echo--> ready        any of them --end(code)--> ended
//
// A frame never says who it is: its port does. hello counts once, from the right window, with the
// right origin (opaque, or the component's own if it has storage) and the nonce of the fragment.
// Arguments are sent after the echo came back through the port, so a port that reached another
// document carries nothing. A second hello, a second load, a message that is none, a broken limit
// (firewall.js) or a missing answer (pulse.js) ends the frame: first its port is closed, then it is
// removed. What still arrives is dropped.

/** @import { FailureCode, FromFrame, Kind, Theme, ToFrame } from "./wire.js" */

import { Firewall } from "./firewall.js";
import { Lag, Pulse, calmest, isSlow } from "./pulse.js";
import { drop } from "./strays.js";

/**
 * @typedef {object} Owner
 * @property {() => Record<string, unknown>} args What the frame gets after the handshake.
 * @property {number} maxHeight CSS px.
 * @property {() => void} onLoaded The frame document is here, or will not come; called once.
 * @property {(message: FromFrame) => void} onMessage A message of the ready frame; hostile.
 * @property {(code: FailureCode, detail: string, wasReady: boolean) => void} onEnd The frame is
 *   gone; called once.
 */

/** @typedef {{ readySeconds: number, hangSeconds: number, slowSeconds: number }} Patience */
/** @typedef {Patience & import("./firewall.js").FrameLimits} ChannelLimits */

const PING_SECONDS = 1;
const HELD_UP_MS = 500; // of a beat: who answered meanwhile stands in the page's own queue

/**
 * WebKit alone fires load as well when a frame goes to a fragment of its document: there the frame is
 * asked if it is still the same. Elsewhere a second load is a second document, and nobody is asked.
 */
const LOADS_AT_FRAGMENTS = navigator.vendor === "Apple Computer, Inc.";
const STAY_STEPS = 6; // that it has to answer
const STAY_STEP_MS = 50;
const WINDOW_NODES = 100; // of a message by window, where nothing but hello is expected

/** What a frame may say of itself. @type {FailureCode[]} */
const AUTHOR_FAILURES = ["module-error", "component-threw", "no-default-export"];

/** What was still awaited when the time was up. */
const MISSING = { loading: "its document", offered: "its module", ready: "", ended: "" };

const pageLag = new Lag();

export class Channel {
  /** @type {"loading" | "offered" | "ready" | "ended"} */
  state = "loading";
  /** @type {MessagePort | undefined} */
  #port;
  #origin; // what the browser says of its windows' messages
  #nonce = crypto.randomUUID();
  #echo = crypto.randomUUID();
  #loads = 0;
  #dropped = 0; // window messages that were no hello
  #pulse = new Pulse(pageLag);
  #firewall;
  /** @type {ReturnType<typeof setTimeout>} */
  #deadline;
  #owner;
  #limits;

  /**
   * @param {Kind} kind
   * @param {string} url Of the frame document.
   * @param {Theme} theme
   * @param {Owner} owner
   * @param {ChannelLimits} limits
   */
  constructor(kind, url, theme, owner, limits) {
    this.#owner = owner;
    this.#limits = limits;
    this.#firewall = new Firewall(limits);
    this.kind = kind;
    this.#origin = kind.opaque ? "null" : new URL(url).origin;
    const { lang, dir } = document.documentElement;
    const start = new URLSearchParams({ nonce: this.#nonce, theme, lang, dir });
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", kind.sandbox);
    frame.setAttribute("allow", kind.allow);
    frame.referrerPolicy = "no-referrer";
    frame.loading = "eager";
    frame.title = kind.title;
    frame.style.colorScheme = theme; // else the frame gets an opaque background
    frame.addEventListener("load", () => this.#onLoad());
    frame.src = `${url}#${start}`; // set once; another document in the frame ends it
    this.frame = frame;
    this.#deadline = setTimeout(() => this.end("not-ready", MISSING[this.state]), limits.readySeconds * 1000);
  }

  /**
   * A window message that came from this frame's window.
   * @param {MessageEvent} event
   */
  onWindowMessage(event) {
    if (this.#breaks(event, WINDOW_NODES)) return undefined;
    if (event.data?.type !== "hello") return this.#drop("window"); // else it is the port that speaks
    const expected = event.origin === this.#origin && event.data.nonce === this.#nonce;
    if (!expected) return this.end("protocol", "a hello without the frame's nonce");
    if (this.state !== "loading") return this.end("navigated", "a second hello");
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (message) => this.#onPortMessage(message);
    port1.onmessageerror = () => this.end("protocol", "a message that cannot be read");
    this.#port = port1;
    this.state = "offered";
    // "*" because an opaque origin cannot be named; the echo proves who got the port.
    this.frame.contentWindow?.postMessage({ type: "port", echo: this.#echo }, "*", [port2]);
    this.#owner.onLoaded();
    return undefined;
  }

  /**
   * A window message of a document inside the frame. It has nothing to say, but its component
   * answers for how often.
   * @param {MessageEvent} event
   */
  onInnerMessage(event) {
    if (!this.#breaks(event, WINDOW_NODES)) this.#drop("inner");
  }

  /** @param {import("./strays.js").Stray} kind */
  #drop(kind) {
    this.#dropped += 1;
    drop(kind);
  }

  /** @param {number} bytes Of the message that came last, as it was sent on. */
  sentOn(bytes) {
    const breach = this.#firewall.breachOnTheWire(bytes);
    if (breach) this.end(breach.code, breach.detail);
  }

  /** @param {MessageEvent} event @param {number} [nodes] */
  #breaks(event, nodes) {
    const breach = this.#firewall.breach(event, nodes);
    if (breach) this.end(breach.code, breach.detail);
    return breach !== undefined;
  }

  /** @param {MessageEvent} event */
  #onPortMessage(event) {
    if (this.state === "ended") return drop("late"); // closing a port stops it almost at once
    if (this.#breaks(event)) return undefined;
    /** @type {unknown} */
    const data = event.data;
    if (typeof data !== "object" || data === null || !("type" in data)) {
      return this.end("protocol", "a message without a type");
    }
    const message = /** @type {FromFrame} */ (data);
    if (message.type === "failed") {
      const code = AUTHOR_FAILURES.find((known) => known === message.code);
      if (!code || typeof message.message !== "string") {
        return this.end("protocol", "a failure that is none");
      }
      return this.end(code, message.message);
    }
    if (this.state === "offered") {
      if (message.type !== "ready" || message.echo !== this.#echo) {
        return this.end("protocol", "no echo");
      }
      clearTimeout(this.#deadline);
      this.state = "ready";
      return this.post({ type: "init", args: this.#owner.args(), max_height: this.#owner.maxHeight });
    }
    if (message.type !== "pong") {
      const breach = this.#firewall.breachOfTime(() => this.#owner.onMessage(message));
      return breach && this.end(breach.code, breach.detail);
    }
    if (!this.#pulse.answer()) return this.end("protocol", "an answer that nobody asked for");
    return undefined;
  }

  #onLoad() {
    this.#loads += 1;
    if (this.#loads > 1) this.#loadedAgain();
  }

  /**
   * The port lives and dies with the document whose runtime has it: one that answers has not left.
   * Counted in steps, as a beat is, so that nobody is blamed for a page that was held up.
   */
  #loadedAgain() {
    const left = () => this.end("navigated", "the frame loaded a second document");
    if (!LOADS_AT_FRAGMENTS || this.state !== "ready") return left();
    const number = this.#pulse.ask();
    this.post({ type: "ping" });
    let steps = 0;
    const look = () => {
      if (this.state === "ended" || this.#pulse.answered >= number) return undefined;
      steps += 1;
      if (steps > STAY_STEPS) return left();
      return setTimeout(look, STAY_STEP_MS);
    };
    return look();
  }

  /** @param {ToFrame} message */
  post(message) {
    if (this.state === "ready") this.#port?.postMessage(message);
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.frame.style.colorScheme = theme;
    this.post({ type: "theme", theme });
  }

  /**
   * One beat of the page's heart. Counted in beats, not by the clock: when the page itself was
   * held up, its frames' answers are still in the queue and must not be judged late.
   * @param {number} calm What others' answers take, in s: a busy machine is nobody's fault.
   */
  beat(calm) {
    if (this.state !== "ready") return undefined;
    const { hangSeconds, slowSeconds } = this.#limits;
    if (isSlow(this.latency, calm, slowSeconds)) {
      return this.end("slow", `its answers take ${this.latency.toFixed(2)} s in the median`);
    }
    if (this.#pulse.missing * PING_SECONDS >= hangSeconds) {
      return this.end("hung", `no answer for ${hangSeconds} s`);
    }
    this.#pulse.ask();
    return this.post({ type: "ping" });
  }

  /** How long its answers take in the median, in s; NaN as long as that is not known. */
  get latency() {
    return this.#pulse.median;
  }

  /** Take the frame away without a report; its process ends with it. */
  close() {
    if (this.state === "loading") this.#owner.onLoaded(); // nobody shall wait for it
    clearTimeout(this.#deadline);
    this.state = "ended";
    this.#port?.close(); // first: it stops a flood
    this.frame.remove();
  }

  /** @param {FailureCode} code @param {string} detail */
  end(code, detail) {
    if (this.state === "ended") return;
    const wasReady = this.state === "ready";
    this.close();
    const dropped = this.#dropped ? `; ${this.#dropped} window messages were dropped` : "";
    // A lone surrogate, of the frame's making or by the cut, would keep the report out of the log.
    const text = detail.slice(0, 400).replace(/\p{Surrogate}/gu, "\ufffd") + dropped;
    this.#owner.onEnd(code, text, wasReady);
  }
}

/** @param {() => Iterable<Channel>} channels */
export function startHeart(channels) {
  pageLag.start();
  setInterval(() => {
    const late = pageLag.lap();
    if (document.hidden) return; // browsers hold up timers of hidden pages
    if (late > HELD_UP_MS) return; // no beat: nobody is asked, and nobody is judged by it
    const all = [...channels()];
    const calm = all.map((one) => calmest(all.filter((other) => other.kind !== one.kind)));
    all.forEach((channel, index) => channel.beat(calm[index]));
  }, PING_SECONDS * 1000);
}
