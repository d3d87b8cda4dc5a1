// Channel: the page's end of one frame, from its first byte to its removal.
//
//   loading --hello--> offered --echo--> ready        any of them --end(code)--> ended
//
// A frame never says who it is: its port does. hello counts once, from the right window, with an
// opaque origin and the nonce of the fragment. Arguments are sent after the echo came back through
// the port, so a port that reached another document carries nothing. A second hello, a second
// load, a message that is none or a missing answer ends the frame.

/** @import { FailureCode, FromFrame, Kind, Theme, ToFrame } from "./wire.js" */

/**
 * @typedef {object} Owner
 * @property {() => Record<string, unknown>} args What the frame gets after the handshake.
 * @property {number} maxHeight CSS px.
 * @property {() => void} onLoaded The frame document is here, or will not come; called once.
 * @property {(message: FromFrame) => void} onMessage A message of the ready frame; hostile.
 * @property {(code: FailureCode, detail: string) => void} onEnd The frame is gone; called once.
 */

/** @typedef {{ readySeconds: number, hangSeconds: number }} Patience */

const PING_SECONDS = 1;

/** What a frame may say of itself. @type {FailureCode[]} */
const AUTHOR_FAILURES = ["module-error", "component-threw", "no-default-export"];

/** What was still awaited when the time was up. */
const MISSING = { loading: "its document", offered: "its module", ready: "", ended: "" };

export class Channel {
  /** @type {"loading" | "offered" | "ready" | "ended"} */
  state = "loading";
  /** @type {MessagePort | undefined} */
  #port;
  #nonce = crypto.randomUUID();
  #echo = crypto.randomUUID();
  #loads = 0;
  #pings = 0; // sent since the last answer
  /** @type {ReturnType<typeof setTimeout>} */
  #deadline;
  #owner;
  #patience;

  /**
   * @param {Kind} kind
   * @param {Theme} theme
   * @param {Owner} owner
   * @param {Patience} patience
   */
  constructor(kind, theme, owner, patience) {
    this.#owner = owner;
    this.#patience = patience;
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
    frame.src = `${kind.url}#${start}`; // set once; another document in the frame ends it
    this.frame = frame;
    this.#deadline = setTimeout(() => this.end("not-ready", MISSING[this.state]), patience.readySeconds * 1000);
  }

  /**
   * A window message that came from this frame's window.
   * @param {MessageEvent} event
   */
  onWindowMessage(event) {
    if (event.data?.type !== "hello") return; // ports speak, windows only say hello
    const expected = event.origin === "null" && event.data.nonce === this.#nonce;
    if (!expected) return this.end("protocol", "a hello without the frame's nonce");
    if (this.state !== "loading") return this.end("navigated", "a second hello");
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => this.#onPortMessage(data);
    port1.onmessageerror = () => this.end("protocol", "a message that cannot be read");
    this.#port = port1;
    this.state = "offered";
    // "*" because an opaque origin cannot be named; the echo proves who got the port.
    this.frame.contentWindow?.postMessage({ type: "port", echo: this.#echo }, "*", [port2]);
    this.#owner.onLoaded();
  }

  /** @param {unknown} data */
  #onPortMessage(data) {
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
    if (this.state !== "ready") return;
    if (message.type === "pong") this.#pings = 0;
    else this.#owner.onMessage(message);
  }

  #onLoad() {
    this.#loads += 1;
    if (this.#loads > 1) this.end("navigated", "the frame loaded a second document");
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
   */
  beat() {
    if (this.state !== "ready") return;
    if (this.#pings * PING_SECONDS >= this.#patience.hangSeconds) {
      return this.end("hung", `no answer for ${this.#patience.hangSeconds} s`);
    }
    this.#pings += 1;
    this.post({ type: "ping" });
  }

  /** Take the frame away without a report; its process ends with it. */
  close() {
    if (this.state === "loading") this.#owner.onLoaded(); // nobody shall wait for it
    clearTimeout(this.#deadline);
    this.state = "ended";
    this.#port?.close();
    this.frame.remove();
  }

  /** @param {FailureCode} code @param {string} detail */
  end(code, detail) {
    if (this.state === "ended") return;
    this.close();
    // A lone surrogate, of the frame's making or by the cut, would keep the report out of the log.
    this.#owner.onEnd(code, detail.slice(0, 500).replace(/\p{Surrogate}/gu, "\ufffd"));
  }
}

/** @param {() => Iterable<Channel>} channels */
export function startHeart(channels) {
  setInterval(() => {
    if (document.hidden) return; // browsers hold up timers of hidden pages
    for (const channel of channels()) channel.beat();
  }, PING_SECONDS * 1000);
}
