"""Long articles in packs of whole sentences, the packs' summaries in one, and summaries to a length."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise, takewhile
from math import ceil

from service.summary.extractive import best_first
from service.summary.features import words

# Of the words of two sentences together, the share they have in common.
_NEAR_EQUAL = 0.8


def title_fits(count_tokens: Callable[[str], int], limit: int, title: str) -> bool:
    """Return whether ``title`` leaves at least half of ``limit`` to the sentences, and so belongs in each
    pack.
    """
    return 2 * count_tokens(title) <= limit if title else False


def pack(
    sentences: Sequence[str], count_tokens: Callable[[str], int], limit: int, title: str = ""
) -> list[list[int]]:
    """Return the indices of ``sentences`` in as few packs as ``limit`` tokens allow, in reading order.

    A title that fits (:func:`title_fits`) has its tokens reserved in every pack. Packs are of like
    size, so that the last is not a scrap. A sentence above the limit is a pack of its own: the engine
    will cut it, and the caller says so. Raises ``ValueError`` for a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"a pack needs a limit of at least 1 token, not {limit}")
    reserved = count_tokens(title) if title_fits(count_tokens, limit, title) else 0
    room = limit - reserved
    lengths = [count_tokens(sentence) for sentence in sentences]
    packs: list[list[int]] = []
    for too_long, run in groupby(range(len(lengths)), key=lambda index: lengths[index] > room):
        indices = list(run)
        if too_long:
            packs += [[index] for index in indices]
        else:
            cuts = _cuts([lengths[index] for index in indices], room)
            packs += [indices[start:end] for start, end in pairwise(cuts)]
    return packs


def _cuts(lengths: Sequence[int], room: int) -> list[int]:
    """Return where to cut into the fewest packs of at most ``room``, each cut as near as can be to an even
    share.

    Filling from the front gives the number of packs and the latest place of each cut; filling from
    the back gives the earliest place that still leaves the rest room enough.
    """
    ends = [0, *accumulate(lengths)]
    # Filled from the back, counted from the front.
    earliest = [len(lengths) - cut for cut in _fill(lengths[::-1], room)][::-1]
    count = len(earliest) - 1
    cuts = [0]
    for number in range(1, count):
        # The last place up to which this pack has room.
        latest = bisect_left(ends, ends[cuts[-1]] + room + 1) - 1
        low = max(earliest[number], cuts[-1] + 1)
        ideal = ends[-1] * number / count
        # There is always such a place: filled from the front a pack reaches at least as far as the rest
        # needs.
        cuts.append(min(range(low, latest + 1), key=lambda cut: abs(ends[cut] - ideal)))
    return [*cuts, len(lengths)]


def _fill(lengths: Sequence[int], room: int) -> list[int]:
    """Return the cuts of packs filled one after the other."""
    cuts, load = [0], 0
    for index, length in enumerate(lengths):
        if load + length > room:
            cuts.append(index)
            load = 0
        load += length
    return [*cuts, len(lengths)]


def fit_words(ranked: Sequence[int], lengths: Sequence[int], limit: int) -> list[int]:
    """Return the first of ``ranked`` (best first) whose ``lengths`` in words add up to ``limit`` at most.

    Always one, so that there is a summary; in reading order. One sentence more would go over, so the
    length asked for is met within one sentence.
    """
    totals = accumulate(lengths[index] for index in ranked)
    taken = sum(1 for _ in takewhile(lambda total: total <= limit, totals))
    return sorted(ranked[: max(1, taken)])


def merge(
    pack_summaries: Sequence[Sequence[str]],
    max_sentences: int | None = None,
    max_words: int | None = None,
    title: str = "",
) -> list[str]:
    """Return the summaries of an article's packs as one, in reading order, to a length.

    A sentence that says nearly what an earlier one said is left out; the rest are chosen as
    :func:`service.summary.extractive.best_first` ranks them, each pack counting as a paragraph.
    ``max_words`` is met within one sentence.
    """
    said = [(sentence, number) for number, summary in enumerate(pack_summaries) for sentence in summary]
    bags = [frozenset(words(sentence)) for sentence, _ in said]
    kept = [one for one, new in zip(said, _new(bags), strict=True) if new]
    sentences = [sentence for sentence, _ in kept]
    limit = len(sentences) if max_sentences is None else max_sentences
    chosen = best_first(sentences, limit, title, paragraphs=[number for _, number in kept])
    if max_words is not None:
        chosen = fit_words(chosen, [len(sentence.split()) for sentence in sentences], max_words)
    return [sentences[index] for index in sorted(chosen)]


def _new(bags: Sequence[frozenset[str]]) -> Iterator[bool]:
    """Yield whether each bag holds words, and not nearly those of an earlier one that did.

    Bags that are nearly equal share one of their first words, rarest first, as many as the bags may differ
    in and one more: only bags that do are compared, not each with all.
    """
    counts = Counter(word for bag in bags for word in bag)
    by_word: dict[str, list[frozenset[str]]] = {}
    for bag in bags:
        ordered = sorted(bag, key=lambda word: (counts[word], word))
        # The tiny part taken off keeps 0.8 * 5 from being a little more than 4.
        first = ordered[: len(bag) - ceil(_NEAR_EQUAL * len(bag) - 1e-9) + 1]
        new = bool(bag) and not any(
            _near_equal(bag, other) for other in {other for word in first for other in by_word.get(word, ())}
        )
        yield new
        for word in first if new else ():
            by_word.setdefault(word, []).append(bag)


def _near_equal(bag: frozenset[str], other: frozenset[str]) -> bool:
    return len(bag & other) >= _NEAR_EQUAL * len(bag | other)
