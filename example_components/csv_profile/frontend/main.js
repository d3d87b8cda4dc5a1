// Reads a file piece by piece and shows what is in it. The app gets what is shown, when the user
// says so, and nothing else: no cell of text, not the file's name.
import { CsvError, MAX_DISTINCT, Parser, Profiler, delimiterOf } from "./csv.js";

const FIGURES = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: false });
const CHUNK = 256 * 1024; // bytes; read in a few ms, so that the frame goes on answering

export default function csvProfile({ root, onArgs, setValue }) {
  const $ = (selector) => root.querySelector(selector);
  const [drop, busy, facts, result] = ["#drop", "#busy", "#facts", "#result"].map($);
  const alert = $("[role=alert]");
  const names = $(".names input");
  const share = $(".share button");

  let file = null;
  let run = 0; // counts files, so that a newer one ends the reading of an older one
  let value = null; // what the app has

  const give = (profile) => {
    if (profile !== value) setValue((value = profile));
    share.textContent = value ? "Shared" : "Share this summary";
    share.classList.toggle("primary", !value);
    $(".share span").textContent = value
      ? "The app has what you see above."
      : "Until then the app knows nothing of it.";
  };

  const show = (profile, hasNames) => {
    names.checked = hasNames;
    names.parentElement.hidden = !file; // a summary from before this frame began has none
    facts.textContent = factsOf(profile);
    $("tbody").replaceChildren(...profile.columns.map(line));
    share.onclick = () => give(profile);
    result.hidden = false;
  };

  const hide = () => {
    facts.textContent = "";
    result.hidden = true;
  };

  const read = async (chosen, hasNames) => {
    const mine = ++run;
    // What is read anew stays, and with it the focus; it cannot be shared meanwhile.
    if (chosen !== file) hide();
    file = chosen;
    share.onclick = null;
    alert.textContent = "";
    busy.hidden = false;
    give(null);
    try {
      const profiler = await profileOf(file, hasNames, (done) => {
        $("progress").value = done;
        return mine === run;
      });
      if (mine === run) show(profiler.profile(), profiler.hasNames);
    } catch (error) {
      if (mine !== run) return;
      hide();
      const plain = error instanceof CsvError;
      alert.textContent = plain ? error.message : `The file could not be read: ${error.message}`;
    }
    if (mine === run) busy.hidden = true;
  };

  $("#drop input").addEventListener("change", ({ target }) => {
    if (target.files[0]) read(target.files[0]);
  });
  names.addEventListener("change", () => read(file, names.checked));

  // Everywhere, not only on the zone: a file that misses it would be opened in place of this frame.
  for (const type of ["dragover", "dragleave", "drop"]) {
    addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragover");
      const [dropped] = event.dataTransfer.files;
      if (type === "drop" && dropped) read(dropped);
    });
  }

  onArgs(({ label, value: given }) => {
    $("#label").textContent = label;
    if (given === value) return;
    value = given;
    if (value) show(value, true);
    give(value);
  });
}

/** Sums up a file; `onProgress` gets 0 to 1 and says whether to go on. */
async function profileOf(file, hasNames, onProgress) {
  const decoder = new TextDecoder("utf-8", { fatal: true }); // takes the byte order mark away
  let parser;
  let profiler;
  for (let at = 0; at < file.size; at += CHUNK) {
    if (!onProgress(at / file.size)) break;
    const bytes = await file.slice(at, at + CHUNK).arrayBuffer(); // lets the frame answer meanwhile
    const text = decodeOrThrow(decoder, bytes, at + CHUNK < file.size);
    if (!parser) {
      const delimiter = delimiterOf(text);
      profiler = new Profiler(delimiter === ";" ? "," : ".", hasNames);
      parser = new Parser(delimiter, (row) => profiler.add(row));
    }
    parser.push(text);
  }
  parser?.end();
  if (!profiler || profiler.hasNames === undefined) throw new CsvError("This file is empty.");
  return profiler;
}

function decodeOrThrow(decoder, bytes, stream) {
  try {
    const text = decoder.decode(bytes, { stream });
    if (!text.includes("\0")) return text;
  } catch {
    // not UTF-8
  }
  throw new CsvError("This is no text in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.");
}

function factsOf({ rows, ragged, columns }) {
  const count = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const note = ragged ? `; ${count(ragged, "row")} with more or fewer cells than the first` : "";
  return `${count(rows, "row")}, ${count(columns.length, "column")}${note}`;
}

function line({ name, kind, missing, distinct, min, mean, max }) {
  const line = document.createElement("tr");
  const different = distinct === MAX_DISTINCT ? `${distinct} or more` : distinct;
  const figures = [min, mean, max].map((number) => (number === null ? "" : FIGURES.format(number)));
  const texts = [name, kind, missing, different, ...figures];
  for (const text of texts) line.insertCell().textContent = text;
  return line;
}
