"""What the line labeller sees of a page: hashed pieces of each line, and a row of numbers about it.

Everything is linear in the text. A long line is looked at where it begins and where it ends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

# The weights were learnt with these numbers, with NUMBERS in their order, and with every pattern of this
# module: a change to any of them asks for training anew (python -m eval.training.lines).
BUCKETS = 1 << 15
HEAD, TAIL = 64, 32
_NGRAMS = (3, 5)
# Four, as the longest n-gram begins at the last letter and has four behind it.
_PAD = "\x03" * 4
_TOKENS = 14
_LONG = 90
"""Characters from which a line that ends as a sentence counts as running text."""

# All digits are one: "23 Nov" and "11 Mei" are to look alike.
_DIGITS = str.maketrans("123456789", "000000000")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_WORD = re.compile(r"\W+")
_BREAK = re.compile(r"\w{3}[.!?][\"”’')]*\s+[\"“‘(]*[A-Z0-9]")
_ENDS = re.compile(r"[.!?…][\"”’')\]]*$")
_QUOTE = re.compile(r"[\"“”]")
_SAYS = re.compile(
    r"\b(?:kata|ujar|jelas|tutur|ucap|ungkap|tegas|imbuh|tambah|terang|papar|sebut|lanjut|cetus|tulis|pesan|kenang|"
    r"mengatakan|menjelaskan|menyebut|menyatakan|menuturkan|mengungkapkan|menegaskan|menambahkan|menilai)(?:nya)?\b",
    re.I,
)
_DATELINE = re.compile(r"[A-Z][\w .,'/()]{1,60}?\s?[-–—]{1,2}\s(?=[\"“A-Z])")
_DATE = re.compile(
    r"\b\d{1,2}[\s/.-](?:\d{1,2}|[A-Za-z]{3,9})\.?[\s/.-]?,?\s?(?:20)?\d\d\b|\b[A-Z][a-z]{2,8}\s\d{1,2},\s20\d\d\b"
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d\b(?:\s?(?:WIB|WITA|WIT|[ap]m))?", re.I)
_AGO = re.compile(r"\b(?:detik|menit|jam|hari|minggu|bulan)(?:\syang)?\slalu\b|\bago\b", re.I)
_ADDRESS = re.compile(r"https?://|www\.|\w@\w|\.(?:com|co\.id|id|net|org)\b|[#@]\w", re.I)
_BULLET = re.compile(r"(?:[-–•·▪*›»→▸>]|\d{1,2}[.)]|[a-z][.)])\s")
_LONE = re.compile(r"[\W\d]+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_BRACKETED = re.compile(r"[(\[][^()\[\]]{1,60}[)\]][.]?$")
_ITEM = re.compile(r"[^:]{2,60}:\s*\S")
_VERB = re.compile(
    r"\b(?:yang|dan|di|ke|dari|untuk|pada|dengan|ini|itu|tidak|akan|telah|sudah|adalah|dalam|oleh|karena|"
    r"bahwa|juga|saat|para|setelah|sejak|hingga|masih|namun|lalu|agar|atau|ia|dia|mereka|kami|kita)\b",
    re.I,
)

NUMBERS = (
    "characters", "words", "characters_capped", "mean_word",
    "ends_as_sentence", "ends_colon", "ends_comma", "ends_question", "ends_letter", "ends_dots",
    "ends_bracketed",
    "starts_lower", "starts_upper", "starts_digit", "starts_quote", "starts_mark", "bullet",
    "upper_share", "digit_share", "mark_share", "titled_words", "all_upper", "lower_words",
    "function_share", "breaks", "many_breaks", "quote", "quoted_and_said", "says", "dateline", "date",
    "clock",
    "ago", "address", "lone", "year", "item", "one_word", "two_words", "four_words",
    "apart", "apart_after", "from_top", "from_bottom", "from_top_log", "from_bottom_log", "page_lines",
    "longest_share", "repeats", "repeated_near", "contains_other", "inside_other",
    "overlap", "overlap_share", "overlap_next", "running", "running_before", "running_after",
    "to_previous_running", "to_next_running", "running_share", "site_words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hashed:
    """Bags of bucket numbers, flat: line ``i`` has ``ids[starts[i]:starts[i + 1]]`` (the last to the end)."""

    ids: Ids
    starts: Ids


@dataclass(frozen=True, slots=True)
class Seen:
    """A page for the network: three bags for each different line, ``which`` of them a line is, numbers.

    ``numbers`` has the shape (lines, ``NUMBERS`` and the rules' kinds).
    """

    letters: Hashed
    words: Hashed
    shape: Hashed
    which: Ids
    numbers: Floats


def see(lines: Sequence[str], apart: Sequence[bool], rules: Floats) -> Seen:
    """Return the features of a page's non-empty lines; ``apart`` tells of a blank line before, ``rules`` are
    flags.
    """
    places: dict[str, int] = {}
    which = np.array([places.setdefault(line, len(places)) for line in lines], dtype=np.int64)
    different = list(places)
    tokens = [_ends_of(_TOKEN.findall(line[:600])) for line in different]
    # Once for each different line; ``which`` spreads them over the lines.
    own = np.array([_own(line) for line in different], dtype=np.float32)[which]
    numbers = np.hstack([own, _around(lines, apart), rules]).astype(np.float32)
    words, shape = (_bag([ids(t) for t in tokens]) for ids in (_word_ids, _shape_ids))
    return Seen(letters(different), words, shape, which, numbers)


def letters(lines: Sequence[str]) -> Hashed:
    """Return letter n-grams of the beginning and the end of each line, digits alike, case folded."""
    texts = [f"\x02{_clipped(line).lower().translate(_DIGITS)}{_PAD}" for line in lines]
    # A number a character: all lines are worked on as one array.
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.array([len(text) for text in texts])
    # Where each line begins among all characters (with padding), and among the n-grams (without).
    first = np.cumsum(lengths) - lengths
    counts = lengths - len(_PAD)
    starts = np.cumsum(counts) - counts
    # For each n-gram the place of its first character.
    places = np.arange(counts.sum()) + np.repeat(first - starts, counts)
    columns = []
    for size in _NGRAMS:
        mixed = np.full(len(places), size, dtype=np.uint32)
        for offset in range(size):
            # FNV's prime and a shift mix the bits; uint32 wraps around, as meant.
            mixed = (mixed ^ codes[places + offset]) * np.uint32(0x01000193)
            mixed ^= mixed >> np.uint32(13)
        columns.append(mixed % np.uint32(BUCKETS))
    # Row by row: at each place the n-gram of 3, then that of 5.
    return Hashed(np.column_stack(columns).astype(np.int64).ravel(), starts * len(_NGRAMS))


def _clipped(line: str) -> str:
    return line if len(line) <= HEAD + TAIL else f"{line[:HEAD]}\x03{line[-TAIL:]}"


def _ends_of(tokens: list[str]) -> list[str]:
    return tokens if len(tokens) <= _TOKENS else [*tokens[: _TOKENS - 4], "\x03", *tokens[-4:]]


def _word_ids(tokens: Sequence[str]) -> list[int]:
    folded = [token.lower().translate(_DIGITS) for token in tokens]
    pieces = [*folded, *map(" ".join, pairwise(folded))]
    pieces += [f"^{folded[0]}", "^" + " ".join(folded[:2]), "^" + " ".join(folded[:3]), f"{folded[-1]}$"]
    if len(folded) <= 6:
        pieces.append("^" + " ".join(folded) + "$")
    # Not hash(), which is another in every process.
    return [crc32(piece.encode("utf-8", "surrogatepass")) % BUCKETS for piece in pieces]


def _shape_ids(tokens: Sequence[str]) -> list[int]:
    shape = "^" + "".join(map(_shape, tokens)) + "$"
    pieces = [shape[i : i + size] for size in (2, 3, 4) for i in range(max(1, len(shape) - size + 1))]
    pieces.append(shape[:12])
    # A mark of its own, so that "T" the shape is not "T" the word.
    return [crc32(b"\x01" + piece.encode("utf-8", "surrogatepass")) % BUCKETS for piece in pieces]


def _shape(token: str) -> str:
    if not token[0].isalnum():
        return token[0]
    if token[0].isdigit():
        return "0"
    if token.isupper() and len(token) > 1:
        return "U"
    return "T" if token[0].isupper() else "l"


def _bag(rows: Sequence[Sequence[int]]) -> Hashed:
    counts = np.array([len(row) for row in rows])
    return Hashed(np.array([i for row in rows for i in row], dtype=np.int64), np.cumsum(counts) - counts)


def key(text: str) -> str:
    """Return what two copies of a line have in common."""
    return _NOT_WORD.sub(" ", text).strip().casefold()


def reads_on(line: str) -> bool:
    """Return whether ``line`` is running text by its form: long, or of more than one sentence, and ended as
    one.
    """
    return bool(_ENDS.search(line)) and (len(line) >= _LONG or bool(_BREAK.search(line)))


def _own(line: str) -> list[float]:
    """Return what a line says of itself, in the order of :data:`NUMBERS`."""
    head = line[:600]
    words = head.split()
    count, size = len(words), len(head)
    upper = sum(map(str.isupper, head))
    alpha = sum(map(str.isalpha, head)) or 1
    digits = sum(map(str.isdigit, head))
    spaces = count - 1
    titled = sum(word[0].isupper() for word in words)
    lower = sum(word[0].islower() for word in words)
    breaks = len(_BREAK.findall(head))
    quote, says = bool(_QUOTE.search(head)), bool(_SAYS.search(head))
    first, last = line[0], line[-1]
    return [
        # Divided so that most numbers lie between 0 and 1.
        np.log1p(len(line)) / 6, np.log1p(count) / 4, min(size, 200) / 200, min(size / count, 15) / 15,
        bool(_ENDS.search(line[-8:])), last == ":", last == ",", last == "?", last.isalnum(),
        line.endswith(("...", "…")), bool(_BRACKETED.search(line[-64:])),
        first.islower(), first.isupper(), first.isdigit(), first in "\"“‘'", not first.isalnum(),
        bool(_BULLET.match(line)),
        upper / alpha, digits / size, (size - alpha - digits - spaces) / size, titled / count,
        upper == alpha, lower / count,
        min(1.0, len(_VERB.findall(head)) / count * 2), min(breaks, 3) / 3, breaks > 1,
        quote, quote and says, says,
        bool(_DATELINE.match(head)), bool(_DATE.search(head)), bool(_CLOCK.search(head)),
        bool(_AGO.search(head)),
        bool(_ADDRESS.search(head)), bool(_LONE.fullmatch(head)), bool(_YEAR.search(head)),
        bool(_ITEM.match(head)),
        count == 1, count == 2, 2 < count <= 4,
    ]  # fmt: skip


def _around(lines: Sequence[str], apart: Sequence[bool]) -> Floats:
    """Return what the page says of each line, in the order of :data:`NUMBERS` after those of :func:`_own`."""
    count = len(lines)
    place = np.arange(count)
    lengths = np.array([len(line) for line in lines], dtype=np.float32)
    running = np.array([reads_on(line[:2000]) for line in lines], dtype=bool)
    mass = np.where(running, np.minimum(lengths, 1000), 0).astype(np.float64)
    total = max(1.0, mass.sum())
    before = np.cumsum(mass) - mass
    following = [*apart[1:], True]
    columns = [
        np.array(apart, dtype=np.float32), np.array(following, dtype=np.float32),
        place / max(1, count - 1), 1 - place / max(1, count - 1),
        np.log1p(place) / 5, np.log1p(count - 1 - place) / 5, np.full(count, np.log1p(count) / 5),
        lengths / np.sort(lengths)[count * 49 // 50],
        *_repeats(lines), *_overlaps(lines, running),
        running, before / total, (total - before - mass) / total, *_distances(running),
        np.full(count, running.mean()), _site_words(lines, running),
    ]  # fmt: skip
    return np.column_stack(columns).astype(np.float32)


def _repeats(lines: Sequence[str]) -> list[Floats]:
    """Return whether the line stands elsewhere, and near; whether it holds another line, or is held by
    one.
    """
    keys = [key(line[:400]) for line in lines]
    counts = Counter(keys)
    starts: dict[str, int] = {}
    for text in counts:
        for words in (4, 7):
            # Lines that share their first words: a headline and a longer or shorter form of it.
            opening = " ".join(text.split(" ", words)[:words])
            starts[opening] = starts.get(opening, 0) + 1
    again = np.array([min(counts[k] - 1, 3) / 3 for k in keys], dtype=np.float32)
    near = np.zeros(len(keys), dtype=np.float32)
    last: dict[str, int] = {}
    for i, k in enumerate(keys):
        if k in last and i - last[k] <= 12:
            near[i] = near[last[k]] = 1
        last[k] = i
    longer = np.zeros(len(keys), dtype=np.float32)
    shorter = np.zeros(len(keys), dtype=np.float32)
    for i, k in enumerate(keys):
        parts = k.split(" ", 7)
        if len(parts) >= 4:
            shorter[i] = starts.get(" ".join(parts[:4]), 0) > 1
        if len(parts) >= 7:
            longer[i] = starts.get(" ".join(parts[:7]), 0) > 1
    return [again, near, longer, shorter]


def _overlaps(lines: Sequence[str], running: NDArray[np.bool_]) -> list[Floats]:
    """Return the share of a line's words that the running text has; the same weighed; and of the next running
    line alone.
    """
    bags = [{word.lower() for word in _WORD.findall(line[:600]) if len(word) > 3} for line in lines]
    spread: Counter[str] = Counter(
        word for bag, runs in zip(bags, running, strict=True) if runs for word in bag
    )
    texts = int(running.sum())
    shares, weighed, nexts = [], [], []
    following: set[str] = set()
    # From the end, so that ``following`` is the next running line.
    for bag, runs in zip(reversed(bags), reversed(running), strict=True):
        # A running line's own words do not count for it.
        known = [spread[word] - bool(runs) for word in bag]
        size = max(1, len(bag))
        shares.append(sum(k > 0 for k in known) / size)
        weighed.append(sum(known) / size / max(1, texts))
        nexts.append(len(bag & following) / size)
        if runs:
            following = bag
    return [np.array(values[::-1], dtype=np.float32) for values in (shares, weighed, nexts)]


def _distances(running: NDArray[np.bool_]) -> list[Floats]:
    """Return how many lines back and on the nearest running text is, on a log scale; far without any."""
    count, place = len(running), np.arange(len(running))
    # Where there is none, as if it were 50 lines off.
    back = place - np.maximum.accumulate(np.where(running, place, -50))
    there = np.where(running, place, count + 50)
    on = np.minimum.accumulate(there[::-1])[::-1] - place
    return [(np.log1p(np.minimum(d, 50)) / 4).astype(np.float32) for d in (back, on)]


def _site_words(lines: Sequence[str], running: NDArray[np.bool_]) -> Floats:
    """Return the share of a line's capitalised words that short lines of this page say again and again."""
    words = [[w for w in line[:200].split() if w[0].isupper()] for line in lines]
    spread = Counter(w for row, runs in zip(words, running, strict=True) if not runs for w in set(row))
    return np.array([sum(spread[w] > 2 for w in row) / max(1, len(row)) for row in words], dtype=np.float32)
