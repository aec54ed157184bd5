// The live part of the page that shows a payment code: the code's minute, what a till does with it,
// the next code. Without this there are a clock time and links, and nothing pretends to be live.
"use strict";

const live = document.querySelector("[data-pay]");
const said = document.querySelector("[data-said]");
const PAUSE = 2000;
let over = Infinity; // When the code on the screen is, by a clock that nobody sets.
let kept = null; // The screen is kept awake for as long as a code is on it.

function shown() {
  const part = live.querySelector("[data-left]");
  over = part ? performance.now() + Number(part.dataset.left) * 1000 : Infinity;
  const bar = part && part.querySelector("progress");
  if (bar) bar.hidden = false;
  stayAwake(Boolean(part));
}

function replace(text) {
  const open = live.querySelector("details[open]") !== null;
  live.innerHTML = text;
  const part = live.querySelector("[data-says]");
  if (part) said.textContent = part.dataset.says;
  if (open) live.querySelectorAll("details").forEach((digits) => { digits.open = true; });
  shown();
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { "X-Fragment": "1" } });
  if (answer.status === 401) location.reload(); // Signed out, elsewhere or by time.
  return answer.status === 200 ? answer.text() : null;
}

function offline(is) {
  const part = live.querySelector("[data-left]");
  if (!part) return;
  const dead = is && performance.now() >= over;
  part.querySelector("[data-offline]").hidden = !is || dead;
  part.querySelector("[data-over]").hidden = !dead;
  part.querySelectorAll(".paper, details").forEach((code) => { code.hidden = dead; });
}

async function stayAwake(wanted) {
  if (!wanted && kept) kept = void kept.release();
  if (!wanted || kept || !navigator.wakeLock) return;
  try {
    kept = await navigator.wakeLock.request("screen");
    kept.addEventListener("release", () => { kept = null; });
  } catch { /* Not allowed, or short of power: the member touches the screen. */ }
}

// Only what a till did is ever left on the screen for good; a code that is over makes room.
async function look() {
  const part = live.querySelector("[data-state]");
  if (part && document.visibilityState === "visible") {
    try {
      const text = await fetched(performance.now() >= over ? dead(part) : part.dataset.state);
      if (text !== null && text !== live.dataset.last) replace(live.dataset.last = text);
      offline(false);
    } catch {
      offline(true);
    }
  }
  setTimeout(look, PAUSE);
}

// A code used in its last second must still be seen: ask once more before the next one is made.
function dead(part) {
  const first = !part.dataset.asked;
  part.dataset.asked = "1";
  return first ? part.dataset.state : live.dataset.fresh;
}

function tick() {
  const left = Math.max(0, (over - performance.now()) / 1000);
  const bar = live.querySelector("[data-left] progress");
  const words = live.querySelector("[data-words]");
  if (bar) bar.value = left;
  if (words) words.textContent = words.dataset.words.replace("{s}", Math.ceil(left));
  if (performance.now() >= over && !navigator.onLine) offline(true);
}

if (live) {
  shown();
  setInterval(tick, 250);
  setTimeout(look, PAUSE);
}
