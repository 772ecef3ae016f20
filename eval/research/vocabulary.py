"""Count the words of both languages that the guard knows, into ``prompts/lexicon``.

::

    python -m eval.research.vocabulary --data FOLDER

``english.txt``: the words that stand in small letters in English that was written for this project
(``train/written.tsv.xz``) and are not mostly copied from their source; the words of ``train/parallel.tsv.xz``
that stand at least twice where their source does not have them, which tells ``data`` from a word left as it
was; and the words with a capital inside a sentence that stand at least three times where nothing in the
source
resembles them, as ``Mecca`` does for ``Mekah``. ``indonesian.txt`` is counted over the rows of
``train/mono.id.tsv.xz`` with an open licence: the words that stand in small letters at least five times,
and not
far more often with a capital inside a sentence, as names do.
"""

from __future__ import annotations

import argparse
import lzma
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parents[2] / "prompts" / "lexicon"
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}")
_OPEN = ("CC-BY-SA", "CC0", "MIT", "Apache", "CC-BY-4")
_OFTEN, _MIXED = 5, 8
_OWN, _CAPITAL = 2, 3


def _rows(path: Path) -> Iterator[list[str]]:
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def english(data: Path) -> set[str]:
    """Return the English words, those of names in small letters too."""
    small, copied, brought = Counter[str](), Counter[str](), Counter[str]()
    for *_, source, target in _rows(data / "train" / "written.tsv.xz"):
        here = set(_WORD.findall(source.lower()))
        starts = {word[:3] for word in here}
        for word in _small(target):
            small[word] += 1
            copied[word] += word in here
        for word in set(_INSIDE.findall(target)):
            brought[word.lower()] += word.lower() not in here and word[:3].lower() not in starts
    own = Counter[str]()
    for *_, source, target in _rows(data / "train" / "parallel.tsv.xz"):
        own.update(_small(target) - set(_WORD.findall(source.lower())))
    kept = {word for word, times in small.items() if copied[word] * 2 <= times}
    kept |= {word for word, times in own.items() if times >= _OWN and (word in small or times >= _OFTEN)}
    return kept | {word for word, times in brought.items() if times >= _CAPITAL}


def _small(text: str) -> set[str]:
    return {word for word in _WORD.findall(text) if word.islower() and word.isascii()}


def indonesian(data: Path) -> set[str]:
    """Return the Indonesian words that are no names."""
    small, capital = Counter[str](), Counter[str]()
    for _, licence, _, text in _rows(data / "train" / "mono.id.tsv.xz"):
        if licence.startswith(_OPEN):
            small.update(_small(text))
            capital.update({word.lower() for word in _INSIDE.findall(text)})
    return {word for word, times in small.items() if times >= _OFTEN and times * _MIXED > capital[word]}


def main() -> None:
    """Write both lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    data = parser.parse_args().data
    for name, found in (("english", english(data)), ("indonesian", indonesian(data))):
        words = sorted(word for word in found if len(word) > 1)
        (TARGET / f"{name}.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {len(words):,} words\n")


if __name__ == "__main__":
    main()
