// root      holds body.html
// onArgs    calls back with the arguments and the value, at once and after every change
// setValue  tells Python the new value
// emit      sends Python a one-shot event
export default function ({ root, onArgs, setValue, emit }) {
  const section = root.querySelector("section");
  const [title, output, bar, note] = root.querySelectorAll("h2, output, progress, small");
  let goal = 0;
  let count = 0;
  let changed = 0;

  const draw = () => {
    output.textContent = `${count} / ${goal}`;
    bar.max = goal;
    bar.value = count;
    bar.ariaLabel = title.textContent;
    section.classList.toggle("done", count >= goal);
  };

  onArgs((args) => {
    title.textContent = args.label;
    goal = args.goal;
    count = args.value;
    draw();
  });

  section.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step ?? 0);
    if (step === 0 || count + step < 0) return;
    count += step;
    changed = Date.now();
    draw();
    setValue(count);
    if (step > 0 && count === goal) emit("reached", count);
  });

  const timer = setInterval(() => {
    if (changed === 0) return;
    const seconds = Math.round((Date.now() - changed) / 1000);
    note.textContent = `changed ${seconds} s ago`;
  }, 1000);
  return () => clearInterval(timer); // runs when the component is removed
}
