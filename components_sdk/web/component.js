// The frame's side: runs first in every frame document, before the author's module.
//
// 1. hello by window; the port comes back with an echo; the echo goes back through the port once
//    the author's module is there. Only then do arguments arrive.
// 2. How it speaks to the page it takes now, before the author's code can change it: whatever that
//    overrides, before the port comes or after, it gets neither port nor echo. It is the same
//    document, so this is no boundary: the page is. It keeps what speaks raw protocol to the page
//    down to this file, and this file at work when an author's polyfills change everything around.
// 3. The author gets { root, args, onArgs, setValue, emit } and nothing of the protocol.
(() => {
  "use strict";
  /** @import { FromFrame, ToFrame, Port, FailureCode } from "./wire.js" */
  /** @typedef {Record<string, unknown>} ArgValues */
  /**
   * @typedef {object} Author
   * @property {HTMLElement} root Where the component draws; holds body.html.
   * @property {ArgValues} args The arguments at the start, and the value under `value`.
   * @property {(listener: (args: ArgValues) => void) => void} onArgs Called at once and after
   *   every change.
   * @property {(value: unknown) => void} setValue Sets the component's lasting value.
   * @property {(event: string, detail?: unknown) => void} emit Sends a one-shot event.
   */

  const { apply } = Reflect;
  const { ceil } = Math;
  const { CustomEvent, HTMLScriptElement, ResizeObserver } = window;
  const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;
  const { postMessage, start: portStart } = MessagePort.prototype;
  const { stopImmediatePropagation } = Event.prototype;
  /** @param {object} from @param {string} name */
  const getter = (from, name) =>
    /** @type {() => any} */ (Object.getOwnPropertyDescriptor(from, name)?.get);
  const getData = getter(MessageEvent.prototype, "data");
  const getPorts = getter(MessageEvent.prototype, "ports");
  const getSource = getter(MessageEvent.prototype, "source");
  const getTarget = getter(Event.prototype, "target");
  const getEvent = getter(window, "event");
  const log = console.error.bind(console);
  const page = window.parent;
  const html = document.documentElement;
  const start = new URLSearchParams(location.hash.slice(1));

  /** @type {MessagePort | undefined} */
  let port;
  let echo = "";
  /** @type {((author: Author) => unknown) | undefined} */
  let component;
  /** @type {ArgValues} */
  let args = {};
  /** @type {((args: ArgValues) => void)[]} */
  const listeners = [];
  /** @type {{ code: FailureCode, message: string } | undefined} */
  let failure;
  let started = false;
  let height = -1;
  let maxHeight = Infinity;

  /** @param {FromFrame} message */
  const post = (message) => port && apply(postMessage, port, [message]);

  /** @param {string} code @param {string} message */
  const tell = (code, message) => {
    log(`[components_sdk] ${code}: ${message}`);
    apply(dispatchEvent, window, [new CustomEvent("components_sdk:refused", { detail: { code, message } })]);
  };

  /** @param {string | null} theme */
  const setTheme = (theme) => {
    html.dataset.theme = theme === "dark" ? "dark" : "light";
  };

  /** @param {FailureCode} code @param {string} message */
  const fail = (code, message) => {
    failure ??= { code, message };
    post({ type: "failed", ...failure });
  };

  const measure = () => {
    const now = ceil(html.getBoundingClientRect().height);
    html.toggleAttribute("data-scrolls", now > maxHeight);
    if (started && now !== height) post({ type: "height", height: (height = now) });
  };

  const ready = () => {
    if (failure) fail(failure.code, failure.message);
    else if (port && component) post({ type: "ready", echo });
  };

  /** @param {(args: ArgValues) => void} listener */
  const onArgs = (listener) => {
    listeners.push(listener);
    listener(args);
  };

  /** @param {() => FromFrame} message */
  const offer = (message) => {
    try {
      post(message());
      return true;
    } catch (error) {
      tell("value-clone", `Expected a value that can be copied - ${error}`);
      return false;
    }
  };

  /** @param {unknown} value */
  const setValue = (value) => {
    if (offer(() => ({ type: "value", value }))) args = { ...args, value };
  };

  /** @param {string} event @param {unknown} detail */
  const emit = (event, detail = null) => offer(() => ({ type: "event", event, value: detail }));

  const run = async () => {
    const root = /** @type {HTMLElement} */ (document.getElementById("root"));
    const author = { root, args, onArgs, setValue, emit };
    try {
      const result = /** @type {(author: Author) => unknown} */ (component)(author);
      html.dataset.started = ""; // shows body.html, which nobody listened to before
      const cleanUp = await result;
      if (typeof cleanUp === "function") apply(addEventListener, window, ["pagehide", () => cleanUp()]);
    } catch (error) {
      log(error);
      fail("component-threw", String(error));
    }
  };

  /** @param {MessageEvent} event */
  const receive = (event) => {
    /** @type {ToFrame} */
    const message = apply(getData, event, []);
    switch (message.type) {
      case "init":
        ({ args, max_height: maxHeight } = message);
        run();
        started = true;
        new ResizeObserver(measure).observe(html);
        return measure();
      case "args":
        args = { ...args, ...message.args };
        for (const listener of listeners) listener(args);
        return;
      case "theme":
        return setTheme(message.theme);
      case "ping":
        return post({ type: "pong" });
      case "refused":
        return tell(message.code, message.message);
    }
  };

  /** @param {MessageEvent} event */
  const onPort = (event) => {
    const source = apply(getSource, event, []);
    if (source !== page || !event.isTrusted) return;
    /** @type {Port | undefined} */
    const data = apply(getData, event, []);
    const first = apply(getPorts, event, [])[0];
    if (data?.type !== "port" || !first) return;
    apply(stopImmediatePropagation, event, []); // this listener was the first, and is the only one
    apply(removeEventListener, window, ["message", onPort, true]);
    port = first;
    echo = data.echo;
    apply(addEventListener, port, ["message", receive]);
    apply(portStart, port, []);
    ready();
  };

  /** @param {ErrorEvent | Event} event */
  const onError = (event) => {
    if (component) return; // the author's own, later errors stand in the console
    if (!("message" in event) && !(event.target instanceof HTMLScriptElement)) return; // an image
    const line = "lineno" in event ? event.lineno - Number(html.dataset.moduleLine) + 1 : 0;
    const where = line > 0 ? `main.js, line ${line}: ` : "";
    const what = "message" in event ? event.message : "a file that it imports could not be loaded";
    fail("module-error", where + what);
  };

  Object.defineProperty(globalThis, "__components_sdk_define", {
    /** @param {unknown} defined */
    value: (defined) => {
      if (typeof defined !== "function") {
        return fail("no-default-export", `Expected a function, got ${typeof defined}`);
      }
      component ??= /** @type {(author: Author) => unknown} */ (defined);
      ready();
    },
  });

  // The author's listeners run while the port's message is being handled: that event is not theirs.
  Object.defineProperty(window, "event", {
    get: () => {
      const now = getEvent && apply(getEvent, window, []);
      return now && apply(getTarget, now, []) === port ? undefined : now;
    },
  });

  setTheme(start.get("theme"));
  html.lang = start.get("lang") ?? "en";
  html.dir = start.get("dir") === "rtl" ? "rtl" : "ltr";
  apply(addEventListener, window, ["message", onPort, true]);
  apply(addEventListener, window, ["error", onError, true]); // a failed import does not bubble
  page.postMessage({ type: "hello", nonce: start.get("nonce") }, "*");
})();
