// Outbox: what waits for the connection, in order; a component's value only in its latest form.
//
// A value that waits is replaced where it stands, so the app's state is never older than an event
// that follows it. Events are never dropped: who lets more wait than the limits allow is told so,
// and the page ends it.

/**
 * @typedef {object} Letter
 * @property {Uint8Array} data
 * @property {string} frame "" for the page's own.
 * @property {boolean} latest Whether a newer one of the same frame takes its place.
 */

/**
 * Of each frame. What may come at once may wait, in bytes; in number, so many.
 * @typedef {{ queue: number, byteBurst: number }} QueueLimits
 */

export class Outbox {
  /** @type {Letter[]} */
  #letters = [];
  /** The value that waits, by frame. @type {Map<string, Letter>} */
  #values = new Map();
  /** @type {Map<string, { count: number, bytes: number }>} */
  #waiting = new Map();
  #limits;

  /** @param {QueueLimits} limits */
  constructor(limits) {
    this.#limits = limits;
  }

  get length() {
    return this.#letters.length;
  }

  /**
   * @param {Letter} letter
   * @returns {string} Why it may not wait; "" if it does.
   */
  put(letter) {
    const { frame, latest, data } = letter;
    const { queue, byteBurst } = this.#limits;
    const old = latest ? this.#values.get(frame) : undefined;
    const { count, bytes } = this.#waiting.get(frame) ?? { count: 0, bytes: 0 };
    const after = {
      count: old ? count : count + 1,
      bytes: bytes - (old?.data.byteLength ?? 0) + data.byteLength,
    };
    if (frame && after.count > queue) return `Expected at most ${queue} messages to wait for the app`;
    if (frame && after.bytes > byteBurst) return `Expected at most ${byteBurst} bytes to wait for the app`;
    this.#waiting.set(frame, after);
    if (old) {
      old.data = data;
      return "";
    }
    this.#letters.push(letter);
    if (latest) this.#values.set(frame, letter);
    return "";
  }

  /** @returns {Uint8Array | undefined} The oldest. */
  take() {
    const letter = this.#letters.shift();
    if (!letter) return undefined;
    if (letter.latest) this.#values.delete(letter.frame);
    const waiting = this.#waiting.get(letter.frame);
    if (waiting) {
      waiting.count -= 1;
      waiting.bytes -= letter.data.byteLength;
      if (!waiting.count) this.#waiting.delete(letter.frame);
    }
    return letter.data;
  }
}
