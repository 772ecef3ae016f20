"""Terms of Indonesian news and their English: the records, their files, and finding them in a text."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from service.document import Message
from service.errors import InputError

# Letters and digits; "ATR/BPN" is two words.
_WORD = re.compile(r"[^\W_]+")
_APART = re.compile(r"[\W_]+")
# What may stand between two words of one term: "Meteorologi, Klimatologi", "Bangsa-Bangsa", "ATR/BPN".
_GAP = re.compile(r"[^\S\n]?[-–/,&]?[^\S\n]?")


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning of one Indonesian term.

    ``id`` is the form that news uses most, ``expansion`` its full Indonesian form. ``en`` is the English
    name, with "the" where running text needs it, ``short`` the acronym that English text uses, ``also``
    other renderings that are right and ``wrong`` ones that are not. A term with ``cues`` is ambiguous: it
    is meant only where one of these words stands near.
    """

    id: str
    en: str
    expansion: str = ""
    short: str = ""
    also: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    kind: str = ""
    source: str = ""
    note: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """How the source may write it."""
        return tuple(form for form in (self.id, self.expansion, *self.variants) if form)

    @property
    def renderings(self) -> tuple[str, ...]:
        """What a right translation may hold."""
        return tuple(form for form in (self.en, self.short, *self.also) if form)


@dataclass(frozen=True, slots=True)
class Match:
    """A term in a source text, at the characters ``start`` to ``end``."""

    term: Term
    start: int
    end: int


class Surroundings:
    """A text in which ambiguous terms stand; what is asked of it is worked out once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._counts: dict[tuple[str, ...], int] = {}

    def count(self, cues: tuple[str, ...]) -> int:
        """Return how many of ``cues`` stand in the text."""
        found = self._counts.get(cues)
        if found is None:
            found = sum(f" {' '.join(_key(cue))} " in self._words for cue in cues if cue)
            self._counts[cues] = found
        return found

    @cached_property
    def _words(self) -> str:
        """Its words between single spaces."""
        # A cue between spaces is then found as a whole word only.
        return f" {_APART.sub(' ', self.text).casefold().strip(' ')} "


WORD = "word"
"""The kind of a term that is an ordinary word."""

COLUMNS = tuple(field.name for field in fields(Term))
_LISTS = ("also", "wrong", "variants", "cues")


class Glossary:
    """A set of terms that can be found in a text in time linear in its length."""

    def __init__(self, terms: Iterable[Term]) -> None:
        """Index the terms; where several share a form, a term without cues hides those after it."""
        self.terms = tuple(terms)

    @classmethod
    def load(cls) -> Glossary:
        """Return the terms that come with Warta, ``prompts/glossary/news.tsv``."""
        resource = files("prompts") / "glossary" / "news.tsv"
        return cls(_read_table(resource.read_text("utf-8"), "news.tsv"))

    @classmethod
    def words(cls) -> Glossary:
        """Return ordinary words with one usual English, ``prompts/glossary/words.tsv``.

        Small models do not know them; they are put into the source like names, and never checked.
        """
        resource = files("prompts") / "glossary" / "words.tsv"
        return cls(replace(term, kind=WORD) for term in _read_table(resource.read_text("utf-8"), "words.tsv"))

    def with_words(self, words: Glossary) -> Glossary:
        """Return a glossary that has these words too, but for what its own terms say already."""
        known = {form.casefold() for term in self.terms for form in term.forms}
        return Glossary([*self.terms, *(word for word in words.terms if word.id.casefold() not in known)])

    def merged(self, user: Iterable[Term]) -> Glossary:
        """Return a glossary in which the user's terms come first and replace those with the same ``id``."""
        first = tuple(user)
        replaced = {term.id.casefold() for term in first}
        return Glossary([*first, *(term for term in self.terms if term.id.casefold() not in replaced)])

    def find(self, text: str, article: str | Surroundings = "") -> list[Match]:
        """Return the terms in ``text``, longest first from the left, none overlapping.

        ``article`` is the text around it: an ambiguous acronym means what the article spells out, else
        what the cues in ``text`` say, else those in ``article``; without any it is left alone. Where many
        texts have one article, give it as :class:`Surroundings`.
        """
        # Most sentences hold no word that a term starts with. Other letters may part otherwise in lower case.
        if text.isascii() and self._longest.keys().isdisjoint(_WORD.findall(text.lower())):
            return []
        words = list(_WORD.finditer(text))
        keys = [word.group().casefold() for word in words]
        found, at = [], 0
        near = Surroundings(text)
        around = article if isinstance(article, Surroundings) else Surroundings(article) if article else near
        while at < len(words):
            if keys[at] not in self._longest:
                at += 1
                continue
            term, size = self._at(near, words, keys, at, around)
            if term:
                found.append(Match(term, words[at].start(), words[at + size - 1].end()))
            at += size
        return found

    def _at(
        self,
        near: Surroundings,
        words: Sequence[re.Match[str]],
        keys: Sequence[str],
        at: int,
        around: Surroundings,
    ) -> tuple[Term | None, int]:
        """Return the longest term that starts at word ``at`` and its number of words; none and 1 without
        one."""
        text = near.text
        # The longest that can begin here, then shorter and shorter.
        for size in range(min(self._longest.get(keys[at], 0), len(words) - at), 0, -1):
            key = tuple(keys[at : at + size])
            if key in self._index and _together(text, words[at : at + size]):
                form = text[words[at].start() : words[at + size - 1].end()]
                # The case tells of one word only: a name of several is one in capitals, too.
                terms = [term for term in self._index[key] if size > 1 or _same_case(term, form)]
                if term := _meant(terms, key, near, around):
                    return term, size
        return None, 1

    def rivals(self, term: Term) -> list[Term]:
        """Return the other meanings of an ambiguous ``id``."""
        return [
            other for other in self._index.get(_key(term.id), []) if other.id == term.id and other != term
        ]

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """The one-word forms that are not written like ordinary words: KPK, MoU, PPh."""
        forms = {form for term in self.terms for form in (*term.forms, term.short)}
        return frozenset(form for form in forms if _is_acronym(form) and len(_key(form)) == 1)

    @cached_property
    def _index(self) -> Mapping[tuple[str, ...], list[Term]]:
        index: dict[tuple[str, ...], list[Term]] = {}
        for term in self.terms:
            for form in term.forms:
                terms = index.setdefault(_key(form), [])
                # Two of its forms may have the same key, "Covid-19" and "COVID 19".
                if term not in terms:
                    terms.append(term)
        return index

    @cached_property
    def _longest(self) -> Mapping[str, int]:
        """Words in the longest form that starts with a word."""
        longest: dict[str, int] = {}
        for key in self._index:
            longest[key[0]] = max(len(key), longest.get(key[0], 0))
        return longest


def load_user(path: Path) -> list[Term]:
    """Return the terms of a user's ``.csv``, ``.tsv`` or ``.toml`` file.

    A table names its columns in the first line; ``id`` and ``en`` are needed, the rest may be left out,
    and several values in one cell are parted by ``|``. TOML holds ``[[term]]`` tables with the same keys.
    Raises InputError with file, line and problem.
    """
    try:
        # Excel puts a byte order mark in front.
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else Message.of("file.not_utf8", "not UTF-8 text")
        )
        raise InputError("file.problem", "{reason}", at=path, reason=reason) from error
    match path.suffix.lower():
        case ".toml":
            return _read_toml(text, str(path))
        case ".csv" | ".tsv":
            return _read_table(text, str(path))
    raise InputError("glossary.kind", "a glossary is a .csv, .tsv or .toml file", at=path)


def _read_table(text: str, name: str) -> list[Term]:
    rows = _csv_rows(text, name) if name.lower().endswith(".csv") else _tsv_rows(text)
    _, columns = next(rows, (1, [""]))
    _check_keys(columns, f"{name}, line 1")
    terms: dict[str, list[Term]] = {}
    for line, row in rows:
        where = f"{name}, line {line}"
        if len(row) > len(columns):
            raise InputError(
                "glossary.cells",
                "{cells} cells under {columns} columns",
                at=where,
                cells=len(row),
                columns=len(columns),
            )
        if any(row):
            # A row may end before the last columns.
            _add(_term(dict(zip(columns, row, strict=False)), where), terms, where)
    if not terms:
        raise InputError("glossary.empty", "holds no terms", at=name)
    return [term for same in terms.values() for term in same]


def _tsv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        yield number, [cell.strip() for cell in line.split("\t")]


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InputError(
            "file.problem", "{reason}", at=f"{name}, line {reader.line_num}", reason=error
        ) from error


def _read_toml(text: str, name: str) -> list[Term]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError("file.problem", "{reason}", at=name, reason=error) from error
    tables = data.get("term")
    if set(data) != {"term"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise InputError("glossary.tables", "a glossary is [[term]] tables and nothing else", at=name)
    terms: dict[str, list[Term]] = {}
    for number, table in enumerate(tables, 1):
        where = f"{name}, term {number}"
        _check_keys(list(table), where)
        _add(_term(table, where), terms, where)
    return [term for same in terms.values() for term in same]


def _check_keys(keys: Sequence[str], where: str) -> None:
    unknown = [key for key in keys if key not in COLUMNS]
    if unknown:
        raise InputError(
            "glossary.column",
            "unknown column {name!r}; there are: {known}",
            at=where,
            name=unknown[0],
            known=", ".join(COLUMNS),
        )
    for needed in ("id", "en"):
        if keys.count(needed) != 1:
            raise InputError("glossary.column_needed", "one column must be {name!r}", at=where, name=needed)


def _term(cells: Mapping[str, object], where: str) -> Term:
    values: dict[str, Any] = {}
    for key, cell in cells.items():
        parts = cell.split("|") if key in _LISTS and isinstance(cell, str) else cell
        if key in _LISTS and isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            values[key] = tuple(part.strip() for part in parts if part.strip())
        elif isinstance(parts, str):
            values[key] = " ".join(parts.split())
        else:
            raise InputError("glossary.not_text", "{name!r} is not text", at=where, name=key)
    term = Term(**({"id": "", "en": ""} | values))
    for key, value in (("id", term.id), ("en", term.en)):
        if not _WORD.search(value):
            raise InputError("glossary.cell_empty", "{name!r} is empty", at=where, name=key)
    for value in (*term.forms, *term.renderings, *term.wrong, *term.cues):
        if not _WORD.search(value):
            raise InputError("glossary.no_word", "{name!r} holds no word", at=where, name=value)
    return term


def _add(term: Term, terms: dict[str, list[Term]], where: str) -> None:
    same = terms.setdefault(term.id, [])
    if same and not (term.cues and same[0].cues):
        raise InputError(
            "glossary.twice", "{term!r} is given twice; cues tell two meanings apart", at=where, term=term.id
        )
    same.append(term)


def _key(form: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _WORD.findall(form))


def _together(text: str, words: Sequence[re.Match[str]]) -> bool:
    return all(_GAP.fullmatch(text, a.end(), b.start()) for a, b in pairwise(words))


def _is_acronym(form: str) -> bool:
    return sum(character.isupper() for character in form) > 1


def _same_case(term: Term, word: str) -> bool:
    """Return whether the case fits: acronyms match as they are written ("AS", never "as")."""
    return any(
        form == word if _is_acronym(form) else form.casefold() == word.casefold() for form in term.forms
    )


def _meant(
    terms: Sequence[Term], key: tuple[str, ...], near: Surroundings, around: Surroundings
) -> Term | None:
    """Return the one of several meanings that the surroundings point to. Only the ``id`` of a term is
    ambiguous."""
    # A meaning without cues, or one that was written in full: nothing has to tell it apart.
    plain = next((term for term in terms if not term.cues or _key(term.id) != key), None)
    if plain is not None and plain is terms[0]:
        return plain
    unsure = [term for term in terms if term is not plain]
    # What the article spells out counts most, then the sentence's own cues, then the article's.
    for cues, context in (
        ([(term.expansion,) for term in unsure], around),
        ([term.cues for term in unsure], near),
        ([term.cues for term in unsure], around),
    ):
        counts = [context.count(words) for words in cues]
        best = max(counts, default=0)
        # Two that are as likely tell nothing.
        if best and counts.count(best) == 1:
            return unsure[counts.index(best)]
    return plain
