"""How soon ``warta serve`` shows a page that can be used, in a home of its own whose model is prepared.

``python -m eval.bench.page_start [--runs N] [--model NAME] [--chromium PATH] [--json FILE]``. Each run starts
a server in an empty ``WARTA_HOME`` that has only this user's models, and opens the page in a headless
Chromium that runs already, as ``--open`` does. Seconds from the start of the process to its first answer, and
to a page whose settings are filled and whose button can be pressed; processor seconds of the server till
then, which depend less on what else the machine does. A run before them is not counted: it fills the caches
of the disk.
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

import platformdirs
from playwright.sync_api import Browser, sync_playwright

from eval.bench.documents import core_seconds, free_port, running

ROOT = Path(__file__).parents[2]


def once(browser: Browser, models: Path, model: str) -> tuple[float, float, float]:
    """Return seconds to the first answer and to a usable page, and the server's processor seconds."""
    port = free_port()
    command = [sys.executable, "-m", "warta", "serve", "--port", str(port), "--model", model]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "models").symlink_to(models.resolve())
        values = {**os.environ, "PYTHONPATH": str(ROOT), "WARTA_HOME": str(home)}
        began = time.perf_counter()
        with running(command, values, Path(folder), port) as pid:
            answered = time.perf_counter() - began
            page = browser.new_context().new_page()
            page.set_default_timeout(180_000)
            with page.expect_response(lambda answer: "/run/predict" in answer.url):
                page.goto(f"http://127.0.0.1:{port}")
            page.fill("#article textarea", "Harga beras naik.")
            page.wait_for_selector("#read-go:enabled")
            usable, used = time.perf_counter() - began, core_seconds(pid)
            page.context.close()
    return answered, usable, used


def main() -> None:
    """Print a line a run and the medians; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="gemma-3-270m")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    models = Path(os.environ.get("WARTA_HOME") or platformdirs.user_cache_path("warta")) / "models"
    rows = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        once(browser, models, options.model)
        for _ in range(options.runs):
            load = os.getloadavg()[0]
            rows.append((*once(browser, models, options.model), load))
            print(
                "answer {:.1f} s, usable {:.1f} s, processor {:.1f} s, load {:.1f}".format(*rows[-1]),
                flush=True,
            )
        browser.close()
    medians = [statistics.median(column) for column in zip(*rows, strict=True)]
    print("median: answer {:.1f} s, usable {:.1f} s, processor {:.1f} s, load {:.1f}".format(*medians))
    if options.json:
        names = ("answer_s", "usable_s", "processor_s", "load")
        values = {"model": options.model, "runs": [dict(zip(names, row, strict=True)) for row in rows]}
        options.json.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
