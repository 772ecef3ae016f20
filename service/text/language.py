"""Which language a text is in, offline: is this Indonesian at all, and which sentences are English already?

py3langid does the identifying; ``python -m eval.bench.language`` shows why it was chosen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from service.document import Message

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Below these a decision is a guess: the bench's accuracy falls under 90 % for Indonesian and Malay.
RELIABLE_WORDS = 6
RELIABLE_CONFIDENCE = 0.6
ARTICLE_WORDS = 20
ENGLISH_CONFIDENCE = 0.8

# Sundanese is not among py3langid's languages; it answers Javanese for it.
NAMES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "ja": "Japanese",
    "jv": "Javanese or Sundanese", "ms": "Malay", "nl": "Dutch", "pt": "Portuguese", "tl": "Tagalog",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
NO_LANGUAGE = "zxx"
"""The code of what is no language at all."""
# "anak-anak", "Jum'at"; no figures.
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Words of the frame of a sentence: one Indonesian one in it, and part of the segment still wants translating.
_ENGLISH_FRAME = frozenset(
    _WORD.findall(
        "a about after all an and are as at be been but by can for from had has have he her his how I if in"
        " into is it its more no not of on or our she so than that the their there they this to up was we"
        " were what when which who will with would you your"
    )
)
_INDONESIAN_FRAME = frozenset(
    _WORD.findall(
        "ada adalah agar akan akibat antara atau bagi bahwa baru belum bisa bukan dalam dan dapat dari dengan"
        " di dia hanya hingga ia ini itu jadi jelas juga kalau kami karena kata kepada ketika kita lagi lalu"
        " lebih masih melalui mengatakan menurut mereka namun oleh pada para pun saat saja sampai sangat saya"
        " sebagai sebelum sedang sejak seorang sudah supaya tapi telah tentang tersebut tetapi tidak tutur"
        " ucap ujar untuk yakni yaitu yang"
    )
)


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 ``code``, its probability from 0 to 1, and whether there was enough text to trust it."""

    code: str
    confidence: float
    reliable: bool


def detect(text: str) -> Language:
    """Return the likeliest language of ``text``; ``und`` with confidence 0 for a text without words."""
    words = len(_WORD.findall(text))
    if not words:
        return Language("und", 0.0, reliable=False)
    code, confidence = _identifier().classify(text)
    reliable = words >= RELIABLE_WORDS and confidence >= RELIABLE_CONFIDENCE
    return Language(str(code), float(confidence), reliable)


def is_english(segment: str) -> bool:
    """Return whether the whole segment is English prose, so that translating it could only do harm.

    Names, titles and anything under six words are never English here, nor is a segment that
    holds an Indonesian function word.
    """
    # Distinct: a word that is said again and again is no more English for it.
    words = set(_WORD.findall(segment))
    if len(words) < RELIABLE_WORDS or len(words & _ENGLISH_FRAME) < 2:
        return False
    if any(word.lower() in _INDONESIAN_FRAME or _is_possessed(word) for word in words):
        return False
    language = detect(segment)
    return language.code == "en" and language.confidence >= ENGLISH_CONFIDENCE


def is_english_article(text: str) -> bool:
    """Return whether a text as a whole is English already, whatever its single sentences look like."""
    words = _WORD.findall(text)
    english = sum(word.lower() in _ENGLISH_FRAME for word in words)
    indonesian = sum(word.lower() in _INDONESIAN_FRAME for word in words)
    if len(words) < RELIABLE_WORDS or english < 2 or indonesian * 10 > english:
        return False
    language = detect(text)
    return language.code == "en" and language.confidence >= ENGLISH_CONFIDENCE


def leans_english(text: str) -> bool:
    """Return whether a text of either language has more of the English words that frame sentences."""
    words = [word.lower() for word in _WORD.findall(text)]
    return sum(word in _ENGLISH_FRAME for word in words) > sum(word in _INDONESIAN_FRAME for word in words)


def _is_possessed(word: str) -> bool:
    """Return whether it is like katanya, ujarnya, rumahnya; Kenya is shorter."""
    return len(word) > 5 and word.endswith("nya") and word[:-3].isalnum()


def check_article(text: str) -> Message | None:
    """Return a one-line warning when an article as a whole is not Indonesian; ``None`` if it is, or is
    short.
    """
    if len(_WORD.findall(text)) < ARTICLE_WORDS:
        return None
    language = detect(text)
    if language.code == "id" or not language.reliable:
        return None
    if language.code == "ms":
        return Message.of(
            "article.malay",
            "this reads like Malay, which is close to Indonesian: expect a rougher translation",
        )
    if language.code == NO_LANGUAGE:
        return Message.of(
            "article.no_language", "this is no text in any known language: do not rely on the translation"
        )
    if language.code not in NAMES:
        return Message.of(
            "article.other_language",
            "this reads like another language ({language}), not Indonesian: do not rely on the translation",
            language=language.code,
        )
    return Message.of(
        "article.language",
        "this reads like {language}, not Indonesian: do not rely on the translation",
        language=Message("term", NAMES[language.code]),
    )


@cache
def _identifier() -> LanguageIdentifier:
    """Return py3langid's model, loaded once (a third of a second); classifying only reads it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
