// The page's firewall, without a page: sizes, rates, what waits, and how long answers take.

import assert from "node:assert/strict";
import test from "node:test";

import { Bucket } from "../components_sdk/web/bucket.js";
import { Firewall } from "../components_sdk/web/firewall.js";
import { measure } from "../components_sdk/web/measure.js";
import { Outbox } from "../components_sdk/web/outbox.js";
import { Lag, Pulse, calmest, isSlow } from "../components_sdk/web/pulse.js";
import { jsonBytes } from "../components_sdk/web/text.js";

const LIMITS = { messageBytes: 1_000_000, depth: 8, nodes: 1_000 };
const over = (value) => measure(value, LIMITS).over;

function nested(depth) {
  let value = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

function cyclic() {
  const value = { name: "x" };
  value.self = value;
  return value;
}

function wide(levels) {
  let value = "x";
  for (let level = 0; level < levels; level += 1) value = [value, value];
  return value;
}

function named(length) {
  const array = [1];
  array.hidden = "x".repeat(length);
  return array;
}

test("what a component honestly sends is within its limits", () => {
  const honest = {
    type: "value",
    value: { text: "héllo", list: [1, null, true, undefined], date: new Date(), big: 2n ** 63n, bytes: new Uint8Array(9) },
  };
  const { bytes, over } = measure(structuredClone(honest), LIMITS);
  assert.equal(over, "");
  assert.ok(bytes > 9 && bytes < 400, String(bytes));
});

const BREACHES = [
  ["a long text", "x".repeat(1_000_001), "message-bytes"],
  ["a long key", { ["k".repeat(1_000_001)]: 1 }, "message-bytes"],
  ["a long text under a name of an array", named(1_000_001), "message-bytes"],
  ["a long text in a boxed string", new String("x".repeat(1_000_001)), "message-bytes"],
  ["a large buffer", new ArrayBuffer(1_000_001), "message-bytes"],
  ["a small view of a large buffer", new Uint8Array(new ArrayBuffer(1_000_001), 0, 1), "message-bytes"],
  ["a large typed array in a map in a set", new Set([new Map([[1, new Float64Array(200_000)]])]), "message-bytes"],
  ["a huge BigInt", 1n << 70_000n, "message-bytes"],
  ["a text that is large in JSON", "\u0001".repeat(170_000), "message-bytes"],
  ["a key that is large in JSON", { ["\ud800".repeat(170_000)]: 1 }, "message-bytes"],
  ["a buffer that may grow large", new ArrayBuffer(8, { maxByteLength: 1_000_001 }), "message-bytes"],
  ["a blob", { value: [new Blob(["x"])] }, "protocol"],
  ["a boxed BigInt", Object(1n << 70_000n), "protocol"],
  ["an error with a long message", new Error("x".repeat(1_000_001)), "message-bytes"],
  ["a chain of causes", new Error("a", { cause: nested(20) }), "message-depth"],
  ["deep lists", nested(9), "message-depth"],
  ["deep maps", new Map([[1, new Map([[nested(8), 1]])]]), "message-depth"],
  ["a cycle", cyclic(), "message-depth"],
  ["many items", new Array(1_001).fill(0), "message-nodes"],
  ["an array of 2^32-1 holes", new Array(2 ** 32 - 1), "message-nodes"],
  ["a large set", new Set(new Array(1_001).fill(0).map((_, index) => index)), "message-nodes"],
  ["a large map", new Map(new Array(1_001).fill(0).map((_, index) => [index, 1])), "message-nodes"],
  ["many names", Object.fromEntries(new Array(1_001).fill(0).map((_, index) => [`n${index}`, 1])), "message-nodes"],
];

for (const [name, value, expected] of BREACHES) {
  test(`${name} breaks a limit: ${expected}`, () => assert.equal(over(structuredClone(value)), expected));
}

test("an exception of a browser's function, whose name may be of any length, breaks the protocol", () => {
  assert.equal(over(new DOMException("x", "x".repeat(1_000_001))), "protocol"); // Node clones none
});

test("lists that are too deep for any recursion are measured all the same", () => {
  assert.equal(over(nested(200_000)), "message-depth"); // not cloned: Firefox does it, V8 does not
});

test("parts that are shared count each time, so a small message that grows is too many", () => {
  const limits = { ...LIMITS, depth: 100 };
  assert.equal(measure(structuredClone(wide(8)), limits).over, "");
  assert.equal(measure(structuredClone(wide(60)), limits).over, "message-nodes");
});

test("a buffer that columns share counts once", () => {
  const buffer = new ArrayBuffer(900_000);
  const columns = Array.from({ length: 9 }, (_, index) => new Uint8Array(buffer, index, 10));
  const { bytes, over } = measure(structuredClone(columns), LIMITS);
  assert.equal(over, "");
  assert.ok(bytes < 901_000);
});

test("whatever is sent, measuring it takes a bounded time", () => {
  const limits = { messageBytes: 32 * 2 ** 20, depth: 64, nodes: 250_000 };
  const begun = performance.now();
  for (const [, value] of BREACHES) measure(structuredClone(value), limits);
  measure(structuredClone(wide(60)), limits);
  measure(cyclic(), limits);
  assert.ok(performance.now() - begun < 2_000);
});

test("a text is as large as it is in JSON", () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  for (const text of [...all, "", "x\u{1f600}y", "\ude00\ud83d", "\ud83d\ud83d\ude00"]) {
    const expected = Buffer.byteLength(JSON.stringify(text)) - 2;
    assert.equal(jsonBytes(text, Infinity), expected, JSON.stringify(text));
  }
});

test("a text is not looked through further than to the limit", () => {
  assert.equal(jsonBytes("\u0001".repeat(100), 100), 102);
  assert.ok(jsonBytes("x".repeat(101), 100) > 100);
});

test("empty texts are not free", () => {
  const limits = { ...LIMITS, nodes: 1_000_000 };
  assert.equal(measure(new Array(200_000).fill(""), limits).over, "message-bytes");
});

test("what values are made of may cross, and what authors send by mistake", () => {
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  const fine = [null, undefined, true, 1, 2n, "x", {}, [], new Map(), new Set(), new ArrayBuffer(8), new DataView(new ArrayBuffer(8))];
  fine.push(new Float64Array(2), new BigInt64Array(2), new Date(), /x/, Object(1), Object("x"), Object(true));
  for (const value of [...fine, ...errors.map((Kind) => new Kind("x"))]) assert.equal(over(structuredClone({ value })), "");
});

test("a bucket gives what is in it, and fills by the clock up to its burst", () => {
  let now = 0;
  const bucket = new Bucket(10, 20, () => now);
  assert.ok(bucket.take(20));
  assert.ok(!bucket.take(1));
  now = 500;
  assert.ok(bucket.take(5));
  assert.ok(!bucket.take(1));
  now = 60_000;
  assert.ok(!bucket.take(21));
  assert.ok(bucket.take(20));
});

const FRAME = { ...LIMITS, messagesPerSecond: 10, messageBurst: 20, bytesPerSecond: 1_000_000, byteBurst: 1_500_000, pageSeconds: 0.25, pageBurst: 1 };

test("a flood breaks the firewall at the first message that is too many", () => {
  const firewall = new Firewall(FRAME, () => 0);
  const said = Array.from({ length: 21 }, () => firewall.breach({ data: { type: "pong" } })?.code);
  assert.deepEqual(said.filter(Boolean), ["message-rate"]);
  assert.equal(said.indexOf("message-rate"), 20);
});

test("the firewall never touches the data of a message that may not come", () => {
  const firewall = new Firewall({ ...FRAME, messageBurst: 0 }, () => 0);
  const event = {
    get data() {
      throw new Error("it was copied");
    },
  };
  assert.equal(firewall.breach(event)?.code, "message-rate");
});

test("large messages, each within the limit, break the rate of bytes", () => {
  const firewall = new Firewall(FRAME, () => 0);
  const event = { data: { type: "value", value: new ArrayBuffer(900_000) } };
  assert.equal(firewall.breach(event), undefined);
  assert.equal(firewall.breach(event)?.code, "byte-rate");
});

test("what grows on its way to the app is paid for as it was sent on", () => {
  const firewall = new Firewall(FRAME, () => 0);
  const event = { data: { type: "value", value: "x".repeat(900_000) } };
  assert.equal(firewall.breach(event), undefined);
  assert.equal(firewall.breachOnTheWire(900_100), undefined);
  assert.equal(firewall.breachOnTheWire(5_400_000)?.code, "byte-rate");
});

test("a message that brings ports breaks the protocol", () => {
  const { port1 } = new MessageChannel();
  const breach = new Firewall(FRAME, () => 0).breach({ data: { type: "pong" }, ports: [port1] });
  port1.close();
  assert.equal(breach?.code, "protocol");
});

test("a message of a kind that cannot cross is told by its kind", () => {
  const breach = new Firewall(FRAME, () => 0).breach({ data: { type: "value", value: new Blob(["x"]) } });
  assert.deepEqual([breach?.code, breach?.detail.includes("got a Blob")], ["protocol", true]);
});

test("where no value is expected, a message may have few parts only", () => {
  const event = { data: { type: "x", parts: new Array(200).fill("") } };
  assert.equal(new Firewall(FRAME, () => 0).breach(event), undefined);
  assert.equal(new Firewall(FRAME, () => 0).breach(event, 100)?.code, "message-nodes");
});

test("who keeps the page at work breaks the rate of its time, though the clock goes on meanwhile", () => {
  let now = 0;
  const firewall = new Firewall(FRAME, () => now);
  const work = () => (now += 400);
  assert.equal(firewall.breachOfTime(work), undefined);
  assert.equal(firewall.breachOfTime(work), undefined);
  assert.equal(firewall.breachOfTime(work)?.code, "page-time");
});

test("who keeps the page at work now and then breaks nothing", () => {
  let now = 0;
  const firewall = new Firewall(FRAME, () => now);
  for (let second = 0; second < 100; second += 1) {
    assert.equal(firewall.breachOfTime(() => (now += 200)), undefined);
    now += 800;
  }
});

test("the time that a message takes to be looked at is the frame's, too", () => {
  let now = 0;
  const event = {
    get data() {
      now += 1_100; // some engines copy it now
      return { type: "pong" };
    },
  };
  assert.equal(new Firewall(FRAME, () => now).breach(event)?.code, "page-time");
});

test("the envelope of a value does not count against its depth", () => {
  const breach = (depth) => new Firewall(FRAME, () => 0).breach({ data: { type: "value", value: nested(depth) } });
  assert.equal(breach(8), undefined);
  assert.equal(breach(9)?.code, "message-depth");
});

const letter = (frame, number, latest = false) => ({ frame, latest, data: Uint8Array.of(number) });
const taken = (outbox, of = (data) => data[0]) => Array.from({ length: outbox.length }, () => of(outbox.take()));

test("events wait in order, and a value only in its latest form, where it stood", () => {
  const outbox = new Outbox({ queue: 10, byteBurst: 100 });
  outbox.put(letter("a", 1, true));
  outbox.put(letter("a", 2));
  outbox.put(letter("b", 3, true));
  outbox.put(letter("a", 4, true));
  outbox.put(letter("a", 5));
  assert.deepEqual(taken(outbox), [4, 3, 2, 5]);
  outbox.put(letter("a", 6, true));
  assert.deepEqual(taken(outbox), [6]);
  assert.equal(outbox.take(), undefined);
});

test("who lets too much wait is told so, and nobody else", () => {
  const outbox = new Outbox({ queue: 2, byteBurst: 3 });
  for (let value = 0; value < 10; value += 1) assert.equal(outbox.put(letter("a", value, true)), "");
  assert.equal(outbox.put(letter("a", 1)), "");
  assert.match(outbox.put(letter("a", 2)), /at most 2 messages/);
  assert.equal(outbox.put(letter("b", 3)), "");
  assert.match(outbox.put({ frame: "b", latest: false, data: new Uint8Array(3) }), /at most 3 bytes/);
  for (let press = 0; press < 10; press += 1) assert.equal(outbox.put(letter("", press)), "");
  assert.equal(taken(outbox).length, 13);
  assert.equal(outbox.put(letter("a", 1)), "");
});

test("who fills the connection waits by himself: another's letters go out in between", () => {
  const outbox = new Outbox({ queue: 100, byteBurst: 1_000_000 });
  for (let round = 0; round < 50; round += 1) outbox.put({ frame: "a", latest: false, data: new Uint8Array(1_000) });
  outbox.take();
  for (let value = 0; value < 50; value += 1) outbox.put({ frame: "b", latest: false, data: Uint8Array.of(value, 0) });
  const sizes = taken(outbox, (data) => data.byteLength);
  assert.ok(sizes.lastIndexOf(2) < 52, String(sizes)); // 100 bytes of theirs, beside 1000 of one of his
});

test("who puts one large letter after another has no turn before his share is up", () => {
  const outbox = new Outbox({ queue: 100, byteBurst: 1_000_000 });
  for (let value = 0; value < 50; value += 1) outbox.put(letter("b", value));
  const large = () => outbox.put({ frame: "a", latest: false, data: new Uint8Array(1_000) });
  large();
  let others = 0;
  for (let turn = 0; turn < 40; turn += 1) {
    if (outbox.take().byteLength === 1) others += 1;
    else large();
  }
  assert.equal(others, 39);
});

test("who comes back does not make up for the time in which it sent nothing", () => {
  const outbox = new Outbox({ queue: 100, byteBurst: 1_000 });
  for (let value = 0; value < 50; value += 1) outbox.put(letter("a", 1));
  for (let value = 0; value < 20; value += 1) outbox.take();
  for (let value = 0; value < 20; value += 1) outbox.put(letter("b", 2));
  const next = taken(outbox).slice(0, 10);
  assert.equal(next.filter((value) => value === 2).length, 5);
});

test("what the page says comes after what stood before it, however much comes later", () => {
  const outbox = new Outbox({ queue: 10, byteBurst: 100 });
  outbox.put(letter("a", 1));
  outbox.put(letter("a", 2, true));
  outbox.put(letter("", 3));
  outbox.put(letter("a", 4));
  outbox.put(letter("b", 5));
  const order = taken(outbox);
  assert.ok(order.indexOf(3) > order.indexOf(2));
  assert.ok(order.indexOf(3) < order.indexOf(4));
});

function clocked() {
  const clock = { now: 0 };
  const lag = new Lag(() => clock.now);
  const pulse = new Pulse(lag, () => clock.now);
  const answerAfter = (ms, tick) => {
    pulse.ask();
    for (const end = clock.now + ms; clock.now < end; ) {
      clock.now += Math.min(tick, end - clock.now);
      lag.tick();
    }
    return pulse.answer();
  };
  return { pulse, answerAfter };
}

test("one long task is nobody's fault, many are", () => {
  const { pulse, answerAfter } = clocked();
  for (let beat = 0; beat < 8; beat += 1) answerAfter(10, 100);
  answerAfter(3_000, 100);
  answerAfter(3_000, 100);
  assert.equal(pulse.median, 0.01);
  for (let beat = 0; beat < 6; beat += 1) answerAfter(300, 100);
  assert.equal(pulse.median, 0.3);
});

test("the time in which the page itself was held up is not the frame's", () => {
  const { pulse, answerAfter } = clocked();
  for (let beat = 0; beat < 10; beat += 1) answerAfter(2_000, 2_000);
  assert.ok(pulse.median <= 0.1);
});

test("how late the page was is told by the beat", () => {
  const clock = { now: 0 };
  const lag = new Lag(() => clock.now);
  const after = (ms) => {
    clock.now += ms;
    lag.tick();
    return lag.lap();
  };
  assert.deepEqual([after(100), after(900), after(100)], [0, 800, 0]);
  clock.now += 700; // its tick is still to come
  assert.equal(lag.lap(), 600);
  assert.equal(after(0), 0);
});

test("a busy machine, which slows all frames, is not blamed on any", () => {
  assert.ok(isSlow(0.3, calmest([{ latency: 0.02 }, { latency: 0.4 }]), 0.2));
  assert.ok(!isSlow(0.3, calmest([{ latency: 0.25 }, { latency: 0.4 }]), 0.2));
});

test("who is alone, or beside somebody not known yet, is measured by the limit", () => {
  assert.ok(isSlow(0.3, calmest([]), 0.2));
  assert.ok(isSlow(0.3, calmest([{ latency: NaN }]), 0.2));
  assert.ok(!isSlow(NaN, calmest([]), 0.2));
});

test("two that hog together do not excuse each other for ever", () => {
  assert.ok(isSlow(0.9, calmest([{ latency: 0.9 }]), 0.2));
});

test("an answer that nobody asked for is known as such", () => {
  const { pulse, answerAfter } = clocked();
  assert.ok(answerAfter(10, 10));
  assert.ok(!pulse.answer());
  pulse.ask();
  pulse.ask();
  assert.equal(pulse.missing, 2);
});
