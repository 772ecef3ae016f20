"""XLIFF 1.2 and 2: units of Indonesian get English targets; everything else stays byte for byte.

https://docs.oasis-open.org/xliff/v1.2/os/xliff-core.html and
https://docs.oasis-open.org/xliff/xliff-core/v2.1/xliff-core-v2.1.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from service.document import Finding
from service.errors import InputError
from service.intake.documents.blocks import PlacedFinding, Translate, in_one, together
from service.intake.documents.markup import Markup
from service.intake.documents.office import is_indonesian, parse_xml
from service.intake.documents.xmltext import Token, as_utf8, tokens, until_end, written
from service.intake.encoding import decode
from service.text.placeholders import held, placeholders, released
from service.text.words import listed

_UNITS = listed("trans-unit unit")
_INHERITED = listed("file group unit trans-unit body xliff segment")
_OTHERS = listed("alt-trans matches match notes note glossary ignorable")
_PAIRED = listed("g pc mrk")
_CODES = listed("ph bpt ept it ut x bx ex sc ec cp sm em")
_OPENS, _CLOSES = listed("bpt bx sc"), listed("ept ex ec")
_DONE = listed("final signed-off translated reviewed")
_BREAKS = listed("lb pb")
_TAG = re.compile(r"</?(?P<name>[a-zA-Z][\w-]{0,30})(?:\s[^<>]{0,500})?/?>")
_FORMATS = listed("b i u em strong a span small sub sup mark font code")
_STAND_IN = re.compile(r"\{~(\d{1,9})\}")
_START = re.compile(r"\A(?:START|CLOSE)_")


@dataclass(slots=True)
class _Unit:
    """A piece that gets one target: positions in the file's text, and what its source is made of."""

    place: str
    wanted: bool
    source: tuple[int, int] = (0, 0)
    behind: int = 0
    target: tuple[int, int] | None = None
    opened: Token | None = None
    segment: Token | None = None
    name: str = "target"
    was: str = ""
    pieces: list[Token] = field(default_factory=list)


class _Reader:
    """The units of a file, in order."""

    def __init__(self, text: str) -> None:
        """Raise InputError for a file of other languages."""
        self.units: list[_Unit] = []
        self.heads: list[Token] = []
        self.version = ""
        self._source = tokens(text)
        self._translated = [True]
        self._place = ""
        self._segment: Token | None = None
        for token in self._source:
            self._take(token, token.name.rpartition(":")[2])

    def _take(self, token: Token, local: str) -> None:
        if token.kind == "start" and local in _OTHERS:
            for _ in until_end(self._source, token.name):
                pass
        elif token.kind == "start" and local == "source" and self._place:
            self._begin(token)
        elif token.kind in ("start", "empty") and local == "target" and self.units and self._place:
            self._targeted(token)
        elif token.kind == "start" and local in _INHERITED:
            self._enter(token, local)
        elif token.kind == "end" and local in _INHERITED:
            self._translated.pop()
            self._place = "" if local in _UNITS else self._place
            self._segment = None if local == "segment" else self._segment
        elif token.kind == "end" and local == "seg-source" and self.units:
            self.units[-1].behind = token.stop

    def _enter(self, token: Token, local: str) -> None:
        said = token.get("translate")
        self._translated.append(self._translated[-1] if not said else said == "yes")
        if local in ("xliff", "file"):
            self.heads.append(token)
            self.version = token.get("version") or self.version
            _refuse_others(token)
        if local in _UNITS:
            self._place, self._segment = token.get("id") or "?", None
            if token.get("approved") == "yes":
                self._translated[-1] = False
        if local == "segment":
            self._segment = token

    def _begin(self, token: Token) -> None:
        inside = list(until_end(self._source, token.name))
        name = token.name.removesuffix("source") + "target"
        start, stop = token.stop, inside[-1].start
        wanted = self._translated[-1]
        self.units.append(
            _Unit(self._place, wanted, (start, stop), inside[-1].stop, None, None, self._segment, name)
        )
        self.units[-1].pieces = inside[:-1]

    def _targeted(self, token: Token) -> None:
        unit = self.units[-1]
        inside = list(until_end(self._source, token.name)) if token.kind == "start" else [token]
        unit.target, unit.opened = (token.start, inside[-1].stop), token
        unit.was = "".join(piece.raw for piece in inside[:-1])
        states = {token.get("state"), unit.segment.get("state") if unit.segment else ""}
        source = "".join(piece.raw for piece in unit.pieces)
        own = unit.was.strip() and unit.was != source
        fresh = states & {"new", "needs-translation", "initial", "needs-adaptation"}
        if unit.was.strip() and (states & _DONE or (own and not fresh)):
            unit.wanted = False


def _refuse_others(head: Token) -> None:
    source = head.get("source-language") or head.get("srcLang")
    target = head.get("target-language") or head.get("trgLang")
    if source and not is_indonesian(source):
        raise InputError("document.source_language", "of {language}, not of Indonesian", language=source[:40])
    if target and target.lower().split("-")[0] != "en":
        raise InputError(
            "document.target_language",
            "wants a translation into {language}; English is what there is",
            language=target[:40],
        )


def _behind(pieces: Sequence[Token], at: int) -> int:
    """Return the number of the piece behind the element that begins at one."""
    depth = 0
    for number in range(at, len(pieces)):
        if pieces[number].name == pieces[at].name and pieces[number].kind in ("start", "end"):
            depth += 1 if pieces[number].kind == "start" else -1
            if not depth:
                return number + 1
    return len(pieces)


class _Content:
    """What a source holds: words, codes around them as marks, and codes among them as words of their own."""

    def __init__(self, unit: _Unit) -> None:
        self._codes: list[str] = []
        self._held: list[tuple[str, str]] = []
        self.markup = Markup(self._escaped)
        pieces, at = unit.pieces, 0
        while at < len(pieces):
            token, stop = pieces[at], at + 1
            local = token.name.rpartition(":")[2]
            if token.kind == "text":
                self._words(token.plain)
            elif local in _PAIRED and token.kind == "start":
                self._marks().open(token.raw, local, fixed=_is_fixed(token))
            elif local in _PAIRED and token.kind == "end":
                self._marks().close(token.raw, local)
            elif local in _CODES:
                stop = _behind(pieces, at) if token.kind == "start" else stop
                around = (
                    pieces[at - 1].plain[-1:] if at else "",
                    pieces[stop].plain[:1] if stop < len(pieces) else "",
                )
                raw = "".join(piece.raw for piece in pieces[at:stop])
                self._code(token, local, raw, apart=not any(map(str.isalnum, around)))
            else:
                self._marks().inline(token.raw)
            at = stop
        self._marks().end()

    def _words(self, text: str) -> None:
        """Take words; tags of HTML that are written among them are marks."""
        at = 0
        for found in _TAG.finditer(text):
            self._plain(text[at : found.start()])
            name, raw = found["name"].lower(), written(found[0])
            if name not in _FORMATS or found[0].endswith("/>"):
                self._marks().inline(raw, space=name == "br")
            elif found[0].startswith("</"):
                self._marks().close(raw, f"html {name}")
            else:
                self._marks().open(raw, f"html {name}", fixed=name == "code")
            at = found.end()
        self._plain(text[at:])

    def _plain(self, text: str) -> None:
        if text:
            self._held.append((written(text), held(text)))

    def _code(self, token: Token, local: str, raw: str, *, apart: bool) -> None:
        id = token.get("id")
        kind = token.get("ctype") or token.get("type")
        if local in _OPENS or (local == "x" and id.startswith("START_")):
            self._marks().open(raw, f"code {_pair(token, local)}")
        elif local in _CLOSES or (local == "x" and id.startswith("CLOSE_")):
            self._marks().close(raw, f"code {_pair(token, local)}")
        elif local in ("x", "ph") and kind not in _BREAKS and apart:
            self._held.append((raw, f"{{~{len(self._codes)}}}"))
            self._codes.append(raw)
        else:
            self._marks().inline(raw, space=kind in _BREAKS)

    def _marks(self) -> Markup:
        """Return the markup for what comes next; words and codes up to there are one text of it."""
        if self._held:
            self.markup.text(*("".join(side) for side in zip(*self._held, strict=True)))
            self._held = []
        return self.markup

    def _escaped(self, text: str) -> str:
        codes = self._codes
        return _STAND_IN.sub(
            lambda found: codes[int(found[1])] if int(found[1]) < len(codes) else found[0],
            written(released(text)),
        )


def _is_fixed(token: Token) -> bool:
    return token.get("translate") == "no" or token.get("mtype") == "protected"


def _pair(token: Token, local: str) -> str:
    """Return what the two codes of a pair have in common."""
    if local == "x":
        return _START.sub("", token.get("id"))
    return token.get("startRef") or token.get("rid") or token.get("id")


def read(data: bytes) -> str:
    """Return the units that would be translated, a blank line between. Raises InputError."""
    units = [unit for unit in _opened(data)[1].units if unit.wanted]
    paragraphs = (paragraph for unit in units for paragraph in _Content(unit).markup.paragraphs)
    return "\n\n".join(_STAND_IN.sub("", paragraph).strip() for paragraph in paragraphs)


def translate(data: bytes, translation: Translate) -> tuple[bytes, list[PlacedFinding]]:
    """Return the file with an English target for each unit that has none, and what to look at. Raises
    InputError.

    Targets of somebody's own, approved units and those that say ``translate="no"`` stay. A unit whose codes
    or placeholders did not come through gets no target.
    """
    text, reader = _opened(data)
    wanted = [unit for unit in reader.units if unit.wanted and unit.pieces]
    contents = [_Content(unit) for unit in wanted]
    found = together([content.markup.steps() for content in contents], in_one(translation))
    edits: list[tuple[int, int, str]] = []
    findings: list[PlacedFinding] = []
    for unit, content, of_unit in zip(wanted, contents, found, strict=True):
        target = content.markup.joined()
        lost = _differences(text[slice(*unit.source)], target)
        if lost:
            finding = Finding.of("placeholder.changed", words=", ".join(lost)[:200])
            source = " ".join(content.markup.paragraphs)
            findings.append(PlacedFinding(f"unit {unit.place}", source, finding))
            continue
        findings += [replace(one, place=f"unit {unit.place}") for one in of_unit]
        edits += _edits(text, unit, target, new=reader.version.startswith("2"))
    edits += _english(reader)
    return as_utf8(_edited(text, edits)).encode("utf-8", "replace"), findings


def _opened(data: bytes) -> tuple[str, _Reader]:
    root = parse_xml(data, "XLIFF")
    if str(root.tag).rpartition("}")[2] != "xliff":
        raise InputError("document.no_xliff", "not an XLIFF file")
    text = decode(data)
    return text, _Reader(text)


def _differences(source: str, target: str) -> list[str]:
    """Return the codes and placeholders that are not as often in one as in the other."""

    def counted(text: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for token in tokens(text):
            found.update([token.raw] if token.kind != "text" else placeholders(token.plain))
        return found

    old, new = counted(source), counted(target)
    return sorted(((old - new) + (new - old)).elements())


def _edits(text: str, unit: _Unit, target: str, *, new: bool) -> Iterator[tuple[int, int, str]]:
    """Yield what changes in the text for a unit's target: from, to and what stands there instead."""
    opened = unit.opened
    begins = f"<{unit.name}>"
    if opened:
        begins = opened.raw.removesuffix("/>").rstrip() + ">" if opened.kind == "empty" else opened.raw
    if not new:
        begins = Token("start", begins, 0, unit.name).having("state", "needs-review-translation")
    made = f"{begins}{target}</{unit.name}>"
    if unit.target:
        yield *unit.target, made
    else:
        before = text[: unit.source[0]].rpartition("<")[0]
        line = before[before.rfind("\n") :] if "\n" in before else ""
        yield unit.behind, unit.behind, ("" if line.strip() else line) + made
    if new and unit.segment:
        said = unit.segment.having("state", "translated")
        yield unit.segment.start, unit.segment.stop, said


def _english(reader: _Reader) -> Iterator[tuple[int, int, str]]:
    """Yield the heads that say that the targets are English."""
    new = reader.version.startswith("2")
    for head in reader.heads:
        local = head.name.rpartition(":")[2]
        if local == ("xliff" if new else "file"):
            name = "trgLang" if new else "target-language"
            if not head.get(name):
                yield head.start, head.stop, head.having(name, "en")


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, stop, instead in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[at:start], instead]
        at = stop
    return "".join([*parts, text[at:]])
