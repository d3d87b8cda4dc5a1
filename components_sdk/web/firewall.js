// Firewall: what one frame may send, by port or by window, before anybody looks into it.
//
// Order of the checks, the cheapest first: how often, how big, how deep, how many parts, how much
// in sum, and how much of the page's time all that took. The first that fails is the answer; the
// channel then closes the port and ends the frame.

/** @import { FailureCode } from "./wire.js" */

import { Bucket } from "./bucket.js";
import { measure } from "./measure.js";

/**
 * @typedef {object} FrameLimits From Limits in framing.py, which tells what they are.
 * @property {number} messagesPerSecond
 * @property {number} messageBurst
 * @property {number} bytesPerSecond
 * @property {number} byteBurst
 * @property {number} messageBytes
 * @property {number} depth
 * @property {number} nodes
 * @property {number} pageSeconds
 * @property {number} pageBurst
 */

/** @typedef {{ code: FailureCode, detail: string }} Breach */
/** @typedef {{ readonly data: unknown, readonly ports?: readonly unknown[] }} Message */

const ENVELOPE = 1; // { type, value }: one container, and its parts, are not of the value
const ENVELOPE_NODES = 8;

export class Firewall {
  #limits;
  #messages;
  #bytes;
  #time;
  #now;
  #paid = 0; // bytes of the message that passed last

  /** @param {FrameLimits} limits @param {() => number} [now] In ms. */
  constructor(limits, now = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#time = new Bucket(limits.pageSeconds, limits.pageBurst, now);
    this.#messages = new Bucket(limits.messagesPerSecond, limits.messageBurst, now);
    this.#bytes = new Bucket(limits.bytesPerSecond, limits.byteBurst, now);
  }

  /**
   * @param {Message} event Its data is only touched if it may come at all: some engines copy a
   *   message when it is first looked at.
   * @param {number} [mostNodes] Less than what a value may have, where none is expected.
   * @returns {Breach | undefined} The limit that it breaks.
   */
  breach(event, mostNodes = Infinity) {
    /** @type {Breach | undefined} */
    let breach;
    const late = this.breachOfTime(() => (breach = this.#check(event, mostNodes)));
    return breach ?? late;
  }

  /**
   * Do what a message asks for, in time that is the frame's.
   * @param {() => void} work
   * @returns {Breach | undefined}
   */
  breachOfTime(work) {
    const { pageSeconds, pageBurst } = this.#limits;
    const began = this.#now();
    work();
    if (this.#time.spend((this.#now() - began) / 1000)) return undefined;
    const detail = `Expected at most ${pageSeconds} s of the page's time a second, ${pageBurst} s at once`;
    return { code: "page-time", detail };
  }

  /** @param {Message} event @param {number} mostNodes @returns {Breach | undefined} */
  #check(event, mostNodes) {
    const { messagesPerSecond, messageBurst } = this.#limits;
    if (!this.#messages.take(1)) {
      const detail = `Expected at most ${messagesPerSecond} messages a second, ${messageBurst} at once`;
      return { code: "message-rate", detail };
    }
    if (event.ports?.length) return { code: "protocol", detail: "Expected a message without ports" };
    const { messageBytes, depth } = this.#limits;
    const nodes = Math.min(this.#limits.nodes, mostNodes);
    const { bytes, over, kind } = measure(event.data, {
      messageBytes,
      depth: depth + ENVELOPE,
      nodes: nodes + ENVELOPE_NODES,
    });
    if (over === "protocol") {
      return { code: over, detail: `Expected what values are made of, got a ${kind}, which cannot cross` };
    }
    if (over) {
      const most = { "message-bytes": messageBytes, "message-depth": depth, "message-nodes": nodes }[over];
      return { code: over, detail: `Expected at most ${most}${over === "message-bytes" ? " bytes" : ""}` };
    }
    this.#paid = bytes;
    return this.#bytes.take(bytes) ? undefined : this.#byteBreach();
  }

  /**
   * The app counts what it gets: as JSON, a message may be larger than it was here.
   * @param {number} bytes Of the message that passed last, as it was sent on.
   */
  breachOnTheWire(bytes) {
    return this.#bytes.take(Math.max(0, bytes - this.#paid)) ? undefined : this.#byteBreach();
  }

  /** @returns {{ code: FailureCode, detail: string }} */
  #byteBreach() {
    const { bytesPerSecond, byteBurst } = this.#limits;
    const detail = `Expected at most ${bytesPerSecond} bytes a second, ${byteBurst} at once`;
    return { code: "byte-rate", detail };
  }
}
