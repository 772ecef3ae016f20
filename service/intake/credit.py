"""Who wrote an article, when and where it was published, from the lines that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.document import Furniture
from service.intake.linefeatures import key

# "Penulis: ", "Ditulis oleh ", "Reporter/Editor | ", "Laporan wartawan "; a desk is no author.
_ROLE = re.compile(
    r"(?:(?P<desk>editor|redaktur|penyunting|penerjemah|redaksi|fotografer|foto)|(?:di)?(?:tulis|tinjau|sunting|periksa|jawab)(?:\soleh|:)|penulis|pewawancara"
    r"|reporter|pewarta|wartawan|jurnalis|kontributor|teks|oleh|by|written\sby|laporan(?:\s(?:wartawan|jurnalis))?)\b"
    r"(?:\s?/\s?\w+)?\s?[:|,]?\s*",
    re.IGNORECASE,
)
# "Siti Nurhaliza", "Abdul bin Ali", "Budi & Ani".
_NAME = re.compile(r"(?:[A-Z][\w.'’-]*|van|bin|binti|al)(?:\s(?:[A-Z][\w.'’-]*|van|bin|binti|al|&|dan)){0,5}")
_NO_NAME = re.compile(
    r"(?i)(?:tim|redaksi|admin|penulis|editor|reporter|ikuti|follow|tentang\spenulis|topik|about|jurnalis|kontributor)\b"
)
# "Senin, 23 Nov 2026, 19:05 WIB", "23/11/2026", "November 23, 2026", "2026-11-23".
_DATED = re.compile(
    r"(?:(?:Senin|Selasa|Rabu|Kamis|Jum'?at|Sabtu|Minggu|Ahad|Sen|Sel|Rab|Kam|Jum|Sab|Min|Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
    r"[a-z]*,?\s)?"
    r"(?:\d{1,2}[\s/.-](?:\d{1,2}|[A-Za-z]{3,9})\.?[\s/.,-]{1,2}(?:20|19)?\d\d|[A-Z][a-z]{2,8}\s\d{1,2},?\s(?:20|19)\d\d"
    r"|(?:20|19)\d\d-\d\d-\d\d)"
    r"(?:\s?[-–|,/]?\s?(?:pukul\s)?\d{1,2}[:.]\d\d(?::\d\d)?(?:\s?(?:WIB|WITA|WIT|[ap]m))?)?",
    re.IGNORECASE,
)

# "Keterangan foto: ", "Info gambar", "Foto: ".
_CAPTIONED = re.compile(
    r"(?:(?:keterangan|info)\s(?:gambar|foto)(?:\sutama)?\s?[:,]?|(?:foto|gambar)\s?[:,])\s*", re.IGNORECASE
)
# At the end: "(Foto: Antara)", "(ANTARA/Budi S)", "Foto: Dok. Humas" after a sentence, "REUTERS/Kim".
_PICTURED_BY = re.compile(
    r"\s?[(\[]\s?(?:(?i:foto|dok\.?|dokumentasi|sumber|ist|istimewa|antara|reuters|afp|ap|epa|getty|shutterstock"
    r"|unsplash|pexels|pixabay|freepik|istock)\b[^()\[\]]{0,80}|[^()\[\]\s\d]{1,30}(?:\s[^()\[\]\s\d]{1,30}){0,3}/[^()\[\]]{1,60})"
    r"[)\]]\.?$"
    r"|(?:(?<=[.!?])\s|^)(?i:foto|dok|dokumentasi|sumber(?:\s(?:foto|gambar))?)\s?[:.,/].{1,80}$"
    r"|(?:^|\s)(?:ANTARA(?:\sFOTO)?|REUTERS|AFP|AP|EPA)/\S.{0,60}$"
)
_LAST = 160
# A name has none, so a caption without one is a photographer's name only.
_SMALL_WORD = re.compile(r"(?:^|\s)[a-z]{3}")


@dataclass(frozen=True, slots=True)
class About:
    """What the data of a web page says of its article; empty where it says nothing."""

    title: str = ""
    byline: str = ""
    published: str = ""
    site: str = ""


class PageText(str):
    """The text of a web page, with what its data says of it."""

    about: About

    # Any operation on it gives a plain str again, without ``about``: it is to be asked for before.
    def __new__(cls, text: str, about: About = About()) -> PageText:
        """Return ``text`` as it is, and ``about`` beside it."""
        made = super().__new__(cls, text)
        made.about = about
        return made


def about_of(text: str) -> About | None:
    """Return what is known of where ``text`` is from."""
    return text.about if isinstance(text, PageText) else None


def headed(text: str) -> str:
    """Return ``text`` with its author, date and site in lines of their own under the headline, for who reads
    it as text.
    """
    about = about_of(text)
    if not about or not about.title or not text.startswith(about.title):
        return str(text)
    byline = f"Penulis: {about.byline}" if about.byline else ""
    head = [about.title, *filter(None, (byline, about.published))]
    return "\n\n".join(
        ["\n".join([*([about.site] if about.site else []), *head]), text[len(about.title) :].strip()]
    )


def credit_line(byline: str, published: str, site: str) -> str:
    """Return the three in one line, as they stand under a headline."""
    return " · ".join(part for part in (byline, published, site) if part)


def uncredited(caption: str) -> str:
    """Return a caption without what it is called and who took the picture; nothing where that is all."""
    named = _CAPTIONED.match(caption)
    said = caption[named.end() :] if named else caption
    found = _PICTURED_BY.search(said, max(0, len(said) - _LAST))
    said = said[: found.start()].rstrip() if found else said
    return said if not named or _SMALL_WORD.search(said) else ""


def credits_of(lines: Iterable[Furniture], about: About | None = None) -> tuple[str, str, str]:
    """Return byline, date and site, each as the page writes it, the first line that has one; ``about`` goes
    before.
    """
    known = about or About()
    lines = sorted(lines, key=lambda piece: piece.line)
    byline = known.byline or _first(author(piece.text) for piece in lines if piece.reason == "byline")
    dated = [piece.text for piece in lines if piece.reason in ("timestamp", "byline")]
    published = known.published or _first(_date(text) for text in dated)
    site = known.site or _site(lines)
    # "KotaKita, 08/10/2023": whoever the site names there is itself.
    return ("" if key(byline) == key(site) else byline), published, site


def _site(lines: Iterable[Furniture]) -> str:
    """Return the short line that the copyright names too, else the first that is thought to be the site's
    name.
    """
    pieces = list(lines)
    owner = key(" ".join(piece.text for piece in pieces if piece.reason == "copyright"))
    named = (
        p.text for p in pieces if p.reason in ("site", "navigation", "section") and _is_name(p.text, owner)
    )
    return _first(named) or _first(piece.text for piece in pieces if piece.reason == "site")


def _is_name(text: str, owner: str) -> bool:
    words = key(text)
    # Spaces around both, so that only whole words are found in the notice.
    return len(words) > 3 and words.count(" ") < 4 and f" {words} " in f" {owner} "


def _first(found: Iterable[str]) -> str:
    return next((text for text in found if text), "")


def by_role(line: str) -> bool:
    """Return whether a line begins as a byline does: with what somebody did for the article."""
    return bool(_ROLE.match(line))


def author(line: str) -> str:
    """Return the name in a byline; none for an editor's, a desk's, or a line that only says what follows."""
    role = _ROLE.match(line)
    if role and role["desk"]:
        return ""
    rest = line[role.end() :] if role else line
    name = _NAME.match(rest)
    if not name or _NO_NAME.match(rest) or len(name[0]) < 3:
        return ""
    return name[0].strip(" -–,")


def _date(line: str) -> str:
    found = _DATED.search(line)
    return found[0].strip() if found else ""
