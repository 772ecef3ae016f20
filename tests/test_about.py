"""What a web page's own data says, and what documents say of headlines and notes."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import pytest

from service.errors import InputError
from service.intake.credit import About, PageText, about_of, headed
from service.intake.documents import document_text, html
from service.intake.documents.about import of_page
from service.pipeline import to_article

BODY = "".join(
    f"<p>{text}</p>"
    for text in (
        "Harga beras naik 5<sup>1</sup> persen di lima kota sejak awal pekan ini, kata Rina Lestari kepada wartawan.",  # noqa: E501
        "Pedagang menyebut pasokan dari sentra produksi terlambat dua hari karena banjir merendam jalan utama.",  # noqa: E501
        "Dinas perdagangan akan menggelar operasi pasar di tiga kecamatan mulai Kamis pekan depan.",
    )
)


def page(head: str = "", body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body><article>{body}{BODY}</article></body></html>"


LD = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "Kabar"},
        {
            "@type": ["NewsArticle"],
            "headline": "Harga Beras Naik di Lima &amp; Kota",
            "author": [{"@type": "Person", "name": "Ayu Lestari"}, {"name": "Bima"}],
            "datePublished": "2024-08-12T10:32:00+07:00",
            "publisher": {"name": "Kabar Terkini"},
        },
    ],
}


def script(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


@pytest.mark.parametrize(
    ("source", "about"),
    [
        (page(script(LD)), About("Harga Beras Naik di Lima & Kota", "Ayu Lestari, Bima", "2024-08-12T10:32:00+07:00", "Kabar Terkini")),  # noqa: E501
        (
            page('<meta property="og:title" content="Harga Beras Naik - Kabar"><meta property="og:site_name" content="Kabar">'  # noqa: E501
                 '<meta name="author" content="Ayu"><meta property="article:published_time" content="2024-08-12">'),  # noqa: E501
            About("Harga Beras Naik", "Ayu", "2024-08-12", "Kabar"),
        ),
        (
            page('<meta property="og:title" content="Harga Beras Naik di Kota | Berita Hari Ini">', "<h1>Harga Beras Naik di Kota</h1>"),  # noqa: E501
            About("Harga Beras Naik di Kota"),
        ),
        (page(body="<h1>Harga Beras Naik</h1>"), About("Harga Beras Naik")),
        (page(body="<h1>Kabar</h1><h1>Satu Judul</h1><h1>Dua Judul</h1>"), About()),
        (page('<meta name="author" content="https://x.example/ayu">' + '<script type="application/ld+json">{"broken</script>'), About()),  # noqa: E501
        (page(script([[[[[[[[[LD]]]]]]]]])), About()),
        ("", About()),
    ],
)  # fmt: skip
def test_of_page(source: str, about: About) -> None:
    assert of_page(source) == about


def test_the_data_decides_and_nothing_of_it_is_furniture() -> None:
    text = document_text(page(script(LD)).encode(), "a.html", 1_000_000)
    article = to_article(text)
    assert article.title == "Harga Beras Naik di Lima & Kota"
    assert (article.byline, article.site) == ("Ayu Lestari, Bima", "Kabar Terkini")
    assert article.text.startswith("Harga beras naik 5¹ persen")
    assert article.furniture == ()


def test_page_text_travels() -> None:
    text = pickle.loads(pickle.dumps(PageText("Judul\n\nIsi.", About("Judul", "Ayu", "12/8/2024", "Kabar"))))  # noqa: S301
    assert about_of(text) == About("Judul", "Ayu", "12/8/2024", "Kabar")
    assert headed(text) == "Kabar\nJudul\nPenulis: Ayu\n12/8/2024\n\nIsi."
    assert headed("Judul\n\nIsi.") == "Judul\n\nIsi."


def test_epub_notes() -> None:
    chapter = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Harga naik 5<sup><a href="#n">1</a></sup> persen.</p></body></html>'  # noqa: E501
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>',
        )
        book.writestr(
            "c.opf",
            '<package><manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',  # noqa: E501
        )
        book.writestr("a.xhtml", chapter)
    assert document_text(data.getvalue(), "a.epub", 1_000_000) == "Harga naik 5¹ persen."


def pdf_of(title: str) -> bytes:
    fpdf = pytest.importorskip("fpdf")
    made = fpdf.FPDF()
    made.add_page()
    made.set_font("Helvetica", "B", 20)
    made.multi_cell(0, 10, title)
    made.ln(4)
    made.set_font("Helvetica", "", 11)
    for text, place in (
        ("Harga beras naik 5", "LINE"), ("1", "SUP"), (" persen di lima kota sejak awal pekan ini, kata Rina Lestari di Medan, ", "LINE"),  # noqa: E501
        ("dan luas sawah yang terendam mencapai 30 m", "LINE"), ("2", "SUP"), (". Warga menunggu pasokan baru dari daerah lain.\n", "LINE"),  # noqa: E501
        ("Emisi CO", "LINE"), ("2", "SUB"), (" turun karena penggilingan berhenti bekerja selama tiga hari penuh.", "LINE"),  # noqa: E501
    ):  # fmt: skip
        made.char_vpos = place
        made.write(6, text)
    return bytes(made.output())


def test_a_pdf_headline_over_two_lines_is_one_and_notes_are_no_figures() -> None:
    data = pdf_of("Harga Beras Naik di Lima Kota Besar\nSejak Awal Pekan karena Banjir")
    text = document_text(data, "a.pdf", 1_000_000)
    head, first, second = text.split("\n\n")
    assert head == "Harga Beras Naik di Lima Kota Besar Sejak Awal Pekan karena Banjir"
    assert "naik 5¹ persen" in first and "30 m²." in first
    assert second.startswith("Emisi CO₂ turun")
    assert to_article(text).title == head


def test_without_lxml_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def refuse(name: str, *rest: object, **more: object) -> object:
        if name.startswith("lxml"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match="lxml"):
        html.read(page())


def test_warta_clean_prints_the_article_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from typer.testing import CliRunner

    from eval.pages import HAND, read_hand
    from service.cli.app import app

    file = tmp_path / "page.txt"
    file.write_text(read_hand(HAND / "02.txt").raw, encoding="utf-8")
    run = CliRunner().invoke(app, ["clean", str(file)])
    assert run.exit_code == 0
    lines = run.stdout.split("\n")
    assert lines[0] == "Dua Pencuri Mesin Perahu Ditangkap Saat Menjual Hasil Curian di Pasar"
    assert lines[1] == "Wahyu Sagara · Jumat, 03 Mei 2024 16:05 WIB · suaraselat"
    assert "ADVERTISEMENT" not in run.stdout and "Komentar" not in run.stdout
    assert "lines left out: links" in run.stderr
    kept = CliRunner().invoke(app, ["clean", "--keep-line", "1", "--format", "json", str(file)])
    shown = json.loads(kept.stdout)
    assert "suaraselat" in [part["text"] for part in shown["paragraphs"]]
    assert {"role": "subhead", "text": "Ancaman Hukuman"} in shown["paragraphs"]
    whole = CliRunner().invoke(app, ["clean", "--keep-furniture", str(file)])
    assert "ADVERTISEMENT" in whole.stdout
    assert CliRunner().invoke(app, ["clean", str(tmp_path / "none.txt")]).exit_code == 1
