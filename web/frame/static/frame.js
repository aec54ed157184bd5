// What pages do beside being pages. Everything works without this but for live counters.
"use strict";

const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

// A form goes once: the second click finds it gone already. The server guards as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.gone) return event.preventDefault();
  form.dataset.gone = "1";
  if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", () => each("form[data-gone]", (form) => {
  delete form.dataset.gone;
  each("[aria-disabled]", (button) => button.removeAttribute("aria-disabled"), form);
}));

// A bar that empties beside a clock time. When it has, whoever wants to know is told.
function countDown(place) {
  const until = Date.parse(place.dataset.until);
  const bar = place.querySelector("progress");
  if (bar) bar.hidden = false;
  const tick = () => {
    const left = (until - Date.now()) / 1000;
    if (bar) bar.value = Math.max(0, left);
    if (left > 0) return void setTimeout(tick, 250);
    place.dispatchEvent(new CustomEvent("over", { bubbles: true }));
  };
  tick();
}

// An element asks every two seconds, while somebody looks, for what stands in its place now.
function poll(place) {
  const ask = async () => {
    if (!document.body.contains(place)) return;
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch(place.dataset.poll, { headers: { "X-Fragment": "1" } });
        if (answer.status === 200) {
          const text = await answer.text();
          if (text !== place.dataset.last) {
            place.dataset.last = text;
            place.innerHTML = text;
            prepare(place);
          }
          place.removeAttribute("data-offline");
        } else if (answer.status === 204) {
          return;
        }
      } catch {
        place.setAttribute("data-offline", "1");
      }
    }
    setTimeout(ask, Number(place.dataset.every || 2) * 1000);
  };
  setTimeout(ask, Number(place.dataset.every || 2) * 1000);
}

function prepare(within) {
  each("[data-until]", countDown, within);
  each("[data-poll]", poll, within);
  each("[data-copy]", (button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  }, within);
}

each("[data-focus]", (place) => place.focus());
prepare(document);
// A menu closes when somebody goes on elsewhere.
document.addEventListener("click", (event) => each("details.menu[open]", (menu) => {
  if (!menu.contains(event.target)) menu.open = false;
}));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") each("details.menu[open]", (menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
