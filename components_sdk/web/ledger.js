// The ledger on the page: what crossed between this page's components and the app.

/** @import { Row } from "./wire.js" */

const COLUMNS = ["Time", "Component", "Direction", "What", "Type", "Bytes", "Held"];
const SHOWN_ROWS = 200; // the app's ledger has them all

/** @param {HTMLElement} table */
export function fillLedger(table) {
  const head = document.createElement("thead");
  head.append(tableRow("th", COLUMNS));
  const caption = document.createElement("caption");
  caption.textContent = "What crossed between this page's components and the app, newest first";
  table.append(caption, head, document.createElement("tbody"));
}

/** @param {"td" | "th"} tag @param {string[]} texts */
function tableRow(tag, texts) {
  const row = document.createElement("tr");
  for (const text of texts) {
    const cell = document.createElement(tag);
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

/** @param {Row[]} rows */
export function addRows(rows) {
  for (const body of document.querySelectorAll("table.ledger tbody")) {
    for (const row of rows) {
      const time = new Date(row.time * 1000).toLocaleTimeString();
      const name = `${row.component} (${row.key})`;
      body.prepend(tableRow("td", [time, name, row.direction, row.what, row.type, String(row.bytes), row.held]));
    }
    while (body.children.length > SHOWN_ROWS) body.lastElementChild?.remove();
  }
}
