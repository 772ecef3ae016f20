"""One text through every interface: the engine gets the same sentences, and the same English comes out."""

from __future__ import annotations

import html
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docx
import odfdo
import pytest
from fastapi.testclient import TestClient

from service import pipeline as product
from service.api.app import create_app
from service.cli import app as cli
from service.document import Decoding, Output, Segmented
from service.engines.echo import EchoEngine
from service.page.options import PageOptions
from service.page.runs import Runs
from service.page.serialization import unpack
from service.page.tabs.translate import Asked, reading
from service.page.words import Say
from service.pipeline import to_article
from service.pool import Host
from service.settings import Settings
from service.text import segment
from tests.live import CONFIG

HERE = "http://127.0.0.1"


class Recorder(EchoEngine):
    """Gives each text back with a mark before it, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
        self.given |= set(texts)
        return [Output(f"Eng. {text}", -0.1, 9) for text in texts]


@dataclass(frozen=True)
class Story:
    """A title, paragraphs, and a text that the engine must be given for the title or a paragraph."""

    name: str
    title: str
    paragraphs: tuple[str, ...]
    given: str

    @property
    def text(self) -> str:
        return "\n\n".join((self.title, *self.paragraphs)) + "\n"


STORIES = (
    Story(
        "capitals",
        "GUBERNUR DEDI MULYADI RESMIKAN PASAR BARU",
        (
            "Kemarin Gubernur Dedi Mulyadi meresmikan pasar baru di kota itu. Ratusan pedagang hadir.",
            "Pasar itu dibangun selama dua tahun. Warga menyambutnya dengan gembira sejak pagi.",
        ),
        "Gubernur Dedi Mulyadi resmikan pasar baru",
    ),
    Story(
        "acronym",
        "Ratusan PMI Ilegal Kembali Dipulangkan Lewat Nunukan",
        (
            "Sebanyak 217 pekerja migran Indonesia tiba di pelabuhan. Kepala BP3MI menyambut mereka.",
            "Para PMI itu dideportasi pekan lalu. Sebagian besar tidak punya dokumen.",
        ),
        "Para Indonesian migrant workers itu dideportasi pekan lalu.",
    ),
    Story(
        "dateline",
        "Banjir Besar Rendam Ratusan Rumah Warga Demak",
        (
            "DEMAK, KOMPAS.com – Banjir merendam 340 rumah di tiga desa. Warga mengungsi ke balai desa.",
            "Air mulai surut pada sore hari. Petugas BPBD masih bersiaga.",
        ),
        "Banjir merendam 340 rumah di tiga desa.",
    ),
)


@dataclass
class Bench:
    """A folder to work in, and the command line, a server and the page over one recording engine."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    engine: Recorder = field(default_factory=Recorder)

    def host(self) -> Host:
        return Host(Settings(self.folder / "home", model="echo"), opener=lambda _: self.engine)

    def warta(self, *arguments: str) -> None:
        """Run a command of the command line in the folder."""
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setenv("WARTA_HOME", str(self.folder / "home"))
        self.monkeypatch.setattr(product, "open_engine", lambda *_, **__: self.engine)
        self.monkeypatch.setattr(sys, "argv", ["warta", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code in (0, None)

    def translated(self, name: str, data: bytes, output: str) -> bytes:
        """Have ``warta translate`` make ``output`` of a file."""
        (self.folder / name).write_bytes(data)
        self.warta("translate", "--model", "echo", name, "-o", output)
        return (self.folder / output).read_bytes()

    @contextmanager
    def client(self) -> Iterator[TestClient]:
        host = self.host()
        with TestClient(create_app(host, CONFIG, page=False), HERE) as client:
            yield client
        host.close()


def docx_of(story: Story, style: str) -> bytes:
    document = docx.Document()
    document.add_paragraph(story.title, style=style)
    for paragraph in story.paragraphs:
        document.add_paragraph(paragraph)
    document.save(out := io.BytesIO())
    return out.getvalue()


def odt_of(story: Story) -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Header(1, story.title))
    for paragraph in story.paragraphs:
        document.body.append(odfdo.Paragraph(paragraph))
    document.save(out := io.BytesIO())
    return out.getvalue()


def page_of(story: Story) -> str:
    paragraphs = "".join(f"<p>{html.escape(p)}</p>\n" for p in story.paragraphs)
    title = html.escape(story.title)
    return (
        f"<!doctype html><html><head><title>{title} - Koran Kota</title></head><body><p>Menu utama</p>"
        f"<h1>{title}</h1>\n{paragraphs}</body></html>"
    )


def fragment_of(story: Story) -> str:
    return f"<h2>{html.escape(story.title)}</h2>" + "".join(
        f"<p>{html.escape(p)}</p>" for p in story.paragraphs
    )


def cues_of(story: Story) -> str:
    texts = (story.title, *story.paragraphs)
    return "".join(
        f"{n}\n00:0{n}:00,000 --> 00:0{n}:09,000\n{text}\n\n" for n, text in enumerate(texts, start=1)
    )


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def texts_of(markup: str) -> list[str]:
    return [html.unescape(text).strip() for text in re.split(r"<[^>]*>", markup) if text.strip()]


def paragraphs_of(data: bytes) -> list[str]:
    return [p.text for p in docx.Document(io.BytesIO(data)).paragraphs if p.text]


# The interfaces: each gives the title and the paragraphs in English.


def plain_file(bench: Bench, story: Story) -> list[str]:
    return lines_of(bench.translated("a.txt", story.text.encode(), "b.txt").decode())


def word_file(bench: Bench, story: Story) -> list[str]:
    return paragraphs_of(bench.translated("a.docx", docx_of(story, "Title"), "b.docx"))


def word_file_without_styles(bench: Bench, story: Story) -> list[str]:
    return paragraphs_of(bench.translated("a.docx", docx_of(story, "Normal"), "b.docx"))


def word_file_as_text(bench: Bench, story: Story) -> list[str]:
    return lines_of(bench.translated("a.docx", docx_of(story, "Heading 1"), "b.txt").decode())


def open_document(bench: Bench, story: Story) -> list[str]:
    return lines_of(bench.translated("a.odt", odt_of(story), "b.txt").decode())


def web_page(bench: Bench, story: Story) -> list[str]:
    made = texts_of(bench.translated("a.html", page_of(story).encode(), "b.html").decode())
    assert made[0].endswith(" - Koran Kota") or made[0].endswith(" - KORAN KOTA")
    bench.engine.given -= {text for text in bench.engine.given if "oran kota" in text.lower()}
    bench.engine.given -= {"Menu utama"}
    return made[2:]


def markdown_file(bench: Bench, story: Story) -> list[str]:
    text = f"# {story.title}\n\n" + "\n\n".join(story.paragraphs) + "\n"
    return [
        line.removeprefix("# ") for line in lines_of(bench.translated("a.md", text.encode(), "b.md").decode())
    ]


def underlined_markdown(bench: Bench, story: Story) -> list[str]:
    text = f"{story.title}\n=====\n\n" + "\n\n".join(story.paragraphs) + "\n"
    made = lines_of(bench.translated("a.md", text.encode(), "b.md").decode())
    return [line for line in made if line != "====="]


def subtitle_file(bench: Bench, story: Story) -> list[str]:
    made = bench.translated("a.srt", cues_of(story).encode(), "b.srt").decode()
    return [line for line in lines_of(made) if not re.match(r"\d+$|\d\d:", line)]


def batch_of_records(bench: Bench, story: Story) -> list[str]:
    (bench.folder / "in.jsonl").write_text(json.dumps({"text": story.text}) + "\n", "utf-8")
    bench.warta("batch", "--model", "echo", "in.jsonl", "--long", "-o", "out.jsonl")
    row = json.loads((bench.folder / "out.jsonl").read_text("utf-8"))
    return [row["title"], *lines_of(row["translation"])]


def mirrored_folder(bench: Bench, story: Story) -> list[str]:
    source = bench.folder / "in"
    source.mkdir()
    (source / "a.txt").write_text(story.text, "utf-8")
    (source / "b.docx").write_bytes(docx_of(story, "Heading 1"))
    bench.warta("batch", "--model", "echo", "in", "-o", "out")
    made = lines_of((bench.folder / "out" / "a.txt").read_text("utf-8"))
    assert paragraphs_of((bench.folder / "out" / "b.docx").read_bytes()) == made
    return made


def libretranslate_text(bench: Bench, story: Story) -> list[str]:
    with bench.client() as client:
        made = client.post("/translate", json={"q": story.text, "source": "id", "target": "en"}).json()
    return lines_of(made["translatedText"])


def libretranslate_html(bench: Bench, story: Story) -> list[str]:
    asked = {"q": fragment_of(story), "source": "id", "target": "en", "format": "html"}
    with bench.client() as client:
        return texts_of(client.post("/translate", json=asked).json()["translatedText"])


def libretranslate_file(bench: Bench, story: Story) -> list[str]:
    with bench.client() as client:
        form, files = {"source": "id", "target": "en"}, {"file": ("a.docx", docx_of(story, "Title"))}
        url = client.post("/translate_file", data=form, files=files).json()["translatedFileUrl"]
        return paragraphs_of(client.get(url).content)


def own_endpoint(bench: Bench, story: Story) -> list[str]:
    with bench.client() as client:
        made = client.post("/v1/translate", json={"text": story.text}).json()
    return [made["title"]["target"], *lines_of(made["text"])]


def own_endpoint_as_a_stream(bench: Bench, story: Story) -> list[str]:
    with bench.client() as client:
        made = client.post(
            "/v1/translate", json={"text": story.text}, headers={"Accept": "text/event-stream"}
        )
    events = [
        json.loads(line.removeprefix("data: ")) for line in made.text.split("\n") if line[:6] == "data: "
    ]
    return [events[1]["target"], *lines_of(events[-1]["text"])]


def web_interface(bench: Bench, story: Story) -> list[str]:
    host = bench.host()
    *_, last = reading(host, PageOptions(), Runs(), Asked(story.text), "me", Say("en"))
    host.close()
    translation = unpack(json.loads(json.dumps(last["reading"]))).translation
    assert translation.title is not None
    return [translation.title.target, *lines_of(translation.text)]


INTERFACES: tuple[Callable[[Bench, Story], list[str]], ...] = (
    plain_file,
    word_file,
    word_file_without_styles,
    word_file_as_text,
    open_document,
    web_page,
    markdown_file,
    underlined_markdown,
    subtitle_file,
    batch_of_records,
    mirrored_folder,
    libretranslate_text,
    libretranslate_html,
    libretranslate_file,
    own_endpoint,
    own_endpoint_as_a_stream,
    web_interface,
)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.__name__)
def test_every_interface_gives_what_the_pipeline_gives(
    interface: Callable[[Bench, Story], list[str]], story: Story, bench: Bench
) -> None:
    reference = Recorder()
    host = Host(Settings(bench.folder / "reference", model="echo"), opener=lambda _: reference)
    whole = host.pipeline().translate(to_article(story.text))
    host.close()
    assert whole.title is not None
    assert story.given in reference.given
    assert interface(bench, story) == [whole.title.target, *lines_of(whole.text)]
    assert bench.engine.given == reference.given


def reading_of(bench: Bench, story: Story) -> list[str]:
    with bench.client() as client:
        made = client.post("/v1/read", json={"text": story.text, "summary": {"route": "extractive"}}).json()
    return lines_of(made["text"])


@pytest.mark.parametrize(
    "interface",
    [plain_file, batch_of_records, own_endpoint, own_endpoint_as_a_stream, reading_of],
    ids=lambda interface: interface.__name__,
)
def test_an_article_is_split_once(
    interface: Callable[[Bench, Story], list[str]], bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    split, texts = segment.split, list[str]()

    def counted(text: str) -> Segmented:
        texts.append(text)
        return split(text)

    monkeypatch.setattr(segment, "split", counted)
    interface(bench, STORIES[0])
    assert texts == ["\n\n".join(STORIES[0].paragraphs)]
