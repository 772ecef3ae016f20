"""Which people, places, bodies and offices an article names, and what became of them."""

from __future__ import annotations

import pytest

from service.facts.fates import English, fate
from service.facts.names import NameReader
from service.translation.glossary import Glossary

GLOSSARY = Glossary.load()


def names(*sentences: str, of: int = 0) -> list[tuple[str, str]]:
    reader = NameReader(sentences, GLOSSARY)
    return [(n.kind, sentences[of][n.start : n.end]) for n in reader.names(sentences[of])]


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        (
            "Anggota Komisi II DPR Muhammad Khozin menyambut baik keputusan itu.",
            [("office", "Anggota Komisi II DPR"), ("person", "Muhammad Khozin")],
        ),
        (
            "Hal itu disampaikan Gubernur Jawa Barat Dedi Mulyadi di Kabupaten Garut.",
            [("office", "Gubernur Jawa Barat"), ("person", "Dedi Mulyadi"), ("place", "Kabupaten Garut")],
        ),
        ("“Airnya surut,” kata Sri di rumahnya.", [("person", "Sri")]),
        ("Presiden Rusia Vladimir Putin tiba.", [("office", "Presiden Rusia"), ("person", "Vladimir Putin")]),
        ("Ia bermain untuk Manchester United.", [("organisation", "Manchester United")]),
        ("Mereka diperiksa KPK kemarin.", [("organisation", "KPK")]),
        ("Kini warga tinggal di Jakarta Selatan.", [("place", "Jakarta Selatan")]),
        ("Acara berlangsung pukul 10.00 WIB.", []),
        ("Setelah Maret harga naik.", []),
        ("Dilansir Bored Panda, lukisan itu laris.", [("organisation", "Bored Panda")]),
        ("Mereka menonton Dream Theater bersama.", [("organisation", "Dream Theater")]),
        ("Mereka menonton Ilaria Urbinati bersama.", [("person", "Ilaria Urbinati")]),
        (
            "Manajer Manchester United Jose Mourinho kecewa.",
            [("office", "Manajer Manchester United"), ("person", "Jose Mourinho")],
        ),
        (
            "Hasilnya dibaca Kepala Instalasi Forensik Edi Purnomo.",
            [("office", "Kepala Instalasi Forensik"), ("person", "Edi Purnomo")],
        ),
        ("Itu dikatakan Ketua Umum Surya Paloh.", [("office", "Ketua Umum"), ("person", "Surya Paloh")]),
        (
            "Ia Presiden Direktur Stark Craft Beer sejak Mei.",
            [("office", "Presiden Direktur"), ("organisation", "Stark Craft Beer")],
        ),
        (
            "Menurut eks pemain Arema FC ini, laga itu berat.",
            [("office", "pemain"), ("organisation", "Arema FC")],
        ),
        ("Mereka mencoret gaji Di Maria kemarin.", [("person", "Di Maria")]),
    ],
)
def test_the_names_of_a_sentence(sentence: str, wanted: list[tuple[str, str]]) -> None:
    assert names(sentence) == wanted


def test_who_spoke_once_is_somebody_everywhere() -> None:
    sentences = ("“Benar,” ujar Khozin.", "Menurut dia, Khozin benar.", "Usulan Khozin ditolak.")
    assert names(*sentences, of=2) == [("person", "Khozin")]


def test_whom_an_office_is_of_is_no_part_of_who_holds_it() -> None:
    said = "Hal itu diakui pelatih Persebaya Iwan Setiawan."
    both = [("organisation", "Persebaya"), ("person", "Iwan Setiawan")]
    assert names(said, "Pemain Persebaya Surabaya lelah.")[-2:] == both
    # Nothing says that the first word stands for itself.
    assert names(said)[-1:] == [("person", "Persebaya Iwan Setiawan")]
    syarif = "Hal itu diakui Wakil Ketua KPK Laode Muhammad Syarif."
    assert names(syarif, "Kata Laode, kasusnya besar.")[-1:] == [("person", "Laode Muhammad Syarif")]


def test_a_headline_names_whom_the_article_names() -> None:
    title = "Denada Rela Habiskan Ratusan Juta"
    reader = NameReader(("“Senang,” kata Denada.",), GLOSSARY)
    assert [title[n.start : n.end] for n in reader.names(title)] == ["Denada"]


@pytest.mark.parametrize(
    ("source", "target", "wanted"),
    [
        ("Menurut Ganjar Pranowo, itu benar.", "According to Ganjar Pranowo, it is true.", ["kept"]),
        ("Menurut Ganjar Pranowo, itu benar.", "According to Anies Baswedan, it is true.", ["changed"]),
        ("Menurut Ganjar Pranowo, itu benar.", "According to Ganjar Pranobo, it is true.", ["changed"]),
        ("Menurut Ganjar Pranowo, itu benar.", "According to him, it is true.", ["missing"]),
        ("Banjir di Jawa Barat.", "Floods in West Java.", ["kept"]),
        ("Banjir di Jawa Barat.", "Floods in East Java.", ["changed"]),
        ("Ia tinggal di Bali.", "He likes Balinese homes.", ["kept"]),
        ("Ia ke Belanda.", "He went to Germany.", ["missing"]),
        ("Ia diperiksa KPK.", "He was questioned by the Corruption Eradication Commission.", ["kept"]),
        ("Kata Bupati Garut.", "Said the regent of Garut.", ["kept"]),
        ("Kata Wakil Bupati Garut.", "Said the regent of Garut.", ["changed"]),
        ("Kata Bupati Garut.", "Said the governor of Garut.", ["changed"]),
    ],
)
def test_what_became_of_a_name(source: str, target: str, wanted: list[str]) -> None:
    reader = NameReader((source,), GLOSSARY)
    words = frozenset(source.lower().strip(".").replace(",", "").split())
    assert [fate(name, English(target), words).status for name in reader.names(source)] == wanted
