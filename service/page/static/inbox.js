// The inbox: a list of any length, of which only what is in sight is in the page; keys as in a mail reader.
const warta = window.warta;
warta.fill(element);
const root = element.querySelector(".news");
const part = (name) => root.querySelector("." + name);
const form = part("filters");
const scroll = part("scroll");
const items = part("items");
const word = (name, values = {}) => (warta.words[name] || name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
const PAGE = 100;
const SPARE = 6;
let pages = new Map();
let total = 0;
let asked = 0;
let at = 0;
let height = 0;
let shown = new Map();
let pending = -1;

const wanted = () => {
  const data = new FormData(form);
  const flags = Object.fromEntries(["marked", "starred", "open"].map((name) => [name, data.has(name)]));
  return { search: data.get("search"), since: data.get("since"), feed: Number(data.get("feed") || 0), word: data.get("word") || "", name: data.get("name") || "", ...flags };
};
const row = (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE];
const text = (tag, classes, value, lang) => {
  const made = document.createElement(tag);
  made.className = classes;
  made.textContent = value;
  if (lang) made.lang = lang;
  return made;
};
const button = (classes, value, action) => {
  const made = text("button", classes, value);
  made.type = "button";
  made.dataset.action = action;
  return made;
};
const when = (iso) => new Intl.DateTimeFormat(warta.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

async function load(page, run, into = pages) {
  if (into.has(page)) return;
  into.set(page, []);
  const found = await server.stories({ ...wanted(), offset: page * PAGE, limit: PAGE });
  if (run !== asked) return;
  part("problem").textContent = found.error || "";
  into.set(page, found.stories || []);
  pages = into;
  total = found.total || 0;
  part("count").textContent = total === 1 ? word("inbox_one") : word("inbox_count", { count: total.toLocaleString(warta.language) });
  draw(true);
}

async function search() {
  asked += 1;
  pages = new Map();
  at = 0;
  const run = asked;
  await load(0, run);
  if (run === asked) { scroll.scrollTop = 0; draw(true); root.dataset.answered = String(run); }
}

// What came meanwhile, or was read, is shown when the tab is shown again; the reader's place stays, and the rows
// before it until the new ones are there, so that no key meets an empty list.
async function refresh() {
  asked += 1;
  await load(Math.floor(at / PAGE), asked, new Map());
}

function item(index) {
  const one = row(index);
  const made = document.createElement("li");
  made.className = "item";
  made.dataset.index = index;
  made.style.transform = `translateY(${index * height}px)`;
  made.setAttribute("aria-setsize", total);
  made.setAttribute("aria-posinset", index + 1);
  if (!one) { made.append(text("p", "brief", "…")); return made; }
  made.dataset.id = one.id;
  made.classList.toggle("finished", one.done);
  const head = document.createElement("div");
  head.className = "head";
  const open = button("title", one.headline || one.title, "open");
  open.lang = one.headline ? "en" : "id";
  open.tabIndex = index === at ? 0 : -1;
  const star = button("mark", one.star ? "★" : "☆", "star");
  star.setAttribute("aria-pressed", one.star);
  star.setAttribute("aria-label", word("inbox_star"));
  const done = button("mark", "✓", "done");
  done.setAttribute("aria-pressed", one.done);
  done.setAttribute("aria-label", word("inbox_done"));
  star.tabIndex = done.tabIndex = open.tabIndex;
  head.append(open, star, done);
  const meta = document.createElement("p");
  meta.className = "meta";
  meta.append(text("span", "source", one.source), " · ", text("time", "", when(one.published)));
  meta.querySelector("time").dateTime = one.published;
  if (one.marks) meta.append(" · ", text("span", "flag", word(one.marks === 1 ? "inbox_mark" : "inbox_marks", { count: one.marks })));
  if (one.sources > 1) {
    const sources = button("link", word("inbox_sources", { count: one.sources }), "story");
    sources.tabIndex = open.tabIndex;
    meta.append(" · ", sources);
  }
  // Last, as there may be many of them: what does not fit is left out of sight.
  for (const each of one.words) meta.append(" ", text("span", "chip", each));
  made.append(head, text("p", "brief", one.brief, "en"), meta);
  return made;
}

// Rows are of one height, so that where each stands is known without any of them being there.
function draw(anew = false) {
  if (!scroll.clientHeight) return;
  height = parseFloat(getComputedStyle(items).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  items.style.height = `${total * height}px`;
  // Few stories take little room; none still takes a row's, as what has no height is taken for a tab not shown.
  scroll.style.setProperty("--all", `${Math.max(total, 1) * height + 4}px`);
  const first = Math.max(0, Math.floor(scroll.scrollTop / height) - SPARE);
  const last = Math.min(total, Math.ceil((scroll.scrollTop + scroll.clientHeight) / height) + SPARE);
  const focused = items.contains(document.activeElement) ? [document.activeElement.closest("li")?.dataset.index, document.activeElement.dataset.action] : null;
  for (const [index, made] of shown) if (anew || index < first || index >= last) { made.remove(); shown.delete(index); }
  for (let index = first; index < last; index += 1) {
    if (!shown.has(index)) {
      const made = item(index);
      // In reading order: what follows is looked for, not appended behind it.
      let next = null;
      for (const [other, there] of shown) if (other > index && (!next || other < Number(next.dataset.index))) next = there;
      items.insertBefore(made, next);
      shown.set(index, made);
    }
    if (!row(index)) load(Math.floor(index / PAGE), asked);
  }
  const waited = shown.get(pending)?.querySelector(".title");
  if (waited) { pending = -1; waited.focus({ preventScroll: true }); }
  else if (focused && focused[0] !== undefined) items.querySelector(`li[data-index="${focused[0]}"] [data-action="${focused[1]}"]`)?.focus({ preventScroll: true });
}

function go(index, focus = true) {
  if (index < 0 || index >= total) return;
  const before = shown.get(at);
  at = index;
  if (before) for (const each of before.querySelectorAll("button")) each.tabIndex = -1;
  if (index * height < scroll.scrollTop) scroll.scrollTop = index * height;
  else if ((index + 1) * height > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = (index + 1) * height - scroll.clientHeight;
  // A row that is still to come gets the focus when it is there.
  pending = focus ? index : -1;
  draw();
  for (const each of shown.get(index)?.querySelectorAll("button") ?? []) each.tabIndex = 0;
}

async function mark(index, name) {
  const one = row(index);
  if (!one) return;
  one[name] = !one[name];
  draw(true);
  const answer = await server.mark({ id: one.id, [name]: one[name] });
  if (answer.error) { one[name] = !one[name]; part("problem").textContent = answer.error; draw(true); }
}

function open(index) {
  const one = row(index);
  if (one) trigger("open_story", { id: one.id });
}

function linked(url, name) {
  if (!/^https?:\/\//i.test(url)) return text("span", "", name);
  const made = text("a", "", name);
  made.href = url;
  made.rel = "noopener noreferrer";
  made.target = "_blank";
  return made;
}

// A sentence in English where it was read already, then as its source has it.
const both = (spot) => (spot.english ? [text("span", "", spot.english, "en"), " ", text("span", "original", spot.text, "id")] : [text("span", "", spot.text, "id")]);
const place = (article, sentence) => `story-${article}-${sentence}`;
const jump = (spot) => {
  const made = text("a", "jump", spot.sentence < 0 ? word("inbox_headline") : word("sentence", { number: spot.sentence + 1 }));
  made.href = "#" + place(spot.article, spot.sentence);
  return made;
};

async function story(index) {
  const one = row(index);
  const found = one && await server.story({ id: one.id });
  if (!found) return;
  if (found.error) { part("problem").textContent = found.error; return; }
  const area = part("story");
  area.replaceChildren(text("h2", "", word("inbox_story_of", { count: found.sources.length })));
  if (found.differences.length) {
    area.append(text("h3", "", word("inbox_differ")));
    const list = document.createElement("ul");
    list.className = "differences";
    for (const each of found.differences) {
      const line = document.createElement("li");
      for (const [spot, figures] of [[each.one, each.figures], [each.other, each.other_figures]]) {
        const side = document.createElement("p");
        side.append(text("b", "", figures.join(", ")), " ", ...both(spot), " (", text("span", "", found.names[spot.article] || ""), ", ", jump(spot), ")");
        line.append(side);
      }
      list.append(line);
    }
    area.append(list);
  }
  for (const source of found.sources) {
    const head = text("h3", "", "");
    head.append(linked(source.url, source.name));
    if (!source.copy) {
      const read = button("link", word("inbox_read"), "read");
      read.dataset.id = source.id;
      head.append(" ", read);
    }
    area.append(head);
    if (source.copy) { area.append(text("p", "hint", word("inbox_copy"))); continue; }
    if (source.added.length) {
      area.append(text("p", "hint", word("inbox_adds")));
      const list = document.createElement("ul");
      for (const spot of source.added) { const line = document.createElement("li"); line.append(...both(spot), " ", jump(spot)); list.append(line); }
      area.append(list);
    }
    const whole = document.createElement("details");
    whole.append(text("summary", "", word("inbox_text")));
    const list = document.createElement("ol");
    const title = text("p", "", source.title, "id");
    title.id = place(source.id, -1);
    title.tabIndex = -1;
    for (const [number, sentence] of source.sentences.entries()) { const line = text("li", "", sentence, "id"); line.id = place(source.id, number); line.tabIndex = -1; list.append(line); }
    whole.append(title, list);
    area.append(whole);
  }
  area.hidden = false;
  area.tabIndex = -1;
  area.focus();
}

part("story").addEventListener("click", (event) => {
  const read = event.target.closest("button[data-id]");
  if (read) { trigger("open_story", { id: Number(read.dataset.id) }); return; }
  const link = event.target.closest("a.jump");
  if (!link) return;
  event.preventDefault();
  const there = document.getElementById(link.getAttribute("href").slice(1));
  there.closest("details").open = true;
  there.focus();
  there.scrollIntoView({ block: "center" });
});

function options(select, values) {
  const chosen = select.value;
  select.replaceChildren(...[["", word("inbox_any")], ...values].map(([value, name]) => { const made = text("option", "", name); made.value = value; return made; }));
  select.value = chosen;
}

const SVG = "http://www.w3.org/2000/svg";
// A day is a step to the right; the axis is labelled with none and with the most of a day.
function plot(counts) {
  const make = (name, attributes, words = "") => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = words;
    return element;
  };
  const svg = make("svg", { viewBox: "0 0 160 36", "aria-hidden": "true" });
  const most = Math.max(1, ...counts);
  const points = counts.map((count, n) => `${22 + (n * 136) / Math.max(1, counts.length - 1)},${32 - (28 * count) / most}`);
  svg.append(
    make("path", { class: "axis", d: "M20 2V33H159" }),
    make("text", { x: 16, y: 10 }, most),
    make("text", { x: 16, y: 34 }, 0),
    make("polyline", { points: points.join(" ") }),
  );
  return svg;
}

async function facets() {
  const found = await server.facets({});
  if (found.error) { part("problem").textContent = found.error; return; }
  options(form.elements.feed, found.feeds.map((feed) => [feed.id, feed.name]));
  options(form.elements.word, found.trends.map((each) => [each.word, `${each.word} (${each.total})`]));
  options(form.elements.name, found.names.map((each) => [each.name, `${each.name} (${each.count})`]));
  const list = part("trends").querySelector("ul");
  list.replaceChildren(...found.trends.map((each) => {
    const line = document.createElement("li");
    line.append(text("b", "", each.word), plot(each.counts), text("span", "hint", word("inbox_trend", { total: each.total, days: each.counts.length, last: each.counts.at(-1) })));
    return line;
  }));
  part("trends").hidden = !found.trends.length;
}

let typing = 0;
form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 25); });
form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
scroll.addEventListener("scroll", () => requestAnimationFrame(() => draw()), { passive: true });
items.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  const line = event.target.closest("li");
  if (!pressed || !line) return;
  const index = Number(line.dataset.index);
  go(index, false);
  const deeds = { open: () => open(index), star: () => mark(index, "star"), done: () => mark(index, "done"), story: () => story(index) };
  deeds[pressed.dataset.action]();
});
document.addEventListener("keydown", (event) => {
  if (!root.offsetParent || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const inside = items.contains(document.activeElement);
  const keys = {
    j: () => go(inside ? at + 1 : at), k: () => go(at - 1), o: () => open(at), s: () => mark(at, "star"), e: () => mark(at, "done"), g: () => story(at),
    "/": () => form.elements.search.focus(),
    ...(inside ? { Home: () => go(0), End: () => go(total - 1), ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1) } : {}),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
// A tab that is not shown has no height: the list is drawn when it is.
new ResizeObserver(() => draw(true)).observe(scroll);
let begun = false;
new IntersectionObserver((seen) => {
  if (!seen.some((each) => each.isIntersecting)) return;
  if (begun) refresh();
  else { begun = true; search(); }
  facets();
}).observe(root);
