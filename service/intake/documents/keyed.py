"""JSON files of texts by key, as programs keep them for each language: only the texts change.

A text's place is its path: the keys from the outside in, parted by dots.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from service.errors import InputError, UsageError
from service.intake.documents.blocks import AS_EVER, How, PlacedFinding, Translate
from service.intake.documents.office import is_indonesian
from service.intake.documents.strings import Entry, translate_entries
from service.text.placeholders import placeholders

_TOKEN = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)
# What no reader reads, in a text without a space: a path, an address, a name for a program, a date, a colour.
_CODE = re.compile(r"[_@#\\\d]|[a-z][A-Z]|[./:](?=[^\s])|-[^-]*+-")
_LANGUAGES = ("language", "lang", "locale", "@@locale")
_NOTES = "@"
"""How the keys of notes for translators begin in ARB files."""
_MOST_PATHS = 100
_LONGEST_PATH = 200
LISTED = f"^[^,]{{0,{_LONGEST_PATH}}}(,[^,]{{0,{_LONGEST_PATH}}}){{0,{_MOST_PATHS - 1}}}$"
"""The pattern of what :func:`key_paths` takes."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A string of the file: where it stands, its path, and what it reads as."""

    start: int
    stop: int
    path: str
    value: str


@dataclass(slots=True)
class _Level:
    """An object or a list that is open: the key or number that it is at."""

    listed: bool
    at: int = 0
    key: str = ""
    expects_key: bool = True


def key_paths(listed: str) -> tuple[str, ...]:
    """Return the paths in a list parted by commas, for ``How.keys``. Raises UsageError for too many."""
    given = listed.split(",")
    if len(given) > _MOST_PATHS or any(len(path) > _LONGEST_PATH for path in given):
        raise UsageError(
            "document.key_paths",
            "keys: at most {most} paths of {longest} characters, parted by commas, as title,items.*.name",
            most=_MOST_PATHS,
            longest=_LONGEST_PATH,
        )
    return tuple(dict.fromkeys(filter(None, map(str.strip, given))))


def read(text: str, keys: Sequence[str] = ()) -> str:
    """Return the texts that :func:`translate` would translate, a blank line between. Raises InputError."""
    return "\n\n".join(found.value for found in _wanted(_texts(text), keys))


def translate(text: str, translation: Translate, how: How = AS_EVER) -> tuple[str, list[PlacedFinding]]:
    """Return the file with its texts in English, and what to look at.

    Keys stay, and so do texts that are no words, such as addresses; ``how.keys`` says otherwise which texts
    are meant. A text whose placeholders did not come through stays as it is. Raises InputError for what is
    not JSON, or has no text at those keys.
    """
    strings = _texts(text)
    wanted = _wanted(strings, how.keys)
    made = translate_entries([Entry(one.value, one.path) for one in wanted], translation)
    new = {one.start: done.text for one, done in zip(wanted, made, strict=True)}
    new |= {one.start: "en" for one in strings if one.start not in new and _names_language(one)}
    plain = text.isascii() and "\\u" in text
    parts, at = [], 0
    for one in strings:
        if one.start in new and new[one.start] != one.value:
            written = json.dumps(new[one.start], ensure_ascii=plain)
            if "\\/" in text[one.start : one.stop]:
                written = written.replace("/", "\\/")
            parts += [text[at : one.start], written]
            at = one.stop
    findings = [finding for done in made for finding in done.findings]
    return "".join([*parts, text[at:]]), findings


def _names_language(one: _Text) -> bool:
    last = one.path.rpartition(".")[2].lower()
    return last in _LANGUAGES and is_indonesian(one.value) and len(one.value) <= 5


def _wanted(strings: Sequence[_Text], keys: Sequence[str]) -> list[_Text]:
    if keys:
        wanted = [one for one in strings if any(fnmatchcase(one.path, key) for key in keys)]
        if not wanted:
            raise InputError(
                "document.no_such_keys", "no text in it at: {paths}", paths=", ".join(keys)[:300]
            )
        return wanted
    return [one for one in strings if _is_text(one)]


def _is_text(one: _Text) -> bool:
    """Return whether a string is for readers: it has a word, and is no address or name for a program."""
    if one.path.startswith(_NOTES) or f".{_NOTES}" in one.path or _names_language(one):
        return False
    rest = one.value.strip()
    for found in dict.fromkeys(placeholders(rest)):
        rest = rest.replace(found, "")
    code = len(rest.split()) == 1 and _CODE.search(rest)
    return any(map(str.isalpha, rest)) and not code


def _texts(text: str) -> list[_Text]:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InputError("document.json", "not JSON: {reason}", reason=problem) from problem
    return list(_strings(text))


def _strings(text: str) -> Iterator[_Text]:
    """Yield the values that are strings; the text is known to be JSON."""
    levels: list[_Level] = []
    for match in _TOKEN.finditer(text):
        sign = match[0]
        level = levels[-1] if levels else None
        if sign.startswith('"'):
            value: Any = json.loads(sign)
            if level and level.expects_key:
                level.key = str(value)
            else:
                yield _Text(match.start(), match.end(), _path(levels), str(value))
        elif sign in "{[":
            levels.append(_Level(listed=sign == "[", expects_key=sign == "{"))
        elif sign in "}]":
            levels.pop()
        elif level and sign == ",":
            level.at += 1
            level.expects_key = not level.listed
        elif level and sign == ":":
            level.expects_key = False


def _path(levels: Sequence[_Level]) -> str:
    return ".".join(str(level.at) if level.listed else level.key for level in levels)
