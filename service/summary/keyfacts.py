"""The figures and names that matter in an article: who, where, when, how much.

They are taken from the sentences that a brief shows, so that each can be compared with its English. Which
of them matter, two small linear models say; their weights are in ``data/brief.json``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.document import Fact, FactKind
from service.facts import lexicon
from service.facts.figures import Figure
from service.facts.ledger import Mentions
from service.facts.names import Name
from service.summary.chooser import Linear
from service.summary.features import Floats
from service.summary.verbs import is_derived
from service.text.words import listed
from service.translation.guard.names import country
from service.translation.guard.vocabulary import given_names

NAME_FEATURES = (
    "in_what",
    "in_points",
    "in_title",
    "mentions",  # of the article, to four
    "early",  # 1 / (1 + the first sentence that names it)
    "person",
    "acronym",
    "words",  # of the longest form, to four
    "office",  # an office stands before it
    "speaks",  # a word of saying stands before it
)
FIGURE_FEATURES = (
    "in_what",
    "in_title",
    "early",
    "money",
    "date",
    "time",
    "digits",  # written in digits
    "percent",
    "counted",  # a word that it counts stands behind it
    "bracket",  # a date in full, with its numbers
    "figures_there",  # others in its sentence, to four
)
# Words before a number that is a name and no quantity: "Pasal 5", "Jalan 3", "KM 12".
_NUMBERED = listed(
    "- pasal ayat nomor no huruf jalan jl gang rt rw blok lantai km tipe seri bab ke kelas jalur"
)
# "kedua", "pertama", "II".
_ORDINAL = re.compile(r"(?:ke[a-z]{3,}|pertama|[IVX]+)\b")
_REACH = 30
"""Characters before a figure that say what it is of."""
# "berusia 23 tahun", "pria 53 tahun itu", ", 23 tahun,": an age, and the brief does not say whose.
_AGED = re.compile(r"\b(?:[Uu]sia|[Bb]erusia|[Bb]erumur|[Uu]mur|[Mm]enginjak)(?:nya)? (?:yang ke-)?$")
# "dua tahun terakhir": when, and no number of anything.
_AGO = re.compile(r" (?:terakhir|(?:yang )?lalu|silam|mendatang|ke depan|belakangan|sebelumnya|kemudian)\b")
_OF_THAT_AGE = re.compile(r" (?:itu|ini|tersebut)\b|[,)]")
_WORD = re.compile(r"[^\W\d_]+")
# Behind a number, no word of what is counted: the number is the name's before it, *Windows 10 murah*.
_NO_NOUNS = listed("tanpa berkat maupun murah baru sementara melalui seperti sekaligus agar kita kami namun")
_WHERE = listed("di ke kawasan wilayah daerah sekitar menuju")
# Nothing happens there that has a place.
_ONLINE = listed("twitter instagram facebook youtube whatsapp telegram tiktok internet")
MOST_NAMES, MOST_FIGURES, MOST_PLACES = 4, 5, 2
LABELS: Mapping[FactKind, str] = {
    "person": "who",
    "organisation": "who",
    "place": "where",
    "date": "when",
    "time": "when",
    "money": "how much",
    "number": "how many",
}
SCORE = "score"
SHOWN = (*dict.fromkeys(LABELS.values()), SCORE)
"""The labels in the order in which they are shown."""
# "2-1", "21-15".
_SCORE = re.compile(r"\d{1,3}[-–]\d{1,3}(?!\d)")
_SCORES = re.compile(r"(?<!\d)\d{1,3}[-–]\d{1,3}(?!\d)")
_SEASONS = re.compile(r"\d{4}[-–]\d{2,4}")


_Offices = Mapping[tuple[int | None, int], Name]
"""The offices of an article by their sentence and last character."""
_MOST_PEOPLE = 300
"""People of an article whose names are put together; a list of more is left as it is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name or figure at one place, ``held`` its sentence; ``name`` is the longest form in the article.

    ``office`` is the office that stands before it, if one does.
    """

    held: Mentions
    what: Name | Figure
    name: str
    office: Name | None = None

    @property
    def values(self) -> frozenset[object]:
        """The values that a figure can be read as; none for a name."""
        return frozenset(_values(self.what)) if isinstance(self.what, Figure) else frozenset()


def label(fact: Fact) -> str:
    """Return under which word a fact is shown."""
    return SCORE if fact.kind == "number" and _is_score(fact.source) else LABELS[fact.kind]


def _is_score(text: str) -> bool:
    """Return whether a figure is two numbers that count nothing: *2-1*, and not *3-5 hari*."""
    found = _SCORE.match(text)
    return found is not None and _counts_nothing(text[found.end() :])


def pick(found: Sequence[Candidate], rows: Floats, model: Linear, least: float, most: int) -> list[Candidate]:
    """Return the candidates of at least ``least`` log-odds, the best ``most`` of them, in their order."""
    if not found:
        return []
    scores = model.scores(rows)
    best = np.argsort(-scores, kind="stable")[:most].tolist()
    return [found[i] for i in sorted(best) if scores[i] >= least]


def names(held: Sequence[Mentions], what: int, points: Sequence[int]) -> tuple[list[Candidate], Floats]:
    """Return the people and bodies of the chosen sentences, each once, and their features, a row each."""
    # The title last, so that what the text names is known.
    groups = _groups(sorted(held, key=lambda part: part.sentence is None))
    chosen = [what, *points]
    offices = {
        (part.sentence, name.end): name for part in held for name in part.names if name.kind == "office"
    }
    found, rows = [], []
    for group in groups:
        shown = [(part, name) for part, name in group if part.sentence in chosen]
        if not shown or group[0][1].kind == "place":
            continue
        # The longest form; of equally long ones that of the main sentence.
        part, name = max(shown, key=lambda pair: (len(pair[1].words), pair[0].sentence == what))
        found.append(
            Candidate(part, name, _full(group, _text(part, name)), _office_before(part, name, offices))
        )
        rows.append(_name_row(group, what, points, offices))
    return found, np.array(rows, dtype=float).reshape(-1, len(NAME_FEATURES))


def figures(held: Sequence[Mentions], what: int, points: Sequence[int]) -> tuple[list[Candidate], Floats]:
    """Return the figures of the chosen sentences, each value once, and their features, a row each."""
    title = next((part for part in held if part.sentence is None), None)
    in_title = {value for figure in (title.figures if title else ()) for value in _values(figure)}
    found, rows, seen = list[Candidate](), list[tuple[float, ...]](), set[object]()
    parts = [part for part in held if part.sentence in (what, *points)]
    with_score = [part.sentence for part in parts if _SCORES.search(part.text)]
    played = what if what in with_score else next(iter(with_score), None)
    for part in parts:
        for figure in part.figures:
            values = _values(figure)
            # A figure may be read in several ways; it is known if all of these were seen.
            if values <= seen or not _tells(part, figure):
                continue
            if figure.kind == "time" and part.sentence != what:
                # An hour of which no day is told.
                continue
            # Of one match: the sentence of what happened, or the first point that has a score.
            if part.sentence != played and _is_score(part.text[figure.start : figure.end]):
                continue
            seen |= values
            found.append(Candidate(part, figure, part.text[figure.start : figure.end]))
            rows.append(_figure_row(part, figure, what, bool(values & in_title)))
    return found, np.array(rows, dtype=float).reshape(-1, len(FIGURE_FEATURES))


def _tells(part: Mentions, figure: Figure) -> bool:
    """Return whether a figure says something by itself: money, a date, or a number with what it counts."""
    if figure.kind != "number":
        return True
    text, before = part.text[figure.start : figure.end], part.text[: figure.start][-_REACH:]
    if before[-1:].isalnum() or "/" in text:
        # "F5" and "UU 31/1999" are names, and 2017/18 a season.
        return False
    first = figure.numbers[0].number
    ordinal = first.before in _NUMBERED or _ORDINAL.match(text) is not None
    several = len(figure.numbers) > 1
    behind = text[figure.numbers[0].end - figure.start :]
    nothing = not several and "%" not in behind and _counts_nothing(behind)
    aged = text.endswith(" tahun") and (
        _AGED.search(before) is not None or _OF_THAT_AGE.match(part.text, figure.end) is not None
    )
    seasons = several and _SEASONS.match(text)
    ago = _AGO.match(part.text, figure.end)
    return not (ordinal or nothing or aged or seasons or ago) and (" " in text or "%" in text or several)


def _counts_nothing(behind: str) -> bool:
    """Return whether what stands behind a number is no word of things: *1 dimulai*, *2-1 melawan*."""
    word = _WORD.search(behind)
    return word is None or word[0] in _NO_NOUNS or is_derived(word[0])


def places(
    held: Sequence[Mentions], what: int, points: Sequence[int], until: Mapping[int, int] | None = None
) -> list[Candidate]:
    """Return where it happened: the places of the main sentence, else those of the first point with one.

    ``until`` is the character of a sentence, where it has one, from which on no place counts.
    """
    parts = {part.sentence: part for part in held}
    for sentence in (what, *points):
        part = parts[sentence]
        end = (until or {}).get(sentence, len(part.text))
        found = [
            name for name in part.names if name.kind == "place" and name.start < end and _is_where(part, name)
        ]
        if found:
            # Backwards, so that of a name that stands twice the first place stays.
            texts = {part.text[name.start : name.end]: name for name in reversed(found)}
            best = sorted(texts.items(), key=lambda pair: pair[1].start)[:MOST_PLACES]
            return [Candidate(part, name, text) for text, name in best]
    return []


def _is_where(part: Mentions, name: Name) -> bool:
    """Return whether something is there: *di Bandung*, *Kabupaten Bandung, Jawa Barat*, and not *Liga
    Inggris*.
    """
    before = part.text[: name.start].rstrip()
    if part.text[name.start : name.end].lower() in _ONLINE:
        return False
    return before.endswith(",") or before.rpartition(" ")[2].lower() in _WHERE


def full_names(held: Sequence[Mentions]) -> Mapping[tuple[int | None, int], str]:
    """Return the full name of each person who is called by one word, by sentence and first character."""
    found = {}
    for group in _groups(sorted(held, key=lambda part: part.sentence is None)):
        full = _full(group, "")
        for part, name in group:
            short = _text(part, name)
            if len(name.words) == 1 and short in full.split() and _is_somebody(short, full):
                found[part.sentence, name.start] = full
    return found


def _is_somebody(short: str, full: str) -> bool:
    """Return whether a name is a person's beyond doubt: it begins with a given name, and is no place."""
    low, first = short.lower(), full.split(maxsplit=1)[0].lower()
    return (
        first in given_names() and short[0].isupper() and not country(low) and (low,) not in lexicon.places()
    )


def _groups(held: Sequence[Mentions]) -> list[list[tuple[Mentions, Name]]]:
    """Return the mentions of each name: a person by a part of the name too, where only one has it."""
    groups: dict[tuple[str, ...], list[tuple[Mentions, Name]]] = {}
    for part in held:
        for name in part.names:
            # In a title every word has a capital: a name there is one that the text has too.
            wanted = part.sentence is not None or _key(part, name) in groups
            if wanted and name.kind in ("person", "organisation", "place"):
                groups.setdefault(_key(part, name), []).append((part, name))
    people = [key for key, group in groups.items() if any(name.kind == "person" for _, name in group)]
    # From the shortest: "Iwan" goes to "Iwan Kurniawan", unless "Iwan Setiawan" is there as well.
    for key in sorted(people, key=len) if len(people) <= _MOST_PEOPLE else ():
        able = [other for other in people if other in groups and len(other) > len(key)]
        longer = [other for other in able if set(key) <= set(other)]
        # "Egy" is "Egy Maulana" and "Egy Maulana Vikri"; but not both "Iwan Kurniawan" and "Iwan Setiawan".
        longest = max(longer, key=len, default=key)
        if longer and all(set(other) <= set(longest) for other in longer):
            groups[longest].extend(groups.pop(key))
    for part in held:
        _join_acronyms(part, groups)
    ordered = [sorted(group, key=_place) for group in groups.values() if group]
    return sorted(ordered, key=lambda group: _place(group[0]))


def _full(group: Sequence[tuple[Mentions, Name]], shown: str) -> str:
    """Return the form of a name that the article has most often, of those with two words or more."""
    forms = Counter(_text(*pair) for pair in group if len(pair[1].words) > 1)
    return max(forms, key=lambda form: forms[form]) if forms else shown


def _join_acronyms(part: Mentions, groups: dict[tuple[str, ...], list[tuple[Mentions, Name]]]) -> None:
    """Join *Komisi Pemberantasan Korupsi (KPK)*: what the bracket names is what stands before it."""
    for before, after in zip(part.names, part.names[1:], strict=False):
        ours, theirs = _key(part, before), _key(part, after)
        gap = part.text[before.end : after.start]
        named = before.kind == "organisation" or (before.kind == "person" and len(after.words) == 1)
        same = (gap == " (" and named and part.text[after.end : after.end + 1] == ")") or gap == " alias "
        if same and ours != theirs and ours in groups:
            groups[ours].extend(groups.pop(theirs, []))


def _key(part: Mentions, name: Name) -> tuple[str, ...]:
    return (name.term.id,) if name.term else name.words or (_text(part, name).lower(),)


def _place(pair: tuple[Mentions, Name]) -> tuple[int, int]:
    part, name = pair
    return (-1 if part.sentence is None else part.sentence, name.start)


def _text(part: Mentions, name: Name) -> str:
    return part.text[name.start : name.end]


def _name_row(
    group: Sequence[tuple[Mentions, Name]], what: int, points: Sequence[int], offices: _Offices
) -> tuple[float, ...]:
    sentences = [part.sentence for part, _ in group]
    in_text = [sentence for sentence in sentences if sentence is not None]
    longest = max((name for _, name in group), key=lambda name: len(name.words))
    return (
        what in sentences,
        any(point in sentences for point in points),
        None in sentences,
        min(4, len(in_text)),
        1 / (1 + min(in_text)),
        longest.kind == "person",
        longest.short,
        min(4, len(longest.words)),
        any(_office_before(part, name, offices) for part, name in group),
        any(_speaks(part, name) for part, name in group),
    )


def _office_before(part: Mentions, name: Name, offices: _Offices) -> Name | None:
    """Return the office that stands right before somebody, a comma at most between them."""
    if name.kind != "person":
        return None
    start = name.start
    # The office ends before the space, or before the comma and the space.
    gap = 2 if part.text[max(0, start - 2) : start] == ", " else 1
    return offices.get((part.sentence, start - gap))


def _speaks(part: Mentions, name: Name) -> bool:
    before = part.text[max(0, name.start - 24) : name.start].lower().split()
    return bool(before) and before[-1] in lexicon.SPEECH


def _values(figure: Figure) -> set[object]:
    return {value for placed in figure.numbers for value in placed.number.values}


def _figure_row(part: Mentions, figure: Figure, what: int, in_title: bool) -> tuple[float, ...]:
    text = part.text[figure.start : figure.end]
    return (
        part.sentence == what,
        in_title,
        1 / (1 + (part.sentence or 0)),
        figure.kind == "money",
        figure.kind == "date",
        figure.kind == "time",
        text[0].isdecimal(),
        "persen" in text or "%" in text,
        figure.kind == "number" and " " in text.strip(),
        "(" in text,
        min(4, len(part.figures) - 1),
    )
