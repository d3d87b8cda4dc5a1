// The signature is kept as lines in the pad's own units, so that undo, every screen and every pixel
// density are easy. The picture is made when the user is done.
const WIDTH = 600; // of the pad, in its own units
const HEIGHT = 200;
const SCALE = 2; // pixels of the picture per unit, on every screen
const INK = "#14213d";
const SCRIPT = '"Snell Roundhand", "Segoe Script", "Apple Chancery", "URW Chancery L", cursive';

export default function signaturePad({ root, onArgs, setValue }) {
  const legend = root.querySelector("legend");
  const canvas = root.querySelector("canvas");
  const name = root.querySelector("input");
  const status = root.querySelector("[role=status]");
  const screen = canvas.getContext("2d");

  let value = null; // what the app has
  let picture = null; // the same as a picture, if it was given before this frame began
  let strokes = []; // lists of { x, y, width }
  let pen = null; // the pointer that is drawing
  let changes = 0;

  const isEmpty = () => !picture && !strokes.length && !name.value.trim();

  const draw = (ink) => {
    if (picture) ink.drawImage(picture, 0, 0, WIDTH, HEIGHT);
    for (const stroke of strokes) stroke.forEach((_, index) => drawPoint(ink, stroke, index));
    if (name.value) drawName(ink, name.value);
  };

  const show = (text) => {
    const density = devicePixelRatio * (canvas.clientWidth / WIDTH);
    canvas.width = WIDTH * density; // clears it, too
    canvas.height = HEIGHT * density;
    screen.scale(density, density);
    draw(screen);
    const made = name.value ? `typed: ${name.value}` : "drawn";
    canvas.ariaLabel = isEmpty() ? "No signature yet" : `Signature, ${made}`;
    if (text !== undefined) status.textContent = text;
  };

  // What the app has and what the pad shows are the same, or the app has nothing.
  const changed = () => {
    changes += 1;
    picture = null;
    if (value) setValue((value = null));
    show("");
  };

  const pointAt = ({ clientX, clientY, pressure }) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.x) * WIDTH) / box.width,
      y: ((clientY - box.y) * HEIGHT) / box.height,
      width: 1.5 + 3 * (pressure || 0.5), // a mouse, and what cannot tell, presses by half
    };
  };

  const extend = (points) => {
    const stroke = strokes.at(-1);
    for (const point of points) drawPoint(screen, stroke, stroke.push(point) - 1);
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button !== 0) return;
    pen = event.pointerId;
    canvas.setPointerCapture(pen);
    name.value = "";
    strokes.push([pointAt(event)]);
    changed();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const between = event.getCoalescedEvents?.() ?? []; // all that came since the last frame
    extend((between.length ? between : [event]).map(pointAt));
  });

  const lift = (event) => {
    if (event.pointerId !== pen) return;
    pen = null;
    extend([{ ...strokes.at(-1).at(-1) }]);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  name.addEventListener("input", () => {
    strokes = [];
    changed();
  });

  root.querySelector(".undo").addEventListener("click", () => {
    if (name.value) name.value = "";
    else strokes.pop();
    changed();
  });

  root.querySelector(".clear").addEventListener("click", () => {
    strokes = [];
    name.value = "";
    changed();
  });

  root.querySelector(".done").addEventListener("click", async () => {
    if (isEmpty()) return show("There is no signature yet: draw it, or type your name.");
    if (value) return show("The app has this signature already.");
    const made = name.value ? "typed" : "drawn";
    const before = changes;
    const png = await pngOf(draw);
    if (changes !== before) return; // the user went on drawing
    setValue((value = { png, width: WIDTH * SCALE, height: HEIGHT * SCALE, made }));
    show(`Done: a picture of ${(png.length / 1000).toFixed(1)} kB was given to the app.`);
  });

  show();
  new ResizeObserver(() => show()).observe(canvas);
  onArgs(async ({ label, value: given }) => {
    legend.textContent = label;
    if (given === value) return;
    value = given;
    strokes = [];
    name.value = "";
    picture = given && (await createImageBitmap(new Blob([given.png])));
    show("");
  });
}

/** The line from the point before; curved through the middles, as a hand moves. */
function drawPoint(ink, stroke, index) {
  const to = stroke[index];
  const from = stroke[index - 1] ?? to;
  const before = stroke[index - 2] ?? from;
  ink.strokeStyle = ink.fillStyle = INK;
  ink.lineCap = "round";
  ink.lineWidth = to.width;
  ink.beginPath();
  if (from === to) {
    ink.arc(to.x, to.y, to.width / 2, 0, 7);
    return ink.fill();
  }
  ink.moveTo((before.x + from.x) / 2, (before.y + from.y) / 2);
  ink.quadraticCurveTo(from.x, from.y, (from.x + to.x) / 2, (from.y + to.y) / 2);
  ink.stroke();
}

function drawName(ink, name) {
  const fontOf = (size) => `italic ${size}px ${SCRIPT}`;
  ink.font = fontOf(80);
  ink.font = fontOf(Math.min(80, (80 * 0.85 * WIDTH) / ink.measureText(name).width));
  ink.fillStyle = INK;
  ink.textAlign = "center";
  ink.fillText(name, WIDTH / 2, 0.7 * HEIGHT);
}

/** On white: on a transparent ground, dark ink cannot be read in a dark viewer. */
async function pngOf(draw) {
  const paper = document.createElement("canvas");
  paper.width = WIDTH * SCALE;
  paper.height = HEIGHT * SCALE;
  const ink = paper.getContext("2d");
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, paper.width, paper.height);
  ink.scale(SCALE, SCALE);
  draw(ink);
  const blob = await new Promise((resolve) => paper.toBlob(resolve, "image/png"));
  return new Uint8Array(await blob.arrayBuffer());
}
