"""The line labeller at work: pages of many kinds, what is lost and left, headline, fields, glue, restoring."""  # noqa: E501

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eval.pages import (
    HAND,
    LAST,
    MORE,
    MORE_UNSEEN,
    OTHER,
    OTHER_UNSEEN,
    SHOWN,
    UNSEEN,
    Page,
    example,
    load,
    measure,
    read_hand,
)
from eval.training.lines import GROUPS, OUTPUT, Pools, network, read_groups, started, stored, written_page
from service.document import Furniture
from service.intake.clean import clean, numbered
from service.intake.credit import About, PageText, credits_of
from service.intake.glued import initials, without
from service.intake.judge import judge, reads_as_news
from service.intake.linefeatures import NUMBERS, see
from service.intake.lines import END, KINDS, RULE_KINDS, TEXT, TOP, chances, label, parts
from service.intake.plain import GROUPS as PLAIN
from service.intake.plain import left_out
from service.intake.rules import page_only, rule_flags
from service.pipeline import to_article

ROOT = Path(__file__).parents[2]
DEV = ROOT.parent / "shared" / "data" / "pages" / "dev.jsonl.xz"
PAGES = {page.id: page for page in load(HAND)}
FURTHER = {page.id: page for folder in (OTHER_UNSEEN, MORE, MORE_UNSEEN, LAST) for page in load(folder)}


def test_pages_written_for_this_project() -> None:
    figures = measure(PAGES.values())
    found: dict[str, Any] = dict(figures.as_json())
    assert figures.lost == []
    assert found["headline_right"] >= 0.95, figures.wrong
    assert found["furniture_left"] <= 0.05, figures.left_lines
    assert (found["glued"], found["glued_left"]) == (4, 0)


def test_pages_that_were_held_out() -> None:
    figures = measure(load(UNSEEN))
    found: dict[str, Any] = dict(figures.as_json())
    assert figures.lost == []
    assert found["headline_right"] >= 0.96, figures.wrong
    assert found["furniture_left"] <= 0.05, figures.left_lines


def test_pages_of_sites_unlike_the_others() -> None:
    figures = measure(load(OTHER))
    found: dict[str, Any] = dict(figures.as_json())
    assert (figures.pages, figures.lost) == (30, [])
    assert found["headline_right"] >= 0.96, figures.wrong
    assert found["furniture_left"] <= 0.05, figures.left_lines


@pytest.mark.parametrize(("folder", "count"), [(OTHER_UNSEEN, 30), (MORE, 30), (MORE_UNSEEN, 30), (LAST, 15)])
def test_pages_of_further_kinds(folder: Path, count: int) -> None:
    figures = measure(load(folder))
    found: dict[str, Any] = dict(figures.as_json())
    assert (figures.pages, figures.lost) == (count, [])
    assert found["headline_right"] >= 0.96, figures.wrong
    assert found["furniture_left"] <= 0.05, figures.left_lines


@pytest.mark.parametrize(
    "name",
    [
        "67",  # "Operator Desa" under it
        "70",  # an essay's, of words that the text does not have
        "126",  # over two lines, the first with a comma at its end
        "132",  # a match's teams above it, and it stands twice
        "146",  # "oleh @..." under it
        "154",  # the dateline in small letters goes on with no caption
        "172",  # in quotation marks, with who asked under it
        "177",  # two desks' initials under it
    ],
)
def test_the_headline_and_nothing_else(name: str) -> None:
    page = FURTHER[name]
    article = clean(page.raw)
    assert article.title == page.title
    assert "bolavoli.net | Tim putri" not in article.title


@pytest.mark.parametrize(
    "name",
    [
        "80",  # a sentence behind an advert, the last
        "134",  # a subhead over one sentence
        "180",  # a list under a colon
    ],
)
def test_what_could_be_boilerplate_stays(name: str) -> None:
    assert measure([FURTHER[name]]).lost == []


def test_what_closes_an_article_takes_no_sure_text_under_it() -> None:
    page = FURTHER["132"]
    mark = "Susunan Pemain"
    assert mark in clean(page.raw.replace(mark, f"[selengkapnya]\n{mark}")).text


def test_a_dateline_alone_over_the_text_stays() -> None:
    raw = "\n".join(
        [
            "Kabar Contoh",
            "Menu",
            "Siswa SMK Membuat Perahu dari Botol Bekas",
            "12 Mei 2025",
            "Kembali ke atas",
            "4 mnt baca",
            "Banda Aceh -",
            "Lima siswa SMK membuat perahu dari 2.000 botol bekas. Perahu itu dapat membawa enam orang.",
            "Guru mereka, Syahrul, mengatakan perahu akan dipakai nelayan. Biayanya Rp3 juta.",
            "Berita Terkait",
            "© 2025 Kabar Contoh",
        ]
    )
    assert "Banda Aceh -" in clean(raw).text


def test_the_site_is_no_author() -> None:
    lines = [Furniture("KOTAKITA", "site", 0), Furniture("KotaKita, 08/10/2023 07:10", "byline", 3)]
    assert credits_of(lines) == ("", "08/10/2023 07:10", "KOTAKITA")


@pytest.mark.skipif(not DEV.exists(), reason="needs ../shared/data/pages")
def test_pages_composed_from_sites_it_never_saw() -> None:
    figures = measure(load(DEV)[::3])
    found: dict[str, Any] = dict(figures.as_json())
    assert found["headline_right"] >= 0.97, figures.wrong
    assert found["furniture_left"] <= 0.05
    # One text of initials is in the pages as a line of the body, which initials are not.
    assert [line for line in figures.lost if "[initials]" not in line] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_body_alone_comes_back_byte_for_byte(name: str) -> None:
    body = [text for text, kind in PAGES[name].lines if kind in ("body", "subhead")]
    for gap in ("\n", "\n\n"):
        assert clean(gap.join(body)).furniture == ()


def test_same_page_same_labels() -> None:
    page = PAGES["07"]
    code = (
        "import sys, json; from service.intake.clean import clean; from dataclasses import asdict; "
        "made = clean(sys.stdin.read()); print(json.dumps({**asdict(made), 'text': made.text}))"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], input=page.raw, capture_output=True, text=True, cwd=ROOT, check=True
    )
    article = clean(page.raw)
    there = json.loads(again.stdout)
    assert (there["text"], there["title"]) == (article.text, article.title)
    assert [piece["reason"] for piece in there["furniture"]] == [piece.reason for piece in article.furniture]


def test_the_network_is_what_its_shape_says() -> None:
    lines = ["Satu dua tiga.", "Empat", "Satu dua tiga."]
    seen = see(lines, [False, True, False], rule_flags(lines))
    assert seen.numbers.shape == (3, len(NUMBERS) + len(RULE_KINDS))
    assert list(seen.which) == [0, 1, 0]
    shares = chances(seen)
    assert shares.shape == (3, len(KINDS))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_a_page_has_one_block_of_text() -> None:
    shares = np.full((6, len(KINDS)), 1e-3, dtype=np.float32)
    for i, kind in enumerate(("navigation", "body", "related", "body", "related", "related")):
        shares[i, KINDS.index(kind)] = 0.9
    found = [int(part) for part in parts(shares, 1.0, 1.0)]
    assert (found[0], found[1], found[3], found[4:]) == (TOP, TEXT, TEXT, [END, END])


@pytest.mark.parametrize(
    ("line", "news"),
    [
        ("JAKARTA, KabarTerkini.example - Sebanyak 2.340 siswa mulai belajar di tenda sejak Senin.", True),
        ('"Kami rugi besar," kata Rina.', True),
        ("Rina mengatakan, “Harga turun.”", True),
        ("Hujan turun sejak subuh. Warga mengungsi ke balai desa.", True),
        ("Baca juga: Stok Gula Aman hingga Juni", False),
        ("Harga Cabai Turun Setengah dalam Sepekan", False),
        ("© 2024 Contoh. All rights reserved", False),
    ],
)
def test_what_reads_as_news(line: str, news: bool) -> None:
    assert reads_as_news(line) is news


def test_fields_are_found_on_the_page() -> None:
    article = clean(PAGES["01"].raw)
    assert article.byline == "Nirmala Kesuma"
    assert article.published == "Senin, 12 Agu 2024 10:32 WIB"
    assert article.site == "KabarTerkini.example"
    assert article.captions == (
        "Siswa kelas IV belajar di tenda darurat di halaman balai desa. (Foto: Nirmala Kesuma/KabarTerkini)",
    )


def test_subheads_and_lists_keep_their_role() -> None:
    article = clean(PAGES["16"].raw)
    paragraphs = article.text.split("\n")
    assert len(article.roles) == len(paragraphs)
    items = [text for text, role in zip(paragraphs, article.roles, strict=True) if role == "item"]
    assert items == [
        "- Bagian jahit 1.120 orang",
        "- Bagian perakitan 510 orang",
        "- Gudang dan lain-lain 230 orang",
    ]
    article = clean(PAGES["10"].raw)
    paragraphs = article.text.split("\n")
    heads = [text for text, role in zip(paragraphs, article.roles, strict=True) if role == "subhead"]
    assert "Apa itu lebah kelulut?" in heads


@pytest.mark.parametrize(
    ("paragraph", "links", "text", "taken"),
    [
        (
            "Warga menyambutnya. Baca juga: Oposisi Serukan Mogok Nasional Beberapa orang menangis.",
            (),
            "Warga menyambutnya. Beberapa orang menangis.",
            ["Baca juga: Oposisi Serukan Mogok Nasional"],
        ),
        (
            "Warga menyambutnya. Baca juga: Oposisi serukan mogok nasional di ibu kota Beberapa orang menangis.",  # noqa: E501
            ("oposisi serukan mogok nasional di ibu kota",),
            "Warga menyambutnya. Beberapa orang menangis.",
            ["Baca juga: Oposisi serukan mogok nasional di ibu kota"],
        ),
        ("Harga naik (Baca juga: Stok Gula Aman) sejak Mei.", (), "Harga naik sejak Mei.", ["(Baca juga: Stok Gula Aman)"]),  # noqa: E501
        ("Harga naik. ADVERTISEMENT Stok aman.", (), "Harga naik. Stok aman.", ["ADVERTISEMENT"]),
        ("Stok aman. Baca juga: Harga Gula Naik Lagi", (), "Stok aman.", ["Baca juga: Harga Gula Naik Lagi"]),
        ("Papan ADVERTISEMENT itu roboh.", (), "Papan ADVERTISEMENT itu roboh.", []),
        ("Pesan Rina, “Baca juga: aturannya.” Ia pergi.", (), "Pesan Rina, “Baca juga: aturannya.” Ia pergi.", []),  # noqa: E501
        ("Pemerintah berpesan. Baca juga aturannya, kata Rina.", (), "Pemerintah berpesan. Baca juga aturannya, kata Rina.", []),  # noqa: E501
    ],
)  # fmt: skip
def test_glued_furniture(paragraph: str, links: tuple[str, ...], text: str, taken: list[str]) -> None:
    left, found = without(paragraph, links)
    assert (left, [piece for piece, _ in found]) == (text, taken)


@pytest.mark.parametrize(
    ("paragraph", "text", "signed"),
    [
        ("Hujan reda. (sar/bud)", "Hujan reda.", "(sar/bud)"),
        ('"Aman," katanya. (*)', '"Aman," katanya.', "(*)"),
        ("Kata Rina (red)", "Kata Rina (red)", ""),
        ("Hujan reda (15/3).", "Hujan reda (15/3).", ""),
    ],
)
def test_initials(paragraph: str, text: str, signed: str) -> None:
    assert initials(paragraph) == (text, signed)


def test_a_box_of_facts_stays() -> None:
    page = PAGES["01"].raw.replace(
        "Para guru membagi",
        "Judul: Garam yang Hilang\nPenulis: Elok Arsana\nPenerbit: Rumah Angin\nTebal: 212 halaman\n\nPara guru membagi",  # noqa: E501
    )
    text = clean(page).text
    assert "Penulis: Elok Arsana\nPenerbit: Rumah Angin\nTebal: 212 halaman" in text


def test_every_line_can_be_put_back() -> None:
    raw = PAGES["02"].raw
    before = clean(raw)
    wanted = "R Baca juga:"[2:]
    article = clean(raw, restored=numbered(raw, [wanted, "Nelayan Keluhkan Solar Langka Sejak Awal Bulan"]))
    assert "Baca juga:\nNelayan Keluhkan Solar Langka Sejak Awal Bulan" in article.text
    assert len(article.furniture) == len(before.furniture) - 2
    every = clean(raw, restored=range(1000))
    assert every.furniture == ()


def test_what_was_left_out_is_said_in_plain_words() -> None:
    article = clean(PAGES["02"].raw)
    assert str(left_out(article.furniture)).startswith(f"{len(article.furniture)} lines left out: links, ")
    assert left_out(()) is None
    assert set(KINDS[3:]) <= set(PLAIN)


def test_the_page_s_own_data_goes_before_its_lines() -> None:
    raw = "Judul Menurut Baris\n\n" + PAGES["17"].raw
    known = About("Gempa Guncang Kepulauan Mentari", "Ayu Lestari", "2024-08-12", "Warta Mentari")
    article = to_article(PageText(raw, known))
    assert (article.title, article.byline) == (known.title, known.byline)
    assert (article.published, article.site) == (known.published, known.site)


def test_time_grows_with_the_lines() -> None:
    lines = PAGES["01"].raw.split("\n")

    def seconds(count: int) -> float:
        text = "\n".join(f"{lines[i % len(lines)]} {i}" for i in range(count))
        began = time.thread_time()
        clean(text)
        return time.thread_time() - began

    seconds(500)
    assert seconds(16_000) < 30 * max(seconds(2_000), 0.05)


def test_hand_written_pages_are_whole() -> None:
    assert len(PAGES) >= 24
    for page in PAGES.values():
        held = [line for line in page.raw.split("\n") if line.strip()]
        assert len(held) == len(page.lines)
    texts = {text for page in PAGES.values() for text, kind in page.lines if kind not in ("body", "subhead")}
    trained = {
        text
        for groups in read_groups(GROUPS).values()
        for group in groups
        for text, _ in group
        if len(text) > 40
    }
    # A few stand on every site.
    assert len(texts & trained) < len(texts) / 25


def test_labels_of_nothing() -> None:
    assert label([], [], np.zeros((0, len(RULE_KINDS)), dtype=np.float32)) == []
    assert judge([], []).reasons == ()


@pytest.mark.parametrize(
    ("line", "reasons", "role"),
    [
        ("Harga beras naik 5 persen.", ("",), "text"),
        ("Nasional", ("",), "text"),
        ("- Harga beras naik.", ("",), "item"),
        ("ADVERTISEMENT", ("advertisement",), "text"),
        ("Foto: Ana/Antara", ("",), "text"),
    ],
)
def test_a_line_alone_is_text_and_is_not_looked_at_as_a_page(
    monkeypatch: pytest.MonkeyPatch, line: str, reasons: tuple[str, ...], role: str
) -> None:
    # A million rows of one sentence each would wait for the network most of the time.
    monkeypatch.setattr("service.intake.judge.label", None)
    judged = judge([line], [False])
    assert (judged.reasons, judged.title, judged.page, judged.roles) == (reasons, (), False, (role,))


def test_read_hand_marks_glue(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("t Judul Berita\n\nb Satu dua. ⟦(abc)⟧\n", encoding="utf-8")
    assert read_hand(path) == Page(
        "x", "Judul Berita\n\nSatu dua. (abc)", (("Judul Berita", "title"), ("Satu dua.", "body")), ("(abc)",)
    )


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_docs_show_what_comes_out(name: str) -> None:
    assert example(name) in (ROOT / "docs" / "cleaning.md").read_text("utf-8")


def test_a_page_may_begin_with_its_headline() -> None:
    raw = "\n".join(
        [
            "Harga Beras Naik Lagi di Demak",
            "Rina Lestari",
            "Senin, 23 November 2026 | 19:05 WIB",
            "DEMAK - Harga beras di Demak naik 12 persen sejak Senin pagi. Warga tidak panik.",
            "Pasokan beras ke Demak aman sampai akhir tahun karena panen di Kudus cukup besar.",
            "Berita Terkait",
            "© 2026 Kabar Contoh",
        ]
    )
    article = clean(raw)
    assert article.title == "Harga Beras Naik Lagi di Demak"
    assert "Rina Lestari" not in article.text


def test_a_search_box_is_no_headline() -> None:
    page = next(page for page in load(OTHER) if page.id == "119")
    assert clean(page.raw).title == page.title


def test_what_a_page_says_of_its_article_speaks_for_the_headline() -> None:
    raw = "\n".join(
        [
            "LINTASAN",
            "Menu",
            "Banjir Jalur Utara: Perkembangan Jam demi Jam",
            "Pembaruan terakhir 14:05",
            "YANG PERLU DIKETAHUI",
            "• Jalur utara ditutup di dua titik",
            "Ketinggian air di Kalibaru turun dari 90 menjadi 60 sentimeter. Mobil kecil dilarang lewat.",
            "Juru bicara operator kereta mengatakan keterlambatan tiga jam. Tiket dapat dikembalikan.",
            "© Lintasan Media Baru",
        ]
    )
    assert clean(raw).title == "Banjir Jalur Utara: Perkembangan Jam demi Jam"


@pytest.mark.parametrize(
    "line",
    [
        "Dipublikasikan pada: 19 Sep 2025",
        "Hits: 412",
        "Naskah: Hari Purnomo",
        "Salin tautan kiriman",
        "Tema Sederhana. Diberdayakan oleh Blogger.",
        "Lanjut baca setelah iklan",
        "Seberapa bermanfaat artikel ini?",
    ],
)
def test_rules_for_pages_alone(line: str) -> None:
    assert page_only(line)


def test_a_written_page_teaches_as_it_is() -> None:
    page = next(page for page in load(OTHER) if page.id == "95")
    pools = Pools(ModuleType("compose"), [], [], [], {}, [], [], [page])
    lines, _, kinds = written_page(pools, 0, 0)
    assert tuple(zip(lines, kinds, strict=True)) == page.lines


def test_learning_on_begins_from_the_weights_that_are_there() -> None:
    torch = pytest.importorskip("torch")
    net = network(len(NUMBERS) + len(RULE_KINDS))
    mean, spread = started(net, OUTPUT)
    with np.load(OUTPUT) as there:
        again = stored(net, mean, spread)
        assert sorted(again) == sorted(there)
        for name in set(there) - {"table", "scale"}:
            assert np.array_equal(again[name], there[name]), name
    assert not torch.isnan(net.table.weight).any()
