// The page's side of the framing, by the vectors that tests/test_framing.py reads too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { pack, unpack } from "../components_sdk/web/socket.js";

const vectors = JSON.parse(readFileSync(new URL("vectors/framing.json", import.meta.url), "utf8"));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

for (const vector of vectors) {
  test(`packs ${vector.name} to the same bytes as Python`, () => {
    assert.equal(hex(pack(vector.messages, vector.tail.map(bytes))), vector.bytes);
  });

  test(`unpacks ${vector.name} as Python packed it`, () => {
    const { messages, tail } = unpack(bytes(vector.bytes).buffer);
    assert.deepEqual(messages, vector.messages);
    assert.deepEqual(tail.map(hex), vector.tail);
  });
}

test("buffers are views into the message, at multiples of eight bytes", () => {
  const { tail } = unpack(bytes(vectors.at(-1).bytes).buffer);
  assert.ok(tail.every((buffer) => buffer.byteOffset % 8 === 0));
});
