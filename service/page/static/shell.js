// Runs before anything else on the page: language, colours, keys, dropped files. Sends nothing anywhere.
(() => {
  const warta = window.warta;
  const word = (name) => warta.words[name] || name;
  const YEAR = 31536000;
  document.documentElement.lang = warta.language;
  // Gradio's file fields speak in words of their own; the style sheet puts this in their place.
  document.documentElement.style.setProperty("--drop", JSON.stringify(word("drop_files")));
  // Gradio asks the browser for its language; the reader's choice goes before.
  Object.defineProperty(navigator, "language", { configurable: true, get: () => warta.language });

  warta.fill = (root) => {
    for (const each of root.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
    for (const each of root.querySelectorAll("[data-word-label]")) each.setAttribute("aria-label", word(each.dataset.wordLabel));
    for (const each of root.querySelectorAll("[data-word-hint]")) each.placeholder = word(each.dataset.wordHint);
  };

  warta.said = (button, text) => {
    if (button.dataset.before) return;
    button.dataset.before = button.textContent;
    button.textContent = text;
    announce(text);
    setTimeout(() => { button.textContent = button.dataset.before; delete button.dataset.before; }, 2000);
  };

  function announce(text) {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
  }

  warta.copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Without HTTPS there is no clipboard but the old one.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  warta.download = (name, data, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  warta.share = async (model, route, sentences, keep) => {
    const address = new URL(location.pathname, location.origin);
    const values = { model, route, sentences, ...(keep ? { keep: 1 } : {}), language: warta.language };
    for (const [name, value] of Object.entries(values)) address.searchParams.set(name, value);
    const button = document.getElementById("share");
    if (await warta.copy(String(address))) warta.said(button, word("share_done"));
  };

  // A change of language loads the page again; what was there stays in this tab's own storage meanwhile.
  warta.choose = (language) => {
    if (language === warta.language) return;
    document.cookie = `warta-language=${language}; path=/; max-age=${YEAR}; samesite=lax`;
    const text = document.querySelector("#article textarea")?.value || "";
    const reading = warta.current?.() || null;
    sessionStorage.setItem("warta-draft", JSON.stringify({ text, reading }));
    const address = new URL(location.href);
    address.searchParams.delete("language");
    if (String(address) === location.href) location.reload();
    else location.replace(address);
  };

  warta.resume = (reopen) => {
    const draft = JSON.parse(sessionStorage.getItem("warta-draft") || "null");
    sessionStorage.removeItem("warta-draft");
    if (!draft) return;
    // The field may not be the final one yet: it is filled until it keeps what it was given.
    const fill = () => {
      const area = document.querySelector("#article textarea");
      if (!area || area.value) return;
      area.value = draft.text;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    };
    if (draft.text) for (const wait of [0, 200, 500, 1200]) setTimeout(fill, wait);
    if (draft.reading) reopen(draft.reading);
  };

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const theme = () => localStorage.getItem("warta-theme") || "auto";
  function paint() {
    const wanted = theme() === "dark" || (theme() === "auto" && dark.matches);
    document.documentElement.style.colorScheme = wanted ? "dark" : "light";
    document.documentElement.classList.toggle("night", wanted);
    if (document.body && document.body.classList.contains("dark") !== wanted) document.body.classList.toggle("dark", wanted);
  }
  paint();
  dark.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", () => {
    paint();
    new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  });

  warta.masthead = (element) => {
    warta.fill(element);
    for (const each of element.querySelectorAll("[data-language]")) each.setAttribute("aria-pressed", each.dataset.language === warta.language);
    const select = element.querySelector("select");
    select.value = theme();
    select.addEventListener("change", () => { localStorage.setItem("warta-theme", select.value); paint(); });
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-language]");
      if (button) warta.choose(button.dataset.language);
      if (event.target.closest(".skip")) { event.preventDefault(); document.querySelector("#article textarea")?.focus(); }
    });
  };

  const visible = (selector) => [...document.querySelectorAll(selector)].find((each) => each.offsetParent !== null && !each.disabled);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const button = visible(".go");
      if (!button) return;
      event.preventDefault();
      event.stopPropagation();
      // What is typed reaches the server when the field is left.
      document.activeElement?.dispatchEvent(new Event("change", { bubbles: true }));
      setTimeout(() => button.click(), 30);
    } else if (event.key === "Escape") visible(".halt")?.click();
  }, true);

  // A file dropped anywhere goes to the visible tab's file control.
  const takes = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => { if (takes(event)) { event.preventDefault(); document.body.classList.add("dropping"); } });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    const field = document.querySelector("#open-file");
    const tab = document.querySelector("#reading .view");
    if (!takes(event) || !field || !tab || tab.offsetParent === null) return;
    const input = field.matches("input") ? field : field.parentElement.querySelector('input[type="file"]');
    if (!input) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
