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
  shown = { at: Date.now(), ...value };
  if (value.run === "captions") unfolded();
  if (fresh) { keep(value.reading); remembered(); }
  if (begins && value.run !== "reopened") undone.length = 0;
  if (begins) { part("changed").hidden = true; part("find").value = ""; find(); editing = null; }
  if (value.total || value.phase === "running") fold(value);
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
  // Once a run: who opens it again while it runs keeps it open.
  if (value.run === folded && value.run !== "reopened") return;
  folded = value.run;
  const desk = document.querySelector(".desk");
  const within = desk?.contains(document.activeElement);
  const area = document.querySelector("#article textarea");
  const text = (value.run === "reopened" && value.reading ? written(value.reading) : area?.value || "").trim();
  part("opening").textContent = text.split("\n", 1)[0].slice(0, 300);
  part("folded").hidden = false;
  document.body.classList.add("reads");
  if (within) part("folded").querySelector("button").focus({ preventScroll: true });
}

// The Indonesian of a reading, as it was pasted but for what cleaning left out.
function written(of) {
  const body = of.lead + of.segments.map((each, index) => each.source + of.gaps[index]).join("");
  return (of.title ? of.title.source + "\n\n" : "") + body;
}

function fill(text) {
  const area = document.querySelector("#article textarea");
  if (!area || area.value) return;
  area.value = text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function unfold() {
  const within = part("folded").contains(document.activeElement);
  part("folded").hidden = true;
  document.body.classList.remove("reads");
  if (within) document.querySelector("#article textarea")?.focus();
}

const marked = () => [...view.querySelectorAll(".title .marked, .pair.flagged")];

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
  // The browser allows a few megabytes: one that is too large by itself is not kept, else the oldest go first.
  const fits = (some) => { try { localStorage.setItem(KEPT, JSON.stringify(some)); return true; } catch { return false; } };
  let some = entries.slice(0, MOST);
  if (some.length && !fits(some.slice(0, 1))) some = some.slice(1);
  while (!fits(some) && some.length) some = some.slice(0, -1);
  list();
}

function keep(reading) {
  const text = (of) => JSON.stringify(of.segments.map((part) => part.source));
  const others = kept().filter((entry) => text(entry.reading) !== text(reading));
  store([{ at: shown.at, address: shown.address, reading: JSON.parse(JSON.stringify(reading)) }, ...others]);
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

async function reopen({ reading, address = "", at = Date.now() }) {
  undone.length = 0;
  const value = await server.reopen(reading);
  if (value.error) part("error").textContent = value.error;
  else { shown = { ...shown, run: "" }; show({ ...value, address, at }); }
}

// The time as it is here, without its zone: a file is read where it was saved.
function local(moment) {
  return new Date(moment - new Date(moment).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

async function save(button) {
  const { reading, address, at } = shown;
  const file = await server.save({ format: button.dataset.format, reading, address, read: local(at || Date.now()) });
  if (file.error) { part("error").textContent = file.error; return; }
  warta.download(file.name, Uint8Array.from(atob(file.data), (c) => c.charCodeAt(0)), file.type);
}

function english() {
  const paragraphs = [];
  const notes = [];
  const told = (place) => {
    const marks = [...place.querySelectorAll(".flags li")].map((each) => [...each.querySelectorAll("b, span")].map((child) => child.textContent).join(": ") || each.textContent);
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

// Correcting: the sentence opens to other translations, a field for one's own, and a term for the glossary.
const SENTENCES = ".pair, .title .head";
const sourceOf = (place) => (place.matches(".pair") ? place.querySelector(".source").textContent : place.dataset.source);
const englishOf = (place) => place.querySelector(place.matches(".pair") ? ".target > p" : ".headline");
const undone = [];
let editing = null;

function made(tag, values = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) name in element ? (element[name] = value) : element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

function pressed(name, action, values = {}) {
  return made("button", { type: "button", textContent: word(name), onclick: action, ...values });
}

function edit(place) {
  if (!shown.reading || shown.phase !== "done") return;
  if (editing && editing.place === place) { editing.field.focus(); return; }
  close();
  const field = made("textarea", { className: "english", rows: 3, lang: "en", value: englishOf(place).textContent });
  const others = made("div", { className: "others", role: "status" }, word("correct_looking"));
  const fault = made("p", { className: "fault", role: "alert" });
  const box = made("div", { className: "editor", role: "group" });
  box.setAttribute("aria-label", word("correct"));
  const label = made("label", {}, made("span", { textContent: word("correct_yours") }), field);
  const kept = shownOwn ? [pressed("correct_remember", () => correct(true), { className: "remember" })] : [];
  const deeds = made("div", { className: "deeds" }, pressed("correct_use", () => correct(false), { className: "use" }), ...kept, pressed("correct_cancel", () => close(true), { className: "cancel" }));
  const hint = shownOwn ? [made("p", { className: "hint", textContent: word("correct_remember_hint") }), term(place)] : [];
  box.append(made("p", { className: "label", textContent: word("correct_others") }), others, label, deeds, fault, ...hint);
  (place.querySelector(".target") || place).append(box);
  place.classList.add("editing");
  editing = { place, box, field, fault, source: sourceOf(place) };
  field.focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  offer(editing, others);
}

async function offer(at, place) {
  const answer = await server.others({ reading: shown.reading, source: at.source });
  if (!place.isConnected) return;
  const now = at.field.value.trim();
  const found = (answer.others || []).filter((each) => each !== now);
  if (answer.error || !found.length) { place.textContent = answer.error || word("correct_none"); return; }
  place.replaceChildren(made("ul", {}, ...found.map((each) => {
    const button = made("button", { type: "button", textContent: each, lang: "en", onclick: () => { at.field.value = each; at.field.focus(); } });
    return made("li", {}, button);
  })));
}

function term(place) {
  const source = made("input", { type: "text", lang: "id", className: "term-source" });
  const english = made("input", { type: "text", lang: "en", className: "term-english" });
  const add = pressed("term_add", () => define(source.value, english.value), { className: "define" });
  const field = (name, input) => made("label", {}, made("span", { textContent: word(name) }), input);
  const box = made("details", { className: "term" }, made("summary", { textContent: word("term") }), field("term_source", source), field("term_english", english), add);
  const chosen = String(window.getSelection()).trim();
  if (chosen && sourceOf(place).includes(chosen)) { source.value = chosen; box.open = true; }
  return box;
}

// Words selected in the Indonesian are the term.
document.addEventListener("selectionchange", () => {
  const box = editing?.box.querySelector(".term");
  const selection = window.getSelection();
  const chosen = String(selection).trim();
  if (!box || !chosen || !editing.place.contains(selection.anchorNode) || editing.box.contains(selection.anchorNode)) return;
  if (!editing.source.includes(chosen)) return;
  box.querySelector(".term-source").value = chosen;
  box.open = true;
});

function close(back = false) {
  if (!editing) return;
  const { place, box } = editing;
  box.remove();
  place.classList.remove("editing");
  editing = null;
  if (!back) return;
  if (place.matches(".pair")) go(place);
  else place.querySelector(".correct")?.focus();
}

// Asks the server for the reading as it is to be; what was before can be had again.
async function change(work, said, before) {
  const at = editing;
  const place = at.place.id;
  const old = shown.reading;
  for (const each of at.box.querySelectorAll("button, input, textarea")) each.disabled = true;
  at.fault.textContent = word("working");
  const answer = await work(old);
  if (answer.error) {
    for (const each of at.box.querySelectorAll("button, input, textarea")) each.disabled = false;
    at.fault.textContent = answer.error;
    return;
  }
  undone.push({ reading: old, place, ...before(answer) });
  replaced(answer.values, place, said);
}

function replaced(values, place, said) {
  close();
  const { address, at } = shown;
  shown = { ...shown, run: "" };
  part("error").textContent = "";
  show({ ...values, address, at });
  keep(values.reading);
  part("changed").hidden = false;
  part("what-changed").textContent = word(said);
  view.querySelector("[data-action=undo]").hidden = !undone.length;
  const row = place && document.getElementById(place);
  if (row) go(row);
  remembered();
}

function correct(remember) {
  const { source, field } = editing;
  const english = field.value;
  const ask = (reading) => server.correct({ reading, source, english, remember });
  change(ask, remember ? "correct_kept" : "correct_done", (answer) => (remember ? { source, before: answer.before } : {}));
}

function define(words, english) {
  change((reading) => server.define({ reading, term: words, english }), "term_kept", (answer) => ({ term: words, meant: answer.before }));
}

async function undo() {
  const last = undone.pop();
  if (!last) return;
  const answer = await server.revert(last);
  if (answer.error) { part("error").textContent = answer.error; return; }
  replaced(answer.values, last.place, "correct_undone");
}

// What is kept on the server, in a line.
let shownOwn = false;
function keptLine(answer) {
  shownOwn = Boolean(answer?.own);
  part("kept-line").textContent = answer?.error || answer?.line || "";
  view.querySelector("[data-action=askMemory]").hidden = !shownOwn;
}

async function remembered() { keptLine(await server.kept({})); }

function which(asking) {
  const ask = view.querySelector("[data-action=askMemory]");
  part("which").hidden = !asking;
  ask.hidden = asking;
  (asking ? part("which").querySelector("[data-action=keepMemory]") : ask).focus();
}

async function forget(all) {
  which(false);
  keptLine(await server.forget({ all }));
}

// Finding: Enter goes on to the next sentence that has the words, in either language.
let hits = [];
let hit = -1;
function find() {
  const wanted = part("find").value.trim().toLowerCase();
  const rows = wanted ? [...view.querySelectorAll(".pair")] : [];
  hits = rows.filter((row) => [".source", ".target > p"].some((each) => row.querySelector(each).textContent.toLowerCase().includes(wanted)));
  hit = -1;
  light(wanted);
  part("hits").textContent = !wanted ? "" : hits.length ? word("found", { which: 0, count: hits.length }) : word("found_none");
}

function light(wanted) {
  if (!window.Highlight || !CSS.highlights) return;
  const ranges = [];
  for (const row of hits) {
    for (const place of row.querySelectorAll(".source, .target > p")) {
      const text = place.firstChild;
      const low = place.textContent.toLowerCase();
      if (!text || low.length !== place.textContent.length) continue;
      for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, at + wanted.length)) {
        const range = new Range();
        range.setStart(text, at);
        range.setEnd(text, at + wanted.length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function further(step) {
  if (!hits.length) return;
  hit = (hit + step + hits.length) % hits.length;
  part("hits").textContent = word("found", { which: hit + 1, count: hits.length });
  view.querySelectorAll(".pair.lit").forEach((row) => row.classList.remove("lit"));
  hits[hit].classList.add("lit");
  hits[hit].scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
}

part("find").addEventListener("input", find);
part("find").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
  further(event.shiftKey ? -1 : 1);
});

const actions = {
  copy: async (button) => { if (await warta.copy(english())) warta.said(button, button.dataset.done); },
  save,
  restore,
  captions: (button) => { button.disabled = true; document.getElementById("captions-go").click(); },
  edit: () => {
    if (shown.reading) fill(written(shown.reading));
    unfold();
    document.querySelector("#article textarea")?.focus();
  },
  halt: () => document.getElementById("read-halt").click(),
  next,
  mode: (button) => mode(button.dataset.mode),
  size: (button) => size(Number(button.dataset.step)),
  ask: (button) => sure(true, button),
  keep: () => sure(false),
  clear: () => { store([]); sure(false); },
  print: () => window.print(),
  reopen: (button) => reopen(kept()[button.dataset.index]),
  correct: (button) => edit(button.closest(SENTENCES)),
  undo,
  askMemory: () => which(true),
  keepMemory: () => which(false),
  forgetMade: () => forget(false),
  forgetAll: () => forget(true),
};

view.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const jump = event.target.closest("a.jump");
  if (jump) { event.preventDefault(); go(document.querySelector(jump.getAttribute("href"))); }
  else if (button?.classList.contains("claim")) claim(button);
  else if (button?.dataset.action) actions[button.dataset.action](button);
});

part("rows").addEventListener("keydown", (event) => {
  if (event.target.closest(".editor")) return;
  if (event.key === "Enter" && event.target.matches(".pair") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); edit(event.target); return; }
  const rows = [...view.querySelectorAll(".pair")];
  const at = rows.indexOf(event.target.closest(".pair"));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined || !rows[next]) return;
  event.preventDefault();
  go(rows[next]);
});

part("rows").addEventListener("click", (event) => {
  const row = event.target.closest(".pair");
  if (!row || String(window.getSelection()) || event.target.closest("button, a, .editor")) return;
  if (event.target.closest(".target > p")) edit(row);
  else go(row);
});

view.addEventListener("keydown", (event) => {
  if (!event.target.closest(".editor")) return;
  if (event.key === "Escape") close(true);
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) correct(false);
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
remembered();
warta.resume((reading) => reopen(reading));
warta.current = () => (shown.reading ? { reading: shown.reading, address: shown.address, at: shown.at } : null);
