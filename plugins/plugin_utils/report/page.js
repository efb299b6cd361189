"use strict";
// Sorts and filters what is on the page already. What is chosen is in the address, so that it can be shared.
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const table = byId("matrix"), filter = byId("filter");
  const collator = new Intl.Collator("en", { numeric: true });
  const rows = all("#matrix > tbody").map((body) => ({
    ...body.dataset, body, keys: JSON.parse(body.dataset.keys), lines: new Set(body.dataset.find.split("\n")),
  }));
  const chosen = { q: "", states: new Set(), sort: "", down: false, open: new Set() };

  root.classList.add("js");
  byId("tools").hidden = false;

  // The address: #q=WORDS&state=failed,drift&sort=docker&down=1&open=ci-1
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (location.hash && ![...given.keys()].some((key) => ["q", "state", "sort", "open"].includes(key))) return;
    const list = (key) => (given.get(key) || "").split(",").filter(Boolean);
    chosen.q = given.get("q") || "";
    chosen.states = new Set(list("state"));
    chosen.sort = given.get("sort") || "";
    chosen.down = given.get("down") === "1";
    chosen.open = new Set(list("open").map(decoded));
    filter.value = chosen.q;
    show();
  }

  // A name that somebody typed into the address may not be one.
  function decoded(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  function toAddress() {
    const told = new URLSearchParams();
    if (chosen.q) told.set("q", chosen.q);
    if (chosen.states.size) told.set("state", [...chosen.states].join(","));
    if (chosen.sort) told.set("sort", chosen.sort);
    if (chosen.down) told.set("down", "1");
    if (chosen.open.size && chosen.open.size <= 20) told.set("open", [...chosen.open].map(encodeURIComponent).join(","));
    history.replaceState(null, "", `#${told}`);
  }

  function compare(a, b) {
    const [x, y] = [a.keys[chosen.sort], b.keys[chosen.sort]];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined); // nothing is last, either way
    const order = typeof x === "number" ? x - y : collator.compare(x, y);
    return chosen.down ? -order : order;
  }

  function arrange() {
    const sorted = chosen.sort ? [...rows].sort(compare) : rows;
    const inOrder = table.tBodies;
    if (sorted.some((row, number) => inOrder[number] !== row.body)) table.append(...sorted.map((row) => row.body));
    for (const button of all("[data-sort]")) {
      const mine = button.dataset.sort === chosen.sort;
      button.parentNode.setAttribute("aria-sort", !mine ? "none" : chosen.down ? "descending" : "ascending");
    }
  }

  function show() {
    arrange();
    const words = chosen.q.toLowerCase().match(/"[^"]+"(?!\S)|\S+/g) || [];
    const has = (row, word) => (/^".+"$/.test(word) ? row.lines.has(word.slice(1, -1)) : row.find.includes(word));
    let count = 0;
    for (const row of rows) {
      const fits = (!chosen.states.size || chosen.states.has(row.state)) && words.every((word) => has(row, word));
      const opened = chosen.open.has(row.name);
      row.body.hidden = !fits;
      row.body.classList.toggle("opened", opened);
      row.body.querySelector(".open").setAttribute("aria-expanded", opened);
      count += fits;
    }
    for (const button of all("button[data-state]")) button.setAttribute("aria-pressed", chosen.states.has(button.dataset.state));
    const hosts = `${rows.length} host${rows.length === 1 ? "" : "s"}`;
    byId("count").textContent = count === rows.length ? hosts : `${count} of ${hosts}`;
    byId("nothing").hidden = count > 0;
    byId("clear").hidden = !(chosen.q || chosen.states.size || chosen.sort);
    byId("expand").textContent = chosen.open.size ? "Close all" : "Open all";
  }

  function change(how) {
    how();
    toAddress();
    show();
  }

  const toggle = (set, value) => set.delete(value) || set.add(value);

  filter.addEventListener("input", () => change(() => { chosen.q = filter.value.trim(); }));
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => change(() => {
    Object.assign(chosen, { q: "", sort: "", down: false });
    chosen.states.clear();
    filter.value = "";
  }));
  byId("expand").addEventListener("click", () => change(() => {
    chosen.open = new Set(chosen.open.size ? [] : rows.filter((row) => !row.body.hidden).map((row) => row.name));
  }));
  for (const button of all("button[data-state]")) {
    button.addEventListener("click", () => change(() => toggle(chosen.states, button.dataset.state)));
  }
  for (const button of all("[data-sort]")) {
    button.addEventListener("click", () => change(() => {
      chosen.down = chosen.sort === button.dataset.sort && !chosen.down;
      chosen.sort = button.dataset.sort;
    }));
  }
  table.addEventListener("click", (event) => {
    const button = event.target.closest(".open");
    if (button) change(() => toggle(chosen.open, button.closest("tbody").dataset.name));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== filter) {
      event.preventDefault();
      filter.focus();
    }
  });
  addEventListener("hashchange", fromAddress);

  // A table that is wider than the page scrolls in a frame of its own, where its header stays.
  const frame = byId("matrix").parentNode;
  new ResizeObserver(() => {
    frame.classList.remove("framed");
    frame.classList.toggle("framed", table.offsetWidth > frame.clientWidth);
    root.style.setProperty("--frame", `${frame.clientWidth - 56}px`);
  }).observe(frame.parentNode);

  // Dark or light: as the system says, until a button says otherwise.
  const theme = byId("theme"), system = matchMedia("(prefers-color-scheme: dark)");
  const kept = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("theme", value); } catch { /* a page of a file may keep nothing */ } } };
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const paint = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  if (["light", "dark"].includes(kept.get())) root.dataset.theme = kept.get();
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    kept.set(root.dataset.theme);
    paint();
  });
  system.addEventListener("change", paint);
  paint();
  fromAddress();
})();
