// Socket: the page's connection to the app. Frames the batches and finds the app again.

/** @import { FromPage, ToPage } from "./wire.js" */

const MAGIC = 0x314b5343; // "CSK1", little-endian
const PREFIX_BYTES = 8;
const QUEUE_LENGTH = 1_000; // messages kept while the app cannot be reached
const SESSION_GONE = 4404; // close code: the app no longer knows this session
const SESSION_TAKEN = 4409; // close code: another connection took this session over
const RETRY_SECONDS = [0.2, 0.5, 1, 2, 5];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Socket {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {Uint8Array[]} */
  #queue = [];
  #tries = 0;
  #url;
  #messageBytes;
  #onBatch;
  #onOffline;

  /**
   * @param {string} url
   * @param {number} messageBytes The most that one message may have.
   * @param {(messages: ToPage[], tail: Uint8Array[]) => void} onBatch
   * @param {(offline: boolean) => void} onOffline
   */
  constructor(url, messageBytes, onBatch, onOffline) {
    this.#url = url;
    this.#messageBytes = messageBytes;
    this.#onBatch = onBatch;
    this.#onOffline = onOffline;
    this.#connect();
  }

  /**
   * Send a batch, or keep it until the app can be reached again.
   * @param {FromPage[]} messages
   * @param {Uint8Array[]} tail
   * @returns {string | undefined} Why it was not sent.
   */
  send(messages, tail) {
    const data = pack(messages, tail);
    if (data.byteLength > this.#messageBytes) {
      return `Expected at most ${this.#messageBytes} bytes, got ${data.byteLength}`;
    }
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
    else if (this.#queue.length < QUEUE_LENGTH) this.#queue.push(data);
    else return `The app cannot be reached and ${QUEUE_LENGTH} messages are waiting`;
    return undefined;
  }

  #connect() {
    const socket = new WebSocket(this.#url, "components.1");
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#tries = 0;
      this.#onOffline(false);
      for (const data of this.#queue.splice(0)) socket.send(data);
    };
    socket.onmessage = ({ data }) => {
      const { messages, tail } = unpack(data);
      this.#onBatch(messages, tail);
    };
    socket.onclose = ({ code }) => {
      this.#onOffline(true);
      if (code === SESSION_GONE) return location.reload();
      if (code === SESSION_TAKEN) return undefined;
      const seconds = RETRY_SECONDS[Math.min(this.#tries++, RETRY_SECONDS.length - 1)];
      setTimeout(() => this.#connect(), seconds * 1000);
    };
    this.#socket = socket;
  }
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
