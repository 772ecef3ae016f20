"""Whom the article names, and what that says of he and she."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest

from service.document import Decoding, Output, Passage
from service.engines.echo import EchoEngine
from service.facts.pronouns import Pronouns
from service.translation.glossary import Glossary
from service.translation.translator import Care, Translator
from tests import builders

SUSI = "Susi Pudjiastuti mengunjungi nelayan di Cilacap kemarin."


class Told(EchoEngine):
    """An engine that answers one thing."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
        return [Output(self.answer, -0.3, 9) for _ in texts]


def of(*sentences: str) -> Pronouns:
    return Pronouns(Passage(sentences, "\n".join(sentences)), Glossary.load())


@pytest.mark.parametrize(
    ("sentences", "english", "wanted"),
    [
        ((SUSI, "Ia berjanji kembali."), "He promised to come back.", "She promised to come back."),
        (
            (SUSI, "Ia membawa anaknya dan menyalahkan dirinya sendiri."),
            "He brought his child along, who is his, and blamed himself; they saw him.",
            "She brought her child along, who is hers, and blamed herself; they saw her.",
        ),
        # By the word before the name, by what the sentence says of her, and by her whole name below.
        (("Ibu Tukirah berjualan di pasar.", "Ia lelah."), "He is tired.", "She is tired."),
        (("Perempuan itu berlari.", "Ia selamat."), "He survived.", "She survived."),
        (("Ia datang bersama suaminya.",), "He came with his husband.", "She came with her husband."),
        ((SUSI, "Menurut Pudjiastuti, ia belum tahu."), "He does not know.", "She does not know."),
        # No word but a name; names of works and prizes are nobody's.
        (("Susi Pudjiastuti.", "Ia lelah."), "He is tired.", "She is tired."),
        ((SUSI, "Ia tampil di The Voice."), "He was on The Voice.", "She was on The Voice."),
        # Her words are hers, and whom they speak of is not she.
        (
            (SUSI, '"Dia tidak boleh takut," ujarnya.'),
            '"He must not be afraid," he said.',
            '"He must not be afraid," she said.',
        ),
    ],
)
def test_he_becomes_she_where_the_article_names_a_woman(
    sentences: tuple[str, ...], english: str, wanted: str
) -> None:
    assert of(*sentences).put_right(sentences[-1], english) == wanted


@pytest.mark.parametrize(
    ("sentences", "english"),
    [
        # A man; a man beside her; somebody of whom nothing is known; nobody; a she already; a he and a she.
        (("Budi Gunawan pulang.", "Ia lelah."), "He is tired."),
        (("Susi Pudjiastuti dan Budi Gunawan pulang.", "Ia lelah."), "He is tired."),
        ((SUSI, "Menurut Grangsang, ia lelah."), "According to Grangsang, he is tired."),
        (("Hujan turun.", "Ia lelah."), "He is tired."),
        ((SUSI, "Ia lelah."), "She is tired."),
        ((SUSI, "Ia menolong ayahnya."), "She helped his father, and he thanked her."),
        (("Pak Hari duduk bersama Bu Dita di sampingnya.",), "Pak Hari sat with Bu Dita beside him."),
        ((SUSI, "Warga memuji Anggraksa.", "Anggraksa lelah."), "He is tired."),
        # Who is named behind the pronoun is another; whose wife is spoken of is a man.
        (("Ia menikah dengan Siti Aminah.",), "He married Siti Aminah."),
        ((SUSI, "Ia datang bersama istrinya."), "He came with his wife."),
        # She was named long before.
        ((SUSI, *(f"Harga beras naik {n} persen." for n in range(9)), "Ia lelah."), "He is tired."),
        # No person's pronoun at all.
        ((SUSI, "Harga naik."), "The price is up."),
    ],
)
def test_what_the_article_does_not_say_stays_as_it_is(sentences: tuple[str, ...], english: str) -> None:
    assert of(*sentences).put_right(sentences[-1], english) == english


def test_a_translation_takes_it_from_its_article() -> None:
    article = Passage((SUSI, "Ia lelah."), f"{SUSI} Ia lelah.")
    care = Care(Glossary.load(), repair=False, pronouns=Pronouns)
    translator = Translator(Told("He is tired."), builders.preset("tiny", "marian"), "r" * 40, care=care)
    assert [part.target for part in translator.stream(article)][1] == "She is tired."
    unchecked = replace(care, check=False)
    translator = Translator(Told("He is tired."), builders.preset("tiny", "marian"), "r" * 40, care=unchecked)
    assert [part.target for part in translator.stream(article)][1] == "He is tired."


def test_a_he_is_marked_where_she_is_only_the_last_who_was_named() -> None:
    article = ("Budi Gunawan menyambut tamu.", SUSI, "Ia lelah.")
    (found,) = of(*article).doubted(article[-1], "He is tired.")
    assert found.code == "pronoun.woman"
    assert dict(found.values) == {"pronoun": "He", "name": "Susi Pudjiastuti"}
    assert of(*article).put_right(article[-1], "He is tired.") == "He is tired."
    assert of(*article).doubted(article[-1], "She is tired.") == ()
    other = (SUSI, "Warga memuji Anggraksa.", "Anggraksa mengaku lelah.")
    assert of(*other).doubted(other[-1], "He said he is tired.") == ()
    assert of(*article[::-1]).doubted(article[0], "He is greeting guests.") == ()


def test_a_part_of_an_article_knows_all_of_it() -> None:
    article = "\n".join((SUSI, "Ia berjanji kembali.", "Nelayan senang.", "Mereka menunggu."))
    part = Pronouns(Passage(("Ia berjanji kembali.",), article), Glossary.load())
    assert part.put_right("Ia berjanji kembali.", "He promised.") == "She promised."


def test_a_row_of_words_without_end_costs_no_more_than_its_length() -> None:
    long = "Susi Pudjiastuti dan ia " * 20_000
    assert of(long, "Ia lelah.").put_right(long, "He is tired. " * 20_000) == "He is tired. " * 20_000


def test_the_table_of_names_is_whole() -> None:
    text = (files("prompts") / "lexicon" / "given-names.tsv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    names = [row["name"] for row in rows]
    assert names == sorted(set(names)) and all(name == name.lower() for name in names)
    assert {(row["gender"], row["place"]) for row in rows} == {("f", "any"), ("m", "any"), ("m", "first")}
