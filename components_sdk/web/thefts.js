// Thefts: a frame can scroll the page to itself and take the keyboard, and nothing that a page
// declares forbids it. So the page notices, and takes it back.
//
// 1. The keyboard is given to a frame by Tab in the page, or with the pointer over that frame and no
//    key in the page just before.
// 2. Whoever takes it otherwise gives it back: to a field of the page always, to a button or a link
//    while the user has just used the page. Where nothing had it, nothing was taken: a component may
//    focus its field when the page is new.
// 3. A frame that takes it again and again, or does not give it back, is ended.
// 4. Scrolling is the user's while the page has just seen a wheel, a key or a pointer. Where it cannot
//    see them, it has to believe: with the pointer over a frame, where fingers scroll, and while the
//    keyboard was given to a frame or to something outside of the page (another window, the
//    browser's own search). In a frame that took it where nothing had it, only a key or click counts.
//
// Events are not asked if they are trusted: no frame can send the page any.

const INPUT_MS = 400; // that an input counts as just seen
const COASTING_MS = 1_200; // that scrolling may go on after an input,
const STEP_MS = 150; // if it never pauses longer than that
const TAB_MS = 1_000; // from the key to the loss of the focus, on a slow machine
const USED_MS = 10_000; // a screen reader moves the focus without a key that the page would see
// After the page has lost the focus: Firefox says only then who has it, and gives it back only soon.
const LOOKS_MS = [0, 5, 10, 20, 35, 50, 75, 100, 200, 300];
const GIVEN_UP_MS = 400; // who still has it then does not give it back
const THEFT_MS = 400; // from when an element has lost it, while it may still be given back
const MOST_THEFTS = 5; // by one frame
const COUNTED_MS = 10_000;
const ACTIVE_MS = 6_000; // browsers count a user as active for up to 5 s
const FIELDS = "input, textarea, select, [contenteditable]";

const fingers = matchMedia("(pointer: coarse)");
const someFingers = matchMedia("(any-pointer: coarse)");

let inputAt = -Infinity;
let keyAt = -Infinity;
let tabAt = -Infinity;
let pressed = false; // a scroll bar that is dragged says nothing until it is let go
/** What the pointer is over, and since when. @type {EventTarget | null} */
let pointed = null;
let pointedAt = -Infinity;
/** @type {"page" | "unknown" | "given" | "taken" | "outside"} */
let keyboard = "page";
let takenAt = -Infinity;

/** @param {number} moment */
const since = (moment) => performance.now() - moment;

/** @param {Event} event */
function onInput(event) {
  inputAt = performance.now();
  if (event instanceof PointerEvent) pressed = event.type === "pointerdown" || event.buttons > 0;
  if (!(event instanceof KeyboardEvent)) return;
  keyAt = inputAt;
  if (event.key === "Tab" && event.type === "keydown") tabAt = inputAt;
}

function watchInput() {
  for (const type of ["wheel", "touchmove", "keydown", "keyup", "pointerdown", "pointermove", "pointerup"]) {
    addEventListener(type, onInput, { capture: true, passive: true });
  }
  addEventListener("pointerover", ({ target }) => ([pointed, pointedAt] = [target, performance.now()]), true);
  // Into another element (which says so), or out of the window.
  addEventListener("pointerout", () => (pointed = null), true);
}

/** @param {unknown} element */
const isFrame = (element) => element instanceof HTMLIFrameElement;

// WebKit tells a page no pointer that comes into a frame, but knows that it is there.
const isOverFrame = () => isFrame(pointed) || document.querySelector("iframe:hover") !== null;

/** A key or click in a frame makes the page active, too; here none of the page's own can have. */
const isUsed = () => Math.min(since(takenAt), since(inputAt)) > ACTIVE_MS && navigator.userActivation.isActive;

function guardScroll() {
  let [x, y] = [scrollX, scrollY];
  let stepAt = -Infinity;
  const isUsers = () =>
    pressed ||
    fingers.matches ||
    since(inputAt) < INPUT_MS ||
    (since(inputAt) < COASTING_MS && since(stepAt) < STEP_MS) ||
    isOverFrame() ||
    keyboard === "given" ||
    keyboard === "outside" ||
    (keyboard === "taken" && isUsed());
  addEventListener("scroll", () => {
    if (isUsers()) stepAt = performance.now();
    else if (scrollX !== x || scrollY !== y) scrollTo({ left: x, top: y, behavior: "instant" });
    [x, y] = [scrollX, scrollY]; // where it is now: a page that became shorter cannot be put back
  });
}

/** @param {(frame: HTMLIFrameElement) => void} onThief */
function guardFocus(onThief) {
  /** @type {HTMLElement | undefined} */
  let last; // of the page, that had the focus,
  let lostAt = Infinity; // until then
  let losses = 0; // of the keyboard, by the page
  /** When each took it. @type {WeakMap<HTMLIFrameElement, number[]>} */
  const thefts = new WeakMap();

  /** @param {HTMLIFrameElement} thief @param {HTMLElement} robbed @param {boolean} isNew */
  const giveBack = (thief, robbed, isNew) => {
    const recent = (thefts.get(thief) ?? []).filter((moment) => since(moment) < COUNTED_MS);
    thefts.set(thief, isNew ? [...recent, performance.now()] : recent);
    if (isNew && recent.length + 1 === MOST_THEFTS) onThief(thief);
    lostAt = performance.now(); // Firefox does not always say that the element has it again
    robbed.focus({ preventScroll: true });
  };

  addEventListener("focusin", ({ target }) => {
    tabAt = -Infinity; // that Tab led here
    if (target instanceof HTMLElement && !isFrame(target)) [last, lostAt] = [target, Infinity];
  });
  addEventListener("focusout", () => (lostAt = performance.now()));
  addEventListener("focus", () => (keyboard = "page"));
  addEventListener("blur", () => {
    keyboard = "unknown";
    const loss = (losses += 1);
    const isGiven = whoseFocus();
    const robbed = last?.isConnected && since(lostAt) < THEFT_MS ? last : undefined;
    const guarded = robbed?.matches(FIELDS) || since(inputAt) < USED_MS;
    let isNew = true;
    const look = () => {
      const taker = document.activeElement;
      if (!(taker instanceof HTMLIFrameElement) || loss !== losses) return;
      keyboard = isGiven(taker) ? "given" : "taken";
      if (keyboard === "given") return;
      if (isNew) takenAt = performance.now();
      if (robbed && guarded) giveBack(taker, robbed, isNew);
      isNew = false;
    };
    for (const ms of LOOKS_MS) setTimeout(look, ms);
    setTimeout(() => {
      if (loss !== losses) return;
      if (keyboard === "unknown") keyboard = "outside";
      const taker = document.activeElement;
      // It was asked for in vain: with the frame gone the keyboard is free.
      if (keyboard === "taken" && robbed && guarded && taker instanceof HTMLIFrameElement) onThief(taker);
    }, GIVEN_UP_MS);
  });
}

/** What is known now of who may get the keyboard: asked again when it is known who did. */
function whoseFocus() {
  const byTab = since(tabAt) < TAB_MS;
  const typing = since(keyAt) < INPUT_MS;
  const under = typing && keyAt > pointedAt ? null : pointed;
  /** @param {HTMLIFrameElement} frame */
  return (frame) => byTab || under === frame || (someFingers.matches && !typing);
}

/**
 * For as long as the page is there.
 * @param {(frame: HTMLIFrameElement) => void} onThief It took the keyboard again and again.
 */
export function guardAgainstThefts(onThief) {
  watchInput();
  guardScroll();
  guardFocus(onThief);
}
