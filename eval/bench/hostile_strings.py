"""Strings that make slow code slow: made by hand, and derived from a regular expression's own parts.

A repeat in a pattern is pumped: what leads to it, its body over and over, and an end that does not match,
so that every way of matching is tried. Every beginning of what a pattern matches is repeated too, because
a search starts anew at each of them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, islice, product
from types import ModuleType
from typing import Any

# The standard library's own parser of patterns, which has no public name.
_parser: ModuleType = importlib.import_module("re._parser")

# A character of each sort that a pattern tells apart: blanks, cases, digits, both kinds of quotes, marks of
# Markdown and HTML, a zero-width space, the replacement character, one outside the basic plane, NUL.
_ALPHABET = " aA1.\n-,\"'“(<[&:;/|>*_`~=#\\!?…é\t)]}{%$@+^\u200b\ufffd😀\x00"
_MANY = 6
"""From how many repeats on a repeat is worth pumping."""
_SAMPLES = 4
"""Characters that stand for a class."""
_PATHS = 48
"""Alternatives of a pattern that are gone into, at most."""
Pattern = re.Pattern[str] | re.Pattern[bytes]
Node = tuple[object, Any]
"""What Python's parser makes of a pattern is a list of these: a kind, and what it holds."""
# What no pattern goes on with, so that a search has to give up and try the other ways it could have matched:
# nothing, NUL, a new line, and a space with a letter.
_ENDS = ("", "\x00", "\n!", " a")


@cache
def _number(word: str) -> int:
    """Return a number for each word."""
    value = 0
    for letter in word:
        # Letters as digits, so that no two words share a number: the text stays without repeats.
        value = value * 26 + ord(letter) - 96
    return value


@dataclass(frozen=True, slots=True)
class Hostile:
    """``before``, then ``pump`` again and again, then ``after``: about as long as it is asked to be."""

    before: str
    pump: str
    after: str = ""

    def __call__(self, size: int) -> str:
        # At least one pump, also where the size asked for is less than what stands around it.
        room = max(0, size - len(self.before) - len(self.after))
        return self.before + self.pump * max(1, room // len(self.pump)) + self.after

    def __str__(self) -> str:
        ends = [repr(end[:20]) if end else "" for end in (self.before, self.after)]
        return " + ".join(filter(None, (ends[0], f"{self.pump[:40]!r} * n", ends[1])))


@dataclass(frozen=True, slots=True)
class Varied:
    """As many different words as fit, each made into what ``shape`` shows of it."""

    shape: str
    make: Callable[[str], str]

    def __call__(self, size: int) -> str:
        parts, length = list[str](), 0
        for word in _words():
            parts.append(self.make(word))
            length += len(parts[-1])
            if length >= size:
                return "".join(parts)
        raise AssertionError("words never end")

    def __str__(self) -> str:
        return f"different words: {self.shape!r}"


Text = Hostile | Varied

_SYLLABLES = tuple(a + b for a, b in product("bdgjklmnprstw", "aeiou"))


def _words() -> Iterator[str]:
    """Yield words of two syllables, then of three and more, no two alike."""
    for length in count(2):
        yield from map("".join, product(_SYLLABLES, repeat=length))


VARIED = (
    Varied("kata ", lambda w: f"{w} "),
    Varied("Kata ", lambda w: f"{w.title()} "),
    Varied("dan Kata ", lambda w: f"dan {w.title()} "),
    Varied("KATA ", lambda w: f"{w.upper()} "),
    Varied("KATA KATA. ", lambda w: f"{w.upper()} {w[::-1].upper()}. "),
    Varied("Xqkata", lambda w: f"dan Xq{w} "),
    Varied("kata-kata ", lambda w: f"{w}-{w} "),
    Varied("Kata kata. ", lambda w: f"{w.title()} {w}. "),
    Varied("Kata kata.\n", lambda w: f"{w.title()} {w}.\n"),
    Varied("kata\n", lambda w: f"{w}\n"),
    Varied("kata\n\n", lambda w: f"{w}\n\n"),
    Varied("tidak kata ", lambda w: f"tidak {w} "),
    Varied("not kata ", lambda w: f"not {w} "),
    Varied("1 kata ", lambda w: f"{_number(w)} {w} "),
    Varied("1% ", lambda w: f"{_number(w)}% "),
    Varied("1.1 km ", lambda w: f"{_number(w)}.{_number(w)} km "),
    Varied("1/2 ", lambda w: f"{_number(w)}/2 "),
    Varied("“kata” ", lambda w: f"“{w}” "),
    Varied("(KATA) ", lambda w: f"({w.upper()}) "),
    Varied("KATA (", lambda w: f"{w.upper()} ("),
    Varied("KPK kata ", lambda w: f"KPK {w} "),
    Varied("AS kata ", lambda w: f"AS {w} "),
    Varied("<b>kata</b> ", lambda w: f"<b>{w}</b> "),
    Varied("<b>kata ", lambda w: f"<b>{w} "),
    Varied("**kata** ", lambda w: f"**{w}** "),
    Varied("[kata](kata) ", lambda w: f"[{w}]({w}) "),
    Varied("[kata]: kata\n", lambda w: f"[{w}]: {w}\n"),
    Varied("| kata ", lambda w: f"| {w} "),
    Varied("&kata;", lambda w: f"&{w};"),
    Varied("<kata>", lambda w: f"<{w}>"),
)


_PUMPS = """
a A 1 0 ä é 中 😀 \u200b \xad � . , ; : ! ? … - – — _ * ` ~ = # | / \\ & < > ( ) [ ] { } ' " “ ” ’ ^ $ % + @
a. A. Aa. 1. 1, 1: 1/ 1- 1% $1 £1m 1k Rp1 1st ½ a- A- a' a’ a/ a| |- -| :- -- a--a -a ... !? ?! .” .) .' ”.
a” “a "a 'a (a (A a) [a a] () (() [] [[ ]( [a]( [a][ ![ ![a]( [^ [^a] [a]: \\( \\\\ `a ``a ``` ~~~ ~~a *a
**a *a* **a** _a __a _a_ <a <a> </a> <a>a <b>a</b> <p> <p>a <br> <!-- <!----> <!--a--> <![CDATA[ <? <!a <a'
<a" <a='b' <html <pre> <script> &a &amp; &amp &#1; &#x &lt; â€œ Ã¢â‚¬ é́ á ab\u200b @@ ▁ <s> <unk> >>id<<
‹s› http://a https://a. a@a a.com 00:00:01,000 00:00:01,000-->00:00:02,000 [Aa] [AA] (Aa) (AA/BB) #a #a, /a
foto/ x| aa-bb a.b. A.B.
""".split()  # noqa: SIM905
_SPACED = (
    """
a|A|1|Aa|AAAA|aA|a,|A,|Aa,|a.|A.|Aa.|1.|1,|1%|1 %|Rp 1|$ 1|1 km|1 -|a -|A -|Aa -|AAA -|Jakarta -|Jakarta,
JAKARTA -|(1/2/2020) -|a (|A (|(a|(a.|(Aa) a|“Aa”|"A|“A|'A|“|"|'|.|!|?|-|–|*|_|`|<|>|#|/|&|\\|:|;|,|…|a/b
a-b|tidak|tidak sampai|tidak lebih|bukan|not|no|never|not only|yang|the|of the|dan|and|and a half|satu
satu juta|sepuluh|dua puluh|seratus|one|one hundred|hundred and|half a|setengah|second|koma lima|per tiga
KPK|(KPK)|AS|as|Polri|Kabupaten Aa|Kota AA|Presiden|Indonesia|para Aa|Dr.|H.|No.|dll.|A.B.|S.H.,|baca juga:
foto/|foto:|ikuti|dapatkan update|tags: a|halaman 1|Senin, 1/1/2020 10:00|penulis: Aa|copyright 2020
facebook|home >|#a|pukul 10.30|10-11|2019-20|jam 7|7 p.m.|on Monday|which|, which|who|a ; b|a — b|Aa said:
meng|unable|cats cats|a b a b
""".strip()
    .replace("\n", "|")
    .split("|")
)
_LINES = (
    "a", "A", "Aa", "1", "a b c", "Aa bb", "Aa bb.", "- a", "1. a", "> a", "# a", "a|b", "|-|", "[a]: b",
    "    a", "<p>a", "*", "***", "---", "===", "```", "~~~", "`", "- ", ">", "a-", "a,", "(a)", "Aa - b",
    "JAKARTA - a", "baca juga: a", "facebook", "foto: a", "1/1/2020 10:00",
    "1\n00:00:01,000 --> 00:00:02,000\na\n", "00:00:01,000 --> 00:00:02,000", "NOTE a\n", "a\t1", '"a"',
    '{"a": 1}', "a;b", "\r", "\u2028", "+++", "[^a]: b", "a  ", "a\\", "-->", "WEBVTT",
)  # fmt: skip
_LED = (
    ("a|b\n", " ", "x|-"), ("a|b\n|", "-", "x"), ("a|b\n", "-|", "x"), ("a|b\n", "- ", "x|"),
    ("```\n", "`", " x"), ("---\n", "a\n", ""), ("+++\n", "\n", ""), ("<!doctype", " ", "x"),
    ("<?xml", " ", "x"), ("", "<!-- a --> ", "x"), ("<a b=", "'a' ", "<"), ("<a ", '"', ""),
    ("<a ", "class='a' ", ">"), ("<p class='", "a ", ">"), ("<html lang=", " ", ">"), ("A", "a ", "-"),
    ("A", " ", "-"), ("A", ".", " -"), ("A", "A ", "(x"), ("Aa", ", Aa", ""), ("(Foto: ", "a ", ""),
    ("a", " ", "b"), ("a", "\n", "b"), ("a", "\t", "b"), ("a.", " ", "b"), ("a. ", "“", "a"),
    ("a.", "”", "a"), ("a.", ")", " A"), ("1", ",000", "a"), ("1", ".1", "a"), ("Rp1", ".000", "-"),
    ("Rp1", "-", "1"), ("1", "/1", " -"), ("tidak", " a", "b"), ("“", "a ", ""), ("(", "a ", ""),
    ("[", "a ", ""), ("[", "a ", "]("), ("[a](", "a", ""), ("[a](", "(a)", ""), ("![a](", "(", ""),
    ("*", "a ", ""), ("**", "a ", ""), ("`", "a ", ""), ("&", "a", ""), ("&#", "1", ";"),
    ("WEBVTT\n\n00:01.000 --> 00:02.000\n", "<b>", ""),
    ("1\n00:00:01,000 --> 00:00:02,000\n", "\n \n", "a"), ("1\n00:00:01,000 --> 00:00:02,000\n", "a ", ""),
    ("\x1f\x8b", "a", ""), ("A b. ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""), ("", "ababababababababab", "c"),
    ("tags:", " a", "."), ("home", " > a", "\x00"), ("facebook", " x", "!"),
)  # fmt: skip

WORST: tuple[Text, ...] = (
    *(Hostile("", pump) for pump in (" ", "1%", "AS ", "KPK ", "Indonesia ", "A\n", "a.\n", "<!---->")),
    Hostile("a|b\n", " ", "x|-"),
    Hostile("aaa.", '"', "x"),
    Hostile("Rp1", ",-"),
    Hostile("&#", "1", ";"),
    Varied("dan Xqkata", lambda w: f"dan Xq{w} "),
    Varied("Kata kata.", lambda w: f"{w.title()} {w}. "),
)
"""What found most: these are tried with everything, also where others are only sampled."""

FAMILIES: tuple[Text, ...] = (
    *WORST,
    *(Hostile("", pump) for pump in (" ", "\n", "\t", "\r", "\u00a0", *dict.fromkeys(_PUMPS))),
    *(Hostile("", f"{pump} ") for pump in dict.fromkeys(_SPACED)),
    *(Hostile("", f"{line}\n") for line in _LINES),
    *(Hostile(*parts) for parts in _LED),
    *VARIED,
)
"""What every function and every pattern is tried with."""


def derived(pattern: Pattern) -> list[Hostile]:
    """Return what a pattern itself suggests: its repeats pumped, and each beginning of what it matches
    repeated.
    """
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    found = dict[Hostile, None]()
    # Eight times the alternatives: a pattern with many nested groups would yield thousands.
    for before, pump in islice(_pumped(list(_parser.parse(source, pattern.flags)), ""), _PATHS * 8):
        for end in _ENDS:
            found[Hostile(before, pump, end)] = None
        if before:
            found[Hostile("", before + pump)] = None
            found[Hostile("", before)] = None
    whole = _sample(list(_parser.parse(source, pattern.flags)))
    # A search starts again at each character where the pattern's beginning matches, so a text of many
    # beginnings makes even a pattern without repeats quadratic.
    for stop in range(1, min(len(whole), 24) + 1):
        found[Hostile("", whole[:stop])] = None
    return list(found)


def _pumped(nodes: list[Node], before: str) -> Iterator[tuple[str, str]]:
    """Yield what leads to each repeat of a sequence, and what may be repeated there."""
    for kind, value in nodes:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            # ``most`` is the parser's MAXREPEAT, a large number, for ``*`` and ``+``.
            least, most, body = value
            inner = list(body)
            if most >= _MANY:
                yield from ((before, pump) for pump in _bodies(inner))
            yield from _pumped(inner, before)
            # A repeat that may be empty is left empty in what leads on, so that it takes none of the pump
            # behind it; one of few, as in ``a{0,3}``, is there once.
            before += _sample(inner) * max(least, 1 if most < _MANY else 0)
        elif name == "SUBPATTERN":
            yield from _pumped(list(value[-1]), before)
            before += _sample(list(value[-1]))
        elif name == "ATOMIC_GROUP":
            yield from _pumped(list(value), before)
            before += _sample(list(value))
        elif name == "BRANCH":
            for branch in value[1][:_PATHS]:
                yield from _pumped(list(branch), before)
            # What follows is reached by the first alternative: all of them would multiply with each branch.
            before += _sample(list(value[1][0]))
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _pumped(list(value[1]), before)
            # What has to stand before is put there.
            before += _sample(list(value[1])) if name == "ASSERT" and value[0] < 0 else ""
        else:
            before += _sample([(kind, value)])


def _bodies(nodes: list[Node]) -> Iterator[str]:
    """Yield strings that the body of a repeat matches: each of a class's samples, each of some
    alternatives.
    """
    if len(nodes) == 1 and (chars := _characters(*nodes[0])):
        yield from chars
    elif len(nodes) == 1 and str(nodes[0][0]) == "SUBPATTERN":
        yield from _bodies(list(nodes[0][1][-1]))
    elif len(nodes) == 1 and str(nodes[0][0]) == "BRANCH":
        for branch in nodes[0][1][1][:_PATHS]:
            yield from _bodies(list(branch))
    elif whole := _sample(nodes):
        yield whole


def _sample(nodes: list[Node]) -> str:
    """Return a short string that the nodes match; what stands around it is not looked at."""
    parts = list[str]()
    for kind, value in nodes:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            parts.append(_sample(list(value[2])) * min(value[0], 50))
        elif name == "SUBPATTERN":
            parts.append(_sample(list(value[-1])))
        elif name == "ATOMIC_GROUP":
            parts.append(_sample(list(value)))
        elif name == "BRANCH":
            parts.append(_sample(list(value[1][0])))
        elif chars := _characters(kind, value):
            parts.append(chars[0])
    return "".join(parts)


def _characters(kind: object, value: Any) -> str:
    """Return some characters that a node for one character matches; none for any other node."""
    name = str(kind)
    if name == "LITERAL":
        return chr(value)
    if name in ("ANY", "NOT_LITERAL"):
        return "".join(islice((c for c in _ALPHABET if name == "ANY" or c != chr(value)), _SAMPLES))
    if name != "IN":
        return ""
    named = [chr(code) for part, code in value if str(part) == "LITERAL"]
    named += [chr(code[0]) for part, code in value if str(part) == "RANGE"]
    inside = [c for c in dict.fromkeys([*_ALPHABET, *named]) if _in_class(value, c)]
    return "".join(inside[:_SAMPLES])


def _in_class(items: list[Node], character: str) -> bool:
    # The parser puts the ``^`` of ``[^...]`` as the first item of the class.
    negated = str(items[0][0]) == "NEGATE"
    return negated != any(_is(str(kind), value, character) for kind, value in items)


def _is(kind: str, value: Any, character: str) -> bool:
    if kind == "LITERAL":
        return bool(ord(character) == value)
    if kind == "RANGE":
        return bool(value[0] <= ord(character) <= value[1])
    if kind != "CATEGORY":
        return False
    # Names such as CATEGORY_DIGIT and CATEGORY_NOT_SPACE, of which the last word tells the kind.
    positive = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(value).rpartition("_")[2]]
    return ("NOT" in str(value)) != (re.match(positive, character) is not None)


@dataclass(frozen=True, slots=True)
class Case:
    """One way of using the code under test: ``run`` gets a text of some size. ``size`` is the largest, 4n.

    ``texts`` are the strings to try; a case of ``bound`` characters never gets a longer text, and has to be
    done with it at once.
    """

    name: str
    run: Callable[[str], object]
    texts: Sequence[Callable[[int], str]]
    share: float = 1.0
    bound: int = 0
