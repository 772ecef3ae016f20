"""From pasted text to an :class:`Article`: repaired, unwrapped, its title found, page furniture aside.

Furniture is judged line by line, by form alone. Precision goes before recall: a line of
more than ``_LONGEST`` characters, or one in which a rule finds running text, stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from service.document import Article, Furniture
from service.errors import InputError
from service.text import segment

_LONGEST = 300
_LONGEST_TITLE = 160
_WIDEST_WRAP = 120
_SURE_WRAP = 40

_MONTH = r"(?:jan|feb|mar|apr|mei|may|jun|jul|agu|aug|sep|okt|oct|nov|des|dec)[a-z]{0,6}"
_DAY = r"(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)"
_CLOCK = r"(?:pukul\s)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?(?:wib|wita|wit|gmt\s?\+?\d?))?"
_DATE = rf"(?:{_DAY},?\s?)?\d{{1,2}}[\s/-](?:\d{{1,2}}|{_MONTH})[\s/-]\d{{2,4}}"
_LABEL = (
    r"(?:(?:diperbarui|diterbitkan|dipublikasikan|terbit|tayang|update)\s?:?\s"
    r"|[\w.]{2,30}(?:\s[\w.]{2,15})?\s?[-–|,]\s?)"
)
_NETWORK = (
    r"(?:facebook|twitter|whatsapp|telegram|line|linkedin|pinterest|e-?mail|instagram|tiktok|youtube|threads|x"
    r"|bagikan(?:\sartikel)?(?:\sini)?|share(?:\sthis)?|salin\s(?:link|tautan)|copy\slink|link|cetak|print|simpan)"
)
_AGENCY = (
    r"(?:antara|reuters|afp|ap|epa|xinhua|getty\simages|shutterstock|unsplash|kompas\.com|tempo|detikcom)"
)
_CREDIT = (
    r"(?:(?:foto|gambar|ilustrasi|dok\.?|dokumentasi|istimewa)\b[^()\[\]]*"
    rf"|{_AGENCY}(?:\sfoto)?/[^()\[\]]*)"
)
# No sentence ends inside the line: what follows is one headline or caption.
_ONE = r"(?!.*\w{4}[.]\s(?-i:[A-Z]))"
_NAME = r"(?:[A-Z][\w.'’-]*|dan|bin|binti)"

# What is page furniture and why; each pattern must match a whole line. Case is ignored
# except where ``(?-i:`` asks for capitals.
_RULES = (
    ("read-also", rf"(?:baca|(?:baca|lihat|simak)[ _](?:juga|pula|selengkapnya))\s?:{_ONE}.*(?<![.])"),
    (
        "read-also",
        r"[(\[*]{1,2}\s?(?:baca|lihat|simak)[ _](?:juga|pula)\b"
        r"[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)?[)\]*]{1,2}",
    ),
    ("read-also", r"(?:baca|lihat)\s(?:juga|selengkapnya)(?:\sartikel\slainnya)?"),
    ("advertisement", r"\W{0,3}(?:advertisement|advertorial|iklan|sponsored|pasang\siklan)\W{0,3}"),
    (
        "advertisement",
        r"(?:advertisement\W{1,3})?(?:scroll\sto\s(?:continue|resume)|gulir\suntuk\smelanjutkan).{0,40}",
    ),
    ("advertisement", r"(?:lanjutkan|teruskan)\smembaca(?:\sartikel)?(?:\sdi\sbawah)?(?:\sini)?"),
    ("image-info", r"(?:info|keterangan)\sgambar(?:\sutama)?"),
    (
        "byline",
        r"(?:penulis|editor|reporter|wartawan|pewarta|kontributor|redaktur|fotografer|penyunting|penerjemah|oleh|"
        rf"laporan)(?:\s?/\s?\w+)?\s?[:|]\s?(?-i:{_NAME}(?:[ ,/&|]{{1,3}}{_NAME}){{0,8}})",
    ),
    ("initials", r"[(\[](?-i:[a-z]{2,6}|[A-Za-z]{2,8}(?:[/-][A-Za-z]{2,8}){1,3})[)\]]"),
    (
        "published-in",
        r"(?:artikel|berita|tulisan)\s(?:ini|asli)\s(?:(?:telah|sudah|pernah|pertama\skali)\s){0,2}"
        r"(?:tayang|terbit|dimuat|diterbitkan|dipublikasikan|ditayangkan)\b.*",
    ),
    ("follow", r"(?:cek|baca|dapatkan|ikuti|simak|temukan)\b.{0,120}\bgoogle\snews\b.{0,60}"),
    (
        "follow",
        r"(?:ikuti|(?:mari\s|yuk,?\s|ayo\s)?(?:ber)?gabung|follow|subscribe|langganan)\b.{0,80}"
        r"\b(?:saluran|channel|kanal|grup|akun|media\ssosial|newsletter)\s(?:resmi\s)?"
        r"(?:whatsapp|telegram|instagram|youtube|kami)\b.{0,160}",
    ),
    (
        "follow",
        r"dapatkan\s(?:update|breaking\snews|informasi\sterkini|berita\s(?:pilihan|terkini|terbaru|update)|newsletter)"
        r"\b.{0,200}",
    ),
    ("follow", r"(?:download|unduh)\saplikasi\s\S+\s(?:sekarang|di\s(?:sini|play\sstore|app\sstore)).{0,80}"),
    ("report", r"laporkan\s(?:tulisan|artikel|konten|komentar|kesalahan|iklan)(?:\sini)?"),
    (
        "tags",
        r"(?:tags?|tagar|topik|kata\skunci|topik\sterkait)\s?:.{0,200}(?<![.])|(?:tags?|tagar|kata\skunci)",
    ),
    ("tags", r"(?:#\w+[\s,]*+){1,20}"),
    (
        "navigation",
        r"(?:(?:berita|artikel|topik|video|foto)\s(?:terkait|lainnya|terpopuler|populer|pilihan)|terpopuler"
        r"|rekomendasi\suntuk\s(?:anda|kamu)|lihat\s(?:semua|foto)|tampilkan\ssemua|show\sall|perbesar|next|prev"
        r"|previous|(?:halaman|berita|artikel)\s(?:selanjutnya|berikutnya|sebelumnya)|halaman\s?:?(?:\s?\d{1,2}){1,9})",
    ),
    ("share", rf"(?:{_NETWORK}[\s|,:•·/-]*+){{1,12}}"),
    (
        "copyright",
        r"(?:copyright|hak\scipta|©|\(c\))\s?(?:©|\(c\)|dilindungi|\d{4}).{0,160}|.{0,60}all\srights\sreserved.{0,40}"
        r"|dilarang\s(?:keras\s)?(?:mengambil|menyalin|mengutip|menyebarluaskan)\b.{0,200}\btanpa\sizin\b.{0,80}",
    ),
    (
        "caption",
        rf"(?:foto|gambar|ilustrasi|keterangan\sfoto|infografis|grafis)(?:\silustrasi)?\s?[:/]{_ONE}.*",
    ),
    ("caption", rf"[(\[]\s?{_CREDIT}[)\]]|{_AGENCY}(?:\sfoto)?/(?-i:{_NAME})(?:\s(?-i:{_NAME})){{0,4}}"),
    (
        "caption",
        r"[^.\"“”]{1,200}[.]?\s?[(\[]\s?(?:foto|dok\.?|antara\sfoto)\b\s?[:/.\s][^()\[\]]{1,80}[)\]][.]?",
    ),
    (
        "timestamp",
        rf"(?:{_LABEL}{_DATE}(?:\s?[-–|,]?\s?{_CLOCK})?|{_DATE}\s?[-–|,]?\s?{_CLOCK})(?:\s[-–|]\s.{{1,20}})?",
    ),
    ("timestamp", r"\d{1,2}\s(?:detik|menit|jam|hari|minggu|bulan)\s(?:yang\s)?lalu"),
    (
        "reading-time",
        r"(?:(?:waktu|estimasi|lama)\s(?:mem)?baca\s?:?\s)?\d{1,3}\s(?:menit|min)\s(?:mem)?(?:baca|read)"
        r"|(?:waktu|estimasi|lama)\s(?:mem)?baca\s?:?\s\d{1,3}\smenit",
    ),
    (
        "comments",
        r"(?:\d[\d.]{0,8}\s)?(?:komentar|comments?|views|kali\sdibaca)(?:\s?\(\d+\))?|(?:tulis|lihat|beri|kirim)\s"
        r"(?:semua\s)?komentar(?:\s(?:anda|kamu|\(\d+\)))?|belum\sada\skomentar|dibaca\s\d[\d.]{0,8}\skali",
    ),
    ("video", r"\[gambas:[^\]]{1,80}\]|\[video[^\]]{0,120}\]"),
    (
        "video",
        rf"(?:simak|saksikan|tonton|lihat)(?:\sjuga)?\svideo\b{_ONE}.{{0,160}}"
        r"(?:(?:berikut|di\sbawah|pilihan|di\ssini|selengkapnya)(?:\sini)?[.:]?|[:\"'”’])",
    ),
    ("breadcrumb", r"(?:home|beranda)\s?(?:[>›»/|]\s?[\w\s&.-]{1,60}){1,5}"),
)

_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\u2028\u2029]")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
_LAST_INITIALS = re.compile(
    r"(?<=[.!?\"”’])\s?([(\[](?:[a-z]{2,5}|[a-zA-Z]{2,8}(?:[/-][a-zA-Z]{2,8}){1,3})[)\]])$"
)
_DATELINE = re.compile(r"[A-Z][\w .,'/()]{1,60}?\s?[-–—]{1,2}\s")
_FULL_STOP = re.compile(r"[.,;:…–-][\"'”’)\]]*$")
_INNER_STOP = re.compile(r"[.?!]\s")
_NOT_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text: ``number`` in the original, whether a blank line stands before it."""

    text: str
    number: int
    apart: bool


def clean(raw: str, *, id: str = "", title: str | None = None, keep_furniture: bool = False) -> Article:
    """The article in ``raw``: text in paragraphs, title, and what was taken out with the reason.

    Without ``title`` the first short line that has no closing stop is the title. With
    ``keep_furniture`` nothing is taken out. Raises :class:`InputError` when nothing is left.
    """
    lines = _unwrapped(_lines(raw))
    reasons = [""] * len(lines) if keep_furniture else _reasons(lines)
    found = _title_line(lines, reasons) if title is None else None
    heading = lines[found].text if found is not None else _repaired(title or "")
    heading_key = _key(heading)
    body: list[_Line] = []
    furniture: list[Furniture] = []
    for index, (line, reason) in enumerate(zip(lines, reasons, strict=True)):
        if index == found:
            continue
        again = heading and not keep_furniture and _key(line.text) == heading_key
        if reason or again:
            furniture.append(Furniture(line.text, reason or "title-again", line.number))
        else:
            body.append(line)
    if not keep_furniture:
        _take_initials(body, furniture)
    if not body:
        raise InputError("no article text in it")
    return Article(id, segment.split(_joined(body)), heading, tuple(furniture))


def _lines(raw: str) -> list[_Line]:
    """The lines that hold something, repaired."""
    lines: list[_Line] = []
    apart = False
    for number, piece in enumerate(_LINE_BREAK.split(raw)):
        if text := _repaired(piece):
            lines.append(_Line(text, number, apart))
        apart = not text
    return lines


def _repaired(line: str) -> str:
    """``line`` without mojibake, control and zero-width characters; NFC; single spaces."""
    if not line.isascii() or "&" in line:
        line = _mended(line)
    kept = _INVISIBLE.sub("", line)
    if not kept.isprintable():
        kept = "".join(c for c in kept if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(kept.split())


def _mended(line: str) -> str:
    import ftfy

    # Quotes and full-width letters are the author's choice; the rest is damage.
    config = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False)
    return ftfy.fix_text(line, config)


def _unwrapped(lines: Sequence[_Line]) -> list[_Line]:
    """``lines`` with those joined that only a fixed column broke apart."""
    if len(lines) < 2:
        return [*lines]
    pairs = [(a, b) for a, b in pairwise(lines) if not b.apart]
    lengths = sorted(len(line.text) for line in lines)
    width = lengths[len(lengths) * 49 // 50] if lengths else 0
    inside = [_forced(a, b, width) for a, b in pairs if _runs_on(a, b)]
    fixed = width <= _WIDEST_WRAP and len(inside) > 1 and sum(inside) * 5 >= len(inside) * 4
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not line.apart and _belongs(groups[-1][-1], line, width if fixed else 0):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_Line(_glued(group), group[0].number, group[0].apart) for group in groups]


def _belongs(line: _Line, following: _Line, width: int) -> bool:
    """Whether ``following`` continues ``line``; ``width`` is the column of the wrap, 0 for none."""
    if _rule_of(line.text) or _rule_of(following.text) or _DATELINE.match(following.text):
        return False
    if _runs_on(line, following) and (width or len(line.text) >= _SURE_WRAP):
        return True
    return bool(width) and _forced(line, following, width)


def _runs_on(line: _Line, following: _Line) -> bool:
    """Whether a sentence runs over the break: no mark at the end, lower case after it."""
    return (line.text[-1].isalnum() or line.text[-1] in ',-–)”"') and following.text[0].islower()


def _forced(line: _Line, following: _Line, width: int) -> bool:
    """Whether the first word of ``following`` had no room left on ``line``."""
    return len(line.text) + 1 + len(following.text.split(" ", 1)[0]) > width


def _glued(group: Sequence[_Line]) -> str:
    """The lines of one paragraph; a word broken at its hyphen (``anak-/anak``) gets no space."""
    parts = [group[0].text]
    for line, following in pairwise(group):
        hyphen = line.text[-1] == "-" and line.text[-2:-1].isalpha() and following.text[0].islower()
        parts += [following.text] if hyphen else [" ", following.text]
    return "".join(parts)


@cache
def _rules() -> re.Pattern[str]:
    """All rules as one pattern; the name of the group that matched is the rule's place in the table."""
    return re.compile("|".join(f"(?P<r{i}>{rule})" for i, (_, rule) in enumerate(_RULES)), re.IGNORECASE)


def _rule_of(line: str) -> str:
    """Why ``line`` is furniture, or nothing."""
    if len(line) > _LONGEST or not (found := _rules().fullmatch(line)):
        return ""
    return _RULES[int((found.lastgroup or "")[1:])][0]


def _reasons(lines: Sequence[_Line]) -> list[str]:
    """The rule that takes each line; the name of one network alone is a share bar only beside another."""
    found = [_rule_of(line.text) for line in lines]
    reasons = []
    for i, (line, reason) in enumerate(zip(lines, found, strict=True)):
        neighbours = {*found[max(i - 1, 0) : i], *found[i + 1 : i + 2]}
        alone = reason == "share" and " " not in line.text and "share" not in neighbours
        reasons.append("" if alone else reason)
    return reasons


def _title_line(lines: Sequence[_Line], reasons: Sequence[str]) -> int | None:
    """The first line that is no furniture, if it looks like a headline and a longer text follows."""
    rest = [i for i, reason in enumerate(reasons) if not reason]
    if len(rest) < 2:
        return None
    text = lines[rest[0]].text
    key = _key(text) if len(text) <= _LONGEST_TITLE else ""
    body = sum(len(lines[i].text) for i in rest[1:] if _key(lines[i].text) != key)
    return rest[0] if is_headline(text, body) else None


def is_headline(line: str, rest: int) -> bool:
    """Return whether a first line, with ``rest`` characters of text after it, looks like a headline."""
    if len(line) > _LONGEST_TITLE or " " not in line or rest <= len(line):
        return False
    return not (_FULL_STOP.search(line) or _DATELINE.match(line) or _INNER_STOP.search(line))


def _key(text: str) -> str:
    """What two copies of a headline have in common."""
    return _NOT_WORD.sub(" ", text).strip().casefold()


def _take_initials(body: list[_Line], furniture: list[Furniture]) -> None:
    """Set aside the reporters' initials that close the last paragraph."""
    if body and (found := _LAST_INITIALS.search(body[-1].text)):
        last = body.pop()
        body.append(_Line(last.text[: found.start()].rstrip(), last.number, last.apart))
        furniture.append(Furniture(found[1], "initials", last.number))


def _joined(body: Sequence[_Line]) -> str:
    """The paragraphs as they stood: one line break, or a blank line where there was one."""
    return body[0].text + "".join(("\n\n" if line.apart else "\n") + line.text for line in body[1:])
