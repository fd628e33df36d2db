// The filter of the catalogue as one types, the keys of the SQL box, the middle of a picture. Without it all work by button and scroll.
"use strict";

function filter(box) {
  const wanted = box.value.trim().toLowerCase();
  let count = 0;
  for (const leaf of document.querySelectorAll("[data-leaf]")) {
    leaf.hidden = !leaf.dataset.leaf.toLowerCase().includes(wanted);
    count += leaf.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-leaf]:not([hidden])");
  const said = document.querySelector("[data-count]");
  said.textContent = wanted ? `${count} of ${said.dataset.of} tables` : `${said.dataset.of} tables`;
}

function showPlace(box) {
  const fault = document.querySelector("[data-line]");
  if (!fault || fault === box.fault) return;
  box.fault = fault;
  const before = box.value.split("\n").slice(0, fault.dataset.line - 1);
  const place = before.join("\n").length + (before.length ? 1 : 0) + Number(fault.dataset.column) - 1;
  box.focus();
  box.setSelectionRange(place, Math.max(place, place + (/^\w*/.exec(box.value.slice(place)) ?? [""])[0].length));
}

for (const box of document.querySelectorAll("[data-filter]")) {
  box.addEventListener("input", () => filter(box));
  if (box.value) filter(box);
}

for (const box of document.querySelectorAll("[data-submit=ctrl-enter]")) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    box.form.requestSubmit();
  });
  showPlace(box);
  new MutationObserver(() => showPlace(box)).observe(document.getElementById("main"), { childList: true, subtree: true });
}

for (const picture of document.querySelectorAll(".picture")) {
  const here = picture.querySelector("[aria-current]").getBoundingClientRect();
  picture.scrollLeft = here.left - picture.getBoundingClientRect().left - (picture.clientWidth - here.width) / 2;
}
