// Socket: the page's connection to the app. Frames the batches and finds the app again.

/** @import { FromPage, ToPage } from "./wire.js" */

import { Outbox } from "./outbox.js";

const MAGIC = 0x314b5343; // "CSK1", little-endian
const PREFIX_BYTES = 8;
const RETRY_SECONDS = [0.2, 0.5, 1, 2, 5];
const TOO_MUCH_SECONDS = 10; // at once it would only find that its rate is still used up
const STEADY_SECONDS = 5; // a connection that held so long was a good one
const RELOAD_SECONDS = 3; // a page is not loaded again sooner, so that no fault makes it spin
const HIGH_MARK = 2 ** 20; // bytes under way; with more, the connection does not keep up
const DRAIN_SECONDS = 0.02; // a WebSocket does not say when it has caught up

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Why the app cannot be reached; "" if it can. @typedef {"" | "lost" | "too-much"} Offline */

/**
 * @typedef {object} SocketConfig
 * @property {string} socket URL with the page's token.
 * @property {string} protocol
 * @property {number} sessionGone Close code: the app does not know this page any more.
 * @property {number} sessionTaken Close code: another connection took this page's session over.
 * @property {number} tooMuch Close code: the page was over a limit.
 * @property {number} messageBytes The most that one message may have.
 * @property {number} byteBurst The most bytes that wait of one frame.
 * @property {number} headBytes The most that its JSON may have.
 * @property {number} queue The most messages that wait of one frame.
 */

export class Socket {
  /** @type {WebSocket | undefined} */
  #socket;
  #outbox;
  #draining = false;
  #tries = 0;
  #seen = 0; // batches; a page that missed one while it was cut off has to be loaded again
  #config;
  #onBatch;
  #onOffline;

  /**
   * @param {SocketConfig} config
   * @param {(messages: ToPage[], tail: Uint8Array[]) => void} onBatch
   * @param {(why: Offline) => void} onOffline
   */
  constructor(config, onBatch, onOffline) {
    this.#config = config;
    this.#outbox = new Outbox(config);
    this.#onBatch = onBatch;
    this.#onOffline = onOffline;
    this.#connect();
  }

  /**
   * Send a message at once, or keep it while the app cannot be reached or does not keep up.
   * @param {FromPage} message
   * @param {Uint8Array[]} tail
   * @returns {{ bytes: number, refusal?: { code: "message-bytes" | "queue", sentence: string } }} Why
   *   it will not be sent; else there is no refusal.
   */
  send(message, tail) {
    const data = pack([message], tail);
    const { messageBytes, headBytes } = this.#config;
    const head = new DataView(data.buffer).getUint32(4, true);
    const bytes = data.byteLength;
    if (head > headBytes) {
      const sentence = `Expected JSON of at most ${headBytes} bytes, got ${head}; send bulk data as bytes`;
      return { bytes, refusal: { code: "message-bytes", sentence } };
    }
    if (bytes > messageBytes) {
      const sentence = `Expected at most ${messageBytes} bytes, got ${bytes}`;
      return { bytes, refusal: { code: "message-bytes", sentence } };
    }
    if (!this.#outbox.length && this.#keepsUp()) {
      this.#socket?.send(data);
      return { bytes };
    }
    const isFrames = message.type === "value" || message.type === "event";
    const frame = isFrames ? message.frame : "";
    const sentence = this.#outbox.put({ data, frame, latest: message.type === "value" });
    if (sentence) return { bytes, refusal: { code: "queue", sentence } };
    this.#drain();
    return { bytes };
  }

  #keepsUp() {
    const socket = this.#socket;
    return socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < HIGH_MARK;
  }

  /** Send what waits, as fast as the connection takes it. */
  #drain() {
    if (this.#draining) return;
    while (this.#outbox.length && this.#keepsUp()) {
      this.#socket?.send(/** @type {Uint8Array<ArrayBuffer>} */ (this.#outbox.take()));
    }
    // Offline, the next connection goes on.
    if (!this.#outbox.length || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#draining = true;
    setTimeout(() => {
      this.#draining = false;
      this.#drain();
    }, DRAIN_SECONDS * 1000);
  }

  #connect() {
    const { socket: url, protocol, sessionGone, sessionTaken, tooMuch } = this.#config;
    const socket = new WebSocket(`${url}&seen=${this.#seen}`, protocol);
    let opened = Infinity;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened = performance.now();
      this.#onOffline("");
      this.#drain();
    };
    socket.onmessage = ({ data }) => {
      const { messages, tail } = unpack(data);
      this.#seen += 1;
      try {
        this.#onBatch(messages, tail);
      } catch (error) {
        reportError(error);
        reload(); // what is shown is not what the app said any more
      }
    };
    socket.onclose = ({ code }) => {
      this.#onOffline(code === tooMuch ? "too-much" : "lost");
      if (code === sessionGone) return reload();
      if (code === sessionTaken) return undefined;
      if (performance.now() - opened > STEADY_SECONDS * 1000) this.#tries = 0;
      const usual = RETRY_SECONDS[Math.min(this.#tries++, RETRY_SECONDS.length - 1)];
      const seconds = code === tooMuch ? TOO_MUCH_SECONDS : usual;
      setTimeout(() => this.#connect(), seconds * 1000);
    };
    this.#socket = socket;
  }
}

function reload() {
  setTimeout(() => location.reload(), Math.max(0, RELOAD_SECONDS * 1000 - performance.now()));
}

/** @param {number} bytes */
const padded = (bytes) => (bytes + 7) & ~7;

/** @param {FromPage[]} messages @param {Uint8Array[]} tail */
export function pack(messages, tail) {
  const head = encoder.encode(JSON.stringify({ messages, tail: tail.map((buffer) => buffer.byteLength) }));
  const headBytes = padded(head.byteLength);
  const tailBytes = tail.reduce((sum, buffer) => sum + padded(buffer.byteLength), 0);
  const data = new Uint8Array(PREFIX_BYTES + headBytes + tailBytes);
  const view = new DataView(data.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, headBytes, true);
  data.set(head, PREFIX_BYTES);
  data.fill(0x20, PREFIX_BYTES + head.byteLength, PREFIX_BYTES + headBytes);
  let at = PREFIX_BYTES + headBytes;
  for (const buffer of tail) {
    data.set(buffer, at);
    at += padded(buffer.byteLength);
  }
  return data;
}

/** @param {ArrayBuffer} data @returns {{ messages: ToPage[], tail: Uint8Array[] }} */
export function unpack(data) {
  const headBytes = new DataView(data).getUint32(4, true);
  const head = JSON.parse(decoder.decode(new Uint8Array(data, PREFIX_BYTES, headBytes)));
  let at = PREFIX_BYTES + headBytes;
  const tail = head.tail.map((/** @type {number} */ bytes) => {
    const buffer = new Uint8Array(data, at, bytes);
    at += padded(bytes);
    return buffer;
  });
  return { messages: head.messages, tail };
}
