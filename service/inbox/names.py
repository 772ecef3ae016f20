"""People and places of an Indonesian article, by the words that stand beside a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from service.text.words import listed

# "Joko Widodo", "Abdul bin Ali", "Ma'ruf Amin".
_NAME = re.compile(r"[A-Z][\w'’.-]{1,30}(?: (?:bin|binti|van|de|von|al|[A-Z][\w'’.-]{0,30})){0,4}")
# "Bupati " in front of a name: \Z is where the search is told to end.
_BEFORE = re.compile(r"(\w+)\.? \Z")
_AFTER = re.compile(r",? (\w+)")
_PERSON_TITLES = listed(
    "presiden wapres gubernur wagub bupati wabup wali walikota camat lurah menteri menko kapolri"
    " kapolda kapolres kapolsek kepala ketua sekretaris direktur dirut jenderal letjen mayjen brigjen"
    " kombes akbp kompol pak bapak bu ibu ustaz kiai kyai haji profesor prof dr juru pengamat pakar"
    " dokter pelatih hakim jaksa pengacara warga tersangka terdakwa korban almarhum sekda jubir rektor"
)
_OF_A_PLACE = listed(
    "bupati wabup gubernur wagub walikota wali camat lurah kapolres kapolda kapolsek polres polda"
    " polsek warga pemkab pemkot pemprov kepala ketua"
)
"""Titles that a place follows as often as a name: one word after them is a place."""
_PLACE_TITLES = listed(
    "kabupaten kab kota kecamatan kec desa kelurahan kel dusun provinsi prov pulau gunung sungai jalan"
    " jl teluk danau selat pantai bandara pelabuhan stasiun dki"
)
_PLACE_BEFORE = listed("di ke dari wilayah kawasan asal sekitar")
_SAYS = listed(
    "mengatakan berkata menyebut menyebutkan menjelaskan menuturkan menyatakan mengungkapkan menegaskan"
    " menilai mengimbau meminta mengaku menambahkan"
)
_SAID = listed("kata ujar ucap tutur jelas ungkap sebut tegas imbuh menurut oleh")
_NO_NAME = listed(
    "senin selasa rabu kamis jumat sabtu minggu januari februari maret april mei juni juli agustus"
    " september oktober november desember indonesia wib wita wit rp pemerintah menurut namun sementara"
    " selain dalam pada untuk dari dengan karena sebelumnya saat ini itu ia dia mereka kami kita para"
    " sejumlah"
)
_TITLES = _PERSON_TITLES | _PLACE_TITLES | _OF_A_PLACE
_MOST = 20_000
"""Characters of an article in which names are looked for."""


def names(text: str, most: int = 12) -> list[tuple[str, str]]:
    """Return the names of people and places that ``text`` speaks of, and ``person`` or ``place`` for each.

    A name is what capitals mark; what it is a name of, a title, a preposition or a verb of saying beside it
    says. Names with no such word are left out. The most frequent come first, ``most`` at most.
    """
    kinds: dict[str, Counter[str]] = {}
    counts: Counter[str] = Counter()
    for name, kind in _found(text[:_MOST]):
        counts[name] += 1
        # Counted even without a kind, for the order; the kind that was told most often wins.
        kinds.setdefault(name, Counter())[kind] += bool(kind)
    known = [(name, kinds[name].most_common(1)[0]) for name, _ in counts.most_common()]
    return [(name, kind) for name, (kind, count) in known if count][:most]


def _found(text: str) -> Iterator[tuple[str, str]]:
    for match in _NAME.finditer(text):
        parts = match[0].rstrip(".-'’").split()
        before = _BEFORE.search(text, max(0, match.start() - 30), match.start())
        title = before[1].lower() if before else ""
        # A title is written with a capital too, and then stands within the match.
        while parts and (word := parts[0].lower().strip(".")) in _TITLES:
            title = word
            parts = parts[1:]
        if not parts or parts[0].lower().strip(".") in _NO_NAME or len(parts[0]) < 3:
            continue
        after = _AFTER.match(text, match.end())
        said = after[1].lower() if after else ""
        if title in _OF_A_PLACE and len(parts) == 1:
            yield parts[0], "person" if said in _SAYS else "place"
        else:
            yield " ".join(parts), _kind(title, said)


def _kind(before: str, after: str) -> str:
    if before in _PLACE_TITLES or before in _PLACE_BEFORE:
        return "place"
    return "person" if before in _PERSON_TITLES | _SAID or after in _SAYS else ""
