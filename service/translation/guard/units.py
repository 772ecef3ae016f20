"""Whether a quantity kept its unit: kilometres that became miles, rupiah that became dollars."""

from __future__ import annotations

from service.document import Finding
from service.text.numbers import Number, Value

# unit = Indonesian words = English words, a blank line between quantities. Signs stand with the words.
_TABLE = """
kilometres = km kilometer kilo kpj = km kms kilometer kilometers kilometre kilometres kph kmh
miles = mil mph = mile miles mi mph
metres = meter = meter meters metre metres
centimetres = cm sentimeter senti = cm centimeter centimeters centimetre centimetres
millimetres = mm milimeter = mm millimeter millimeters millimetre millimetres
feet = kaki = foot feet ft
inches = inci inch = inch inches
yards = yard ela = yard yards

hectares = ha hektar hektare = ha hectare hectares
acres = ekar acre = acre acres

kilograms = kg kilogram kilo = kg kgs kilogram kilograms kilo kilos kilogrammes
grams = gram gr = gram grams gramme grammes
pounds = pon pound lb lbs = pound pounds lb lbs
tonnes = ton = ton tons tonne tonnes
ounces = ons ounce ounces = ounce ounces oz

celsius = celsius celcius c = celsius centigrade c
fahrenheit = fahrenheit f = fahrenheit f

rupiah = rupiah rp idr = rupiah rp idr rupiahs
dollars = dolar usd $ = dollar dollars usd $
euros = euro € eur = euro euros € eur
pounds = pound poundsterling sterling £ gbp = pound pounds sterling £ gbp
yen = yen ¥ = yen ¥
yuan = yuan renminbi = yuan renminbi

hours = jam = hour hours hourly
minutes = menit = minute minutes
days = hari = day days daily
weeks = minggu pekan = week weeks weekly
months = bulan = month months monthly
years = tahun = year years yearly annual
decades = dekade dasawarsa = decade decades

percent = persen % prosen = percent % cent pct
percentage points = poin persentase = points point percentage percentages pp
"""


def _read() -> tuple[dict[str, tuple[tuple[int, str], ...]], dict[str, tuple[tuple[int, str], ...]]]:
    """Return word -> its (quantity, unit) pairs, for Indonesian and for English."""
    ours: dict[str, tuple[tuple[int, str], ...]] = {}
    theirs: dict[str, tuple[tuple[int, str], ...]] = {}
    for quantity, block in enumerate(_TABLE.strip().split("\n\n")):
        for row in block.split("\n"):
            unit, indonesian, english = row.split(" = ")
            for table, words in ((ours, indonesian), (theirs, english)):
                for word in words.split():
                    table[word] = (*table.get(word, ()), (quantity, unit))
    return ours, theirs


_OURS, _THEIRS = _read()
MONEY = min(quantity for quantity, unit in _OURS["rupiah"])
"""The quantity of the currencies in what :func:`measured` gives."""
NAMES = tuple(sorted({unit for pairs in _THEIRS.values() for _, unit in pairs}))
"""The units as findings name them."""


def changed(here: list[Number], there: list[Number]) -> list[Finding]:
    """Return the units that changed: equal numbers with another unit of one quantity.

    ``here`` are the numbers of the source and ``there`` those of the target.
    """
    found = []
    kept: dict[Value, set[tuple[int, str]]] | None = None
    for number in there:
        brought = _units(number, _THEIRS)
        if brought:
            kept = _by_value(here) if kept is None else kept
            equal = [kept[value] for value in number.values if value in kept]
            for quantity, unit in sorted(brought):
                ours = {name for units in equal for other, name in units if other == quantity}
                if ours and unit not in ours:
                    found.append(Finding.of("number.unit", source=min(ours), target=unit))
    return found


def measured(number: Number, *, english: bool) -> frozenset[tuple[int, str]]:
    """Return the units beside a number, each as its quantity and its name; money is :data:`MONEY`."""
    return frozenset(_units(number, _THEIRS if english else _OURS))


def _by_value(here: list[Number]) -> dict[Value, set[tuple[int, str]]]:
    """Return value -> the units that stand beside it in the source, so that many numbers cost no more
    each."""
    found: dict[Value, set[tuple[int, str]]] = {}
    for number in here:
        if units := _units(number, _OURS):
            for value in number.values:
                found.setdefault(value, set()).update(units)
    return found


def _units(number: Number, table: dict[str, tuple[tuple[int, str], ...]]) -> set[tuple[int, str]]:
    # "Bulan pertama" is no one month.
    before = number.before if number.firm else ""
    return {*table.get(before, ()), *table.get(number.after, ())}
