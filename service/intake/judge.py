"""What becomes of each line of a page: the labels weighed against the rules, doubt in favour of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.intake.credit import author, by_role, uncredited
from service.intake.glued import initials
from service.intake.linefeatures import key, reads_on
from service.intake.lines import BETWEEN, END, HEADLINE, TEXT, TOP, UNDER, Label, label
from service.intake.rules import page_only, rule_flags, rule_of

KEEP = 12.0
"""How many times as likely as text a line must be boilerplate before it is taken for that."""

INNER = 3.0
"""How many times again a run of it between two paragraphs."""

_LONGEST_TITLE = 200
_DOUBT = 0.02
"""What reads as news is taken only if it is less likely than this to be the article's own."""

_ABOVE = 0.9
"""How likely a headline must be before what stands above it can be no news."""

_LONE = 0.02
"""A line alone between two paragraphs, which no rule knows, is taken only if it is less likely than this."""

_SIGNED_TEXT = 0.01
"""How likely to be text a sentence with initials behind it must be."""

_SUBHEAD = 0.002
"""The same for a short one, which may be a subhead."""

_UNDER_OTHER = 0.015
"""The same where boilerplate stands above it, for :data:`_MISTAKEN` kinds alone."""

_ANY_OTHER = 0.03
"""The same for all other kinds."""

_BEHIND_ADVERT = 0.03
"""How likely to be text a sentence must be behind which the text would end with an advert."""

_INTERRUPTS = frozenset(("advertisement", "read-also", "video", "caption"))
"""Kinds that stand between two paragraphs, so that the text may go on behind them."""

_FAR = 0.045
"""How likely to be text a line under a paragraph, or amid the text, must be with boilerplate under it."""

_MISTAKEN = frozenset(("comments", "caption", "navigation", "summary-box", "note"))

_FIRST = 0.015
"""How likely to be text the last whole sentence above the first paragraph must be, called a summary."""

_FIRST_PLAIN = 0.05
"""The same right under the headline, where standfirsts are, and where it is called a caption."""

_AMID = 0.008
"""How likely to be text a whole sentence must be that stands between two paragraphs and is none's copy."""

_COPIED = 0.75
"""Share of a sentence's longer words that one paragraph has from which it is that paragraph's copy."""

_AFTER = 0.02
"""How likely to be text a whole sentence must be with which the text goes on behind little else."""

_BETWEEN = 5
"""Lines of boilerplate that such a sentence may have above it."""

_REFERRING = 0.002
"""The same for one that goes back to what the text has just spoken of: "Kunci itu …"."""

_SHORT = 0.03
"""The same for one of few words right under a paragraph."""

_LIST_HEAD = 0.005
"""How likely to be text the line must be that stands right over a list."""

_OVER = 0.001
"""The same over a sentence that stays though the text seemed to have ended."""

_DOUBTED = frozenset(("summary-box", "caption", "note", "teaser", "comments"))
"""Kinds of boilerplate that are whole sentences, as paragraphs are."""

_CREDITS = frozenset(("byline", "credit"))

_CERTAIN = frozenset(("advertisement", "video", "share"))
"""Kinds that a rule knows for sure, so that they are taken even from a text that is no page."""

_CLOSING = frozenset(("initials", "published-in", "copyright", "tags"))

_OPENING = 5
"""Lines of text among which a dateline is looked for."""

_LIKELY = 0.9
"""From here on what stands above the dateline stays."""

_LISTED = 0.6
"""The same for a list above the first paragraph: the article in short."""

_AROUND = 3
"""Lines of boilerplate around the body from which a text without a headline is a page."""

_RUNNING = 150
"""Characters of running text that such a page has at least."""

_PULLED = 0.5
"""How likely to be text a line may be that only repeats words of a paragraph."""

_MOST_LINES = 1000
"""Lines up to which a page is searched for sentences that were set large."""

_FACT_TEXT = 0.03
"""How likely one line of a box of facts must be to be text."""

_NO_FACTS = frozenset(("read-also", "related", "caption"))
"""Kinds with which a box of facts ends, though a label stands before them too: "Baca juga: …"."""

_LIST_BEHIND = 0.4
"""How likely to be text short lines behind the last paragraph must be on the whole."""

_PLAIN_TEXT = 0.9
"""From here on a line is text, whatever stands above it."""

_FACTS_BEHIND = 0.3
"""The same for a box of facts."""

# ``"Harga naik," kata Budi``, ``ujar dia``, ``mengatakan, "...``: a quotation with who said it.
_SAID = re.compile(
    r"[\"“][^\"“”]{12,}[,.!?]?[\"”],?\s(?:\w+\s){0,3}?(?:kata|ujar|jelas|tutur|ucap|ungkap|tegas|imbuh|tambah|terang|"
    r"papar|sebut|lanjut|cetus|tulis|pesan|kenang|demikian)(?:nya)?\b"
    r"|\b(?:mengatakan|menjelaskan|menyebut(?:kan)?|menyatakan|menuturkan|mengungkapkan|menegaskan|menambahkan|"
    r"menilai|berkata|kata|ujar)(?:,|\sbahwa|\skepada)?\s?[:,]?\s?[\"“]"
)
# "JAKARTA (ANTARA) - ", "Bandung, Jawa Barat -- ".
_DATELINE = re.compile(r"(?:[A-Z][\w.]{2,30},?\s){1,4}?(?:\([^()]{2,40}\)\s?)?[-–—]{1,2}\s(?=[\"“A-Z])")
_SENTENCES = re.compile(r"[a-z0-9\"”)]{2}[.!?][\"”’)]*\s+[\"“‘(]*[A-Z]")
_STOP = re.compile(r"[.!?…][\"'”’)\]]*(?:\s?\*{1,3})?$")
# "Hingga berita ini diturunkan": until this went to press.
_PRESSED = re.compile(
    r"(?i)(?:sampai|hingga)\s(?:saat\s)?berita\sini\s(?:di)?(?:turun|terbit|tayang|tulis|muat|publikasi|buat|unggah)"
)
# "... katanya. (dek/fra)", "... besok. (***)".
_SIGNED = re.compile(
    r"\w{3}[.!?][\"”’)]*\s?\((?:\*{1,3}|[a-z]{2,5}/[a-z]{2,5}|[a-zA-Z]{2,8}(?:/[a-zA-Z]{2,8})+)\)$"
)
# "Nilai: 7,5/10 (ahm/wld)"
_SIGNED_LINE = re.compile(r"\w\s\([a-z0-9]{2,8}(?:/[a-zA-Z0-9]{2,8}){1,2}\)$")
# "... katanya. (Siti Rahayu)"
_NAMED_BEHIND = re.compile(r"\w{2}[.!?][\"”’)]*\s\(([A-Z][\w.'’ -]{4,40})\)$")
_SENTENCE_KINDS = frozenset(("caption", "read-also", "summary-box"))
_SENTENCE = 0.025
"""How likely to be text a whole sentence must be that stays though it looks like a caption."""

_KEPT = 0.2
"""A line amid or after the text that no rule knows stays if it is likelier than this to be text."""

_KEPT_AMID = 0.12
"""The same amid the text."""

_LINKED_KINDS = frozenset(("teaser", "related", "note", "newsletter"))
_LINKED = 0.05
"""The same where it looks like one of these."""

_LEAD_KINDS = frozenset(("summary-box", "control", "note", "read-also"))
_LEAD = 0.02
"""How likely to be text the line must be over what is thought to be the first paragraph."""

# "Banda Aceh -": the rest of the sentence stands in the next line.
_DATELINE_ALONE = re.compile(r"[A-Z][\w .,()/]{2,40}\s[-–—]$")
_POINTING = 0.008
# A stop, and perhaps a bracket behind it.
_CLOSED = re.compile(r"[.!?…][\"'”’)\]]*(?:\s?\([^()]{2,40}\))?$")
# "Jumlah tersebut naik.", or a dateline in a line of its own: "JAKARTA, KOMPAS.com -".
_POINTS_BACK = re.compile(r"\w{3,20}\s(?:tersebut|itu)\s.*[.!?]$|[A-Z]{3}[^.!?]{0,60}\s[-–—]$")
# "Kunci itu ditemukan …": what it is has been said.
_REFERS = re.compile(r"([A-Z]\w{3,20})\s(?:itu|tersebut|ini)\s")
# "Nama: Budi Santoso", "Harga: Rp20.000".
_FACT = re.compile(r"[A-Z][^:.!?]{1,28}:\s\S.{0,90}$")
# Labels that stand before names and links, so that they make no box of facts.
_BYLINES = frozenset(
    [
        "naskah",
        "laporan",
        "liputan",
        "wartawan",
        "peliput",
        "pengirim",
        "pengunggah",
        "uploader",
        "publisher",
        "writer",
        "by",
        "juru kamera",
        "dokumentasi",
        "dipublikasikan",
        "dipublikasikan pada",
        "dipublikasikan oleh",
        "diterbitkan",
        "diterbitkan oleh",
        "diunggah",
        "diunggah oleh",
        "diposting",
        "diposting oleh",
        "diperbarui",
        "terbit",
        "tayang",
        "published",
        "updated",
        "hits",
        "views",
        "dilihat",
        "dibaca",
        "kategori",
        "category",
        "tagged",
        "label",
        "penulis",
        "editor",
        "reporter",
        "pewarta",
        "sumber",
        "foto",
        "teks",
        "tag",
        "tags",
        "topik",
        # "Baca: ..." and "Lihat: ..." stand before links as "Baca juga: ..." does.
        "baca",
        "lihat",
        "fotografer",
        "redaktur",
        "kontributor",
        "penyunting",
        "oleh",
        "topics",
        "keywords",
        "desain",
        "grafis",
        "video",
        "penerjemah",
        "ilustrasi",
    ]
) | {"pemeriksa fakta", "baca juga", "lihat juga", "simak juga", "kata kunci"}
_PLAIN = 0.01
"""How likely to be the headline a line must be at least whose words the body has."""

_PLAINLY = 0.3
"""The same whatever else it would be."""

_BEGUN = 0.2
"""How likely to be the headline the line above one must be that is its beginning."""

_FEW = 4
"""Words that such a line has at most."""

_UNSURE = 0.7
"""Below this, a line that stands twice above the text is the headline before the likeliest one."""

_WHOLE = 45
"""Characters from which a line is a headline by itself: a few words under it may be somebody's name."""

_LONG_ENOUGH = 60
"""Characters from which a headline's first line is not its second."""

_REPEATED = 0.1
"""How likely to be the headline such a line must be at least."""

_PLACED = 0.05
"""The same for a line whose words the body does not have, over a standfirst or a byline."""

_UNDER_HEADLINE = frozenset(("summary-box", "byline"))
_PLAIN_KINDS = frozenset(("related", "title-again", "teaser", "section", "navigation", "read-also"))
_ABOUT = frozenset(("summary-box", "caption"))
"""Kinds of boilerplate that speak of what the article does."""

# What a headline does not look like: ended, of two sentences, with a dateline's dash, an item of a list.
_RUNNING_HEAD = re.compile(r"[.,;:…–-][\"'”’)\]]*$|[.?!]\s|\s[-–—]{1,2}\s|^[-–•·*]|^\d+[.)]")
# "Nomor: 12", "Foto: Antara", a line with an address, one that ends as a sentence.
_NO_HEADLINE = re.compile(
    r"(?i)^(?:siaran\spers|rilis(?:\spers)?|pers\srilis|press\srelease)\W*$"
    r"|^(?:no(?:mor)?\s?[:.]|©|copyright|(?:foto|judul)\s?:|(?:terakhir\s)?diperbarui\s)|\w{3}\.$|\bhttps?:"
)
_SITE_LINE = re.compile(
    r"[\w-]{2,30}\.(?:co\.id|id|com|net|org)\s[-–—|]{1,2}\s\D{1,60}$|(?:[\w.-]{2,20}\s){1,3}[^\w\s!-~“”‘’…–—]{1,2}$"
)
"""A site's address with its slogan, or a few words with a picture behind them: a site's name."""

_CREDITED = re.compile(r"\b(?:oleh|by)\s[A-Z][\w.'’-]+(?:\s[A-Z][\w.'’-]+){0,3}$")
"""A line that says at its end by whom it is."""

_QUOTED = re.compile(r"[\"“][^\"“”]{20,}[\"”]$")
_OTHER_LINE = re.compile(r"(?i)^(?:dr|drg|drh|ir|oleh|by)[.\s]|^.*\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b")
"""A byline or a date that begins in small letters and goes on with no headline."""

_WHEN = re.compile(r"\d{1,2}(?:[/.-]\d{1,2}[/.-]\d{2,4}|[.:]\d\d\s(?:WIB|WITA|WIT))\b")
"""A date or a time of day with which no headline goes on."""

_PARTED = re.compile(r"\s[-–—|»·•:]\s")
_BULLET = re.compile(r"(?:[-–•·▪*›»→▸]|\d{1,2}[.)]|[a-z][.)])\s")


@dataclass(frozen=True, slots=True)
class Judged:
    """``reasons`` has a kind for each line that is set aside, else nothing; ``title`` the headline's lines.

    ``page`` says whether there is more than an article; ``roles`` what each line of text is.
    """

    reasons: tuple[str, ...]
    title: tuple[int, ...]
    page: bool
    roles: tuple[str, ...]


def judge(lines: Sequence[str], apart: Sequence[bool], *, titled: bool = False) -> Judged:
    """Return what becomes of a page's non-empty lines; ``titled`` if its headline is known from elsewhere."""
    rules = _sure_rules(lines)
    if len(lines) == 1 and not titled:
        return _alone(lines[0], rules[0])
    labels = label(lines, apart, rule_flags(lines), KEEP, INNER)
    sure = next((i for i, found in enumerate(labels) if found.part == HEADLINE and found.title > _ABOVE), 0)
    reasons = [
        _reason(line, found, rule, above=i < sure)
        for i, (line, found, rule) in enumerate(zip(lines, labels, rules, strict=True))
    ]
    # What these know better goes back to the text, and what follows takes from it again: the order counts.
    for i in [
        *_facts(lines, labels),
        *_lone(lines, labels, rules),
        *_signed(lines, labels),
        *_sentences(lines, labels),
        *_items(lines, labels),
        *_interrupted(lines, labels, rules),
        *_announced(lines, labels, rules),
        *_first(lines, labels, rules),
        *_amid(lines, labels, rules),
        *_after(lines, labels, rules),
    ]:
        reasons[i] = reasons[i] if rules[i] and not _FACT.match(lines[i]) else ""
    for i in _over_restored(lines, labels, rules, reasons):
        reasons[i] = ""
    for i in (*_contents(lines, labels, reasons), *_before_dateline(lines, labels)):
        reasons[i] = reasons[i] or labels[i].other
    for i in _pulled(lines, labels):
        reasons[i] = reasons[i] or "summary-box"
    for i in _behind(lines, labels, reasons):
        reasons[i] = labels[i].other
    title = () if titled else _title(lines, labels, reasons)
    reasons = _without_leftovers(lines, labels, reasons, title)
    around = sum(
        1 for found, reason in zip(labels, reasons, strict=True) if reason and found.part in (TOP, UNDER, END)
    )
    text = sum(
        len(line) for line, found in zip(lines, labels, strict=True) if found.part == TEXT and reads_on(line)
    )
    page = titled or bool(title) or (around >= _AROUND and text >= _RUNNING)
    if not page:
        reasons = [rule if rule in _CERTAIN else "" for rule in rules]
    roles = _roles(lines, labels)
    return Judged(tuple(reasons), tuple(title), page, roles)


def _alone(line: str, rule: str) -> Judged:
    """Return what becomes of a line that stands alone: text, whatever it looks like, and nothing's subhead.

    Many rows of tables are one sentence; to look at each as at a page takes most of a batch's own time.
    """
    return Judged((rule if rule in _CERTAIN else "",), (), page=False, roles=(_plain_role(line),))


def _without_leftovers(
    lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str], title: Sequence[int]
) -> list[str]:
    """Return ``reasons`` with none for the headline; what was taken for it too and says the same is one
    again.
    """
    wanted = key(" ".join(lines[i] for i in title))
    done = list(reasons)
    for i, found in enumerate(labels):
        if i in title:
            done[i] = ""
        elif found.part == HEADLINE and wanted and key(lines[i]).startswith(wanted):
            done[i] = "title-again"
        elif found.part == HEADLINE and title and not (_STOP.search(lines[i]) or _FACT.match(lines[i])):
            done[i] = found.other
    return done


def _sure_rules(lines: Sequence[str]) -> list[str]:
    """Return the rule that takes each line; the name of one network alone is a share bar only beside
    another.
    """
    found = [rule_of(line) for line in lines]
    sure = []
    for i, (line, reason) in enumerate(zip(lines, found, strict=True)):
        # Share bars are several names in a row; "Line" or "X" alone may be any word.
        neighbours = {*found[max(i - 1, 0) : i], *found[i + 1 : i + 2]}
        alone = reason == "share" and " " not in line and "share" not in neighbours
        sure.append(page_only(line) if alone or not reason else reason)
    return sure


def _reason(line: str, found: Label, rule: str, *, above: bool) -> str:
    """Return why a line is set aside, or nothing; ``above`` if it stands over a headline that is sure."""
    if rule:
        return found.kind if found.part not in (TEXT, HEADLINE) else rule
    if found.part in (TEXT, HEADLINE):
        return ""
    if found.text > _DOUBT and (is_report(line) or (not above and reads_as_news(line))):
        return ""
    return found.kind


def is_report(line: str) -> bool:
    """Return whether a line has what only news has: a dateline, a quotation that somebody is said to have
    said, or what was not known when the paper went to press.
    """
    if _dated(line):
        return True
    return bool(_STOP.search(line) and (_SAID.search(line) or _PRESSED.match(line)))


def reads_as_news(line: str) -> bool:
    """Return whether a line is news by its form: as :func:`is_report`, or of several sentences."""
    return is_report(line) or bool(_STOP.search(line) and _SENTENCES.search(line))


def _lone(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield lines alone above a paragraph that may be subheads, or very short paragraphs.

    With boilerplate above it a line must be short, and more likely text.
    """
    # A line that stands twice is no subhead.
    counts = Counter(lines)
    credited = (line for line, one in zip(lines, labels, strict=True) if one.kind in _CREDITS)
    authors = Counter(key(author(line)) for line in credited)
    for i in range(1, len(lines) - 1):
        one, line = labels[i], lines[i]
        if one.part not in (BETWEEN, UNDER) or rules[i] or counts[line] > 1:
            continue
        if labels[i + 1].part != TEXT and one.text < _FAR:
            continue
        if labels[i + 1].part != TEXT and labels[i - 1].part != TEXT and one.part != BETWEEN:
            continue
        if one.kind in _CREDITS and authors[key(line)] > 1:
            continue  # whoever wrote the article took the picture above, too
        short = _may_head(line)
        if labels[i - 1].part == TEXT:
            likely = _SUBHEAD if short else _LONE
        else:
            likely = (_UNDER_OTHER if one.kind in _MISTAKEN else _ANY_OTHER) if short else 1.0
        if one.text > likely:
            yield i


def _over_restored(
    lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str], reasons: Sequence[str]
) -> Iterator[int]:
    """Yield short lines under the text, over a sentence that was taken for its end but stays: subheads."""
    for i in range(1, len(lines) - 1):
        under = labels[i - 1].part == TEXT and not reasons[i - 1]
        over = labels[i + 1].part == END and not reasons[i + 1] and _STOP.search(lines[i + 1])
        if under and over and reasons[i] and not rules[i] and labels[i].text > _OVER and _may_head(lines[i]):
            yield i


def _may_head(line: str) -> bool:
    """Return whether a line is short and plain, as subheads are."""
    return line.count(" ") < 4 and line[-1].isalnum() and not any(map(str.isdigit, line))


def _signed(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield sentences that end with reporters' initials or the author's name, as last paragraphs do; a
    picture's credit is none.
    """
    authors = {author(lines[i]) for i, found in enumerate(labels) if found.kind in _CREDITS} - {""}
    for i, found in enumerate(labels):
        name = _NAMED_BEHIND.search(lines[i])
        if name and name[1] in authors and found.part == END and labels[i - 1].part == TEXT:
            yield i
        signed = found.text > _SIGNED_TEXT and _SIGNED.search(lines[i])
        behind = found.kind == "initials" and found.text > _LINKED and lines[i][0].isalpha()
        if found.part in (BETWEEN, END) and (signed or behind):
            yield i


def _sentences(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield whole sentences amid or after the text that may be its own: taken for captions, but not surely.

    Above the text, one that points back ("Jumlah tersebut …") is no caption and no summary either, and a
    line that ends with a dateline's dash begins the text.
    """
    for i, found in enumerate(labels):
        if found.part in (BETWEEN, END):
            if found.text > (_KEPT_AMID if found.part == BETWEEN else _KEPT):
                yield i
            whole = lines[i].count(" ") > 4 and _CLOSED.search(lines[i])
            enough = _POINTING / 2 if _POINTS_BACK.match(lines[i]) else _SENTENCE
            doubted = found.kind in _SENTENCE_KINDS and found.text > enough
            if whole and (doubted or (found.kind in _LINKED_KINDS and found.text > _LINKED)):
                yield i
        elif found.part == UNDER and found.text > _POINTING and _POINTS_BACK.match(lines[i]):
            yield i
        elif found.part == UNDER and i + 1 < len(lines) and labels[i + 1].part == TEXT:
            # Right over the text but not right under the headline, where standfirsts are.
            lead = labels[i - 1].part != HEADLINE and found.kind in _LEAD_KINDS and _is_sentence(lines[i])
            if found.text > _LEAD and (lead or _DATELINE_ALONE.match(lines[i])):
                yield i


def _items(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield where boilerplate is thought to begin, but what a paragraph or a list began goes on."""
    before = False
    for i, found in enumerate(labels):
        if found.part == TEXT:
            before = True
            continue
        if (
            found.part == BETWEEN
            and found.text > 0.045
            and _STOP.search(lines[i])
            and lines[i].count(" ") > 3
        ):
            yield i
        if not before or found.part not in (BETWEEN, END):
            before = False
            continue
        line, last = lines[i], lines[i - 1]
        bullet = _BULLET.match(line)
        listed = bool(bullet and line[0] == last[0] and not line[0].isalnum())
        enough = 0.012 if found.part == BETWEEN else 0.06
        plain = (
            not bullet
            and i > 1
            and (labels[i - 2].part == TEXT or labels[i - 2].text > enough)
            and all(map(_bare, (line, last, lines[i - 2])))
        )
        sentence = bool(_STOP.search(line)) and line.count(" ") > 3 and line[0].isupper()
        before = (
            found.text > (_SUBHEAD if listed else enough if plain else 0.04 if sentence else 1)
            and found.kind not in ("tags", "copyright", "note", "byline")
        )  # fmt: skip
        if before:
            yield i


def _interrupted(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield whole sentences with which the text goes on though an advert or a link seemed its end."""
    going = False
    for i, found in enumerate(labels):
        if found.part == TEXT:
            going = True
        elif not going or rules[i]:
            going = going and rules[i] in _INTERRUPTS
        elif found.part in (BETWEEN, END) and found.text > _BEHIND_ADVERT and _is_sentence(lines[i]):
            yield i
        else:
            going = found.kind in _INTERRUPTS


def _announced(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield the items of a list, all with one mark, under a line of text that announces them with a colon."""
    mark = ""
    for i, found in enumerate(labels[1:], 1):
        begins = labels[i - 1].part == TEXT and lines[i - 1].endswith(":") and lines[i - 1].count(" ") > 1
        line = lines[i]
        if begins:
            mark = line[0] if _BULLET.match(line) else ""
        elif mark.isdigit() and line[0].isdigit():
            mark = line[0]  # the next number
        if not mark or line[0] != mark or rules[i] or not _BULLET.match(line):
            mark = mark if rules[i] in _INTERRUPTS else ""
        elif found.part in (BETWEEN, END):
            yield i


def _first(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield the last whole sentence above what is thought to be the first paragraph, if it may begin the
    text: where it stands twice, the second is the text's.
    """
    start = next((i for i, found in enumerate(labels) if found.part == TEXT), 0)
    for i in range(start - 1, 0, -1):
        found, line = labels[i], lines[i]
        if found.part != UNDER:
            return
        if rules[i] or not _is_sentence(line):
            continue
        above = labels[i - 1]
        plain = found.kind == "summary-box" and above.part != HEADLINE and above.kind != "summary-box"
        again = any(key(lines[j]) == key(line) for j in range(i) if labels[j].part == UNDER)
        enough = _REFERRING if again else _FIRST if plain else _FIRST_PLAIN
        if found.kind in _DOUBTED and found.text > enough:
            yield i
        return


def _amid(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield whole sentences between two paragraphs that repeat none, and short lines right over a list."""
    text = [i for i, found in enumerate(labels) if found.part == TEXT]
    bags: list[set[str]] = []
    for i, found in enumerate(labels):
        if found.part != BETWEEN or rules[i]:
            continue
        line = lines[i]
        if found.text > _LIST_HEAD and _may_head(line) and _list_at(lines, labels, i + 1):
            yield i
        if found.text > _SHORT and labels[i - 1].part == TEXT and _STOP.search(line):
            yield i
        # One of several points in a box; what somebody says is none.
        point = labels[i - 1].part == BETWEEN and labels[i - 1].kind == found.kind == "summary-box"
        if point and line[0] not in '"“':
            continue
        if found.kind in _DOUBTED and found.text > _AMID and _is_sentence(line):
            bags = bags or [_longer(lines[j]) for j in text]
            said = _longer(line)
            if said and max(len(said & bag) for bag in bags) < _COPIED * len(said):
                yield i


def _list_at(lines: Sequence[str], labels: Sequence[Label], i: int) -> bool:
    """Return whether two lines of a plain list stand at ``i``, the first of which is text for sure."""
    return labels[i].part == TEXT and all(map(_bare, lines[i : i + 2]))


def _longer(line: str) -> set[str]:
    return {word for word in key(line).split() if len(word) > 3}


def _after(lines: Sequence[str], labels: Sequence[Label], rules: Sequence[str]) -> Iterator[int]:
    """Yield whole sentences with which the text goes on though a few lines of boilerplate seemed its end."""
    last, spoken = -1, ""
    for i, found in enumerate(labels):
        line = lines[i]
        if found.part == TEXT:
            last, spoken = i, line
            continue
        near = last >= 0 and i - last <= _BETWEEN + 1
        if not near or found.part not in (BETWEEN, END) or rules[i] or found.kind not in _DOUBTED:
            continue
        referring = (named := _REFERS.match(line)) and named[1].casefold() in spoken.casefold()
        if _is_sentence(line) and found.text > (_REFERRING if referring else _AFTER):
            yield i
            last, spoken = i, line


def _is_sentence(line: str) -> bool:
    """Return whether a line is a sentence by its form: of some words, begun and ended as one."""
    opens = line[0].isupper() or line[0] in '"“'
    return opens and line.count(" ") > 3 and bool(_STOP.search(line)) and any(map(str.islower, line.split()))


def runs_on(line: str) -> bool:
    """Return whether ``line`` is running text by its form, be there initials behind its last stop or not."""
    return reads_on(line) or reads_on(initials(line)[0])


def _bare(line: str) -> bool:
    """Return whether a line is short and ends with a letter or a figure, as items of plain lists do."""
    return len(line) < 60 and line[-1].isalnum()


def _behind(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> Iterator[int]:
    """Yield short lines behind the last running text that are no list, taken run by run.

    Behind the marks that close an article there is no list any more.
    """
    running = [
        i for i, found in enumerate(labels) if found.part == TEXT and not reasons[i] and runs_on(lines[i])
    ]
    run: list[int] = []
    signed = bool(running) and bool(initials(lines[running[-1]])[1])
    closed = signed
    for i in range(running[-1] + 1 if running else len(lines), len(lines) + 1):
        if i < len(lines) and not reasons[i] and labels[i].part == TEXT:
            run.append(i)
            continue
        # The run as a whole: a list hangs together.
        likely = sum(labels[j].text for j in run) / max(1, len(run))
        enough = _FACTS_BEHIND if all(_FACT.match(lines[j]) for j in run) else _LIST_BEHIND
        # What stands over a sentence that stays is its subhead.
        kept = -1 if closed else max((j for j in run if _STOP.search(lines[j])), default=-1)
        # Whose last line has the reporters' initials is the article's end.
        ends = bool(run) and not closed and bool(_SIGNED_LINE.search(lines[run[-1]]))
        if run and not ends and (closed or likely < enough) and not lines[run[0] - 1].endswith(":"):
            yield from (
                j
                for j in run
                if j > kept
                and labels[j].text < _PLAIN_TEXT
                and len(lines[j]) < (60 if signed else 80)
                and (signed or not _STOP.search(lines[j]))
            )
        run = []
        closed = closed or (i < len(lines) and reasons[i] in _CLOSING)


def _facts(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield the lines of a box of facts among the text: labels with values, some of which can be no
    byline.
    """
    run: list[int] = []
    for i in range(len(lines) + 1):
        inside = (
            i < len(lines)
            and labels[i].part in (UNDER, TEXT, BETWEEN)
            and (labels[i].kind not in _NO_FACTS or labels[i].text > _FACT_TEXT)
            and (found := _FACT.match(lines[i]))
        )
        if inside and found:
            run.append(i)
            continue
        likely = max((labels[j].text for j in run), default=0.0) > _FACT_TEXT
        names = {lines[j].partition(":")[0].strip().casefold() for j in run}
        # Each label once, and half of them no byline's.
        if likely and len(run) >= 3 and len(names) == len(run) and len(names - _BYLINES) * 2 >= len(run):
            yield from run
        run = []


def _contents(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> Iterator[int]:
    """Yield a table of contents above the first paragraph: its lines stand again below, as subheads."""
    text = [i for i, one in enumerate(labels) if one.part == TEXT and not reasons[i]]
    first = next((i for i in text if runs_on(lines[i])), -1)
    below = {key(lines[i]) for i in text if i > first}
    for i in text:
        if i < first and key(lines[i]) in below:
            yield i


def _before_dateline(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield what is no likely text, or is a list, and stands above the dateline that begins the article."""
    text = [i for i, one in enumerate(labels) if one.part == TEXT]
    head = next((n for n, i in enumerate(text[:_OPENING]) if _dated(lines[i])), 0)
    yield from (i for i in text[:head] if labels[i].text < _LIKELY)
    listed = next((n for n, i in enumerate(text) if not _BULLET.match(lines[i])), 0)
    if listed > 1:
        yield from (i for i in text[:listed] if labels[i].text < _LISTED)


def _dated(line: str) -> bool:
    return len(line) > 60 and bool(_DATELINE.match(line))


def _pulled(lines: Sequence[str], labels: Sequence[Label]) -> Iterator[int]:
    """Yield sentences set large between the paragraphs: every word of them stands in a longer paragraph
    too.
    """
    if len(lines) > _MOST_LINES:
        return
    keys = [f" {key(line)} " if found.part == TEXT else "" for line, found in zip(lines, labels, strict=True)]
    # One text for all lines, in which the copies inside longer lines are counted at once.
    whole = "\n".join(keys)
    heads = {f" {key(line)} " for line, found in zip(lines, labels, strict=True) if found.part == HEADLINE}
    for i, words in enumerate(keys):
        fits = words and words not in heads and labels[i].text < _PULLED and 5 < words.count(" ") < 42
        # Found more often than it is a line by itself: so it stands within another.
        if fits and whole.count(words) > keys.count(words):
            yield i


def _title(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> tuple[int, ...]:
    """Return the lines of the headline; none where what the labels say can be none, which is better than a
    wrong one.
    """
    found = [i for i, one in enumerate(labels) if one.part == HEADLINE]
    authors = {key(author(lines[i])) for i, one in enumerate(labels) if one.kind in _CREDITS}
    if len(found) == 1 and key(lines[found[0]]) in authors:
        found = []
    found = [i for i in found if not _CREDITED.search(lines[i])] or found
    found = [i for i in found if not _SITE_LINE.match(lines[i])]
    again = _repeated(lines, labels)
    # A few words, likely as they are, may be a team or a place; what stands twice is longer.
    short = all(lines[i].count(" ") < _FEW for i in found)
    if again and (short or max((labels[i].title for i in found), default=0.0) < _UNSURE):
        found = [again[-1]]
    title = _checked(found, lines, labels, reasons)
    title = title or _checked(_only_head(lines, labels, reasons), lines, labels, reasons)
    return title or _by_place(lines, labels, reasons)


def _repeated(lines: Sequence[str], labels: Sequence[Label]) -> list[int]:
    """Return lines above the text that may be the headline and stand there more than once."""
    above = [i for i, one in enumerate(labels) if one.part in (TOP, HEADLINE, UNDER)]
    counts = Counter(key(lines[i]) for i in above)
    return [
        i
        for i in above
        if counts[key(lines[i])] > 1 and labels[i].title > _REPEATED and lines[i].count(" ") >= _FEW
    ]


def _checked(
    found: Sequence[int], lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]
) -> tuple[int, ...]:
    """Return the best headline of the lines ``found``, if the text is about what it says."""
    if not found:
        return ()
    body = [lines[i] for i, one in enumerate(labels) if one.part == TEXT and not reasons[i]]
    spoken = set(key(" ".join(map(uncredited, body))).split())
    run = _best_run(_runs(found, lines, labels, spoken), lines, labels, spoken)
    while len(run) > 1 and not _share(lines[run[0]], spoken):
        run.pop(0)  # another article's headline, or the site's name, right above
    run = _from_above(run, lines, labels, spoken)
    if lines[run[-1]].endswith(",") and run[-1] + 1 < len(lines) and labels[run[-1] + 1].title > _REPEATED:
        run = [*run, run[-1] + 1]  # no headline ends so
    text = " ".join(lines[i] for i in run)
    about = [lines[i] for i, one in enumerate(labels) if one.kind in _ABOUT]
    if not _can_be_headline(text, sum(map(len, body))):
        return ()
    if not _of_this_body(text, lines, run, [*body, *about]):
        return ()
    return tuple(run if len(run) > 1 else [_without_site(run[0], lines)])


def _from_above(run: list[int], lines: Sequence[str], labels: Sequence[Label], spoken: set[str]) -> list[int]:
    """Return the lines of a headline with the one above it, if that is its beginning."""
    above = run[0] - 1
    if above < 0 or labels[above].part != TOP or labels[above].title <= _BEGUN:
        return run
    line = lines[above]
    begins = line.count(" ") < _FEW and (line[-1].isalnum() or line[-1] in ",:")
    # What is long enough by itself needs no beginning: what stands above it is a section.
    if (
        begins
        and len(lines[run[0]]) < _LONG_ENOUGH
        and _share(lines[above], spoken)
        and _goes_on(lines[above], lines[run[0]])
    ):
        return [above, *run]
    return run


def _runs(
    found: Sequence[int], lines: Sequence[str], labels: Sequence[Label], spoken: set[str]
) -> list[list[int]]:
    """Return the lines ``found`` in runs that are a headline each."""
    runs: list[list[int]] = []
    for i in found:
        # In small letters it can hardly be the beginning of anything else.
        likely = labels[i].title > (0.3 if lines[i][0].islower() else 0.7)
        before = runs[-1][-1] if runs else -2
        goes_on = i == before + 1 and likely and _goes_on(lines[before], lines[i])
        if goes_on and not _names(lines[i], spoken, whole=len(lines[before]) >= _WHOLE):
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _best_run(
    runs: Sequence[list[int]], lines: Sequence[str], labels: Sequence[Label], spoken: set[str]
) -> list[int]:
    """Return the likeliest of several headlines, one that the body speaks of before one that it does not."""
    return max(
        runs,
        key=lambda run: (
            any(word in spoken for i in run for word in key(lines[i]).split() if len(word) > 3),
            max(labels[i].title for i in run),
        ),
    )


def _names(line: str, spoken: set[str], *, whole: bool) -> bool:
    """Return whether a line is a name the body does not speak of, and so no second line of a headline.

    Under a ``whole`` headline one word that the body does not have is enough: "Operator Desa".
    """
    words = line.split()
    if len(words) > 3 or not all(word[0].isupper() for word in words):
        return False
    said = set(key(line).split())
    return not said <= spoken if whole else not spoken & said


def _only_head(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> list[int]:
    """Return a headline too plain to be known by itself: the first line of a bare article, or what the body
    speaks of.
    """
    if len(lines) < 2 or not any(map(reads_on, lines[1:])):
        return []
    whole = all(
        found.part == TEXT and not reason for found, reason in zip(labels[1:], reasons[1:], strict=True)
    )
    asks = lines[0].endswith("?") and labels[0].part == TEXT
    if whole and not asks and not _RUNNING_HEAD.search(lines[0]):
        return [0]
    body = [lines[i] for i, found in enumerate(labels) if found.part == TEXT and not reasons[i]]
    spoken = set(key(" ".join(body)).split())
    above = [
        i
        for i, found in enumerate(labels)
        if found.part in (TOP, UNDER)
        and found.title > _PLAIN
        and (found.kind in _PLAIN_KINDS or found.title > _PLAINLY)
        and lines[i].count(" ") > 2
        and not _RUNNING_HEAD.search(lines[i])
        and _share(lines[i], spoken) >= 0.6
    ]
    return [max(above, key=lambda i: labels[i].title)] if above else []


def _by_place(lines: Sequence[str], labels: Sequence[Label], reasons: Sequence[str]) -> tuple[int, ...]:
    """Return a headline that the text never speaks of, as those of essays may be, by what stands under it:
    the standfirst, or by whom it is.
    """
    first = next((i for i, found in enumerate(labels) if found.part == TEXT and not reasons[i]), 0)
    text = sum(len(lines[i]) for i, found in enumerate(labels) if found.part == TEXT and not reasons[i])
    placed = [
        i
        for i in range(first - 1)
        if labels[i].title > _PLACED
        and labels[i + 1].kind in _UNDER_HEADLINE
        and labels[i].kind not in _CREDITS
        and lines[i].count(" ") > 1
        and not _RUNNING_HEAD.search(lines[i])
        and _can_be_headline(lines[i], text)
    ]
    return (max(placed, key=lambda i: labels[i].title),) if placed else ()


def _share(line: str, spoken: set[str]) -> float:
    """Return the share of a line's longer words that are in ``spoken``."""
    words = {word for word in key(line).split() if len(word) > 3}
    return len(words & spoken) / max(1, len(words)) if len(words) > 1 else 0.0


def _goes_on(line: str, following: str) -> bool:
    """Return whether a headline broken over two lines goes on: in small letters, or set as the first is."""
    if following[0].islower():
        return not _OTHER_LINE.match(following)
    if (
        _WHEN.match(following)
        or _FACT.match(following)
        or by_role(following)
        or _CREDITED.search(following)
        or _QUOTED.match(line)
    ):
        return False
    words, more = line.split(), following.split()
    first, second = ({w.casefold() for w in part} for part in (words, more))
    # Half of the words in common: the headline again in other words, as in a page's title.
    if len(first & second) * 2 >= min(len(first), len(second)):
        return False
    titled = [sum(w[0].isupper() or w[0].isdigit() for w in part) / len(part) for part in (words, more)]
    return min(titled) >= 0.6 and line.isupper() == following.isupper() and not _STOP.search(following)


def _can_be_headline(text: str, body: int) -> bool:
    opens = text[0].isalnum() or text[0] in "\"'“‘”’«([#¿¡"
    fits = " " in text and len(text) <= _LONGEST_TITLE and len(text) < body
    return opens and fits and not _NO_HEADLINE.search(text)


def _of_this_body(text: str, lines: Sequence[str], run: Sequence[int], body: Sequence[str]) -> bool:
    """Return whether the body speaks of what the headline does, or the page repeats it."""
    wanted = key(text)
    if any(key(line).startswith(wanted) for i, line in enumerate(lines) if i not in run):
        return True
    words = {word for word in wanted.split() if len(word) > 3}
    spoken = set(key(" ".join(body)).split())
    # A fifth of the longer words.
    return len(words & spoken) >= max(1, len(words) // 5)


def _without_site(index: int, lines: Sequence[str]) -> int:
    """Return the copy of a headline that has no site's name after it, if there is one."""
    whole = key(lines[index])
    before = key(" ".join(_PARTED.split(lines[index])[:-1]))
    for i, line in enumerate(lines):
        part = key(line)
        if part == before and len(part) * 10 >= len(whole) * 6:
            return i
    return index


def _plain_role(line: str) -> str:
    return "item" if _BULLET.match(line) and len(line) < 400 else "text"


def _roles(lines: Sequence[str], labels: Sequence[Label]) -> tuple[str, ...]:
    """Return what each line is, if it is text: ``subhead``, ``item`` of a list, or ``text``."""
    roles = [_plain_role(line) for line in lines]
    body = [i for i, found in enumerate(labels) if found.part == TEXT]
    # Each line of text between its neighbours of text, -1 where there is none.
    for before, i, after in zip([-1, *body], body, [*body[1:], -1], strict=False):
        between = min(before, after) >= 0 and all(
            _STOP.search(lines[j]) and len(lines[j]) > 45 for j in (before, after)
        )
        if labels[i].kind == "subhead" or (between and _heads(lines[i])):
            roles[i] = "subhead"
    return tuple(roles)


def _heads(line: str) -> bool:
    """Return whether a line between two paragraphs is a subhead by its form: short, without a stop."""
    ends = line[-1].isalnum() or line[-1] in "?'’"
    return len(line) <= 70 and ends and line[0].isalnum() and not _FACT.match(line)
