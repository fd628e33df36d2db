// Forms that are sent without leaving the page, and by a change alone. Needs live.js.
"use strict";

// A form with `data-into` is sent without leaving the page: of the answer that element is taken, and the address.
async function send(form) {
  const place = document.getElementById(form.dataset.into);
  const url = new URL(form.action);
  const turn = (form.turn = (form.turn || 0) + 1);
  if (form.mine) url.searchParams.set("instead-of", form.mine);
  place.classList.add("busy");
  try {
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.getElementById(form.dataset.into);
    if (turn !== form.turn) return; // sent again meanwhile
    if (!made) return say(place, page.querySelector("main .notice")?.textContent || `The answer was ${answer.status}.`);
    for (const each of [place, ...place.querySelectorAll("[data-stream]")]) each.source?.close(); // of the answer before
    replace(place, made);
    form.mine = made.dataset.execution;
    if (answer.url !== location.href) history.pushState(null, "", answer.url);
    shown = location.pathname + location.search;
    listen(document);
  } catch {
    say(place, "The workspace does not answer. Is `tideline ui` still running?");
  }
}

function say(place, text) {
  place.classList.remove("busy");
  const notice = Object.assign(document.createElement("p"), { className: "notice bad", role: "alert", textContent: text });
  place.prepend(notice);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-into]")) return;
  event.preventDefault();
  clearTimeout(event.target.waiting);
  send(event.target);
});

// Where `data-auto` is checked, a change is sent by itself after a moment.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  const isAsked = form?.querySelector("[data-auto]")?.checked && event.target.name;
  if (!isAsked) return;
  clearTimeout(form.waiting);
  form.waiting = setTimeout(() => form.requestSubmit(), 300);
});

// Back and forward lead to another state of the page; a link within the page does not.
let shown = location.pathname + location.search;
addEventListener("popstate", () => location.pathname + location.search !== shown && location.reload());
