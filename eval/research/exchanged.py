"""References with one word exchanged, and the share of them that the guard finds.

::

    python -m eval.research.exchanged [--data FOLDER] [--pairs FILE ...] [--show NAME]

An exchange is made where the English of a human translation holds a word of the one meaning and the
Indonesian
a word for it; the word is replaced by one of the other meaning, once. ``--pairs`` names further files of
sources and English, the last two columns of a line. Found is any finding that the unbroken pair has not.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from eval.research.guard import Pair, pairs, share
from service.translation.guard import countries, vocabulary
from service.translation.guard.check import check

_CORPORA = ("flores200.dev.ind-eng.tsv", "ntrex128.ind-eng.tsv")
_MOST = 400
"""Pairs a kind: enough for an interval of a few points."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """``words`` are English = its replacement, where the source holds ``source``, a pattern.

    Nothing is exchanged where the English starts with ``spared``, a pattern: must not and may not are one.
    """

    name: str
    source: str
    words: str
    spared: str = ""


EXCHANGES = (
    Exchange("rise to fall", r"naik|kenaikan|meningkat\w*|peningkatan|melonjak|bertambah|menguat",
             "rose=fell increased=decreased increase=decrease rising=falling rise=fall rises=falls "
             "climbed=dropped "
             "soared=plunged jumped=fell grew=shrank"),
    Exchange("fall to rise", r"turun|penurunan|menurun\w*|anjlok|merosot|melemah|berkurang",
             "fell=rose decreased=increased decrease=increase falling=rising fall=rise fallen=risen "
             "declined=rose "
             "dropped=climbed decline=rise drop=rise plunged=soared reduced=increased weakened=strengthened"),
    Exchange("win, lose", r"menang|kemenangan|memenangkan|memenangi",
             "won=lost a%win=a%loss the%win=the%loss to%win=to%lose will%win=will%lose can%win=can%lose "
             "winning=losing victory=defeat winner=loser"),
    Exchange("export, import", r"\w*ekspor\w*|\w*impor\w*",
             "export=import exports=imports exported=imported exporting=importing import=export "
             "imports=exports "
             "imported=exported importing=exporting"),
    Exchange("surplus, deficit", r"surplus|defisit", "surplus=deficit deficit=surplus"),
    Exchange("before, after", r"sebelum|setelah|sesudah|usai|seusai", "before=after after=before"),
    Exchange("earliest, latest", r"paling lambat|paling cepat|paling lama",
             "latest=earliest earliest=latest later=earlier earlier=later"),
    Exchange("since, until", r"sejak|hingga|sampai", "since=until until=since till=since"),
    Exchange("dry, rainy season", r"kemarau|musim hujan|musim penghujan|musim kering",
             "dry=rainy rainy=dry wet=dry"),
    Exchange("part of the day", r"pagi|siang|sore|petang|malam|dini hari|senja",
             "morning=evening afternoon=morning evening=morning night=morning noon=night midday=midnight "
             "mornings=evenings nights=mornings"),
    Exchange("compass point", r"utara|selatan|timur|barat|tenggara",
             "north=south south=north east=west west=east northern=southern southern=northern "
             "eastern=western "
             "western=eastern southeast=northwest northeast=southwest northwest=southeast "
             "southwest=northeast"),
    Exchange("weekday", r"senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad",
             "Monday=Tuesday Tuesday=Wednesday Wednesday=Thursday Thursday=Friday Friday=Saturday "
             "Saturday=Sunday "
             "Sunday=Monday"),
    Exchange("month",
             r"januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember",
             "January=February February=March March=April April=June June=July July=August August=September "
             "September=October October=November November=December December=January"),
    Exchange("unit of time, counted", r"(?:\d+|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh)"
             r" (?:jam|hari|pekan|minggu|bulan|tahun)",
             "hours=days days=weeks weeks=months months=years years=months"),
    Exchange("unit of time", r"setahun|sebulan|seminggu|sepekan|tahunan|bulanan|tahun|bulan|pekan",
             "month=year months=weeks year=month week=month weeks=months annual=monthly monthly=weekly "
             "weekly=daily"),
    Exchange("amount per time",
             r"per (?:jam|hari|bulan|tahun)|sehari|sebulan|setahun|setiap hari|setiap tahun",
             "hour=day day=month month=day year=month"),
    Exchange("percent, percentage points", r"persen", "percent=percentage%points"),
    Exchange("percentage points, percent", r"poin persentase|persen poin", "percentage%points=percent"),
    Exchange("dead, injured", r"tewas|meninggal|wafat|terluka|luka-luka|cedera",
             "killed=injured died=survived dead=injured injured=killed wounded=killed injuries=deaths "
             "deaths=injuries"),
    Exchange("men, women", r"pria|laki-laki|lelaki|wanita|perempuan|gadis",
             "man=woman men=women woman=man women=men male=female female=male girl=boy girls=boys boy=girl"),
    Exchange("kin", r"suami\w*|istri\w*|ayah\w*|ibunya|putra\w*|putri\w*|kakek\w*|nenek\w*",
             "husband=wife wife=husband father=mother mother=father son=daughter daughter=son "
             "grandfather=grandmother grandmother=grandfather"),
    Exchange("arrest, release", r"\w*tangkap\w*|ditahan|dibebaskan|membebaskan",
             "arrested=released arrest=release detained=freed released=arrested freed=arrested"),
    Exchange("appoint, dismiss", r"ditunjuk|menunjuk|dilantik|melantik|dipecat|diberhentikan|dicopot",
             "appointed=dismissed named=dismissed dismissed=appointed fired=appointed inaugurated=dismissed"),
    Exchange("reject, grant", r"menolak|ditolak|mengabulkan|menyetujui|disetujui|dikabulkan",
             "rejected=granted refused=approved reject=accept rejects=accepts granted=rejected "
             "approved=rejected"),
    Exchange("impose, lift", r"mencabut|dicabut|pencabutan|memberlakukan|diberlakukan|pemberlakuan",
             "lifted=imposed revoked=imposed imposed=lifted lifting=imposing imposing=lifting"),
    Exchange("dozens, hundreds", r"puluhan|ratusan|ribuan|jutaan",
             "dozens=hundreds tens=hundreds hundreds=thousands thousands=hundreds millions=billions"),
    Exchange("half, third, quarter",
             r"setengah|separuh|sepertiga|seperempat",
             "half=third third=quarter quarter=half"),
    Exchange("last, next", r"(?:tahun|bulan|pekan|minggu) (?:lalu|depan)|kemarin|besok",
             "last=next next=last yesterday=tomorrow tomorrow=yesterday"),
    Exchange("above, below", r"di atas|di bawah|lebih dari|kurang dari",
             "above=below below=above more%than=less%than less%than=more%than"),
    Exchange("must, may", r"wajib|harus|boleh", "must=may required=allowed mandatory=optional may=must",
             spared=r"(?:must|may) not\b"),
    Exchange("already, not yet", r"sudah|belum", "already=not%yet not%yet=already yet%to=already"),
    Exchange("open, close", r"membuka|dibuka|pembukaan|menutup|ditutup|penutupan",
             "opened=closed opening=closing closed=opened closing=opening"),
    Exchange("animals", r"ikan|ayam|sapi|kambing|kuda|anjing|kucing|gajah|harimau|ular|burung",
             "fish=chicken chicken=fish cow=goat cows=goats cattle=goats goat=cow horse=dog dog=cat "
             "dogs=cats "
             "cat=dog cats=dogs elephant=tiger tiger=elephant snake=bird birds=fish bird=fish"),
    Exchange("food and crops", r"beras|padi|gabah|jagung|kedelai|gula|garam|cabai|gandum|telur|kopi",
             "rice=corn corn=rice maize=wheat soybean=corn soybeans=corn sugar=salt salt=sugar wheat=rice "
             "eggs=milk "
             "coffee=tea"),
)  # fmt: skip


_PERSON = re.compile(
    r"(?<!\w)(?<![A-Z][\w.] )(?<![a-z]{2}[A-Z] )[A-Z][a-z]{2,}+ [A-Z][a-z]{2,}+(?! [A-Z])(?![\w-])"
)
_QUOTED = re.compile(r"[\"“'‘][^\"“”'’]{1,40}[\"”'’]")
_LISTED = re.compile(r"[ ,()/]*(?:and|or|&)?[ ,()/]*")


_TITLE = (
    r"\b(?:[Pp]residen|[Mm]enteri|[Gg]ubernur|[Bb]upati|[Kk]etua|[Dd]irektur|[Jj]enderal|[Pp]elatih|[Kk]epala|Pak|Bu|dr|"
    r"[Ss]ekretaris|[Aa]nalis|[Pp]engamat|[Kk]apolres|[Kk]apolda|[Mm]antan|[Bb]intang|[Pp]emain|kata|ujar|bernama|dan|"
    r"[Hh]akim|[Jj]aksa|[Aa]ktor|[Aa]ktris|[Pp]enyanyi|[Aa]nggota|bersama|dengan|menemui|bertemu)\b.{0,40}"
)


def _people(source: str, target: str) -> list[str]:
    """Return the names of two words after a title or the like that stand once on both sides, and share no
    word.
    """
    names = [n for n in dict.fromkeys(_PERSON.findall(target)) if source.count(n) == target.count(n) == 1]
    bare = _QUOTED.sub(" ", source)
    names = [name for name in names if re.search(_TITLE + re.escape(name), bare) and _is_whole(name, bare)]
    words = [word for name in names for word in name.split()]
    return [name for name in names if all(words.count(word) == 1 for word in name.split())]


def _is_whole(name: str, source: str) -> bool:
    """Return whether a name is no part of a longer one, nor of words that English or a map has."""
    before = source[: source.find(name)].split()[-1:]
    longer = before and before[0].isalpha() and before[0].istitle() and not re.search(_TITLE, before[0])
    common = vocabulary.english() | vocabulary.places() | countries.INDONESIAN.keys()
    return not longer and common.isdisjoint(name.lower().split())


def swapped(corpus: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Yield source, translation and the translation with two names exchanged that no list has side by
    side."""
    for source, target in corpus:
        names = _people(source, target)
        if len(names) > 1:
            one, other = names[:2]
            if _LISTED.fullmatch(target, target.find(one) + len(one), target.find(other)):
                continue
            yield source, target, target.replace(one, "\0").replace(other, one).replace("\0", other)


def replaced(corpus: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Yield source, translation and the translation with a name replaced by one of the sentence before."""
    last = "Wayan Kertajaya"
    for source, target in corpus:
        names = _people(source, target)
        if names and not any(word in source for word in last.split()):
            yield source, target, target.replace(names[0], last)
        last = names[0] if names else last


def broken(exchange: Exchange, corpus: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Yield source, translation and the translation with one word exchanged."""
    swaps = dict(swap.replace("%", " ").split("=") for swap in exchange.words.split())
    held = re.compile(rf"\b(?:{exchange.source})\b", re.IGNORECASE)
    spared = f"(?!{exchange.spared})" if exchange.spared else ""
    said = re.compile("|".join(rf"(?<!\w){spared}{re.escape(word)}(?!\w)" for word in swaps))
    for source, target in corpus:
        if held.search(source) and (found := said.search(target)):
            yield source, target, target[: found.start()] + swaps[found[0]] + target[found.end() :]


def rows(corpus: Sequence[Pair], show: str = "") -> Iterator[str]:
    """Yield for each exchange its name, and the share found with its interval."""
    kinds = [(exchange.name, broken(exchange, corpus)) for exchange in EXCHANGES]
    kinds += [("two names exchanged", swapped(corpus)), ("a name replaced", replaced(corpus))]
    for name, triples in kinds:
        hits = count = 0
        for source, target, changed in islice(triples, _MOST):
            count += 1
            found = set(check(source, changed)) - set(check(source, target))
            hits += bool(found)
            if name == show and not found:
                yield f"    {source}\n    {changed}"
        yield f"{name:28} {share(hits, count)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[])
    parser.add_argument("--show", default="", help="print the exchanges of this name that were not found")
    options = parser.parse_args()
    corpus = [pair for name in _CORPORA for pair in pairs(options.data / name)]
    for path in options.pairs:
        corpus += pairs(path)
    for row in rows(corpus, options.show):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
