// A real table with real buttons and checkboxes: what is left to write is sorting and selecting.
// The checkboxes are one stop for the Tab key; inside, the arrow keys move.
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 9, PageUp: -9, Home: -1e9, End: 1e9 };

export default function dataTable({ root, onArgs, setValue }) {
  const head = root.querySelector("thead tr");
  const body = root.querySelector("tbody");
  const all = head.querySelector("input");
  const status = root.querySelector("[role=status]");

  let args = {};
  let state = {}; // the value: { selected, sort }, selected kept as a Set meanwhile
  let lines = []; // a <tr> for each of args.rows, in their order
  let last = 0; // the row that was clicked last; a range begins there

  const indexOf = (line) => lines.indexOf(line);
  const shown = () => [...body.rows];

  const change = (changes) => {
    const { selected, sort } = { ...state, ...changes };
    setValue({ selected: [...selected].sort((a, b) => a - b), sort });
    state = { selected, sort };
    show();
  };

  const select = (chosen, on) => {
    const selected = new Set(state.selected);
    for (const line of chosen) selected[on ? "add" : "delete"](indexOf(line));
    change({ selected });
  };

  /** All rows from one to another, as they are shown. */
  const between = (one, other) => {
    const rows = shown();
    const [from, to] = [rows.indexOf(one), rows.indexOf(other)].sort((a, b) => a - b);
    return rows.slice(from, to + 1);
  };

  const focus = (line) => {
    body.querySelector("input[tabindex='0']")?.setAttribute("tabindex", "-1");
    line.querySelector("input").tabIndex = 0;
    line.querySelector("input").focus();
  };

  const show = () => {
    const { selected, sort } = state;
    lines.forEach((line, index) => {
      line.classList.toggle("selected", selected.has(index));
      line.querySelector("input").checked = selected.has(index);
    });
    all.checked = selected.size > 0 && selected.size === lines.length;
    all.indeterminate = selected.size > 0 && selected.size < lines.length;
    for (const cell of head.querySelectorAll("[data-column]")) {
      if (cell.dataset.column !== sort?.column) cell.removeAttribute("aria-sort");
      else cell.ariaSort = sort.descending ? "descending" : "ascending";
    }
    status.textContent = `${selected.size} of ${lines.length} selected`;
  };

  const arrange = () => {
    const order = lines.map((_, index) => index);
    if (state.sort) order.sort(comparing(args.rows, state.sort));
    body.append(...order.map((index) => lines[index]));
  };

  const build = () => {
    while (head.cells.length > 1) head.lastElementChild.remove();
    const columns = args.columns.map((column) => withKind(column, args.rows));
    head.append(...columns.map(headCell));
    lines = args.rows.map((row, index) => line(row, index, columns));
    body.replaceChildren();
    lines[0]?.querySelector("input").setAttribute("tabindex", "0");
  };

  head.addEventListener("click", ({ target }) => {
    if (target === all) return select(lines, all.checked);
    const column = target.closest("[data-column]")?.dataset.column;
    if (!column) return;
    // Once: ascending, twice: descending, three times: as it came.
    const { sort } = state;
    if (sort?.column !== column) change({ sort: { column, descending: false } });
    else change({ sort: sort.descending ? null : { column, descending: true } });
    arrange();
  });

  body.addEventListener("click", ({ target, shiftKey }) => {
    const clicked = target.closest("tr");
    const on = !state.selected.has(indexOf(clicked));
    select(shiftKey ? between(lines[last], clicked) : [clicked], on || shiftKey);
    last = indexOf(clicked);
    focus(clicked);
  });

  body.addEventListener("mousedown", (event) => {
    if (event.shiftKey) event.preventDefault(); // it would select text
  });

  body.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = shown();
    const here = event.target.closest("tr");
    const there = rows[Math.min(Math.max(rows.indexOf(here) + step, 0), rows.length - 1)];
    focus(there);
    last = indexOf(there);
    if (event.shiftKey) select(between(here, there), true);
  });

  root.querySelector(".bar button").addEventListener("click", () => select(lines, false));

  onArgs((given) => {
    const { rows, columns } = args;
    args = given;
    root.querySelector("#label").textContent = args.label;
    state = { ...args.value, selected: new Set(args.value.selected) };
    if (rows !== args.rows || columns !== args.columns) build();
    arrange();
    show();
  });
}

function headCell({ name, title, unit, numeric }) {
  const cell = document.createElement("th");
  cell.scope = "col";
  cell.dataset.column = name;
  cell.classList.toggle("number", numeric);
  const button = document.createElement("button");
  button.type = "button";
  const small = document.createElement("small");
  small.textContent = unit;
  button.append(title, ...(unit ? [" ", small] : []));
  cell.append(button);
  return cell;
}

function line(row, index, columns) {
  const line = document.createElement("tr");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.tabIndex = -1;
  box.ariaLabel = `Select row ${index + 1}: ${row[columns[0].name]}`;
  line.insertCell().append(box);
  for (const { name, digits, numeric } of columns) {
    const cell = line.insertCell();
    const missing = isMissing(row[name]);
    cell.classList.toggle("number", numeric);
    cell.classList.toggle("missing", missing);
    if (missing) cell.ariaLabel = "not known";
    cell.textContent = missing ? "–" : numeric ? row[name].toFixed(digits) : row[name];
  }
  return line;
}

function withKind(column, rows) {
  return { ...column, numeric: rows.some((row) => typeof row[column.name] === "number") };
}

function isMissing(value) {
  return value === null || Number.isNaN(value);
}

/** Compares by a column; what is missing comes last, whichever way. */
function comparing(rows, { column, descending }) {
  const sign = descending ? -1 : 1;
  const { compare } = new Intl.Collator(document.documentElement.lang);
  return (one, other) => {
    const [a, b] = [rows[one][column], rows[other][column]];
    if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
    return sign * (typeof a === "number" ? a - b : compare(a, b));
  };
}
