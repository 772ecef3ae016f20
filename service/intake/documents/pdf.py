"""PDF text: pages put together again, without their headers, footers, wrapping and hyphenation."""

from __future__ import annotations

import logging
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise

from service.errors import InputError
from service.intake.compression import need
from service.intake.documents.archive import Limits

_EDGE = 2
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—|]\s*)?(?:hal(?:aman)?\.?|page|hlm\.?)?\s*\d{1,4}(?:\s*(?:/|dari|of)\s*\d{1,4})?(?:\s*[-–—|])?",
    re.I,
)
_HYPHEN = re.compile(r"([^\W\d_]{2,})[-\u00ad\u2010]\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_ENDED = re.compile(r"""[.!?…:]["'”’)\]]*\Z""")
_ITEM = re.compile(r"(?:[-–—•*▪●○]|\d{1,3}[.)]|[a-z][.)])\s")
# pypdf meets a damaged file with whatever its parser stumbles over.
_BROKEN = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,
    zlib.error,
)


def read(data: bytes, limits: Limits) -> str:
    """The running text, a blank line between paragraphs.

    Raises InputError for a protected or broken file, and for one of pictures only.
    """
    pages = _without_repeats([[" ".join(line.split()) for line in page] for page in _pages(data, limits)])
    lines = [line for page in pages for line in page]
    if not any(line for line in lines):
        raise InputError("holds no text; it may be a scan")
    return "\n\n".join(_paragraphs(lines))


def _pages(data: bytes, limits: Limits) -> list[list[str]]:
    """The lines of each page."""
    try:
        import pypdf
        from pypdf.errors import DependencyError, PyPdfError
    except ImportError:
        raise need("documents", "pypdf") from None
    logger = logging.getLogger("pypdf")
    if not logger.handlers:
        # Without a handler Python would print the library's warnings on standard error.
        logger.addHandler(logging.NullHandler())
    try:
        reader = pypdf.PdfReader(BytesIO(data), strict=False)
        # Many files are locked against changes only, and open with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError("password-protected")
        if len(reader.pages) > limits.pages:
            raise InputError(f"more than {limits.pages:,} pages")
        pages, size = [], 0
        for page in reader.pages:
            text = page.extract_text()
            size += len(text)
            if size > limits.unpacked:
                raise InputError(f"holds more than {limits.unpacked:,} characters")
            pages.append(text.split("\n"))
    except DependencyError:
        raise need("documents", "cryptography") from None
    except (PyPdfError, *_BROKEN) as problem:
        raise InputError(f"a broken PDF file: {problem or type(problem).__name__}") from problem
    return pages


def _without_repeats(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The pages without page numbers and what stands at the edge of at least half of them."""
    filled = [[line for line in page if line] for page in pages]
    edges = Counter(key for page in filled for key in {_key(page[i]) for i in _edge(page)})
    often = max(2, (len([page for page in filled if page]) + 1) // 2)
    return [
        [
            line
            for i, line in enumerate(page)
            if not (i in _edge(page) and (edges[_key(line)] >= often or _PAGE_NUMBER.fullmatch(line)))
        ]
        for page in filled
    ]


def _edge(page: Sequence[str]) -> set[int]:
    """The first and last lines; of a short page fewer, so that it keeps a middle."""
    reach = min(_EDGE, (len(page) - 1) // 2) if len(page) > 1 else 0
    return {*range(reach), *range(len(page) - reach, len(page))}


def _key(line: str) -> str:
    return _DIGITS.sub("#", line)


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined that a column broke apart: those whose next word found no room."""
    lengths = sorted(len(line) for line in lines)
    width = lengths[len(lengths) * 9 // 10]
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line))
    paragraph = lines[0]
    for line, following in pairwise(lines):
        if _ends(line, following, width):
            yield paragraph
            paragraph = following
        else:
            paragraph = _joined(paragraph, following, words)
    yield paragraph


def _ends(line: str, following: str, width: int) -> bool:
    """Whether a paragraph ends with ``line``; letters differ in width, so the measure is a soft one."""
    if _ITEM.match(following):
        return True
    if following[0].islower() and not _ENDED.search(line):
        return False
    room = width - len(line) - 1 - len(following.split(" ", 1)[0])
    return room > width // 10 if _ENDED.search(line) else room > width // 4


def _joined(paragraph: str, following: str, words: Counter[str]) -> str:
    broken = _HYPHEN.search(paragraph[-60:])
    second = _FIRST_WORD.match(following)
    if not broken or not second or not second[0].islower():
        return f"{paragraph} {following}"
    stem = paragraph[:-1]
    return (f"{stem}-" if _hyphenated(broken[1], second[0], words) else stem) + following


def _hyphenated(first: str, second: str, words: Counter[str]) -> bool:
    """Whether a hyphen at the end of a line belongs to the word, as in anak-anak or sayur-mayur."""
    whole, parted = (first + second).lower(), f"{first}-{second}".lower()
    if words[whole] or words[parted]:
        return words[parted] > words[whole]
    stem = first.lower()
    return len(stem) > 2 and (second.startswith(stem) or stem[1:] in second)
