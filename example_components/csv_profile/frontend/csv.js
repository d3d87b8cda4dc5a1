// CSV by RFC 4180, and what spreadsheets make of it: , ; or tab between cells, quotes, line ends in
// quoted cells, text that arrives in pieces. And a profile of what is in the columns.

export const MAX_DISTINCT = 1_000; // as in __init__.py
const MAX_COLUMNS = 1_000;
const MAX_CELL = 1_000_000; // characters; a longer one is a quote that was forgotten

/** What is wrong with a file, in a sentence for the user. */
export class CsvError extends Error {}

/** The most frequent of the usual delimiters in the first line, quoted cells left out. */
export function delimiterOf(text) {
  const line = text.replace(/"[^"]*"/g, "").match(/^[\r\n]*(.*)/)[1];
  const count = (delimiter) => line.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** Cuts text into rows; `onRow` gets an array of cells. Empty lines are no rows. */
export class Parser {
  #row = [];
  #cell = "";
  #rows = 0;
  /** plain | quoted | closed: after a quote, which is the cell's end or the first half of "" */
  #state = "plain";
  #special;

  constructor(delimiter, onRow) {
    this.onRow = onRow;
    this.#special = new RegExp(`["\r\n${delimiter}]`, "g");
  }

  push(text) {
    let at = 0;
    while (at < text.length) {
      const end = this.#state === "quoted" ? text.indexOf('"', at) : this.#next(text, at);
      if (end !== at) {
        this.#cell += text.slice(at, end < 0 ? undefined : end);
        if (this.#state === "closed") this.#state = "plain";
        if (this.#cell.length > MAX_CELL) throw this.#unclosed();
      }
      if (end < 0) return;
      this.#take(text[end]);
      at = end + 1;
    }
  }

  end() {
    if (this.#state === "quoted") throw this.#unclosed();
    this.#endRow();
  }

  #next(text, at) {
    this.#special.lastIndex = at;
    return this.#special.exec(text)?.index ?? -1;
  }

  #take(character) {
    if (character === '"') return this.#quote();
    if (character === "\n" || character === "\r") this.#endRow(); // \r\n is a row and an empty line
    else this.#endCell();
  }

  #quote() {
    if (this.#state === "quoted") this.#state = "closed";
    else if (this.#state === "plain" && this.#cell === "") this.#state = "quoted";
    else {
      this.#cell += '"'; // "" in a quoted cell, or a quote in the middle of a plain one
      if (this.#state === "closed") this.#state = "quoted";
    }
  }

  #endCell() {
    if (this.#row.push(this.#cell) > MAX_COLUMNS) {
      throw new CsvError(`A row has more than ${MAX_COLUMNS} cells. Is it a CSV file?`);
    }
    this.#cell = "";
    this.#state = "plain";
  }

  #endRow() {
    if (!this.#row.length && this.#cell === "" && this.#state === "plain") return;
    this.#endCell();
    this.#rows += 1;
    this.onRow(this.#row);
    this.#row = [];
  }

  #unclosed() {
    return new CsvError(`A quoted cell in row ${this.#rows + 1} never ends. Is a " missing?`);
  }
}

/** Sums up rows as they come. `decimal` is "," where numbers are written 3,14. */
export class Profiler {
  rows = 0;
  ragged = 0;
  #columns = [];
  #decimal;
  #hasNames;

  /** @param {boolean} [hasNames] whether the first row holds names; guessed if not given */
  constructor(decimal, hasNames) {
    this.#decimal = decimal;
    this.#hasNames = hasNames;
  }

  get hasNames() {
    return this.#hasNames;
  }

  add(cells) {
    if (!this.#columns.length) {
      this.#hasNames ??= cells.every((cell) => !isDate(cell) && Number.isNaN(this.#number(cell)));
      const names = cells.map((cell) => (this.#hasNames ? cell.trim() : ""));
      this.#columns = names.map((name, index) => newColumn(name || `Column ${index + 1}`));
      if (this.#hasNames) return;
    }
    this.rows += 1;
    if (cells.length !== this.#columns.length) this.ragged += 1;
    this.#columns.forEach((column, index) => this.#count(column, (cells[index] ?? "").trim()));
  }

  #count(column, cell) {
    if (/^(|na|n\/a|nan|null)$/i.test(cell)) {
      column.missing += 1;
      return;
    }
    if (column.distinct.size < MAX_DISTINCT) column.distinct.add(cell);
    column.filled += 1;
    if (isDate(cell)) column.dates += 1;
    const number = this.#number(cell);
    if (Number.isNaN(number)) return;
    column.numbers += 1;
    column.mean += (number - column.mean) / column.numbers;
    column.min = Math.min(column.min, number);
    column.max = Math.max(column.max, number);
  }

  #number(cell) {
    const text = this.#decimal === "," ? cell.replace(",", ".") : cell;
    const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
    return Number.isFinite(number) ? number : NaN;
  }

  /** What the app may get: of text, nothing but counts. */
  profile() {
    return { rows: this.rows, ragged: this.ragged, columns: this.#columns.map(summaryOf) };
  }
}

function newColumn(name) {
  const counts = { missing: 0, filled: 0, numbers: 0, dates: 0, distinct: new Set() };
  const figures = { min: Infinity, mean: 0, max: -Infinity };
  return { name: [...name].slice(0, 100).join(""), ...counts, ...figures };
}

function summaryOf({ name, missing, filled, numbers, dates, distinct, min, mean, max }) {
  const kinds = [[0, "empty"], [numbers, "number"], [dates, "date"], [filled, "text"]];
  const [, kind] = kinds.find(([count]) => count === filled);
  const figures = kind === "number" ? { min, mean, max } : { min: null, mean: null, max: null };
  return { name, kind, missing, distinct: distinct.size, ...figures };
}

function isDate(cell) {
  return /^\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d|\s*$)/.test(cell);
}
