// @ts-check
/**
 * Which values may cross between a frame and the app, and in what form: values.py in JavaScript.
 *
 * `encode` takes what a frame posted. It is hostile, but came by structured clone: no getters and
 * no proxies, yet own `__proto__` keys, cycles, arrays of length 2^32-1, one buffer in a million
 * places. The schema bounds the depth of the walk, `LIMITS` its nodes and bytes.
 * `decode` takes the app's own JSON, which the server has checked. Each schema is compiled once;
 * one that needs no conversion costs no walk.
 */

/** @typedef {Record<string, any>} Schema JSON Schema of the wire form, as values.py writes it */
import { jsonBytes } from "./text.js";

/**
 * @typedef {{tail: Uint8Array[], nodes: number, bytes: number, text: number}} Walk what it may still
 *   take; `text` is JSON
 */
/** @typedef {(value: any, walk: Walk, kind: string) => any} Encode */
/** @typedef {((wire: any, tail: Uint8Array[]) => any) | null} Decode null: the wire form is it */
/**
 * @typedef {{name: string, kinds: string[], encode: (value: any, walk: Walk) => any,
 *   decode: Decode}} Plan `name` is the type as Python names it
 */

/**
 * Of one value; bytes count each string and buffer as often as it is referred to, text each string
 * as it will be in JSON.
 */
export const LIMITS = { nodes: 1_000_000, bytes: 64 * 1024 * 1024, text: Infinity };

/** A value that is not of its declared type. */
export class ValueRefused extends Error {
  /** @param {string} sentence @param {string} code @param {string} path @param {string} hint */
  constructor(sentence, code, path, hint) {
    super(`${sentence} - at ${path}${hint && `\n  ${hint}`}`);
    Object.assign(this, { name: "ValueRefused", sentence, hint });
    this.code = code;
    this.path = path;
  }
}

/**
 * The wire form of a frame's value; its bytes are appended to `tail`, as copies.
 * @param {Schema} schema @param {unknown} value @param {Uint8Array[]} tail
 */
export function encode(schema, value, tail, path = "$", limits = LIMITS) {
  try {
    return planOf(schema).encode(value, { tail, ...limits });
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new ValueRefused(error.sentence, error.code, path + error.path, error.hint);
  }
}

/**
 * The typed value of the app's wire form; its bytes are the views in `tail`.
 * @param {Schema} schema @param {any} wire @param {Uint8Array[]} tail
 */
export function decode(schema, wire, tail) {
  return (planOf(schema).decode ?? same)(wire, tail);
}

/** A refusal on its way up: each container puts its step before the path. */
class Misfit {
  path = "";
  /** @param {string} sentence */
  constructor(sentence, code = "value-type", hint = "") {
    this.sentence = sentence;
    this.code = code;
    this.hint = hint;
  }
}

/** @type {WeakMap<Schema, Plan>} */
const plans = new WeakMap();

/** @param {Schema} schema @returns {Plan} */
function planOf(schema) {
  let made = plans.get(schema);
  if (!made) plans.set(schema, (made = compile(schema)));
  return made;
}

/** @param {Schema} schema @returns {Plan} */
function compile(schema) {
  if (schema.enum) return choicePlan(schema.enum, schema.title);
  if (schema.anyOf) return optionalPlan(planOf(schema.anyOf[0]));
  if (schema.oneOf) {
    return unionPlan(schema.oneOf.map((/** @type {Schema} */ pair) => planOf(pair.prefixItems[1])));
  }
  if (schema.items) return listPlan(planOf(schema.items));
  if (schema.properties) return objectPlan(schema);
  if (schema.additionalProperties) return dictPlan(planOf(schema.additionalProperties));
  const scalar = SCALARS[schema.format ?? schema.type];
  if (scalar) return scalar;
  throw new TypeError(`values.js does not know the schema ${JSON.stringify(schema)}`);
}

/**
 * Every plan's encode begins the same way: one node more, and of an expected kind.
 * @param {string} name @param {string[]} kinds @param {Encode} encode @param {Decode} [decode]
 * @returns {Plan}
 */
function plan(name, kinds, encode, decode = null) {
  return {
    name,
    kinds,
    encode(value, walk) {
      if (--walk.nodes < 0) throw tooLarge();
      const kind = kindOf(value);
      if (kinds.includes(kind)) return encode(value, walk, kind);
      throw new Misfit(`Expected ${name}, got ${typeName(value)}`);
    },
    decode,
  };
}

const FORBIDDEN = ["__proto__", "constructor", "prototype"];
const WORDS = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };

/** @type {Record<string, Plan>} by format, else by type */
const SCALARS = {
  null: plan("None", ["null"], same),
  boolean: plan("bool", ["boolean"], same),
  string: plan("str", ["string"], checkText),
  int64: plan("int", ["number"], encodeInt, (wire) =>
    typeof wire === "string" ? BigInt(wire) : wire,
  ),
  double: plan("float", ["number"], encodeFloat, (wire) =>
    typeof wire === "string" ? WORDS[/** @type {keyof typeof WORDS} */ (wire)] : wire,
  ),
  bytes: plan("bytes", ["bytes"], encodeBytes, (wire, tail) => tail[wire]),
  "date-time": plan("datetime", ["date"], encodeDate, (wire) =>
    new Date(wire.replace(/(\.\d{3})\d+/, "$1")), // only milliseconds are standard
  ),
};

/** @param {any} wire */
function same(wire) {
  return wire;
}

/** @param {number | bigint} value */
function encodeInt(value) {
  if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) {
    const hint = "Send larger numbers as str.";
    throw new Misfit("Expected int, got one beyond 64 bits", "value-range", hint);
  }
  if (Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value === "bigint") return String(value);
  if (!Number.isInteger(value)) throw new Misfit("Expected int, got float");
  throw new Misfit("Expected int, got a number beyond 2^53", "value-range", "Use a BigInt.");
}

/** @param {number | bigint} value */
function encodeFloat(value) {
  if (typeof value === "bigint") throw new Misfit("Expected float, got bigint");
  if (Object.is(value, -0)) return "-0"; // JSON.stringify(-0) is "0"
  return Number.isFinite(value) ? value : String(value);
}

/** @param {ArrayBuffer | ArrayBufferView} value @param {Walk} walk */
function encodeBytes(value, walk) {
  spend(walk, value.byteLength);
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  return walk.tail.push(bytes.slice()) - 1;
}

/** @param {Date} value */
function encodeDate(value) {
  const year = value.getUTCFullYear();
  if (year >= 1 && year <= 9999) return value.toISOString();
  if (Number.isNaN(year)) throw new Misfit("Expected datetime, got an invalid Date", "value-range");
  const sentence = "Expected datetime within the years 1 to 9999 in UTC, got one outside";
  throw new Misfit(sentence, "value-range");
}

/** @param {unknown[]} choices @param {string} [title] */
function choicePlan(choices, title) {
  const name = title ?? `Literal[${choices.map(literal).join(", ")}]`;
  return plan(name, choices.map(kindOf), (value) => {
    if (choices.includes(value)) return value;
    throw new Misfit(`Expected ${name}, got another ${typeName(value)}`);
  });
}

/** @param {Plan} inner */
function optionalPlan({ name, kinds, encode, decode }) {
  return plan(
    `${name} | None`,
    [...kinds, "null"],
    (value, walk) => (value === null ? null : encode(value, walk)),
    decode && ((wire, tail) => (wire === null ? null : decode(wire, tail))),
  );
}

/** @param {Plan[]} members */
function unionPlan(members) {
  return plan(
    members.map(({ name }) => name).join(" | "),
    members.flatMap(({ kinds }) => kinds),
    (value, walk, kind) => {
      const index = members.findIndex(({ kinds }) => kinds.includes(kind));
      if (--walk.nodes < 0) throw tooLarge(); // the wire form has an index, too
      return [index, members[index].encode(value, walk)];
    },
    ([index, wire], tail) => (members[index].decode ?? same)(wire, tail),
  );
}

/** @param {Plan} items */
function listPlan({ name, encode, decode }) {
  return plan(
    `list[${name}]`,
    ["array"],
    (value, walk) => {
      if (value.length > walk.nodes) throw tooLarge(); // before the loop: holes are free to send
      return Array.from(value, (item, index) => at(index, () => encode(item, walk)));
    },
    decode && ((wire, tail) => wire.map((/** @type {any} */ item) => decode(item, tail))),
  );
}

/** @param {Plan} values */
function dictPlan({ name, encode, decode }) {
  return plan(
    `dict[str, ${name}]`,
    ["object"],
    (value, walk) =>
      mapped(value, (item, key) => {
        checkText(key, walk);
        if (FORBIDDEN.includes(key)) {
          const hint = "JavaScript gives these names a meaning; choose another key.";
          throw new Misfit(`Expected another key than ${key}, got it`, "value-key", hint);
        }
        return at(key, () => encode(item, walk));
      }),
    decode && ((wire, tail) => mapped(wire, (item) => decode(item, tail))),
  );
}

/** @param {Schema} schema */
function objectPlan({ title, properties, required }) {
  const names = Object.keys(properties);
  const fields = new Map(names.map((name) => [name, planOf(properties[name])]));
  return plan(
    title,
    ["object"],
    (value, walk) => {
      const keys = Object.keys(value).filter((key) => value[key] !== undefined);
      const left = required.find((/** @type {string} */ name) => !keys.includes(name));
      const wire = keys.map((key) => [
        key,
        at(key, () => {
          const field = fields.get(key);
          if (field) return field.encode(value[key], walk);
          const hint = `${title} has ${names.join(", ") || "no fields"}.`;
          const sentence = `Expected a field of ${title}, got an unknown one`;
          throw new Misfit(sentence, "value-unknown-field", hint);
        }),
      ]);
      if (left === undefined) return Object.fromEntries(wire);
      return at(left, () => {
        throw new Misfit(`Expected ${fields.get(left)?.name}, got nothing`, "value-missing");
      });
    },
    names.some((name) => fields.get(name)?.decode)
      ? (wire, tail) => mapped(wire, (item, key) => (fields.get(key)?.decode ?? same)(item, tail))
      : null,
  );
}

/**
 * A new object; `fromEntries` defines its keys, so that none of them can reach a prototype.
 * @param {Record<string, any>} object @param {(item: any, key: string) => any} change
 */
function mapped(object, change) {
  return Object.fromEntries(Object.keys(object).map((key) => [key, change(object[key], key)]));
}

/** @param {string | number} key @param {() => any} run */
function at(key, run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof Misfit) error.path = step(key) + error.path;
    throw error;
  }
}

/** @param {string | number} key which may be hostile: it is cut, and escaped to ASCII */
function step(key) {
  if (typeof key === "number") return `[${key}]`;
  if (/^[A-Za-z_]\w{0,39}$/.test(key)) return `.${key}`;
  const text = JSON.stringify(key.length <= 40 ? key : `${key.slice(0, 40)}...`);
  const escape = (/** @type {string} */ c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `[${text.replace(/[^ -~]/g, escape)}]`;
}

/** @param {string} text @param {Walk} walk */
function checkText(text, walk) {
  spend(walk, text.length);
  if (walk.text < Infinity && (walk.text -= jsonBytes(text, walk.text)) < 0) {
    throw new Misfit("Expected JSON of fewer bytes, got too much text", "message-bytes", "Send bulk data as bytes.");
  }
  if (!/\p{Surrogate}/u.test(text)) return text;
  const hint = "It was cut inside a character, or was no text to begin with: send bytes.";
  throw new Misfit("Expected str, got a lone surrogate in it", "value-text", hint);
}

/** @param {Walk} walk @param {number} bytes */
function spend(walk, bytes) {
  if ((walk.bytes -= bytes) < 0) throw tooLarge();
}

function tooLarge() {
  return new Misfit("Expected a smaller value, got one over the limit", "value-size");
}

/** @param {unknown} value a choice, as Python writes it */
function literal(value) {
  if (typeof value === "string") return JSON.stringify(value);
  return value === null ? "None" : { true: "True", false: "False" }[String(value)] ?? String(value);
}

/** @param {unknown} value */
function typeName(value) {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** @param {unknown} value "Map", "Blob" or a boxed "Number" are of no declared kind */
function kindOf(value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return value === null ? "null" : typeof value;
  }
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (Array.isArray(value)) return "array";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (value instanceof Date) return "date";
  if (typeof value !== "object") return "other";
  return [Object.prototype, null].includes(Object.getPrototypeOf(value)) ? "object" : "other";
}
