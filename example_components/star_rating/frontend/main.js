// Radio buttons: arrow keys, focus and screen readers work without a line of code.
export default function starRating({ root, onArgs, setValue, emit }) {
  const legend = root.querySelector("legend");
  const stars = root.querySelector(".stars");

  stars.addEventListener("change", (event) => {
    const count = Number(event.target.value);
    setValue(count);
    emit("picked", count);
    show(count);
  });

  const show = (value) => {
    for (const [index, star] of [...stars.children].entries()) {
      star.classList.toggle("lit", index < value);
      star.control.checked = index + 1 === value;
    }
  };

  onArgs(({ label, max_stars, value }) => {
    legend.textContent = label;
    if (stars.children.length !== max_stars) stars.replaceChildren(...row(max_stars));
    show(value);
  });
}

function row(length) {
  return Array.from({ length }, (_, index) => {
    const star = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "stars";
    radio.value = index + 1;
    radio.ariaLabel = `${index + 1} of ${length} stars`;
    star.append(radio, "★");
    return star;
  });
}
