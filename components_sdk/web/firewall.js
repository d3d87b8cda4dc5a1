// Firewall: what one frame may send, by port or by window, before anybody looks into it.
//
// Order of the checks, the cheapest first: how often, how big, how deep, how many parts, how much
// in sum. The first that fails is the answer; the channel then closes the port and ends the frame.

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
 */

const ENVELOPE = 1; // { type, value }: one container, and its parts, are not of the value
const ENVELOPE_NODES = 8;

export class Firewall {
  #limits;
  #messages;
  #bytes;
  #paid = 0; // bytes of the message that passed last

  /** @param {FrameLimits} limits @param {() => number} [now] In ms. */
  constructor(limits, now) {
    this.#limits = limits;
    this.#messages = new Bucket(limits.messagesPerSecond, limits.messageBurst, now);
    this.#bytes = new Bucket(limits.bytesPerSecond, limits.byteBurst, now);
  }

  /**
   * @param {{ readonly data: unknown }} event Its data is only touched if it may come at all:
   *   some engines copy a message when it is first looked at.
   * @returns {{ code: FailureCode, detail: string } | undefined} The limit that it breaks.
   */
  breach(event) {
    const { messagesPerSecond, messageBurst } = this.#limits;
    if (!this.#messages.take(1)) {
      const detail = `Expected at most ${messagesPerSecond} messages a second, ${messageBurst} at once`;
      return { code: "message-rate", detail };
    }
    const { messageBytes, depth, nodes } = this.#limits;
    const { bytes, over } = measure(event.data, {
      messageBytes,
      depth: depth + ENVELOPE,
      nodes: nodes + ENVELOPE_NODES,
    });
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
