"""The page in a real browser: read, stop, files, errors, keys, phones, colours, languages, requests."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.document import Decoding, Output
from service.engines.echo import EchoEngine
from service.models.store import Store
from service.pipeline import Pipeline, build_pipeline
from service.pool import Host
from service.runtime.batching import SharedEngine
from service.settings import Settings

pytest.importorskip("gradio", reason="the page needs warta[serve]")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("WARTA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

# Gradio counts its events by ways that pandas is about to drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TABS = ("Read", "Inbox", "Batch", "Check", "Compare", "Evaluate", "Models")
EXAMPLE = (Path(__file__).parents[2] / "examples" / "banjir-tiga-desa.txt").read_text("utf-8")
SLOW = "Judul Yang Lambat\n\n" + " ".join(f"Kalimat lambat nomor {n} masih ditulis." for n in range(1, 61))
HOSTILE = (
    "Beranda\nDaerah\n\n"
    'Banjir Rendam <img src=x onerror="window.hit=1"> Tiga Desa di Demak\n\n'
    "Senin, 23 November 2026 | 19:05 WIB\nBagikan\n\n"
    "DEMAK - Banjir merendam <b>340 rumah</b> <script>window.hit=2</script> "
    "di tiga desa di Demak sejak Senin malam. "
    'Warga mengungsi ke balai desa "><svg onload=window.hit=3> serta ${window.hit=4} dan {{hit}} juga.\n\n'
    "Kepala desa mengatakan air mulai surut pada Selasa sore <iframe src=javascript:alert(1)></iframe>.\n\n"
    'Baca juga: <img src=x onerror="window.hit=5"> Hujan Deras di Kudus\n\n'
    "Pemerintah kabupaten menyalurkan bantuan beras kepada warga yang mengungsi.\n\n"
    'Tags: banjir, <img src=x onerror="window.hit=6">\n'
    "Berita Terkait\nCopyright © 2026 Kabar. All rights reserved.\n"
)


class Slowly(EchoEngine):
    """The echo, which takes its time over sentences that say so."""

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        time.sleep(0.05 * sum("lambat" in text for text in texts))
        return super().generate(texts, decoding)


class EchoHost(Host):
    """A host of one pipeline."""

    def pipeline(self, *_: Any, **__: Any) -> Pipeline:
        return self._only

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._only = build_pipeline(settings, lambda _: None, lambda _: SharedEngine(Slowly()))


def serving(host: Host, **limits: Any) -> Iterator[str]:
    """The address of a server over ``host``, for as long as it is wanted."""
    import uvicorn

    from service.api.app import create_app
    from service.api.config import ServerConfig

    config = ServerConfig(**{"requests_per_minute": 100_000, **limits})
    server = uvicorn.Server(
        uvicorn.Config(create_app(host, config), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over the echo."""
    yield from serving(
        EchoHost(Settings(tmp_path_factory.mktemp("home"), model="echo")), text_chars=5000, page_chars=5000
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Tab:
    """A page in a fresh browser profile, with all that it asked for and complained of."""

    def __init__(self, browser: Any, site: str, query: str = "", **options: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        # What the page asks once it is open fills its settings: nobody is quicker but a script.
        with self.page.expect_response(lambda answer: "/run/predict" in answer.url):
            self.page.goto(site + "/" + query)
        self.page.wait_for_selector("#reading .view")
        self.page.wait_for_selector(
            "#article textarea, #check-source textarea, .catalogue, #batch-go", state="attached"
        )

    def open(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def read(self, text: str, phase: str = "done") -> None:
        self.edit()
        self.page.fill("#article textarea", text)
        # A reading before this one has its phase still: only what comes now counts.
        self.page.evaluate("document.querySelector('.view').removeAttribute('data-phase')")
        self.page.click("#read-go")
        self.wait(phase)

    def edit(self) -> None:
        """Unfold the input, if something has been read."""
        button = self.page.locator(".view .folded button")
        if button.is_visible():
            button.click()

    def wait(self, phase: str) -> None:
        self.page.wait_for_selector(f'.view[data-phase="{phase}"]')

    def rows(self) -> list[str]:
        return self.page.locator(".view .pair .target > p").all_text_contents()  # type: ignore[no-any-return]


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Tab]:
    opened = Tab(browser, site)
    yield opened
    assert opened.faults == []
    opened.context.close()


def test_an_article_is_read_with_the_keyboard_alone(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.insert_text(EXAMPLE)
    page.keyboard.press("Control+Enter")
    tab.wait("done")
    assert page.locator(".view .title h2").text_content().startswith("Banjir Rendam 340 Rumah")
    assert len(tab.rows()) == 10
    assert page.locator(".view .status").text_content().startswith("10 sentences in ")
    assert page.locator(".view .pair.opens").count() == 5
    # A claim opens to the Indonesian that it rests on, and lights it.
    page.locator(".written > summary").focus()
    page.keyboard.press("Enter")
    page.locator(".claim").nth(1).focus()
    page.keyboard.press("Enter")
    proof = page.locator("#proof2")
    assert "Hujan deras yang mengguyur" in proof.text_content()
    assert page.locator(".pair.lit .source").all_text_contents()[0].startswith("Hujan deras")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "s2"
    # One stop for all rows; the arrows go on from there, and the light goes with the focus.
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "s3"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.id") == "s10"
    assert page.locator('.pair[tabindex="0"]').count() == 1
    # What was set aside is there, folded.
    assert not page.locator(".furniture li").first.is_visible()
    page.locator(".furniture summary").focus()
    page.keyboard.press("Enter")
    assert "Jadwal Pemadaman Listrik" in page.locator(".furniture").inner_text()


def test_hovering_a_sentence_lights_its_other_side(tab: Tab) -> None:
    tab.read(EXAMPLE)
    row = tab.page.locator("#s4")
    before = row.evaluate("e => getComputedStyle(e).backgroundColor")
    row.locator(".source").hover()
    after = row.evaluate("e => getComputedStyle(e).backgroundColor")
    assert after != before
    # The light is the row's, so it lies under both sides.
    assert row.locator(".target > p").evaluate("e => e.closest('.pair').matches(':hover')")


def test_sentences_stream_and_escape_stops(tab: Tab) -> None:
    page = tab.page
    assert page.locator("#read-halt").is_disabled()
    page.fill("#article textarea", SLOW)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#s1")
    assert page.locator(".view").get_attribute("data-phase") == "running"
    assert re.match(r"\d+ of 61 sentences · echo", page.locator(".view .status").text_content())
    page.keyboard.press("Escape")
    tab.wait("stopped")
    done = len(tab.rows())
    assert 0 < done < 60
    assert f"Stopped after {done + 1} of 61" in page.locator(".view .status").text_content()
    assert page.locator("#read-halt").is_disabled()
    # What is there stays, and can be copied.
    page.get_by_role("button", name="Copy the English").click()
    assert "Kalimat lambat nomor 1" in page.evaluate("navigator.clipboard.readText()")


def test_a_new_run_replaces_the_old(tab: Tab) -> None:
    tab.page.fill("#article textarea", SLOW)
    tab.page.click("#read-go")
    tab.page.wait_for_selector("#s1")
    tab.read(EXAMPLE)
    assert len(tab.rows()) == 10
    tab.page.wait_for_timeout(600)  # nothing of the old one comes after
    assert len(tab.rows()) == 10
    assert tab.page.locator(".view").get_attribute("data-phase") == "done"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("   ", "Paste an article first"),
        ("kata " * 1500, "The text has 7,500 characters; at most 5,000"),
        ("ADVERTISEMENT\nFacebook | Twitter | WhatsApp", ""),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(tab: Tab, text: str, said: str) -> None:
    tab.read(text, "failed")
    alert = tab.page.locator(".view .error")
    assert said in alert.text_content()
    assert alert.text_content().strip()


def _docx() -> bytes:
    from docx import Document

    document = Document()
    for paragraph in EXAMPLE.split("\n\n"):
        document.add_paragraph(paragraph)
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def test_a_file_is_opened_or_dropped(tab: Tab) -> None:
    page = tab.page
    word = {"name": "berita.docx", "mimeType": "application/octet-stream", "buffer": _docx()}
    with page.expect_file_chooser() as chooser:
        page.click("#open-file")
    chooser.value.set_files([word])
    tab.wait("done")
    assert len(tab.rows()) == 10
    assert "Sungai Cikemiri" in page.input_value("#article textarea")
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], 'lain.txt', { type: 'text/plain' }));
          const how = { dataTransfer: data, bubbles: true, cancelable: true };
          for (const kind of ['dragover', 'drop'])
            document.querySelector('#article').dispatchEvent(new DragEvent(kind, how));
        }""",
        "Satu kalimat saja. Dua kalimat sekarang.",
    )
    page.wait_for_function("document.querySelectorAll('.view .pair').length === 2")
    tab.wait("done")


def test_a_file_that_is_no_article_is_refused_without_its_path(tab: Tab) -> None:
    with tab.page.expect_file_chooser() as chooser:
        tab.page.click("#open-file")
    chooser.value.set_files(
        [{"name": "foto.txt", "mimeType": "text/plain", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(99)}]
    )
    toast = tab.page.locator(".toast-body").first
    toast.wait_for()
    assert "foto.txt: a PNG image" in toast.inner_text()
    assert "/" not in toast.inner_text()


def test_an_address_inside_is_not_fetched(tab: Tab) -> None:
    tab.page.get_by_label("Address of an article").fill("http://127.0.0.1:8/secret")
    tab.page.get_by_role("button", name="Fetch").click()
    tab.page.locator(".toast-body").first.wait_for()
    assert "127.0.0.1" in tab.page.locator(".toast-body").first.inner_text()
    assert tab.page.input_value("#article textarea") == ""


def test_markup_in_an_article_stays_text(tab: Tab) -> None:
    tab.read(HOSTILE)
    page = tab.page
    assert "<script>window.hit=2</script>" in page.locator(".view .rows").inner_text()
    page.locator(".written > summary").click()
    page.locator(".claim").first.click()
    page.locator(".furniture summary").click()
    page.locator(".about summary").click()
    page.get_by_role("button", name="Indonesia", exact=True).click()
    page.wait_for_selector("html[lang=id]")
    tab.wait("done")
    tab.open("Periksa")
    page.fill("#check-source textarea", HOSTILE)
    page.fill("#check-target textarea", HOSTILE)
    page.click("#check-go")
    page.wait_for_selector("#check-result .pair")
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert (
        page.locator(
            "#reading img, #reading script, #reading iframe, #reading svg, #check-result img"
        ).count()
        == 0
    )


def test_every_format_is_saved_and_read_again(tab: Tab, tmp_path: Path) -> None:
    tab.read(EXAMPLE)
    saved = {}
    for name in ("Text", "Markdown", "Word", "HTML", "JSON", "XLIFF"):
        with tab.page.expect_download() as download:
            tab.page.get_by_role("button", name=f"Save as {name}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        saved[path.suffix] = path.read_bytes()
    assert saved[".txt"].decode().startswith("Banjir Rendam 340")
    assert saved[".md"].decode().startswith("# Banjir Rendam 340")
    assert len(json.loads(saved[".json"])["segments"]) == 10
    assert saved[".xlf"].decode().count("<unit id=") == 11
    with zipfile.ZipFile(BytesIO(saved[".docx"])) as archive:
        saved[".docx"] = archive.read("word/document.xml")
    today = tab.page.evaluate("new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format()")
    for name, data in saved.items():
        text = data.decode()
        assert "Sungai Cikemiri" in text, name
        assert "Warta, model echo" in text, name
        assert today in text, name
        # Neither what only a command line knows nor a hash.
        assert not re.search(r"--\w|warta (?:read|clean|models)|\b[0-9a-f]{12,}\b|@[0-9a-f]{7}", text), name


def test_history_stays_in_the_browser_and_opens_again(tab: Tab) -> None:
    tab.read(EXAMPLE)
    tab.page.reload()
    entry = tab.page.locator(".history li button")
    entry.wait_for()
    assert tab.rows() == []
    entry.click()
    tab.wait("done")
    assert len(tab.rows()) == 10
    tab.page.get_by_role("button", name="Forget all").click()
    tab.page.get_by_role("button", name="Keep them").click()
    assert tab.page.locator(".history li").count() == 1
    tab.page.get_by_role("button", name="Forget all").click()
    tab.page.get_by_role("button", name="Forget them").click()
    tab.page.wait_for_selector(".history", state="hidden")
    assert tab.page.evaluate("localStorage.getItem('warta-readings')") == "[]"


def test_a_link_carries_the_settings_and_no_text(browser: Any, site: str, tab: Tab) -> None:
    page = tab.page
    page.fill("#article textarea", "Rahasia besar.")
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Keep captions").check()
    page.fill("#sentences input", "2")
    page.press("#sentences input", "Tab")
    page.click("#share")
    page.wait_for_function("document.querySelector('#share').textContent.includes('copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "ahasia" not in link
    other = Tab(browser, link.rstrip("/").partition("/?")[0], "?" + link.partition("?")[2])
    other.page.wait_for_function("document.querySelector('#sentences input')?.value === '2'")
    assert other.page.get_by_label("Keep captions").is_checked()
    other.read(EXAMPLE)
    assert other.page.locator(".claim").count() == 2
    other.context.close()


def test_both_languages_and_what_was_there_stays(tab: Tab) -> None:
    tab.read(EXAMPLE)
    tab.page.get_by_role("button", name="Indonesia", exact=True).click()
    tab.page.wait_for_selector("html[lang=id]")
    tab.wait("done")
    assert len(tab.rows()) == 10
    tab.page.wait_for_function(
        "text => document.querySelector('#article textarea').value === text", arg=EXAMPLE
    )
    assert tab.page.get_by_label("Artikel berbahasa Indonesia").count() == 1
    names = tab.page.get_by_role("tab").all_text_contents()
    assert [name.strip() for name in names[:4]] == ["Baca", "Kotak Masuk", "Banyak", "Periksa"]
    assert tab.page.locator(".view .tools").inner_text().startswith("Salin teks Inggris")


def test_many_files_become_one_table(tab: Tab, tmp_path: Path) -> None:
    tab.open("Batch")
    page = tab.page
    page.click("#batch-go")
    page.wait_for_selector("#batch-result [role=alert]")
    rows = "".join(json.dumps({"text": text}) + "\n" for text in (EXAMPLE, "Satu kalimat.", ""))
    files = [
        {"name": "berita.jsonl", "mimeType": "application/json", "buffer": rows.encode()},
        {"name": "satu.docx", "mimeType": "application/octet-stream", "buffer": _docx()},
    ]
    page.set_input_files("#batch-files input[type=file]", files)
    page.wait_for_selector("#batch-files .file-preview")
    page.get_by_label("Both").check()
    page.click("#batch-go")
    page.wait_for_selector("#batch-result .done")
    assert "4 articles, 1 failed" in page.locator("#batch-result").inner_text()
    with page.expect_download() as download:
        page.click("#batch-save")
    download.value.save_as(tmp_path / "out.jsonl")
    made = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").split("\n") if line]
    assert [bool(row["error"]) for row in made] == [False, False, True, False]
    assert {row["place"].split(",")[0].split(":")[0] for row in made} == {"1-berita.jsonl", "2-satu.docx"}


def test_a_translation_is_checked(tab: Tab) -> None:
    tab.open("Check")
    page = tab.page
    page.fill("#check-source textarea", "Harga naik 12 persen.\nPresiden belum menandatanganinya.")
    page.fill("#check-target textarea", "Prices rose 21 percent.\nThe president has not signed it.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#check-result .pair")
    assert "1 of 2 to check" in page.locator("#check-result").inner_text()
    assert page.locator("#check-result .flagged").count() == 1
    assert "Number" in page.locator("#check-result .flags").inner_text()


def test_outputs_are_scored_and_the_report_is_kept(tab: Tab, tmp_path: Path) -> None:
    tab.open("Evaluate")
    page = tab.page
    reference = "The president has not signed the law yet.\nRice prices rose 12 percent in March.\n"
    outputs = {"a.txt": reference, "b.txt": "The president signed.\nPrices of <b>rice</b> rose in March.\n"}
    page.set_input_files(
        "#evaluate-outputs input[type=file]",
        [{"name": n, "mimeType": "text/plain", "buffer": t.encode()} for n, t in outputs.items()],
    )
    page.set_input_files(
        "#evaluate-reference input[type=file]",
        [{"name": "ref.txt", "mimeType": "text/plain", "buffer": reference.encode()}],
    )
    page.wait_for_selector("#evaluate-reference .file-preview")
    page.wait_for_selector("#evaluate-outputs .file-preview")
    page.click("#evaluate-go")
    page.wait_for_selector("#evaluate-result table")
    table = page.locator("#evaluate-result table").inner_text()
    assert "a.txt" in table
    assert "chrF2" in table
    assert page.locator("#evaluate-result .chart li").count() == 2
    with page.expect_download() as download:
        page.click("#evaluate-save")
    download.value.save_as(tmp_path / "report.zip")
    assert "report.html" in zipfile.ZipFile(tmp_path / "report.zip").namelist()


def test_models_show_their_licence_and_ask_for_consent(tab: Tab) -> None:
    tab.open("Models")
    page = tab.page
    card = page.locator('.card[data-name="mt5-xlsum"]')
    card.wait_for()
    assert "no commercial use" in card.inner_text()
    card.get_by_role("button").click()
    card.locator("[role=alert]").wait_for()
    assert "Accept the licence first" in card.inner_text()
    page.locator('.card[data-name="echo"]').get_by_role("button").click()
    tab.open("Read")
    page.get_by_role("button", name="Options").click()
    page.wait_for_function("document.querySelector('#model input')?.value === 'echo'")


def test_nothing_is_asked_of_any_other_origin(tab: Tab, site: str) -> None:
    tab.read(EXAMPLE)
    for name in TABS:
        tab.open(name)
        tab.page.wait_for_timeout(150)
    tab.page.get_by_role("button", name="Indonesia", exact=True).click()
    tab.page.wait_for_selector("html[lang=id]")
    # The reading comes back, and with it the input is folded: only a test could have seen it before.
    tab.wait("done")
    assert not tab.page.locator("#article textarea").is_visible()
    assert tab.page.locator(".folded .opening").inner_text().startswith("Banjir Rendam 340 Rumah")
    away = [url for url in tab.requests if not url.startswith((site + "/", "data:", "blob:"))]
    assert len(tab.requests) > 20
    assert "connect-src 'self'" in tab.page.reload().headers["content-security-policy"]
    assert away == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_tab(browser: Any, site: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = Tab(browser, site, color_scheme=scheme)
    found = {"empty": _violations(axe, tab)}
    tab.page.get_by_role("button", name="Options").click()
    tab.read(EXAMPLE)
    tab.page.locator(".written > summary").click()
    tab.page.locator(".claim").first.click()
    tab.page.locator(".furniture summary").click()
    found["read"] = _violations(axe, tab)
    tab.read("  ", "failed")
    found["failed"] = _violations(axe, tab)
    for name in TABS[1:]:
        tab.open(name)
        if name == "Check":
            tab.page.fill("#check-source textarea", "Harga naik 12 persen.")
            tab.page.fill("#check-target textarea", "Prices rose 21 percent.")
            tab.page.click("#check-go")
            tab.page.wait_for_selector("#check-result .pair")
        tab.page.wait_for_timeout(300)
        found[name] = _violations(axe, tab)
    assert {name: rules for name, rules in found.items() if rules} == {}
    night = tab.page.evaluate("document.documentElement.classList.contains('night')")
    assert night == (scheme == "dark")
    tab.context.close()


def _violations(axe: Any, tab: Tab) -> list[str]:
    tab.page.evaluate("Promise.all(document.getAnimations().map(each => each.finished.catch(() => 0)))")
    rules = axe.run(tab.page).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in rules for node in rule["nodes"]]


@pytest.mark.parametrize("size", [(320, 640), (360, 740), (768, 1024), (3840, 2160)])
def test_every_tab_fits_the_screen(browser: Any, site: str, size: tuple[int, int]) -> None:
    tab = Tab(browser, site, viewport={"width": size[0], "height": size[1]})
    tab.read(EXAMPLE)
    wide = {}
    for name in TABS:
        if tab.page.get_by_role("tab", name=name).first.is_visible():
            tab.open(name)
        else:
            tab.page.locator(".overflow-menu > button").click()
            tab.page.locator(".overflow-dropdown button", has_text=name).click()
        tab.page.wait_for_timeout(200)
        wide[name] = tab.page.evaluate("document.documentElement.scrollWidth") - size[0]
    assert max(wide.values()) <= 0, wide
    left, right = tab.page.evaluate(
        "(() => { const r = document.querySelector('main').getBoundingClientRect();"
        " return [r.left, document.documentElement.clientWidth - r.right]; })()"
    )
    assert abs(left - right) <= 2
    tab.context.close()


BOXES = """() => Object.fromEntries(["model", "route", "sentences"].map(id => {
  const field = document.querySelector(`#${id} .wrap-inner, #${id} input`);
  const box = (field.matches("input") ? field : field.parentElement).getBoundingClientRect();
  const text = document.querySelector(`#${id} input`), style = getComputedStyle(text);
  const shown = text.getBoundingClientRect();
  const label = document.querySelector(`#${id} [data-testid="block-info"]`).getBoundingClientRect();
  const inset = shown.left - box.left + parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
  const middle = (shown.top + shown.bottom) / 2;
  return [id, [label.top, box.top, box.bottom, middle, label.left - box.left, inset].map(Math.round)];
}))"""
"""Of each field: where its label, its edges and the middle of its text are; how far in its text is."""


@pytest.mark.parametrize("width", [360, 1440])
def test_the_options_stand_on_one_line(browser: Any, site: str, width: int) -> None:
    tab = Tab(browser, site, viewport={"width": width, "height": 900})
    tab.page.get_by_role("button", name="Options").click()
    tab.page.locator("#sentences input").wait_for()
    tab.page.evaluate("Promise.all(document.getAnimations().map(each => each.finished.catch(() => 0)))")
    boxes = tab.page.evaluate(BOXES)
    tops = [box[0] for box in boxes.values()]
    if width < 600:  # one under the other
        apart = [below - above for above, below in pairwise(tops)]
        assert max(apart) - min(apart) <= 1
        boxes = {id: [y - box[0] for y in box[:4]] + box[4:] for id, box in boxes.items()}
    for places in zip(*boxes.values(), strict=True):
        assert max(places) - min(places) <= 1, boxes
    tab.context.close()


def test_the_colours_can_be_chosen(tab: Tab) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(paper)
    tab.page.get_by_label("Colours").select_option("dark")
    dark = tab.page.evaluate(paper)
    assert light != dark
    tab.page.reload()
    tab.page.wait_for_selector("#article textarea")
    assert tab.page.evaluate(paper) == dark


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=pyproject.toml",
        "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file%3D/etc/passwd",
        "/static/../../../../etc/passwd",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/monitoring/summary",
    ],
)
def test_no_file_is_served_that_was_not_offered(site: str, path: str) -> None:
    import http.client

    connection = http.client.HTTPConnection(site.removeprefix("http://"))
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 403, 404, 405), answer.status
    assert b"root:" not in body
    assert b"[project]" not in body


def test_the_embedded_model_reads_an_example(browser: Any, embedded_store: Store, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(embedded_store.root)
    for site in serving(Host(Settings(tmp_path, model="gemma-3-270m"))):
        tab = Tab(browser, site)
        tab.page.set_default_timeout(120_000)
        tab.page.locator("#example-0").click()
        tab.wait("done")
        assert len(tab.rows()) == 8
        assert tab.rows()[0].startswith("KUPANG")
        # The first thing that is seen of the page has nothing wrong in it.
        assert tab.page.locator(".view .doubtful, .view .flags").count() == 0
        assert "Kupang" in tab.page.locator(".title h2").inner_text()
        assert tab.page.locator(".claim").count() == 3
        tab.edit()
        tab.page.get_by_role("button", name="Banjir Rendam 340 Rumah").click()
        tab.page.wait_for_selector("#s10")
        tab.wait("done")
        assert "340" in tab.rows()[0]
        tab.context.close()
