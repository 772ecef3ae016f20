// Keep the answers in this browser while they are given, and save them as CSV. Nothing is sent anywhere.
"use strict";
const form = document.getElementById("sheet");
const place = "warta-sheet-" + form.dataset.sheet;

function values() {
  return Object.fromEntries(new FormData(form));
}

function restore() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(place) || "{}");
  } catch {
    return;
  }
  for (const [name, value] of Object.entries(kept)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
}

function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) && text !== "=" ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function table() {
  const given = values();
  const columns = form.dataset.columns.split(",");
  const rows = [[...columns, "sheet " + form.dataset.sheet]];
  for (const article of form.querySelectorAll("article")) {
    const number = article.dataset.item;
    const known = { item: number };
    rows.push(columns.map((name) => known[name] ?? given[name + "-" + number] ?? ""));
  }
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

form.addEventListener("input", () => {
  try {
    localStorage.setItem(place, JSON.stringify(values()));
  } catch {
    // A browser that keeps nothing still saves at the end.
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const link = document.createElement("a");
  const rater = (values().rater || "rater").replace(/[^\w.-]+/g, "_");
  link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
  link.download = rater + ".csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  const answered = form.querySelectorAll("input[type=radio]:checked").length;
  document.getElementById("done").value = answered + " answered, saved as " + link.download;
});

restore();
