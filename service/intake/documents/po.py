"""gettext catalogues: PO files and their templates, read and filled; what is not a translation stays.

https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service.errors import InputError
from service.intake.documents.blocks import PlacedFinding, Translate
from service.intake.documents.office import is_indonesian
from service.intake.documents.strings import Entry, Translated, translate_entries
from service.text import language

_FIELD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d{1,2})\])?[ \t]*+(?=\")")
_STRING = re.compile(r'(?<![ \t])[ \t]*+"((?>(?:[^"\\]|\\.)*))"[ \t\r]*+')
_ESCAPE = re.compile(r"\\(.)")
_LANGUAGE = re.compile(r"^(Language:)[^\n]*+$", re.MULTILINE | re.IGNORECASE)
_PLURALS = re.compile(r"^(Plural-Forms:)[^\n]*+$", re.MULTILINE | re.IGNORECASE)
_COUNT = re.compile(r"%(?:\(\w{1,40}\))?(?:\d{1,2}\$)?[di]|\{(?:n|count|num|number|total|jumlah)?\}")
_ONE = re.compile(r"(?<![\w.,])1(?![\w]|[.,]\d)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_GONE = "\0"
"""A line that is no longer there; no text has such a letter."""
_SAMPLE = 200
_FEW = 40
"""Letters of translations below which their language is not guessed at."""


@dataclass(slots=True)
class _Message:
    """A message: the lines before its translations, its strings, and where its translations stand.

    ``lines`` are numbers of lines of the file: ``first`` of the message, ``at`` of the first translation and
    ``stop`` behind the last.
    """

    number: int
    first: int
    at: int = 0
    stop: int = 0
    flags: list[int] = field(default_factory=list)
    strings: dict[str, str] = field(default_factory=dict)
    targets: dict[int, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What the program asks for it by."""
        return self.strings.get("msgid", "")

    @property
    def plural(self) -> str | None:
        """The same for several things, if it has a form for them."""
        return self.strings.get("msgid_plural")


class _Catalogue:
    """The lines of a file and the messages in them."""

    def __init__(self, text: str) -> None:
        """Raise InputError for what is no catalogue."""
        self.lines = text.split("\n")
        self.messages = list(self._read())
        self.header = next((m for m in self.messages if not m.id and "msgctxt" not in m.strings), None)
        texts = [message for message in self.messages if message.id]
        if not texts:
            raise InputError("document.no_catalogue", "not a gettext catalogue, or an empty one")
        self.from_targets = self._is_in_indonesian(texts)
        self.texts = [m for m in texts if self._source(m)]

    def _read(self) -> Iterator[_Message]:
        message, at, count = _Message(1, 0), 0, 0
        while at < len(self.lines):
            line = self.lines[at]
            found = _FIELD.match(line)
            if found is None:
                if line.startswith("#") and message.targets:
                    yield message
                    message = _Message(count + 1, at)
                if line.startswith("#,"):
                    message.flags.append(at)
                at += 1
                continue
            if found[1] in ("msgctxt", "msgid") and message.targets:
                yield message
                message = _Message(count + 1, at)
            value, stop = self._strings(at, found.end())
            if found[1] == "msgstr":
                message.at = at if not message.targets else message.at
                message.targets[int(found[2] or 0)] = value
                message.stop = stop
                count = message.number
            else:
                message.strings[found[1]] = value
            at = stop
        if message.targets:
            yield message

    def _strings(self, at: int, column: int) -> tuple[str, int]:
        """Read the strings that begin in a line; return their value and the line behind them."""
        parts = []
        line = self.lines[at][column:]
        while found := _STRING.fullmatch(line):
            parts.append(found[1])
            at += 1
            line = self.lines[at] if at < len(self.lines) else ""
        if not parts:
            raise InputError("document.catalogue_line", "broken: line {line} is no string", line=at + 1)
        return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), "".join(parts)), at

    def _is_in_indonesian(self, texts: Sequence[_Message]) -> bool:
        """Return whether the translations are what is to be translated, and not the ids."""
        filled = [value for message in texts for value in message.targets.values() if value.strip()]
        said = _LANGUAGE.search(self.header.targets.get(0, "")) if self.header else None
        tag = said[0].partition(":")[2].strip() if said else ""
        if not filled or tag:
            return bool(filled) and is_indonesian(tag)
        sample = " ".join(filled[:_SAMPLE])
        return len(sample) >= _FEW and language.detect(sample).code in ("id", "ms")

    def _source(self, message: _Message) -> list[str]:
        """Return the texts of a message that are to be translated: of one thing, and of several."""
        if self.from_targets:
            filled = [text for _, text in sorted(message.targets.items()) if text.strip()]
            return [filled[0], filled[-1]] if filled and message.plural is not None else filled[:1]
        done = any(text.strip() for text in message.targets.values())
        if done and not any("fuzzy" in self.lines[at] for at in message.flags):
            return []
        return [message.id] if message.plural is None else [message.id, message.plural]

    def entries(self) -> list[list[Entry]]:
        """Return the texts of each message that is translated; the first of a plural is for one thing."""
        return [
            [Entry(text, f"message {message.number}") for text in self._asked(message)]
            for message in self.texts
        ]

    def _asked(self, message: _Message) -> list[str]:
        texts = self._source(message)
        if len(texts) == 2 and texts[0] == texts[1]:
            # Indonesian has one form: of one thing it is asked about with the number in it.
            return [_COUNT.sub("1", texts[0]) if len(_COUNT.findall(texts[0])) == 1 else texts[0], texts[1]]
        return texts

    def put(self, message: _Message, made: Sequence[Translated]) -> None:
        """Write the translations of a message; one to look at is fuzzy, and says why."""
        if any(one.kept for one in made):
            return
        targets = [one.text for one in made]
        source = self._source(message)
        if len(targets) == 2 and self._asked(message)[0] != source[0]:
            count = _COUNT.findall(source[1])[0]
            whole = _COUNT.findall(targets[1]) == [count] and len(_ONE.findall(targets[0])) == 1
            targets[0] = _ONE.sub(lambda _: count, targets[0]) if whole else targets[1]
        end = "\r" if self.lines[message.at].endswith("\r") else ""
        written = []
        for number, target in enumerate(targets):
            name = "msgstr" if message.plural is None else f"msgstr[{number}]"
            written += _written(name, _ended_as(source[min(number, len(source) - 1)], target))
        self._replace(message, [line + end for line in written])
        self._flag(message, [one for of_text in made for one in of_text.findings], end)

    def _replace(self, message: _Message, written: Sequence[str]) -> None:
        """Put lines where the translations stood, all in one of the file's: numbers of lines stay right."""
        self.lines[message.at] = "\n".join(written)
        for at in range(message.at + 1, message.stop):
            self.lines[at] = _GONE

    def _flag(self, message: _Message, findings: Sequence[PlacedFinding], end: str) -> None:
        for at in message.flags:
            line = self.lines[at]
            rest = [flag for flag in line[2:].strip().split(",") if flag.strip() not in ("", "fuzzy")]
            self.lines[at] = "#, " + ", ".join(flag.strip() for flag in rest) + end if rest else _GONE
        if not findings:
            return
        told = dict.fromkeys(f"# Warta: {one.finding.kind}: {one.finding}" for one in findings)
        before = "\n".join(" ".join(line.split()) + end for line in told)
        strings = next(at for at in range(message.first, message.stop) if _FIELD.match(self.lines[at]))
        first = strings
        while first > message.first and self.lines[first - 1].startswith(("#", _GONE)):
            if self.lines[first - 1].startswith("#~"):
                break
            first -= 1
        flags = next((at for at in message.flags if self.lines[at] != _GONE), -1)
        if flags >= 0:
            self.lines[flags] = self.lines[flags].replace("#,", "#, fuzzy,", 1)
        else:
            self.lines[strings] = f"#, fuzzy{end}\n{self.lines[strings]}"
        self.lines[first] = f"{before}\n{self.lines[first]}"

    def say_english(self) -> None:
        """Have the header name English, and its plurals."""
        if not self.header or 0 not in self.header.targets:
            return
        text = self.header.targets[0]
        new = _LANGUAGE.sub(r"\1 en", text)
        if new == text and not _LANGUAGE.search(text):
            new = text.rstrip("\n") + "\nLanguage: en\n"
        new = _PLURALS.sub(r"\1 nplurals=2; plural=(n != 1);", new)
        end = "\r" if self.lines[self.header.at].endswith("\r") else ""
        self._replace(self.header, [line + end for line in _written("msgstr", new)])

    def joined(self) -> str:
        """Return the file."""
        return "\n".join(line for line in self.lines if line != _GONE)


def read(text: str) -> str:
    """Return the texts that would be translated, a blank line between. Raises InputError."""
    catalogue = _Catalogue(text)
    return "\n\n".join(dict.fromkeys(e.text for of_one in catalogue.entries() for e in of_one))


def translate(text: str, translation: Translate) -> tuple[str, list[PlacedFinding]]:
    """Return the catalogue with its messages in English, and what to look at. Raises InputError.

    Where the translations are Indonesian they become English. Where the ids are, the empty and the fuzzy
    translations are filled; others are somebody's own and stay. A message whose placeholders did not come
    through stays as it is.
    """
    catalogue = _Catalogue(text)
    entries = catalogue.entries()
    made = iter(translate_entries([entry for of_one in entries for entry in of_one], translation))
    findings: list[PlacedFinding] = []
    for message, of_one in zip(catalogue.texts, entries, strict=True):
        done = [next(made) for _ in of_one]
        catalogue.put(message, done)
        findings += [finding for one in done for finding in one.findings]
    catalogue.say_english()
    return catalogue.joined(), findings


def _written(name: str, text: str) -> list[str]:
    """Return a field and its text as lines; one with line breaks has a line of the file for each."""
    parts = [part for part in _lines(text) if part]
    if len(parts) < 2:
        return [f'{name} "{_escaped(text)}"']
    return [f'{name} ""', *(f'"{_escaped(part)}"' for part in parts)]


def _lines(text: str) -> list[str]:
    """Return the lines of a text with what ends them."""
    return text.splitlines(keepends=True) if "\n" in text else [text]


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.replace("\t", "\\t").replace("\r", "\\r").replace("\0", "")


def _ended_as(source: str, target: str) -> str:
    """Return ``target`` with a line break at its ends where ``source`` has one: msgfmt asks for that."""
    target = target.strip("\n")
    return ("\n" if source.startswith("\n") else "") + target + ("\n" if source.endswith("\n") else "")
