// Run by `node --test tests/`. The cases are in vectors/values.json, shared with test_values.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ValueRefused, decode, encode } from "../components_sdk/web/values.js";

const vectors = JSON.parse(readFileSync(new URL("vectors/values.json", import.meta.url), "utf8"));
const schemas = vectors.types;
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (tail) => tail.map((buffer) => Buffer.from(buffer).toString("hex"));
// What a frame posts arrives as a clone; `(0, eval)` reads the vector's expression.
const posted = (js) => structuredClone((0, eval)(js));
const bare = (value) => JSON.parse(JSON.stringify(value));

for (const { type, wire, tail = [], js, back = wire } of vectors.values) {
  test(`${type}: ${js} crosses in both directions`, () => {
    const buffers = tail.map(bytes);
    assert.deepEqual(decode(schemas[type], wire, buffers), (0, eval)(js));
    const sent = [];
    assert.deepEqual(bare(encode(schemas[type], posted(js), sent)), back);
    assert.deepEqual(hex(sent), tail);
  });
}

for (const { type, js, wire, tail = [] } of vectors.accepted_from_js) {
  test(`${type}: ${js} is accepted from a frame`, () => {
    const sent = [];
    const value = js.includes("Object.create(null)") ? (0, eval)(js) : posted(js);
    assert.deepEqual(bare(encode(schemas[type], value, sent)), wire);
    assert.deepEqual(hex(sent), tail);
  });
}

for (const { type, js, code, message } of vectors.refused_by_js) {
  test(`${type}: ${js} is refused from a frame as ${code}`, () => {
    assert.throws(
      () => encode(schemas[type], posted(js), []),
      (error) => {
        assert.ok(error instanceof ValueRefused, error.stack);
        assert.deepEqual([error.code, error.message.split("\n")[0]], [code, message]);
        assert.ok(message.endsWith(error.path));
        return true;
      },
    );
  });
}

test("The path that the caller gives begins every path", () => {
  const refused = (error) => error.path === "$.args.marks[1]";
  assert.throws(() => encode(schemas["list[int]"], [1, null], [], "$.args.marks"), refused);
});

test("Bytes are copied, so that a frame's buffer may change or be shared", () => {
  const source = Uint8Array.of(1, 2, 3, 4);
  const tail = [];
  encode(schemas.bytes, source.subarray(1, 3), tail);
  source.fill(9);
  assert.deepEqual(tail, [Uint8Array.of(2, 3)]);
  assert.equal(tail[0].buffer.byteLength, 2);
});

test("Decoded bytes are the views of the message, not copies", () => {
  const view = Uint8Array.of(1);
  assert.equal(decode(schemas.bytes, 0, [view]), view);
});

test("A schema that needs no conversion costs no walk", () => {
  const wire = { a: ["x"] };
  assert.equal(decode(schemas["dict[str, list[str]]"], wire, []), wire);
});

test("Decoding changes nothing in the message", () => {
  const wire = Object.freeze({ x: "9007199254740993", y: "NaN" });
  assert.deepEqual(decode(schemas.Point, wire, []), { x: 9007199254740993n, y: NaN });
});

test("A key of the app's data cannot reach a prototype", () => {
  const value = decode(schemas["dict[str, float]"], JSON.parse('{"__proto__": "NaN"}'), []);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.ok(Object.hasOwn(value, "__proto__"));
});

test("The limits are the caller's to lower, and count every node and every byte", () => {
  const limits = { nodes: 4, bytes: 3 };
  assert.deepEqual(encode(schemas["list[int]"], [1, 2, 3], [], "$", limits), [1, 2, 3]);
  assert.throws(() => encode(schemas["list[int]"], [1, 2, 3, 4], [], "$", limits), ValueRefused);
  assert.equal(encode(schemas.str, "abc", [], "$", limits), "abc");
  assert.throws(() => encode(schemas.str, "abcd", [], "$", limits), ValueRefused);
  assert.throws(() => encode(schemas.bytes, new ArrayBuffer(4), [], "$", limits), ValueRefused);
  assert.throws(() => encode(schemas["dict[str, float]"], { abcd: 1 }, [], "$", limits), ValueRefused);
});

test("A schema that this version does not know is an error of ours, not the frame's", () => {
  assert.throws(() => encode({ type: "array" }, [], []), TypeError);
});
