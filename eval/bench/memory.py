"""How fast a translation memory takes and gives answers, and how fast SQLAlchemy Core reads the same file.

``python -m eval.bench.memory [--place FILE|postgresql://…] [--entries 40000] [--core] [--json FILE]``

The entries are sentences of 15 words, made by a fixed seed. Each figure is the best of ``--passes``, in
entries a second of processor time of this process. ``--core`` reads the SQLite file by SQLAlchemy Core
beside: that is why the memory keeps its own SQL.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from service.document import Output
from service.translation.memory.base import Memory, Remembered, hashed
from service.translation.memory.open import open_memory

SIGNATURE = "bench"
BATCHES = (500, 32, 1)
"""Keys in one look-up: of a batch, of a window, of a sentence."""
WORDS = (
    "banjir", "merendam", "rumah", "warga", "desa", "pemerintah", "menteri", "polisi", "pasar", "harga",
    "beras", "naik", "persen",
)  # fmt: skip
Read = Callable[[Sequence[str]], dict[str, Remembered]]


def sentences(count: int) -> list[str]:
    """Return sentences that differ, the same every time."""
    dice = random.Random(1)  # noqa: S311 - not for secrets
    # The number makes each different: equal texts would be one entry.
    return [f"{number} " + " ".join(dice.choices(WORDS, k=14)) for number in range(count)]


def rate(work: Callable[[], object], count: int, passes: int) -> float:
    """Return how many of ``count`` are done in a second of processor time, in the best pass."""
    seconds = []
    for _ in range(passes):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return count / min(seconds)


def written(memory: Memory, texts: Sequence[str]) -> float:
    """Write answers, 256 at a time; return entries a second."""

    def work() -> None:
        for start in range(0, len(texts), 256):
            some = texts[start : start + 256]
            memory.put(SIGNATURE, {text: Remembered(text, Output(text[::-1], -0.3, 20)) for text in some})

    # Once only: a second pass would replace entries, which is other work.
    return rate(work, len(texts), 1)


def looked_up(read: Read, texts: Sequence[str], passes: int) -> dict[str, float]:
    """Return look-ups a second for each size of a batch, and for sentences that are not there."""

    def work(wanted: Sequence[str], size: int) -> None:
        for start in range(0, len(wanted), size):
            read(wanted[start : start + size])

    found = {}
    for size in BATCHES:
        # One at a time is much slower; 2,000 of them are enough for a rate.
        some = texts if size > 1 else texts[:2000]
        found[f"found, {size} at once"] = rate(partial(work, some, size), len(some), passes)
    other = [f"x{text}" for text in texts]
    return found | {"not there, 500 at once": rate(partial(work, other, 500), len(other), passes)}


@contextmanager
def core(path: Path) -> Iterator[Read]:
    """Give what reads an SQLite memory by SQLAlchemy Core."""
    from sqlalchemy import (
        Boolean,
        Column,
        Float,
        Integer,
        LargeBinary,
        MetaData,
        Table,
        Text,
        bindparam,
        create_engine,
        select,
    )

    columns = (
        ("key", LargeBinary), ("source", Text), ("target", Text), ("score", Float), ("tokens", Integer),
        ("truncated", Boolean), ("repaired", Boolean), ("used", Float),
    )  # fmt: skip
    table = Table("entries", MetaData(), *(Column(name, kind) for name, kind in columns))
    # An expanding parameter, so that the statement is compiled once and not for each number of keys.
    query = select(table).where(table.c.key.in_(bindparam("keys", expanding=True)))
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as database:

        def read(texts: Sequence[str]) -> dict[str, Remembered]:
            wanted = {hashed(SIGNATURE, text): text for text in texts}
            with database.begin():
                rows = database.execute(query, {"keys": list(wanted)}).all()
            return {
                wanted[key]: Remembered(source, Output(target, score, tokens, truncated), repaired)
                for key, source, target, score, tokens, truncated, repaired, _ in rows
            }

        yield read
    engine.dispose()


def main() -> None:
    """Print a line a figure; ``--json`` also writes them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--place", help="an empty file or database; by default a file that is deleted again")
    parser.add_argument("--entries", type=int, default=40_000)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--core", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = sentences(options.entries)
    with tempfile.TemporaryDirectory() as folder:
        place = options.place or str(Path(folder) / "memory.sqlite")
        memory = open_memory(place)
        found = {"written": written(memory, texts)}
        found |= looked_up(lambda some: memory.get(SIGNATURE, some), texts, options.passes)
        if options.core:
            with core(Path(place)) as read:
                rates = looked_up(read, texts, options.passes)
            found |= {f"{name}, by SQLAlchemy": figure for name, figure in rates.items()}
        memory.close()
    for name, figure in found.items():
        print(f"{figure:10,.0f} entries/s  {name}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
