// Outbox: what waits for the connection; a component's value only in its latest form.
//
// A frame's letters go out in order. A value that waits is replaced where it stands, so the app's
// state is never older than an event that follows it. Among frames, the one goes next that has got
// the fewest bytes out: who fills the connection waits by himself. What the page itself says, like
// the press of a button, comes after all that stood there before it. Events are never dropped: who
// lets more wait than the limits allow is told so, and the page ends it.

/**
 * @typedef {object} Letter
 * @property {Uint8Array} data
 * @property {string} frame "" for the page's own.
 * @property {boolean} latest Whether a newer one of the same frame takes its place.
 */

/**
 * Of one frame.
 * @typedef {object} Line
 * @property {{ letter: Letter, number: number }[]} letters
 * @property {number} bytes
 * @property {number} sent How many bytes it has got out, counted from where the others stood when
 *   it began to wait.
 * @property {Letter | undefined} value The one that waits.
 */

/**
 * Of each frame. What may come at once may wait, in bytes; in number, so many.
 * @typedef {{ queue: number, byteBurst: number }} QueueLimits
 */

export class Outbox {
  /** Who waits, by frame. @type {Map<string, Line>} */
  #lines = new Map();
  /** What those have got out who wait no more, as long as others do. @type {Map<string, number>} */
  #left = new Map();
  #limits;
  #length = 0;
  #number = 0; // of the letter that came last
  #sent = 0; // of whose turn it was last, before it

  /** @param {QueueLimits} limits */
  constructor(limits) {
    this.#limits = limits;
  }

  get length() {
    return this.#length;
  }

  /**
   * @param {Letter} letter
   * @returns {string} Why it may not wait; "" if it does.
   */
  put(letter) {
    const { frame, latest, data } = letter;
    const { queue, byteBurst } = this.#limits;
    const sent = Math.max(this.#sent, this.#left.get(frame) ?? 0);
    const line = this.#lines.get(frame) ?? { letters: [], bytes: 0, sent, value: undefined };
    const old = latest ? line.value : undefined;
    const after = {
      count: old ? line.letters.length : line.letters.length + 1,
      bytes: line.bytes - (old?.data.byteLength ?? 0) + data.byteLength,
    };
    if (frame && after.count > queue) return `Expected at most ${queue} messages to wait for the app`;
    if (frame && after.bytes > byteBurst) return `Expected at most ${byteBurst} bytes to wait for the app`;
    this.#lines.set(frame, line);
    line.bytes = after.bytes;
    if (old) {
      old.data = data;
      return "";
    }
    line.letters.push({ letter, number: (this.#number += 1) });
    this.#length += 1;
    if (latest) line.value = letter;
    return "";
  }

  /** @returns {Uint8Array | undefined} The next. */
  take() {
    const line = this.#next();
    const letter = line?.letters.shift()?.letter;
    if (!line || !letter) return undefined;
    this.#length -= 1;
    if (letter.frame) this.#sent = line.sent;
    line.sent += letter.data.byteLength;
    line.bytes -= letter.data.byteLength;
    if (line.value === letter) line.value = undefined;
    if (!line.letters.length) {
      this.#lines.delete(letter.frame);
      this.#left.set(letter.frame, line.sent);
    }
    if (!this.#length) this.#left.clear();
    return letter.data;
  }

  /** @returns {Line | undefined} Whose turn it is. */
  #next() {
    const lines = [...this.#lines.values()];
    const page = this.#lines.get("");
    if (page && lines.every(({ letters }) => letters[0].number >= page.letters[0].number)) return page;
    const frames = lines.filter((line) => line !== page);
    return frames.reduce((best, line) => (line.sent < best.sent ? line : best), frames[0]);
  }
}
