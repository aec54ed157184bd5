// What pages do beside being pages. Everything works without this but for live counters.
//
//   form data-once="Confirming…"     goes once; its button says so; [data-late] shows after 8 s
//   data-left="seconds"              a <progress> inside empties, [data-left-in] says how long; in
//                                    the end it dispatches "over", and [data-when-over] shows
//   data-poll="URL" (data-every="2") is filled with what the URL answers, while somebody looks;
//                                    204 ends it; a redirect or a 401 loads the page anew
//   form data-passkey="get|create"   asks data-options (POST, JSON), then goes with `credential`
//   button data-copy="text"          copies, and says data-copied
//   data-focus                       is focused when the page opens
"use strict";

const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);
const LATE = 8000; // ms

// A form goes once: the second click finds it gone already. The server guards as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.gone) return event.preventDefault();
  form.dataset.gone = "1";
  const button = event.submitter;
  if (button) {
    button.setAttribute("aria-disabled", "true");
    button.dataset.said = button.textContent;
    if (form.dataset.once) button.textContent = form.dataset.once;
  }
  setTimeout(() => form.dataset.gone && each("[data-late]", (said) => { said.hidden = false; }, form), LATE);
});
// Back from the next page, the form may go again.
window.addEventListener("pageshow", () => each("form[data-gone]", (form) => {
  delete form.dataset.gone;
  each("[aria-disabled]", (button) => {
    button.removeAttribute("aria-disabled");
    if (button.dataset.said) button.textContent = button.dataset.said;
  }, form);
}));

// A bar that empties beside a clock time, by a clock that nobody sets.
function countDown(place) {
  const end = performance.now() + Number(place.dataset.left) * 1000;
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-left-in]");
  [bar, words].forEach((part) => { if (part) part.hidden = false; });
  const tick = () => {
    if (!place.isConnected) return;
    const left = Math.max(0, (end - performance.now()) / 1000);
    if (bar) bar.value = left;
    if (words) words.textContent = inWords(Math.ceil(left), words.dataset);
    if (left > 0) return void setTimeout(tick, 250);
    each("[data-when-over]", (part) => { part.hidden = false; });
    place.dispatchEvent(new CustomEvent("over", { bubbles: true }));
  };
  tick();
}

// The words come from the page, in its language: "38 s", "4 min 12 s".
function inWords(seconds, { leftIn, minutes }) {
  if (seconds < 60) return leftIn.replace("{s}", seconds);
  return minutes.replace("{m}", Math.floor(seconds / 60)).replace("{s}", seconds % 60);
}

// An element asks, while somebody looks, for what stands in its place now.
function poll(place) {
  const pause = Number(place.dataset.every || 2) * 1000;
  let last = "";
  const ask = async () => {
    if (!place.isConnected) return;
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch(place.dataset.poll, { headers: { "X-Fragment": "1" } });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (answer.status === 204 || answer.status === 404) return;
        const text = answer.ok ? await answer.text() : last;
        if (text !== last) {
          last = text;
          place.innerHTML = text;
          prepare(place);
        }
        delete place.dataset.offline;
      } catch {
        place.dataset.offline = "1";
      }
    }
    setTimeout(ask, pause);
  };
  setTimeout(ask, pause);
}

const supported = () => window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

function passkey(form) {
  if (!supported()) return;
  form.hidden = false;
  const failed = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const answer = await fetch(form.dataset.options, {
        method: "POST", headers: { "X-CSRFToken": form.elements.csrf_token.value },
      });
      if (!answer.ok) throw new Error(answer.status);
      const options = await answer.json();
      const made = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.credential.value = JSON.stringify(made.toJSON());
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

function copier(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}

function prepare(within) {
  each("[data-left]:not([data-left-in], [data-state])", countDown, within);
  each("[data-poll]", poll, within);
  each("form[data-passkey]", passkey, within);
  each("[data-copy]", copier, within);
}

each("[data-focus]", (place) => place.focus());
prepare(document);

// A menu closes when somebody goes on elsewhere.
const close = (menu) => { menu.open = false; };
document.addEventListener("click", (event) => each("details.menu[open]", (menu) => {
  if (!menu.contains(event.target)) close(menu);
}));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") each("details.menu[open]", (menu) => {
    close(menu);
    menu.querySelector("summary").focus();
  });
});
