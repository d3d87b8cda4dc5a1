// Pulse: how long a frame takes to answer the page's pings, and whether it answers at all.
//
// A component that works in slices answers each ping, but late, again and again. What counts is the
// median of its last answers: one long task is nobody's fault. The time in which the page itself was
// held up is taken off (see Lag), so that a busy page is not blamed on the frame. A busy machine slows
// all frames, so a frame is blamed for what it takes beyond the quickest of another component. Two
// that hog together would have each other for a measure, therefore there is an end to that.

const ANSWERS = 10; // that the median is of; one a second
const TICK_MS = 100;

/** How long this page's own timers have been late, in ms since it began. */
export class Lag {
  #sum = 0;
  #told = 0; // of the sum, by `lap`
  #last;
  #now;

  /** @param {() => number} now In ms. */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#last = now();
  }

  start() {
    setInterval(() => this.tick(), TICK_MS);
    return this;
  }

  tick() {
    this.#sum = this.total();
    this.#last = this.#now();
  }

  /** With what is late just now. */
  total() {
    return this.#sum + Math.max(0, this.#now() - this.#last - TICK_MS);
  }

  /** What was late since this was asked last. */
  lap() {
    const total = this.total();
    const late = total - this.#told;
    this.#told = total;
    return late;
  }
}

const PATIENCE = 4; // times the limit, whatever others take

/** @param {{ latency: number }[]} others @returns {number} In s; 0 if none is known. */
export function calmest(others) {
  const known = others.map(({ latency }) => latency).filter((latency) => !Number.isNaN(latency));
  return known.length ? Math.min(...known) : 0;
}

/** @param {number} latency @param {number} calm @param {number} limit All in s. */
export function isSlow(latency, calm, limit) {
  return latency - calm > limit || latency > PATIENCE * limit;
}

export class Pulse {
  /** When each ping was sent that has no answer yet. @type {{ time: number, lag: number }[]} */
  #asked = [];
  answered = 0; // of all that were asked
  /** The last answers, in s. @type {number[]} */
  #took = [];
  #lag;
  #now;

  /** @param {Lag} lag @param {() => number} now In ms. */
  constructor(lag, now = () => performance.now()) {
    this.#lag = lag;
    this.#now = now;
  }

  /** Pings without an answer. */
  get missing() {
    return this.#asked.length;
  }

  /** Of the last answers, in s; NaN as long as there are few. */
  get median() {
    if (this.#took.length < ANSWERS) return NaN;
    return this.#took.toSorted((a, b) => a - b)[ANSWERS / 2];
  }

  /** @returns {number} How many were asked; it is answered when so many were. */
  ask() {
    return this.answered + this.#asked.push({ time: this.#now(), lag: this.#lag.total() });
  }

  /** @returns {boolean} Whether anybody has asked. */
  answer() {
    const asked = this.#asked.shift();
    if (!asked) return false;
    this.answered += 1;
    const late = this.#lag.total() - asked.lag;
    this.#took.push(Math.max(0, this.#now() - asked.time - late) / 1000);
    if (this.#took.length > ANSWERS) this.#took.shift();
    return true;
  }
}
