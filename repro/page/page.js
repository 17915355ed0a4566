"use strict";

// Sorting: a click on a header sorts by its column, another one turns the order around.
// Entries without a value come last in either order.
function sortBy(header) {
  const table = header.closest("table");
  const other = { ascending: "descending", descending: "ascending" };
  const order = other[header.ariaSort] ?? header.dataset.first;
  for (const each of header.parentNode.children) each.ariaSort = "none";
  header.ariaSort = order;
  const column = header.cellIndex;
  const isNumber = header.classList.contains("number");
  const sign = order === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const keyed = Array.from(body.rows, (row) => [row.cells[column].dataset.value, row]);
  keyed.sort(([a], [b]) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (isNumber ? a - b : a.localeCompare(b, "en", { numeric: true }));
  });
  body.append(...keyed.map(([, row]) => row));
}

const dialog = document.getElementById("details");

function openDetails(name) {
  const content = document.getElementById(name).content.cloneNode(true);
  dialog.lastElementChild.replaceChildren(content);
  const heading = dialog.querySelector("h2");
  heading.id = "details-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.showModal();
  dialog.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (event.target === dialog || button?.matches(".close")) dialog.close(); // or the backdrop
  if (button?.dataset.details) openDetails(button.dataset.details);
  else if (button?.parentNode.matches("thead th")) sortBy(button.parentNode);
});

// Says of a box that it can be scrolled, as phones hide the bar.
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.toggleAttribute("data-overflows", target.scrollWidth > target.clientWidth);
  }
});
for (const box of document.querySelectorAll(".scroll")) boxes.observe(box);
