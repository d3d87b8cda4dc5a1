// Radio buttons: arrow keys, focus and screen readers work without a line of code.
export default function starRating({ root, onArgs, setValue, emit }) {
  const legend = root.querySelector("legend");
  const stars = root.querySelector(".stars");

  stars.addEventListener("change", (event) => {
    const count = Number(event.target.value);
    setValue(count);
    emit("picked", count);
    paint(count);
  });

  const paint = (value) => {
    for (const star of stars.children) star.classList.toggle("lit", star.dataset.count <= value);
  };

  onArgs(({ label, max_stars, value }) => {
    legend.textContent = label;
    if (stars.children.length !== max_stars) stars.replaceChildren(...row(max_stars));
    const chosen = stars.querySelector(`input[value="${value}"]`);
    if (chosen) chosen.checked = true;
    paint(value);
  });
}

function row(count) {
  return Array.from({ length: count }, (_, index) => {
    const star = document.createElement("label");
    star.dataset.count = index + 1;
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "stars", value: index + 1, ariaLabel: `${index + 1} of ${count} stars` });
    star.append(radio, "★");
    return star;
  });
}
