"""Which words of a sentence its English has no word for, and which of the English have no source."""

from __future__ import annotations

import pytest

from service.text.coverage import FREE, coverage, entry, phrases


@pytest.mark.parametrize(
    ("source", "wrong", "right", "word", "guess"),
    [
        (
            "Kebakaran itu menewaskan dua orang.",
            "The earthquake killed two people.",
            "The fire killed two people.",
            "kebakaran",
            "earthquake",
        ),
        (
            "Polisi menemukan pisau di kamar.",
            "Police found a pistol in the room.",
            "Police found a knife in the room.",
            "pisau",
            "pistol",
        ),
    ],
)
def test_a_guess_leaves_a_word_out_and_brings_one_in(
    source: str, wrong: str, right: str, word: str, guess: str
) -> None:
    found = coverage(source.lower(), wrong)
    assert word in found.missing
    assert guess in found.strange
    assert coverage(source.lower(), right) == ((), ())


def test_names_numbers_and_what_is_english_already_are_left_alone() -> None:
    assert coverage("Rina Astuti tiba di Kediri, 12.30.", "He left.").missing == ("tiba",)
    assert coverage("Rapat membahas deadline startup.", "The meeting discussed startup deadlines.") == (
        (),
        (),
    )


def test_a_word_without_its_ending_is_looked_up() -> None:
    assert entry("pisaunya") == entry("pisau")
    assert entry("pisau")


def test_a_word_that_english_leaves_out_is_never_missing() -> None:
    assert entry("tersebut") == FREE
    assert coverage("rumah tersebut", "houses").missing == ()


def test_of_a_phrase_every_word_must_stand_there() -> None:
    assert frozenset(("child",)) in phrases("anak")
    assert all(phrase for phrase in phrases("anak"))


def test_nothing_is_said_of_nothing_and_of_very_long_sentences() -> None:
    assert coverage("", "") == ((), ())
    assert coverage("rumah " * 400, "bridge") == ((), ())
