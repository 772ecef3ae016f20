"""The page without a browser: what is rendered, kept, stopped, and what comes back from the browser."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from service.api.config import ServerConfig
from service.batch.journal import Totals
from service.context import asked, asking
from service.document import Decoding, Finding, Message, Output, Reading, SegmentTranslation
from service.engines.echo import EchoEngine
from service.errors import Cancelled, InputError, UsageError
from service.messages import LANGUAGES
from service.page import examples, options_for
from service.page import reading as view
from service.page.options import PageOptions
from service.page.runs import Runs, events
from service.page.serialization import pack, unpack
from service.page.session import Shown, reopened
from service.page.shell import head_in, language_for, with_head
from service.page.tabs import batch, evaluate, models
from service.page.tabs.check import checked, paired
from service.page.tabs.translate import Asked, file_text, reading, with_captions
from service.page.words import Say, language_of, words
from service.pipeline import Pipeline, build_pipeline, to_article
from service.pool import Host
from service.render import download as downloads
from service.runtime.batching import SharedEngine
from service.runtime.sandbox import Sandbox
from service.settings import Settings
from tests.pictured import CAPTION, PICTURED

EXAMPLE = (Path(__file__).parents[2] / "examples" / "banjir-tiga-desa.txt").read_text("utf-8")
SAY = Say("en")
RAIN = "Hujan turun di Kota Malang sejak Senin pagi, kata Rina Lestari kepada wartawan di balai desa."
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(Settings(tmp_path_factory.mktemp("home"), model="echo"))


@pytest.fixture(scope="module")
def example(host: Host) -> Reading:
    return host.pipeline().read(to_article(EXAMPLE))


def part(source: str = "Satu.", target: str = "One.", **values: Any) -> SegmentTranslation:
    return SegmentTranslation(source, target, -0.1, **{"confidence": 0.9, "band": "high", **values})


def test_the_menu_of_summaries_names_what_each_needs_in_both_languages() -> None:
    english, indonesian = (words()[code] for code in LANGUAGES)
    for name, said in english.items():
        if needs := re.search(r"\(needs ([\w-]+)(, non-commercial)?\)", said):
            wanted = f"(perlu {needs[1]}{', nonkomersial' if needs[2] else ''})"
            assert name.startswith("route_") and indonesian[name].endswith(wanted)


def test_how_a_reading_was_made_names_the_summary_as_the_menu_does(example: Reading) -> None:
    made = view.about(example, SAY)
    assert "Key sentences" in made and "route" not in re.sub(r"<code>.*?</code>", "", made)
    # A text too short for any way has a name of its own.
    assert "whole" in view.about(replace(example, summary=replace(example.summary, route="whole")), SAY)


def test_both_languages_say_the_same_things() -> None:
    english, indonesian = (words()[code] for code in LANGUAGES)
    assert english.keys() == indonesian.keys()
    for name, text in english.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", indonesian[name])), name


@pytest.mark.parametrize(
    ("cookies", "accepted", "asked", "language"),
    [
        ({}, "", "", "en"),
        ({}, "id-ID,id;q=0.9", "", "id"),
        ({"warta-language": "en"}, "id", "", "en"),
        ({"warta-language": "id"}, "en", "en", "en"),
        ({"warta-language": "<b>"}, "fr", "xx", "en"),
    ],
)
def test_the_language_is_what_was_asked_chosen_or_preferred(
    cookies: dict[str, str], accepted: str, asked: str, language: str
) -> None:
    assert language_of(cookies, accepted, asked) == language


@pytest.mark.parametrize(
    "html",
    [
        view.row(
            1, part(HOSTILE, HOSTILE, findings=(Finding.of("number.lost", source=HOSTILE),)), SAY, opens=True
        ),
        view.title(HOSTILE, part(HOSTILE, HOSTILE), SAY),
        view.warnings([Message.of("other", "{line}", line=HOSTILE)], SAY),
        view.flags([Finding.of("number.lost", source=HOSTILE)], SAY),
        view.furniture(to_article(f"Hujan Turun di Malang\n\n{RAIN}\n\nBaca juga: {HOSTILE}"), SAY),
    ],
)
def test_all_text_is_escaped(html: str) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img" in html


def test_findings_and_low_confidence_are_said_in_words() -> None:
    assert view.marks(part(), SAY) == ""
    low = view.marks(part(confidence=0.12, band="low"), SAY)
    assert "May be wrong: compare with the Indonesian" in low
    found = view.marks(part(findings=(Finding.of("negation.lost", word="belum"),)), Say("id"))
    assert "<b>Ingkaran</b>" in found
    assert "&#x27;belum&#x27; tidak ada padanannya" in found


def test_a_run_grows_row_by_row_to_the_whole_reading(host: Host) -> None:
    states = list(reading(host, PageOptions(), Runs(), Asked(EXAMPLE), "me", SAY))
    assert [state["phase"] for state in states][:1] == ["running"]
    assert states[-1]["phase"] == "done"
    for before, after in pairwise(states):
        assert after["rows"].startswith(before["rows"])
    last = states[-1]
    assert last["rows"].count("<li class=") == 10
    assert last["done"] == last["total"] == 11
    assert last["summary"].count('class="claim"') == 3
    assert "Jadwal Pemadaman Listrik" in last["tail"]
    again = reopened(unpack(json.loads(json.dumps(last["reading"]))), SAY)
    shown = ("title", "rows", "summary", "tail", "status")
    assert [again.get(name) for name in shown] == [last.get(name) for name in shown]


@pytest.mark.parametrize("text", ["Satu kalimat.", EXAMPLE])
def test_a_draft_of_the_first_sentence_gives_way_to_it(host: Host, text: str) -> None:
    article = to_article(text)
    whole = host.pipeline().read(article)
    title = whole.translation.title
    first, rest = title or whole.translation.segments[0], whole.translation.segments[0 if title else 1 :]
    shown = Shown("1", SAY)
    shown.opened(article, len(rest) + 1, "echo", ())
    shown.draft(part(first.source, "A first try.", findings=(Finding.of("number.lost", source="340"),)))
    place: Literal["title", "rows"] = "title" if title else "rows"
    assert "A first try." in shown.values[place]
    assert "340 is not in the translation" in shown.values[place]
    assert "again" in shown.values["status"]
    shown.more([first, *rest])
    assert "A first try." not in str(shown.values)
    assert shown.values["rows"].count("<li class=") == len(whole.translation.segments)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(" \n"), "Paste an article first"),
        (Asked("kata " * 10_000), "50,000 characters; at most 20,000"),
        (Asked("Kalimat.", model="<b>none"), "no model to translate with named &#x27;&lt;b&gt;none"),
        (Asked("Kalimat.", route="<i>"), "the route one of auto"),
        (Asked("Kalimat.", sentences=99), "from 1 to 20"),
        (Asked("ADVERTISEMENT"), ""),
    ],
)
def test_what_cannot_be_read_is_one_escaped_line(host: Host, asked: Asked, said: str) -> None:
    last = list(reading(host, PageOptions(), Runs(), asked, "me", SAY))[-1]
    assert last["phase"] == "failed"
    assert said in last["error"]
    assert last["error"].count("<p>") == 1


def test_a_long_text_shows_how_far_it_is(host: Host) -> None:
    options = options_for(ServerConfig())
    text = "\n\n".join(
        f"Kalimat nomor {n} menceritakan banjir di desa itu kepada warga." for n in range(3300)
    )
    assert 200_000 < len(text) < options.text_limit
    states = list(reading(host, options, Runs(), Asked(text), "me", SAY))
    assert states[-1]["phase"] == "done"
    told = [state["done"] for state in states if state["total"]]
    assert told[-1] == 3300
    assert max(after - before for before, after in pairwise(told)) <= 200
    assert "of 3300 sentences" in states[len(states) // 2]["status"]


def test_only_a_server_of_this_machine_reads_long_texts_and_keeps_words() -> None:
    here, there = options_for(ServerConfig()), options_for(ServerConfig(host="0.0.0.0"))  # noqa: S104
    assert (here.own, here.pull) == (True, True)
    assert (there.own, there.pull, there.text_limit, there.seconds) == (False, False, 20_000, 120.0)


@pytest.mark.parametrize(("language", "said"), [("en", "1,234.5"), ("id", "1.234,5")])
def test_numbers_are_written_as_the_language_has_them(language: str, said: str) -> None:
    assert Say(language).number(1234.5, 1) == said


def test_an_error_is_said_in_the_reader_s_language(host: Host) -> None:
    asked = Asked("Kalimat.", model="<b>none")
    last = list(reading(host, PageOptions(), Runs(), asked, "me", Say("id")))[-1]
    assert "tidak ada model untuk menerjemahkan bernama &#x27;&lt;b&gt;none" in last["error"]


def test_english_is_said_before_anything_is_decoded_and_shown_as_it_is(tmp_path: Path) -> None:
    class Never(Host):
        def pipeline(self, *_: Any, **__: Any) -> Pipeline:
            return build_pipeline(self.settings, lambda _: None, lambda _: SharedEngine(Broken()))

    text = (
        "The president has not signed the law yet. Rice prices rose 12 percent in March.\n\nShort one here."
    )
    host = Never(Settings(tmp_path, model="echo"))
    states = list(reading(host, PageOptions(), Runs(), Asked(text), "me", SAY))
    assert "This is English already".lower() in states[1]["warnings"].lower()
    assert states[-1]["phase"] == "done"
    assert states[-1]["rows"].count('lang="en">Short one here.</p>') == 1
    assert "flagged" not in states[-1]["rows"]


class Broken(EchoEngine):
    """The echo with a fault."""

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        raise ZeroDivisionError(f"{texts} {decoding}")


def test_a_fault_inside_says_so_and_logs_no_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class BrokenHost(Host):
        def pipeline(self, *_: Any, **__: Any) -> Pipeline:
            return build_pipeline(self.settings, lambda _: None, lambda _: SharedEngine(Broken()))

    broken = BrokenHost(Settings(tmp_path, model="echo"))
    last = list(reading(broken, PageOptions(), Runs(), Asked("Rahasia besar."), "me", SAY))[-1]
    assert last["phase"] == "failed"
    assert "went wrong inside" in last["error"]
    assert "a reading failed: ZeroDivisionError" in caplog.text
    assert "Rahasia" not in caplog.text + last["error"]


class Slowly(EchoEngine):
    """The echo, which takes its time."""

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        time.sleep(0.02 * len(texts))
        return super().generate(texts, decoding)


class SlowHost(Host):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._only = build_pipeline(settings, lambda _: None, lambda _: SharedEngine(Slowly()))

    def pipeline(self, *_: Any, **__: Any) -> Pipeline:
        return self._only


def test_stop_keeps_what_is_there_and_a_new_run_silences_the_old(tmp_path: Path) -> None:
    runs, gated = Runs(), SlowHost(Settings(tmp_path, model="echo"))
    text = " ".join(f"Kalimat nomor {n} ditulis di sini." for n in range(1, 31))
    first = reading(gated, PageOptions(), runs, Asked(text), "me", SAY)
    assert next(first)["phase"] == "running"
    while 'id="s1"' not in next(first)["rows"]:
        pass
    runs.stop("me", "read")
    stopped = list(first)[-1]
    assert stopped["phase"] == "stopped"
    assert 0 < stopped["rows"].count("<li class=") < 30
    second = reading(gated, PageOptions(), runs, Asked(text), "me", SAY)
    next(second)
    third = reading(gated, PageOptions(), runs, Asked("Satu kalimat."), "me", SAY)
    next(third)
    assert [state["phase"] for state in second if state["phase"] != "running"] == []
    assert list(third)[-1]["phase"] == "done"
    # Another reader's run is another's.
    other = reading(gated, PageOptions(), runs, Asked("Satu kalimat."), "you", SAY)
    next(other)
    runs.leave("me")
    assert list(other)[-1]["phase"] == "done"


def test_events_end_at_once_when_stopped_and_raise_what_the_work_raised() -> None:
    runs, hold = Runs(), threading.Event()
    ask = runs.begin("me", "x")

    def stuck(tell: Any) -> None:
        tell(1)
        hold.wait(10)

    told = events(ask, stuck)
    assert next(told) == [1]
    started = time.monotonic()
    runs.stop("me", "x")
    assert list(told) == []
    assert time.monotonic() - started < 5  # not the ten seconds of the work
    hold.set()

    def broken(tell: Any) -> None:
        tell("a")
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        list(events(runs.begin("me", "x"), broken))


def test_the_work_belongs_to_the_reader_who_asked() -> None:
    seen: list[Any] = []
    ask = Runs().begin("reader", "x")
    list(events(ask, lambda _: seen.append(_client())))
    assert seen == ["reader"]
    with asking(ask):
        assert _client() == "reader"


def _client() -> str:
    found = asked()
    return found.client if found else ""


@pytest.mark.parametrize("format", downloads.FORMATS)
def test_every_download_holds_the_reading(example: Reading, format: str) -> None:
    import base64

    made = downloads.file(example, format)
    assert made["name"] == f"banjir-rendam-340-rumah-di-tiga-village-jembatan-penghubung.{format}"
    data = base64.b64decode(made["data"])
    if format == "docx":
        with zipfile.ZipFile(BytesIO(data)) as archive:
            data = archive.read("word/document.xml")
    assert "Sungai Cikemiri meluap" in data.decode("utf-8")


def test_a_word_document_takes_what_xml_cannot(host: Host) -> None:
    odd = host.pipeline().read(to_article("Judul & <b>\n\nSatu \x0b kalimat \ufffe <i>aneh</i> & lain. Dua."))
    for format in downloads.FORMATS:
        assert downloads.file(odd, format)["data"]
    with pytest.raises(UsageError, match="unknown format 'exe'"):
        downloads.file(odd, "exe")


def test_captions_are_shown_and_translated_when_asked(host: Host) -> None:
    made = host.pipeline().read(to_article(PICTURED))
    before = reopened(made, SAY)
    assert "1 caption" in before["tail"] and 'data-action="captions"' in before["tail"]
    after = with_captions(host, PageOptions(), json.dumps(pack(made)), SAY)
    assert f'<p lang="en">{CAPTION}</p>' in after["tail"] and 'data-action="captions"' not in after["tail"]
    assert unpack(after["reading"]).translation.captions[0].target == CAPTION
    assert with_captions(host, PageOptions(text_limit=9), json.dumps(pack(made)), SAY) == {
        "failed": "These captions are too long to translate."
    }
    assert "not a reading" in str(with_captions(host, PageOptions(), "{", SAY).get("failed"))


def lost(*pairs: list[object]) -> dict[str, object]:
    """A finding as a browser sends it, with the values given."""
    return {"code": "number.lost", "values": [*pairs]}


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("article"),
        lambda value: value.update(extra=1),
        lambda value: value.update(headline=3),
        lambda value: value["segments"].clear(),
        lambda value: value.update(gaps=["x"]),
        lambda value: value["summary"]["sentences"][0].update(support=[99]),
        lambda value: value["summary"]["sentences"][0].update(support="12"),
        lambda value: value["segments"][0].update(findings=[{"code": "x"}]),
        lambda value: value["segments"][0].update(findings=[{"code": "x", "values": []}]),
        lambda value: value["segments"][0].update(findings=[lost()]),
        lambda value: value["segments"][0].update(findings=[lost(["source"])]),
        lambda value: value["segments"][0].update(findings=[lost(["name", "x"])]),
        lambda value: value["segments"][0].update(findings=[lost(["source", 3])]),
        lambda value: value.update(captions=[value["segments"][0]]),
    ],
)
def test_what_comes_back_from_a_browser_is_checked(example: Reading, change: Any) -> None:
    value = json.loads(json.dumps(pack(example)))
    assert unpack(value) == example
    change(value)
    with pytest.raises(InputError, match="not a reading"):
        unpack(value)


@pytest.mark.parametrize("value", [None, [], "reading", 3, {}])
def test_what_is_no_reading_at_all_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="not a reading"):
        unpack(value)


@pytest.mark.parametrize(
    ("source", "target", "pairs", "noted"),
    [
        ("Satu.\nDua.", "One.\r\nTwo.", 2, False),
        ("Satu. Dua.", "One. Two.", 2, False),
        ("Satu.\n\nDua. Tiga.", "One. Two. Three.", 3, False),
        ("Satu. Dua.", "One and two.", 1, True),
    ],
)
def test_texts_are_paired_as_well_as_they_can_be(source: str, target: str, pairs: int, noted: bool) -> None:
    found, note = paired(source, target, SAY)
    assert len(found) == pairs
    assert bool(note) == noted


def test_check_flags_and_escapes() -> None:
    html = checked(f"Harga 12 persen {HOSTILE}.", f"Price 21 percent {HOSTILE}.", PageOptions(), SAY)
    assert "1 of 1 to check" in html
    assert "<b>Number</b>" in html
    assert "<script" not in html
    assert "no promise" in checked("Harga naik.", "Prices rose.", PageOptions(), SAY)
    with pytest.raises(InputError, match="Paste both texts"):
        checked("Satu.", " ", PageOptions(), SAY)


def test_scores_have_a_table_a_chart_and_a_report(tmp_path: Path) -> None:
    reference = tmp_path / "ref.txt"
    reference.write_text("The president has not signed it.\nRice prices rose in March.\n", "utf-8")
    outputs = []
    for folder, text in (
        ("a", "The president has not signed it.\nRice rose.\n"),
        ("b", "No.\n<b>Rice</b>.\n"),
    ):
        path = tmp_path / folder / "out<i>.txt"
        path.parent.mkdir()
        path.write_text(text, "utf-8")
        outputs.append(str(path))
    html, packed = evaluate.scored(outputs, str(reference), None, "mt", SAY)
    assert "out&lt;i&gt;.txt (1)" in html
    assert "<i>.txt" not in html.replace("&lt;i&gt;", "")
    assert html.count("<svg") >= 2
    assert "report.json" in zipfile.ZipFile(BytesIO(packed)).namelist()
    reference.write_text("One line.\n", "utf-8")
    with pytest.raises(InputError, match="line counts differ"):
        evaluate.scored(outputs, str(reference), None, "mt", SAY)


def test_cards_show_licences_and_install_only_where_that_is_allowed(host: Host) -> None:
    here = models.cards(host, PageOptions(pull=True), SAY)
    assert "CC-BY-NC-SA-4.0: no commercial use" in here
    assert 'data-deed="pull" data-name="mt5-xlsum"' in here
    away = models.cards(host, PageOptions(pull=False), Say("id"))
    assert 'data-deed="pull"' not in away
    assert "warta models pull <b>mt5-xlsum</b>" in away
    assert models.choices(host)[0] == ("auto (echo)", "auto")
    ask = Runs().begin("me", "pull")
    with pytest.raises(UsageError, match="Accept the licence"):
        list(models.pulled(host.store, "mt5-xlsum", False, ask, SAY))
    assert "12 of 30 MB" in models.step("fetching", 12_000_000, 30_000_000, SAY)


@pytest.mark.parametrize(
    ("values", "pull"),
    [({}, True), ({"host": "0.0.0.0"}, False), ({"trusted_proxies": ("127.0.0.1",)}, False)],  # noqa: S104
)
def test_models_are_installed_from_the_page_on_this_machine_only(values: dict[str, Any], pull: bool) -> None:
    config = pytest.importorskip("service.api.config").ServerConfig(**values)
    assert options_for(config).pull is pull


def test_a_file_is_named_without_the_servers_folder(tmp_path: Path) -> None:
    path = tmp_path / "foto.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with closing(Sandbox()) as box, pytest.raises(InputError) as caught:
        file_text(box, str(path), PageOptions())
    assert str(caught.value).startswith("foto.txt: a PNG image")


def test_what_is_flagged_is_counted_from_the_sentences(example: Reading) -> None:
    """A finding or a confidence too low to pass unsaid, in the title too; several of a sentence are one."""
    found = Finding("artefact.line_break")
    clean, low = part(), part(confidence=0.01, band="low")
    flagged = part(findings=(found, found))
    translation = replace(example.translation, title=flagged, segments=(clean, low, flagged, clean))
    body = to_article("Judul Berita Ini\n\nSatu. Dua. Tiga. Empat.")
    values = reopened(replace(example, article=body, translation=translation, seconds=2.0), SAY)
    assert values["announce"].startswith(SAY("finished", count=4, seconds="2.0", flagged=3) + ". Unmarked")
    assert values["rows"].count('class="flags"') + values["title"].count('class="flags"') == 3


@pytest.mark.parametrize(("task", "format"), [("translate", "../../x"), ("translate", ""), ("x", "csv")])
def test_a_batch_writes_only_the_formats_it_knows(host: Host, tmp_path: Path, task: str, format: str) -> None:
    folder, article = tmp_path / "work", tmp_path / "a.txt"
    folder.mkdir()
    article.write_text("Satu kalimat.", "utf-8")
    with pytest.raises(UsageError, match="the format one of same, jsonl, csv"):
        batch.Asked([str(article)], task, "text", format, "auto")
    assert sorted(tmp_path.rglob("*")) == [article, folder]


class Workplace:
    """A folder to work in, and an event for its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left = threading.Event()

    @contextmanager
    def __call__(self) -> Iterator[Path]:
        self.folder.mkdir()
        try:
            yield self.folder
        finally:
            shutil.rmtree(self.folder)
            self.left.set()


def test_a_batch_names_its_uploads_without_their_folder(host: Host, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Satu kalimat."}\n{"isi": 1}\n', "utf-8")
    asked = batch.Asked([str(tmp_path / "a.jsonl")], "translate", "text", "jsonl", "auto")
    place, made = Workplace(tmp_path / "work"), list[str]()

    def give(path: Path) -> str:
        made.append(path.read_text("utf-8"))
        return "<a>"

    *_, last = batch.run_batch(host, Runs().begin("me", "batch"), place, asked, 1_000_000, give)
    assert isinstance(last, batch.Finished)
    assert (last.totals.records, last.totals.failures, last.link) == (2, 1, "<a>")
    assert [json.loads(row)["place"] for row in made[0].splitlines()] == ["1-a.jsonl:1", "1-a.jsonl:2"]
    assert str(tmp_path) not in made[0]
    assert place.left.wait(20)


@pytest.mark.parametrize(
    ("name", "content", "made"),
    [
        ("a.csv", "id,text\n007,Satu kalimat.\n", "id,text,translation,error,confidence,findings\n007,Satu "),
        ("a.jsonl", '{"text": "Satu."}\n', '{"text": "Satu.", "translation": "Satu.", "error": null, '),
        ("a.txt", "Satu kalimat.", '{"key": "'),
        ("a.po", 'msgid "Satu kalimat"\nmsgstr ""\n', 'msgid "Satu kalimat"\nmsgstr "Satu kalimat"\n'),
        ("a.html", "<p>Satu kalimat.</p>", "<p>Satu kalimat.</p>"),
    ],
)
def test_a_table_comes_back_as_it_was_sent(
    name: str, content: str, made: str, host: Host, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    asked = batch.Asked([str(tmp_path / name)], "translate", "text", "same", "auto")
    given = list[tuple[str, str]]()

    def give(path: Path) -> str:
        given.append((path.suffix, path.read_text("utf-8")))
        return "<a>"

    ask, place = Runs().begin("me", "batch"), Workplace(tmp_path / "work")
    *_, last = batch.run_batch(host, ask, place, asked, 1_000_000, give)
    assert isinstance(last, batch.Finished)
    [(suffix, text)] = given
    assert suffix == Path(name).suffix or name == "a.txt"
    assert text.startswith(made)


@pytest.mark.parametrize(
    ("format", "keys", "held", "lacking"),
    [
        ("same", " judul,", '{"judul": "SATU KALIMAT.", "isi": "Dua kata.", "kode": "a_b"}', ""),
        ("same", "", '{"judul": "SATU KALIMAT.", "isi": "DUA KATA.", "kode": "a_b"}', ""),
        ("jsonl", "judul", "SATU KALIMAT.", "DUA KATA."),
        ("same", "nama", '"error": "no text in it at: nama"', "SATU"),
    ],
)
def test_of_a_json_file_only_texts_at_the_paths_asked_for_are_translated(
    format: str,
    keys: str,
    held: str,
    lacking: str,
    host: Host,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def loud(_: EchoEngine, texts: Sequence[str], decoding: object) -> list[Output]:
        return [Output(text.upper(), 0.0, 1) for text in texts]

    monkeypatch.setattr(EchoEngine, "generate", loud)
    (tmp_path / "a.json").write_text('{"judul": "Satu kalimat.", "isi": "Dua kata.", "kode": "a_b"}', "utf-8")
    asked = batch.Asked([str(tmp_path / "a.json")], "translate", "text", format, "auto", keys)
    given = list[str]()

    def give(path: Path) -> str:
        given.append(path.read_text("utf-8"))
        return "<a>"

    ask, place = Runs().begin("me", "batch"), Workplace(tmp_path / "work")
    *_, last = batch.run_batch(host, ask, place, asked, 1_000_000, give)
    assert isinstance(last, batch.Finished)
    assert held in given[0]
    assert not lacking or lacking not in given[0]


def test_too_many_paths_are_refused_at_once() -> None:
    with pytest.raises(UsageError, match="at most 100 paths"):
        batch.Asked(["a.json"], "translate", "text", "same", "auto", "a," * 100)


def test_a_stopped_batch_leaves_its_folder_when_its_work_has_ended(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader is let go at once; the folder stays while anything may still be written into it."""
    begun, gate = threading.Event(), threading.Event()

    def slow(*_: object) -> Totals:
        begun.set()
        assert gate.wait(20)
        (tmp_path / "work" / "late").write_text("written at the last moment", "utf-8")
        raise Cancelled("stopped")

    monkeypatch.setattr(batch, "run_away", slow)
    (tmp_path / "a.txt").write_text("Satu kalimat.", "utf-8")
    asked = batch.Asked([str(tmp_path / "a.txt")], "translate", "text", "jsonl", "auto")
    place, ask = Workplace(tmp_path / "work"), Runs().begin("me", "batch")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(lambda: list(batch.run_batch(host, ask, place, asked, 1_000_000, str)))
        assert begun.wait(20)
        ask.cancelled.set()
        assert read.result(20) == []
    assert place.folder.is_dir()
    gate.set()
    assert place.left.wait(20)
    assert not place.folder.exists()


def test_a_batch_stops_at_the_size_of_its_result(host: Host, tmp_path: Path) -> None:
    table = tmp_path / "a.jsonl"
    table.write_text("".join(json.dumps({"text": f"Kalimat {n}."}) + "\n" for n in range(300)), "utf-8")
    asked = batch.Asked([str(table)], "translate", "text", "jsonl", "auto")
    place = Workplace(tmp_path / "work")
    with pytest.raises(InputError, match="larger than 2,000 bytes"):
        list(batch.run_batch(host, Runs().begin("me", "batch"), place, asked, 2_000, str))
    assert place.left.wait(20)


def test_the_head_comes_first_and_cannot_be_left() -> None:
    head = head_in(language_for("warta-language=id; x=\x00", "en", "language=</script><script>"))
    assert '"language": "id"' in head
    assert head.count("<script>") == 1
    assert head.count("</script>") == 1
    assert with_head("<html><head><title>", head).startswith("<html><head><link")


def test_the_examples_are_there() -> None:
    found = examples()
    assert len(found) >= 2
    assert all(len(text) > 300 for text in found.values())
    assert list(found.values()) == sorted(found.values(), key=len)
