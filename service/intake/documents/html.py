"""HTML: the text of a page or a fragment, and a page translated with every tag left as it is.

The source is cut into tags and text by the rules of the HTML standard's tokenizer, not parsed
into a tree and written again, so that what is not translated stays byte for byte.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator

from service.intake import raised
from service.intake.compression import need
from service.intake.credit import PageText
from service.intake.documents.about import of_page
from service.intake.documents.blocks import Block, PlacedFinding, Translate, translate_blocks
from service.intake.documents.markup import Markup
from service.intake.entities import unescape
from service.text.words import listed

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[!?][^>]*+(?:>|\Z)"""
    r"""|<(?P<end>/?)(?P<name>[a-zA-Z][\w:.-]*+)(?P<rest>(?>(?:[^<>"']|"[^"]*"|'[^']*')*))>""",
    re.DOTALL,
)
# Possessive and atomic throughout: a comment ends at the first "-->", as in a browser, and is read once.
_PAGE = re.compile(
    r"\A\s*+(?>(?:<\?xml[^>]*+>\s*+)?)(?>(?:<!--(?>.*?-->)\s*+)*)<(?:!doctype\s++html|html[\s>]|head>|body[\s>])",
    re.I | re.S,
)
_NO_TRANSLATE = re.compile(r"""\btranslate\s*=\s*["']?no\b|\bclass\s*=\s*["'][^"']*\bnotranslate\b""", re.I)
_LANG = re.compile(r"""(?<=[\s"'])((?:xml:)?lang\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.I)
_CHARSET = re.compile(r"""(\bcharset\s*+=\s*+["']?)[\w.:-]+""", re.I)
_ROOT = re.compile(r"\A<html", re.I)
_ATTRIBUTE = re.compile(
    r"""(?<=[\s"'])(?P<name>[a-zA-Z][\w:.-]*+)\s*+=\s*+(?P<value>"[^"]*+"|'[^']*+'|[^\s>"']++)"""
)
_LINE_BREAKS = re.compile(r"\n+")


INLINE = listed(
    "a abbr acronym b bdi bdo big cite data del dfn em font i ins label mark q rp rt ruby s small span "
    "strike strong sub sup time tt u"
)
HEADINGS = listed("title h1 h2 h3 h4 h5 h6")
FIXED = listed("code kbd samp var")
VOID_INLINE = listed("img wbr input")
VOID = VOID_INLINE | listed("area base br col embed hr link meta param source track")
SKIPPED = listed("pre svg math template object iframe noscript audio video canvas select")
RAW = listed("script style textarea xmp")
_RAISED = listed("sup sub a")
_ATTRIBUTES = listed("alt title")
_DESCRIPTIONS = listed("description og:description og:title twitter:description twitter:title")


def is_page(text: str) -> bool:
    """Return whether ``text`` begins as a whole web page does."""
    return _PAGE.match(text) is not None


def read(text: str) -> str:
    """Return the article of a page, or the visible text of a fragment, a blank line between paragraphs.

    The text of a page is a :class:`PageText`: its headline, author, date and site are known from its data.
    """
    if not is_page(text):
        return visible(text)
    about = of_page(text)
    return PageText(article(text, about.title) or visible(text), about)


def visible(text: str, *, xml: bool = False) -> str:
    """Return all text that a browser would show, a blank line between paragraphs.

    ``xml`` is as :func:`parse` has it.
    """
    return "\n\n".join(parse(text, xml=xml).paragraphs)


def article(text: str, title: str = "") -> str:
    """Return what trafilatura takes for the article of a page, under its title; empty if it finds none.

    ``title`` is what the page's data says; without it trafilatura's own finding serves.
    """
    try:
        import trafilatura
    except ImportError as error:
        raise need(error, "documents", "trafilatura") from error
    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        # Without a handler Python would print the library's warnings on standard error.
        logger.addHandler(logging.NullHandler())
    text = raised.written(text)
    found = trafilatura.bare_extraction(text, include_comments=False, include_formatting=False)
    if found is None:
        return ""
    body, title = str(getattr(found, "text", "") or ""), title or str(getattr(found, "title", "") or "")
    if title and not body.startswith(title):
        body = f"{title}\n\n{body}"
    return _LINE_BREAKS.sub("\n\n", body)


def parse(text: str, *, xml: bool = False) -> Markup:
    """Return the page's blocks. Code, scripts, styles and what says ``translate="no"`` are not among
    them.

    ``xml``: it is XHTML as books have it, in which ``<a/>`` is an element that has ended.
    """
    markup = Markup(lambda new: html.escape(new, quote=False))
    feed(markup, text, xml=xml)
    markup.end()
    return markup


def feed(markup: Markup, text: str, *, xml: bool = False) -> None:
    """Add ``text`` to ``markup``; the last block is left open."""
    skipped = 0
    skipping = raw = figure = ""
    for token, match in _tokens(text):
        name = match["name"].lower() if match and match["name"] else ""
        ends = bool(match and match["end"])
        if xml and match and name and match["rest"].endswith("/"):
            inline = name in INLINE or name in FIXED or name in VOID_INLINE
            (markup.inline if inline and not raw and not skipping else markup.end)(token)
        elif raw:
            if name == raw and ends:
                raw = ""
            markup.end(token)
        elif skipping:
            if name == skipping:
                skipped += -1 if ends else 1
                skipping = skipping if skipped else ""
            markup.end(token)
        elif match is None:
            # The number of a note is no figure of the text; the block keeps it as the source wrote it.
            markup.text(token, figure if figure and token.strip() else unescape(token))
            figure = "" if token.strip() else figure
        elif not name:
            markup.inline(token)
        elif not ends and name in RAW:
            raw = name
            markup.end(token)
        elif not ends and name not in VOID and (name in SKIPPED or _barred(name, match["rest"])):
            skipping, skipped = name, 1
            markup.end(token)
        else:
            if not ends and name in _RAISED and not figure:
                figure = raised.at(text, match.start())
            _tag(markup, token, name, match, ends, fixed=bool(figure))


def _tokens(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield each tag, comment or declaration with its match, each text with None."""
    at = 0
    for match in _TOKEN.finditer(text):
        if at < match.start():
            yield text[at : match.start()], None
        yield match[0], match
        at = match.end()
    if at < len(text):
        yield text[at:], None


def translate_attributes(text: str, translate: Translate) -> tuple[str, list[PlacedFinding]]:
    """Return the page with what stands in attributes in English: ``alt``, ``title`` and descriptions in
    ``meta``.
    """
    found: list[tuple[int, int, str]] = []
    raw = ""
    for token, match in _tokens(text):
        name = match["name"].lower() if match and match["name"] else ""
        if match is None or not name or (raw and name != raw):
            continue
        if match["end"]:
            raw = ""
            continue
        raw = name if name in RAW else ""
        if not _NO_TRANSLATE.search(match["rest"]):
            found += _values(name, token, match.start())
    blocks = [Block((value,), (), "attribute") for _, _, value in found]
    changes, findings = translate_blocks(blocks, translate)
    parts, at = [], 0
    for (start, stop, _), change in zip(found, changes, strict=True):
        if change:
            parts += [text[at:start], f'"{html.escape(change.texts[0])}"']
            at = stop
    return "".join([*parts, text[at:]]), findings


def _values(name: str, tag: str, at: int) -> Iterator[tuple[int, int, str]]:
    """Yield where values of a tag stand that a reader may be told, with their quotation marks, and each."""
    attributes = {m["name"].lower(): m for m in _ATTRIBUTE.finditer(tag)}
    wanted = _ATTRIBUTES
    if name == "meta":
        key = next((attributes[k] for k in ("name", "property") if k in attributes), None)
        told = key is not None and _value_of(key).lower() in _DESCRIPTIONS
        wanted = frozenset(("content",)) if told else frozenset()
    for attribute, found in attributes.items():
        value = _value_of(found)
        if attribute in wanted and any(map(str.isalpha, value)):
            yield at + found.start("value"), at + found.end("value"), " ".join(value.split())


def _value_of(attribute: re.Match[str]) -> str:
    value = attribute["value"]
    return unescape(value[1:-1] if value[:1] in ("'", '"') else value)


def _barred(name: str, rest: str) -> bool:
    """Return whether a block element must not be translated; an inline one becomes a fixed mark instead."""
    return name not in INLINE and bool(_NO_TRANSLATE.search(rest))


def _tag(
    markup: Markup, token: str, name: str, match: re.Match[str], ends: bool, *, fixed: bool = False
) -> None:
    if name in INLINE or name in FIXED:
        if ends:
            markup.close(token, name)
        else:
            fixed = fixed or name in FIXED or bool(_NO_TRANSLATE.search(match["rest"]))
            markup.open(_english(token, name), name, fixed=fixed)
    elif name in VOID_INLINE:
        markup.inline(token, shown=name != "wbr")
    else:
        markup.end(token if ends else _english(token, name))
        if name in HEADINGS and not ends:
            markup.heading()


def _english(token: str, name: str) -> str:
    """Return a start tag whose language, if it was Indonesian, is English; ``html`` and ``meta`` in full."""
    if name == "meta":
        return _CHARSET.sub(r"\g<1>utf-8", token)
    if name != "html":
        return _LANG.sub(lambda m: f'{m[1]}"en"' if _indonesian(m) else m[0], token)
    changed, count = _LANG.subn(lambda m: f'{m[1]}"en"', token)
    return changed if count else _ROOT.sub(r'\g<0> lang="en"', token)


def _indonesian(match: re.Match[str]) -> bool:
    language = (match[2] or match[3] or match[4] or "").lower()
    return language.split("-")[0] in ("id", "in", "ind")
