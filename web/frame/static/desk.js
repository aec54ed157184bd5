// The keyboard at the desk. Everything on its pages works without it.
//
//   header data-shortcuts="on|off"  whether single keys are heard
//   a data-go="w"                   where `g` and this letter lead
//   a data-search                   opens the palette over the page of search
//   table data-rows, or any .table  `j` and `k` go through its rows, Enter opens, x selects
//   form data-filters, a data-csv   where `f` and `e` lead; data-print prints
"use strict";

{
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const heard = find("header.top")?.dataset.shortcuts === "on";
  const RECENT = "desk-recent";
  const MOST = 6;

  // --- search ---------------------------------------------------------------------------------

  const palette = find("#palette");
  const field = find("#palette-q");
  const list = find("#palette-list");
  const said = find("#palette-said");
  let asked = 0;
  let timer = 0;

  const hits = () => all('[role="option"]', list);
  const chosen = () => find('[aria-selected="true"]', list);

  function choose(hit) {
    chosen()?.setAttribute("aria-selected", "false");
    if (!hit) return field.removeAttribute("aria-activedescendant");
    hit.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", hit.id);
    hit.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const found = hits();
    if (!found.length) return;
    const at = found.indexOf(chosen());
    choose(found[(at + by + found.length) % found.length] || found[0]);
  }

  function shown() {
    field.setAttribute("aria-expanded", String(hits().length > 0));
    choose(null);
  }

  function remembered() {
    try { return JSON.parse(sessionStorage.getItem(RECENT)) || []; } catch { return []; }
  }

  function remember(hit) {
    const one = { href: hit.dataset.href, words: find("[data-words]", hit).textContent };
    const others = remembered().filter((other) => other.href !== one.href);
    sessionStorage.setItem(RECENT, JSON.stringify([one, ...others].slice(0, MOST)));
  }

  function open(hit) {
    remember(hit);
    location.assign(hit.dataset.href);
  }

  // Written by hand, word by word: nothing that was remembered is read as markup.
  function recents() {
    list.replaceChildren();
    const before = remembered();
    if (before.length) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.className = "hits";
      group.setAttribute("aria-label", palette.dataset.recent);
      const head = document.createElement("h3");
      head.setAttribute("aria-hidden", "true");
      head.textContent = palette.dataset.recent;
      group.append(head);
      before.forEach(({ href, words }, at) => {
        const hit = document.createElement("div");
        hit.id = `recent-${at}`;
        hit.className = "hit";
        hit.dataset.href = href;
        hit.setAttribute("role", "option");
        hit.setAttribute("aria-selected", "false");
        const name = document.createElement("span");
        name.dataset.words = "";
        name.textContent = words;
        hit.append(name);
        group.append(hit);
      });
      list.append(group);
    }
    said.textContent = "";
    shown();
  }

  async function ask() {
    const words = field.value.trim();
    const mine = (asked += 1);
    if (!words) return recents();
    try {
      const answer = await fetch(`/desk/search?q=${encodeURIComponent(words)}`, { headers: { "X-Fragment": "1" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok || mine !== asked) return;
      list.innerHTML = await answer.text();
      said.textContent = find("[data-said]", list)?.dataset.said || "";
      shown();
    } catch {
      // Without an answer Enter still leads to the page.
    }
  }

  function search() {
    if (!palette.open) {
      palette.showModal();
      recents();
    }
    field.select();
  }

  if (palette) {
    find("[data-search]")?.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      search();
    });
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 150);
    });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return; // Enter ends what an input method composes.
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && chosen()) {
        event.preventDefault();
        open(chosen());
      }
    });
    list.addEventListener("click", (event) => {
      const hit = event.target.closest('[role="option"]');
      if (hit) open(hit);
    });
    palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  }

  // --- keys -----------------------------------------------------------------------------------

  const rows = () => all("main .table tbody tr").filter((row) => row.offsetParent && find("a[href]", row));
  const link = (row) => find("th a[href]", row) || find("a[href]", row);

  function row(by) {
    const found = rows();
    if (!found.length) return;
    const at = found.findIndex((one) => one.classList.contains("here"));
    const next = found[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : found.length - 1) : at + by, 0), found.length - 1)];
    found[at]?.classList.remove("here");
    next.classList.add("here");
    link(next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function select() {
    const box = find('main tr.here input[type="checkbox"]');
    if (box) box.click();
  }

  const follow = (selector) => find(selector)?.click();

  async function showKeys() {
    const keys = find("#keys");
    if (keys.open) return;
    const place = find("[data-list]", keys);
    if (!place.childElementCount) {
      const answer = await fetch("/desk/shortcuts", { headers: { "X-Fragment": "1" } });
      if (!answer.ok) return;
      place.innerHTML = await answer.text();
    }
    keys.showModal();
  }

  // None of these sends a form: no key approves, pays or moves anything.
  const KEYS = {
    "/": search,
    "?": showKeys,
    j: () => row(1),
    k: () => row(-1),
    x: select,
    "[": () => follow('main .pager a[rel="prev"]'),
    "]": () => follow('main .pager a[rel="next"]'),
    f: () => find("main form[data-filters] :is(input:not([type=hidden]), select)")?.focus(),
    e: () => follow("main a[data-csv]"),
  };
  const WAIT = 1500; // ms between `g` and its letter
  let going = 0;

  document.addEventListener("keydown", (event) => {
    if (!heard || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // Just closed, a dialog keeps the focus for a moment: what is typed then is not typed into it.
    const dialog = event.target.closest("dialog");
    if (dialog ? dialog.open : event.target.closest("input, select, textarea, [contenteditable]")) return;
    const key = event.key;
    if (going && performance.now() - going < WAIT) {
      going = 0;
      const place = find(`a[data-go="${CSS.escape(key)}"]`);
      if (place) {
        event.preventDefault();
        return location.assign(place.href);
      }
    }
    going = key === "g" ? performance.now() : 0;
    if (Object.hasOwn(KEYS, key)) {
      event.preventDefault();
      KEYS[key]();
    }
  });

  const broad = matchMedia("(min-width: 640px)");
  const fold = () => all("[data-fold]").forEach((part) => { part.open = broad.matches; });
  broad.addEventListener("change", fold);
  fold();
  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
  if (heard) all("[data-key]").forEach((key) => { key.hidden = false; });
  all("main .table tbody input[type=checkbox]").forEach((box) => {
    const mark = () => box.closest("tr")?.classList.toggle("picked", box.checked);
    box.addEventListener("change", mark);
    mark();
  });
}
