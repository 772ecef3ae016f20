"""How soon the first sentence stands on the page after the press, in a real browser.

``python -m eval.bench.page [--model NAME] [--runs N] [--chromium PATH] [--json FILE]``. Starts
``warta serve``, opens the page in headless Chromium on the same machine, and reads each of the project's
examples: one reading to warm up, then ``N`` timed ones.
Seconds from the press of the button to the first English text, and to the end of the reading, and how much
the layout moved meanwhile (cumulative layout shift, without what the press itself did).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from eval.bench.documents import free_port, running

ROOT = Path(__file__).parents[2]
EXAMPLES = ("harga-pangan.txt", "banjir-tiga-desa.txt")
ENGLISH = ".view .title h2, .view .pair .target > p"
FIRST = f"() => [...document.querySelectorAll('{ENGLISH}')].some(e => e.textContent)"


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts.push(each.value);
  }).observe({ type: "layout-shift" });
"""
"""Has the browser note how much moves: https://web.dev/articles/cls."""


def once(browser: Browser, site: str, text: str) -> tuple[float, float, float]:
    """Return seconds to the first English text and to the end, and the layout shift, on a fresh page."""
    # A context of its own has no cache and no storage, as a new reader.
    page = browser.new_context().new_page()
    page.set_default_timeout(180_000)
    # Gradio's page asks for its first state after it has loaded.
    with page.expect_response(lambda answer: "/run/predict" in answer.url):
        page.goto(site)
    page.wait_for_selector("#article textarea")
    page.fill("#article textarea", text)
    page.wait_for_timeout(500)
    page.evaluate(SHIFTS)
    began = time.perf_counter()
    page.click("#read-go")
    # Looked at each 20 ms, which is the measure's error; the default, each frame, would compete with the page
    # for the frame's time.
    page.wait_for_function(FIRST, polling=20)
    first = time.perf_counter() - began
    page.wait_for_selector('.view[data-phase="done"]')
    whole = time.perf_counter() - began
    page.wait_for_timeout(500)
    shift = sum(page.evaluate("window.shifts"))
    page.context.close()
    return first, whole, shift


def main() -> None:
    """Print a line an example; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="gemma-3-270m")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    port = free_port()
    # Without the memory, which would answer every reading but the first.
    command = [sys.executable, "-m", "warta", "serve", "--port", str(port), "--model", options.model]
    command.append("--no-memory")
    values = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(command, values, Path(folder), port),
        sync_playwright() as play,
    ):
        site = f"http://127.0.0.1:{port}"
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for name in EXAMPLES:
            text = (ROOT / "examples" / name).read_text("utf-8")
            once(browser, site, text)
            runs = [once(browser, site, text) for _ in range(options.runs)]
            firsts, wholes, shifts = (sorted(each) for each in zip(*runs, strict=True))
            row = {"example": name, "first_s": firsts, "whole_s": wholes, "shift": shifts}
            rows.append(row)
            first = f"{statistics.median(firsts):.2f} s ({min(firsts):.2f} to {max(firsts):.2f})"
            print(
                f"{name:24} first sentence {first}, whole {statistics.median(wholes):.1f} s, "
                f"layout shift {statistics.median(shifts):.3f}",
                flush=True,
            )
        browser.close()
    if options.json:
        options.json.write_text(json.dumps({"model": options.model, "rows": rows}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
