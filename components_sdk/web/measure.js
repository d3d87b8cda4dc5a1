// Measure: how much a message is, before anybody works with it.
//
// A frame's message is hostile, but came by structured clone: genuine objects of this page, without
// getters and proxies; yet cyclic, shared a million times, of length 2^32-1, or of a kind that no
// component sends. The walk has a stack of its own (a recursive one would overflow), converts
// nothing, and ends as soon as a limit is passed: its time is bounded by `nodes`.
//
// Shared parts count as often as they are referred to, since whoever works with them meets them as
// often; so a cycle is too deep. Only the bytes of one buffer count once: a table's columns may
// share it. A text counts as it will be in JSON. Nothing is free: each part costs a few bytes.
//
// What is not known here could carry anything unseen, a name of a gigabyte or a picture; so only
// what values are made of may cross, and what authors send by mistake and is counted.

import { jsonBytes } from "./text.js";

/** @typedef {{ messageBytes: number, depth: number, nodes: number }} SizeLimits */
/** @typedef {"" | "message-bytes" | "message-depth" | "message-nodes" | "protocol"} Over */

const SCALAR_BYTES = 8;
const OBJECT_BYTES = 16;
const SMALL_BIGINT_BITS = 128;
const HUGE_BIGINT = 1n << 65_536n; // comparing is cheap, asking for the length is not possible
const FOREIGN_BYTES = 1_024; // an object that no codec takes

/** What structured clone makes of each kind that may cross. */
const KINDS = new Set(
  [Object, Array, Map, Set, ArrayBuffer, Date, RegExp, String, Number, Boolean]
    .concat(/** @type {any[]} */ ([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]))
    .map((kind) => kind.prototype),
);

/**
 * @param {unknown} message
 * @param {SizeLimits} limits
 * @returns {{ bytes: number, over: Over, kind?: string }} `bytes` is of what was seen until a limit
 *   was passed; `kind` is the one that may not cross.
 */
export function measure(message, { messageBytes, depth: maxDepth, nodes: maxNodes }) {
  /** @type {unknown[]} */
  const values = [message];
  const depths = [0];
  /** @type {Set<ArrayBufferLike> | undefined} */
  let buffers;
  let bytes = 0;
  let nodes = 0;
  while (values.length) {
    const value = values.pop();
    const depth = /** @type {number} */ (depths.pop());
    nodes += 1;
    if (typeof value === "string") bytes += SCALAR_BYTES + jsonBytes(value, messageBytes - bytes);
    else if (typeof value === "bigint") bytes += bigintBytes(value);
    else if (typeof value !== "object" || value === null) bytes += SCALAR_BYTES;
    else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      const buffer = ArrayBuffer.isView(value) ? value.buffer : value; // all of it was sent
      buffers ??= new Set();
      if (!buffers.has(buffer)) bytes += reserved(buffer);
      buffers.add(buffer);
      bytes += OBJECT_BYTES;
    } else {
      bytes += OBJECT_BYTES;
      if (!KINDS.has(Object.getPrototypeOf(value))) return { bytes, over: "protocol", kind: kindOf(value) };
      if (depth >= maxDepth) return { bytes, over: "message-depth" };
      // Asked before anything is listed: holes of an array are free to send.
      if (sizeOf(value) > maxNodes - nodes - values.length) return { bytes, over: "message-nodes" };
      bytes += eachPart(value, messageBytes - bytes, (part) => {
        values.push(part);
        depths.push(depth + 1);
      });
    }
    if (bytes > messageBytes) return { bytes, over: "message-bytes" };
    if (nodes + values.length > maxNodes) return { bytes, over: "message-nodes" };
  }
  return { bytes, over: "" };
}

/** @param {object} value how many parts it has, where that can be asked before they are listed */
function sizeOf(value) {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map || value instanceof Set ? value.size : 0;
}

/**
 * @param {object} value
 * @param {number} most bytes that are worth counting
 * @param {(part: unknown) => void} visit
 * @returns {number} Bytes that are in no part.
 */
function eachPart(value, most, visit) {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      visit(key);
      visit(item);
    }
    return 0;
  }
  if (value instanceof Set) {
    for (const item of value) visit(item);
    return 0;
  }
  if (Array.isArray(value)) {
    for (const item of value) visit(item);
    // An array may have names, too, and what is under them was sent as well.
    const keys = Object.keys(value);
    for (let at = keys.length - 1; at >= 0 && !isIndex(keys[at]); at -= 1) {
      visit(keys[at]);
      visit(Reflect.get(value, keys[at]));
    }
    return 0;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) return foreignBytes(value, visit);
  let bytes = 0;
  for (const key of Object.keys(value)) {
    if (bytes <= most) bytes += jsonBytes(key, most - bytes);
    visit(Reflect.get(value, key));
  }
  return bytes;
}

/** @param {string} key indexes come first among an object's keys */
function isIndex(key) {
  return /^\d+$/.test(key);
}

/** @param {object} value of none of the kinds that values are made of @param {(part: unknown) => void} visit */
function foreignBytes(value, visit) {
  if (value instanceof Date) return 0;
  if (value instanceof String) return value.length; // its keys would be its characters
  if (value instanceof RegExp) return value.source.length;
  const file = Reflect.get(value, "fileName"); // of an error, in Firefox, whatever it was made with
  if (value instanceof Error) for (const part of [value.message, value.stack, value.cause, file]) visit(part);
  return FOREIGN_BYTES;
}

/** @param {ArrayBufferLike} buffer one that may grow is as large as it may become */
function reserved(buffer) {
  return Math.max(buffer.byteLength, Reflect.get(buffer, "maxByteLength") ?? 0);
}

/** @param {object} value as its author calls it */
function kindOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** @param {bigint} value */
function bigintBytes(value) {
  if (BigInt.asIntN(SMALL_BIGINT_BITS, value) === value) return OBJECT_BYTES;
  return value < HUGE_BIGINT && value > -HUGE_BIGINT ? 65_536 / 8 : Infinity;
}
