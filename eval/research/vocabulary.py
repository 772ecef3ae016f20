"""Count the words of both languages that the guard knows, into ``prompts/lexicon``.

::

    python -m eval.research.vocabulary --data FOLDER

``english.txt`` is counted over English that was written for this project (``train/written.tsv.xz``) and the rows
of ``train/parallel.tsv.xz`` under CC0 and MIT: the words that stand in small letters and are not mostly
copied from their source; and of those with a capital inside a sentence the ones that stand at least three
times where nothing in the source resembles them, as ``Mecca`` does for ``Mekah``. ``indonesian.txt`` is counted
over the rows of ``train/mono.id.tsv.xz`` with an open licence: the words that stand in small letters at least
five times, and not far more often with a capital inside a sentence, as names do.
"""

from __future__ import annotations

import argparse
import lzma
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parents[2] / "prompts" / "lexicon"
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}")
_FREE = ("CC0", "MIT")
_OPEN = ("CC-BY-SA", "CC0", "MIT", "Apache", "CC-BY-4")
_OFTEN, _MIXED = 5, 8
_SMALL, _CAPITAL = 1, 3


def _pairs(data: Path) -> Iterator[tuple[str, str]]:
    with lzma.open(data / "train" / "written.tsv.xz", "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            *_, source, target = line.rstrip("\n").split("\t")
            yield source, target
    with lzma.open(data / "train" / "parallel.tsv.xz", "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            _, licence, source, target = line.rstrip("\n").split("\t")
            if licence in _FREE:
                yield source, target


def english(data: Path) -> set[str]:
    """Return the English words, those of names in small letters too."""
    small, copied, brought = Counter[str](), Counter[str](), Counter[str]()
    for source, target in _pairs(data):
        here = set(_WORD.findall(source.lower()))
        starts = {word[:3] for word in here}
        for word in set(_WORD.findall(target)):
            if word.islower() and word.isascii():
                small[word] += 1
                copied[word] += word in here
        for word in set(_INSIDE.findall(target)):
            brought[word.lower()] += word.lower() not in here and word[:3].lower() not in starts
    kept = {word for word, times in small.items() if times >= _SMALL and copied[word] * 2 <= times}
    return kept | {word for word, times in brought.items() if times >= _CAPITAL}


def indonesian(data: Path) -> set[str]:
    """Return the Indonesian words that are no names."""
    small, capital = Counter[str](), Counter[str]()
    with lzma.open(data / "train" / "mono.id.tsv.xz", "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            _, licence, _, text = line.rstrip("\n").split("\t")
            if licence.startswith(_OPEN):
                small.update({word for word in _WORD.findall(text) if word.islower() and word.isascii()})
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
        print(f"{name}: {len(words):,} words")


if __name__ == "__main__":
    main()
