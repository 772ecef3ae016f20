// The reading: lays out what the server sends, and keeps earlier ones in this browser only.
const warta = window.warta;
warta.fill(element);
const view = element.querySelector(".view");
const part = (name) => view.querySelector("." + name);
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const KEPT = "warta-readings";
const MOST = 12;
const SIZES = [0.9, 1, 1.15, 1.3, 1.5];
const word = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), warta.words[name] || name);
let shown = {};
let folded = "";
let last = null;

function put(name, html) {
  if ((shown[name] || "") === html) return;
  const place = part(name === "columns" ? "heads" : name);
  const before = shown[name] || "";
  if (name === "rows" && before && html.startsWith(before)) place.insertAdjacentHTML("beforeend", html.slice(before.length));
  else place.innerHTML = html;
}

function show(value) {
  if (value?.failed) failed(value.failed);
  if (!value || !value.phase) return;
  const begins = value.run !== shown.run;
  for (const name of ["error", "warnings", "title", "brief", "summary", "columns", "rows", "tail", "tools"]) put(name, value[name]);
  part("rows").hidden = !value.rows;
  part("tools").hidden = !value.tools;
  part("empty").hidden = true;
  part("bar").hidden = !value.status && !value.rows;
  part("progress").hidden = !value.status;
  part("halt").hidden = value.phase !== "running";
  count();
  part("status").innerHTML = value.status;
  if (part("announce").innerHTML !== value.announce) part("announce").innerHTML = value.announce;
  const bar = view.querySelector("progress");
  bar.hidden = value.phase !== "running";
  if (value.total) { bar.max = value.total; bar.value = value.done; } else bar.removeAttribute("value");
  view.dataset.phase = value.phase;
  const fresh = value.phase === "done" && (shown.phase !== "done" || begins) && value.run !== "reopened";
  shown = { ...value };
  if (value.run === "captions") unfolded();
  if (fresh) keep(value.reading);
  if (value.total) fold(value);
  else if (value.phase === "failed") unfold();
  if (begins && view.getBoundingClientRect().top > window.innerHeight / 2) view.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

// The captions were asked for: they are shown, and whoever pressed the button is there.
function unfolded() {
  const captions = part("captions");
  captions.open = true;
  captions.querySelector("summary").focus();
}

function failed(message) {
  part("error").textContent = message;
  const button = view.querySelector("[data-action=captions]");
  if (button) button.disabled = false;
}

// While an article is read, what it was pasted into is one line with its first words.
function fold(value) {
  if (document.body.classList.contains("reads") && value.run === folded) return;
  folded = value.run;
  const desk = document.querySelector(".desk");
  const within = desk?.contains(document.activeElement);
  const text = document.querySelector("#article textarea")?.value.trim() || "";
  part("opening").textContent = text.split("\n", 1)[0].slice(0, 300);
  part("folded").hidden = false;
  document.body.classList.add("reads");
  if (within) part("folded").querySelector("button").focus({ preventScroll: true });
}

function unfold() {
  part("folded").hidden = true;
  document.body.classList.remove("reads");
}

const marked = () => [...view.querySelectorAll(".title > .marked, .pair.flagged")];

function count() {
  const marks = marked().length;
  part("next").hidden = !marks;
  part("next").textContent = word("next_mark", { count: marks });
}

// From where the reader is; after the last, the first again.
function next() {
  const marks = marked();
  if (!marks.length) return;
  const here = view.querySelector(".pair:focus, .pair:focus-within, .marked:focus") || last;
  const after = here && marks.find((each) => here.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING);
  last = after || marks[0];
  go(last);
}

function mode(name) {
  view.dataset.mode = name;
  localStorage.setItem("warta-shown", name);
  for (const each of view.querySelectorAll("[data-action=mode]")) each.setAttribute("aria-pressed", each.dataset.mode === name);
}

function size(step) {
  const at = Math.max(0, Math.min(SIZES.length - 1, Number(localStorage.getItem("warta-size") || 1) + step));
  localStorage.setItem("warta-size", at);
  view.style.setProperty("--size", SIZES[at]);
}

function kept() {
  try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; }
}

function store(entries) {
  // The browser allows a few megabytes: the oldest go first.
  for (let list = entries.slice(0, MOST); ; list = list.slice(0, -1)) {
    try { localStorage.setItem(KEPT, JSON.stringify(list)); break; } catch { if (!list.length) break; }
  }
  list();
}

function keep(reading) {
  const text = (of) => JSON.stringify(of.segments.map((part) => part.source));
  const others = kept().filter((entry) => text(entry.reading) !== text(reading));
  store([{ at: Date.now(), reading: JSON.parse(JSON.stringify(reading)) }, ...others]);
}

function list() {
  const entries = kept();
  const place = view.querySelector(".history ul");
  place.replaceChildren(...entries.map((entry, index) => {
    const item = document.createElement("li");
    const open = document.createElement("button");
    open.type = "button";
    open.className = "link";
    open.dataset.action = "reopen";
    open.dataset.index = index;
    open.lang = "en";
    open.textContent = entry.reading.headline;
    const when = document.createElement("time");
    when.dateTime = new Date(entry.at).toISOString();
    when.textContent = new Intl.DateTimeFormat(warta.language, { dateStyle: "medium", timeStyle: "short" }).format(entry.at);
    item.append(open, when);
    return item;
  }));
  view.querySelector(".history").hidden = !entries.length;
}

// Forgetting cannot be undone, so it is asked once more.
function sure(asking) {
  const ask = view.querySelector("[data-action=ask]");
  part("sure").hidden = !asking;
  ask.hidden = asking;
  (asking ? part("sure").querySelector("[data-action=keep]") : ask).focus();
}

async function reopen(reading) {
  const value = await server.reopen(reading);
  if (value.error) part("error").textContent = value.error;
  else { shown = {}; show(value); }
}

async function save(button) {
  const file = await server.save({ format: button.dataset.format, reading: shown.reading });
  if (file.error) { part("error").textContent = file.error; return; }
  warta.download(file.name, Uint8Array.from(atob(file.data), (c) => c.charCodeAt(0)), file.type);
}

function english() {
  const paragraphs = [];
  const notes = [];
  const told = (place) => {
    const marks = [...place.querySelectorAll(".flags li")].map((each) => (each.children.length ? [...each.children].map((child) => child.textContent).join(": ") : each.textContent));
    return marks.map((mark) => `[${notes.push(mark)}]`).join("");
  };
  for (const row of view.querySelectorAll(".pair")) {
    const text = row.querySelector(".target p").textContent + told(row);
    if (row.classList.contains("opens") || !paragraphs.length) paragraphs.push(text);
    else paragraphs[paragraphs.length - 1] += " " + text;
  }
  const title = view.querySelector(".title .headline");
  const head = title ? [title.textContent + told(view.querySelector(".title"))] : [];
  const captions = [...view.querySelectorAll(".captions li")].filter((each) => each.querySelector("p")).map((each) => "* " + each.querySelector("p").textContent + told(each));
  const under = captions.length ? [word("captions_head") + "\n" + captions.join("\n")] : [];
  const foot = notes.length ? ["---\n" + notes.map((note, index) => `[${index + 1}] ${note}`).join("\n")] : [];
  return [...head, ...paragraphs, ...under, ...foot].join("\n\n") + "\n";
}

function claim(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", open);
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  view.querySelectorAll(".pair.lit").forEach((row) => row.classList.remove("lit"));
  view.querySelectorAll('.claim[aria-expanded="true"]').forEach((each) => {
    for (const number of each.dataset.support.split(" ")) document.getElementById("s" + number)?.classList.add("lit");
  });
}

function go(row) {
  view.querySelectorAll('.pair[tabindex="0"]').forEach((each) => { each.tabIndex = -1; });
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
}

// The lines to leave in are told by their words; the article is read again with them.
function restore(button) {
  const field = document.querySelector("#restored textarea, #restored input");
  const kept = [...JSON.parse(field.value || "[]"), button.closest("li").querySelector("span").textContent];
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
  own.set.call(field, JSON.stringify(kept));
  field.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => document.getElementById("read-go").click(), 100);
}

const actions = {
  copy: async (button) => { if (await warta.copy(english())) warta.said(button, button.dataset.done); },
  save,
  restore,
  captions: (button) => { button.disabled = true; document.getElementById("captions-go").click(); },
  edit: () => { unfold(); document.querySelector("#article textarea")?.focus(); },
  halt: () => document.getElementById("read-halt").click(),
  next,
  mode: (button) => mode(button.dataset.mode),
  size: (button) => size(Number(button.dataset.step)),
  ask: (button) => sure(true, button),
  keep: () => sure(false),
  clear: () => { store([]); sure(false); },
  reopen: (button) => reopen(kept()[button.dataset.index].reading),
};

view.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const jump = event.target.closest("a.jump");
  if (jump) { event.preventDefault(); go(document.querySelector(jump.getAttribute("href"))); }
  else if (button?.classList.contains("claim")) claim(button);
  else if (button?.dataset.action) actions[button.dataset.action](button);
});

part("rows").addEventListener("keydown", (event) => {
  const rows = [...view.querySelectorAll(".pair")];
  const at = rows.indexOf(event.target.closest(".pair"));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined || !rows[next]) return;
  event.preventDefault();
  go(rows[next]);
});

part("rows").addEventListener("click", (event) => {
  const row = event.target.closest(".pair");
  if (row && !String(window.getSelection())) go(row);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || view.offsetParent === null) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  next();
});

mode(["source", "both", "target"].find((name) => name === localStorage.getItem("warta-shown")) || "both");
size(0);
watch("value", () => show(props.value));
list();
warta.resume((reading) => reopen(reading));
warta.current = () => shown.reading;
