"""Words and sentences as the metrics and the checks see them."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
# A sentence ends at its mark and closing quotes, before white space and a capital, a digit or a quote.
_SENTENCE_END = re.compile(r"(?<=[.!?…])([\"”’')\]]*)\s+(?=[\"“‘'(\[]*[A-Z0-9])")


def words(text: str) -> list[str]:
    """Return lower-case runs of letters and digits of any script, after NFC.

    On ASCII text these are the tokens of ``rouge_score``; its own tokenizer deletes every other letter.
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def sentences(text: str) -> list[str]:
    """Return the lines of ``text``, or, when it is one line, its sentences by their end marks.

    ROUGE-Lsum and the Lead baselines need sentences where a plain file has one summary a line.
    """
    if "\n" not in text.strip():
        text = _SENTENCE_END.sub("\\1\n", text.strip())
    return [line.strip() for line in text.split("\n") if line.strip()]
