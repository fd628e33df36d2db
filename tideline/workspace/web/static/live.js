// Puts pieces of HTML into place as the server sends them. Without it every page still works: reload shows the state.
"use strict";

const CONTROLS = "a,button,input,select,textarea,summary,[tabindex]";

// What a person has opened, scrolled, focused, typed or picked stays so when the piece around it is replaced.
function remembered(place) {
  const controls = [...place.querySelectorAll(CONTROLS)];
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const folds = new Map([...place.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
  const scrolled = new Map([...place.querySelectorAll(".scroll[id]")].map((each) => [each.id, each.scrollLeft]));
  const edited = [...place.querySelectorAll("input, select, textarea")].filter((field) => field.id && isEdited(field));
  return () => {
    for (const [id, open] of folds) {
      const fold = document.getElementById(id);
      if (fold) fold.open ||= open;
    }
    for (const [id, left] of scrolled) document.getElementById(id)?.scrollTo({ left });
    for (const field of edited) {
      const now = document.getElementById(field.id);
      if (now?.options && ![...now.options].some((option) => option.value === field.value)) continue;
      if (now && !now.multiple) now.value = field.value;
    }
    if (!focused) return;
    const again = focused.id ? document.getElementById(focused.id) : null;
    const same = document.getElementById(place.id)?.querySelectorAll(CONTROLS)[controls.indexOf(focused)];
    (again || same)?.focus({ preventScroll: true });
  };
}

function isEdited(field) {
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

function replace(place, made) {
  const restore = remembered(place);
  place.replaceWith(made);
  restore();
}

function put(change) {
  const place = document.getElementById(change.target);
  if (!place) return;
  const made = document.createRange().createContextualFragment(change.html);
  if (change.how === "append") place.append(made);
  else replace(place, made);
  listen(document);
  tick();
}

// A browser has six connections to a server: a page that rests in a hidden tab gives its own back.
function listen(root) {
  for (const place of root.querySelectorAll("[data-stream]")) {
    if (place.source || (document.hidden && "rests" in place.dataset)) continue;
    const source = (place.source = new EventSource(place.dataset.stream));
    source.onmessage = (event) => put(JSON.parse(event.data));
    source.onopen = () => document.body.classList.remove("lost");
    source.onerror = () => document.body.classList.add("lost");
    source.addEventListener("end", () => source.close());
  }
}

function rest() {
  for (const place of document.querySelectorAll("[data-stream][data-rests]")) {
    if (document.hidden && place.source && place.source.readyState !== EventSource.CLOSED) {
      place.source.close();
      place.source = null;
    }
  }
  if (!document.hidden) listen(document);
}

// What is folded away is fetched when it is opened.
async function load(event) {
  const fold = event.target;
  if (!fold.open || !fold.dataset?.load || fold.isLoaded) return;
  fold.isLoaded = true;
  const place = fold.querySelector(".loaded");
  place.textContent = "Loading…";
  try {
    const answer = await fetch(fold.dataset.load, { headers: { "x-piece": "yes" } });
    place.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
  } catch {
    fold.isLoaded = false;
    place.textContent = "The server does not answer; close and open this to try again.";
  }
}

function tick() {
  const now = Date.now() / 1000;
  for (const each of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round(now - Number(each.dataset.since)));
    const minutes = Math.floor(seconds / 60);
    each.textContent = minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }
}

// A graph's box leads to its task, which may be folded.
function unfold() {
  const place = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = place || null; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  const next = place && place.nextElementSibling;
  if (next && next.matches("details.task")) next.open = true;
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  setTimeout(() => {
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });
});
document.addEventListener("toggle", load, true);
document.addEventListener("visibilitychange", rest);
addEventListener("hashchange", unfold);
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("DOMContentLoaded", () => {
  listen(document);
  unfold();
  tick();
  setInterval(tick, 1000);
});
