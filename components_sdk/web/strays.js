// Strays: messages from whom the page takes none. Dropped unread, and counted for developers: in the
// console at debug level, and in <html data-dropped>.

/**
 * removed   by window, of a frame that is gone: its window is null
 * stranger  by window, of none of the page's frames
 * inner     by window, of a document inside a component's frame
 * window    by window, of a component's frame, which says hello there and nothing else
 * late      by port, of a frame that was ended
 * @typedef {"removed" | "stranger" | "inner" | "window" | "late"} Stray
 */

const NOTE_SECONDS = 1; // a flood of them must not become one of notes

/** @type {Partial<Record<Stray, number>>} */
const dropped = {};
let noting = false;

/** @param {Stray} kind */
export function drop(kind) {
  dropped[kind] = (dropped[kind] ?? 0) + 1;
  if (noting) return;
  noting = true;
  setTimeout(note, NOTE_SECONDS * 1000);
}

function note() {
  noting = false;
  const text = JSON.stringify(dropped);
  document.documentElement.dataset.dropped = text;
  console.debug(`[components_sdk] dropped messages: ${text}`);
}
