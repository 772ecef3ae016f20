"""Whether a quantity kept its unit: kilometres that became miles, rupiah that became dollars, percent that vanished."""

from __future__ import annotations

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

kilograms = kg kilogram kilo = kg kgs kilogram kilograms kilo kilos kilogrammes
grams = gram gr = gram grams gramme grammes
pounds = pon pound lb lbs = pound pounds lb lbs
tonnes = ton = ton tons tonne tonnes
ounces = ons ounce ounces = ounce ounces oz

celsius = celsius celcius °c ºc = celsius centigrade °c ºc
fahrenheit = fahrenheit °f ºf = fahrenheit °f ºf

rupiah = rupiah rp idr = rupiah rp idr rupiahs
dollars = dolar usd $ = dollar dollars usd $
euros = euro € eur = euro euros € eur
pounds = pound poundsterling sterling £ gbp = pound pounds sterling £ gbp
yen = yen ¥ = yen ¥
yuan = yuan renminbi = yuan renminbi

percent = persen % prosen = percent percentage percentages % cent pct
percentage points = poin persentase = points point percentage pp
"""
_SIGNS = ("$", "€", "£", "¥", "%", "°c", "ºc", "°f", "ºf")


def _read() -> tuple[dict[str, tuple[tuple[int, str], ...]], dict[str, tuple[tuple[int, str], ...]]]:
    """Word -> its (quantity, unit) pairs, for Indonesian and for English."""
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
_SHARE = _OURS["persen"][0][0]


def changed(
    source: str, source_words: frozenset[str], target: str, target_words: frozenset[str]
) -> list[str]:
    """What happened to the units, for a reader: a unit of the source that another of the same quantity replaced."""
    here, there = _units(source, source_words, _OURS), _units(target, target_words, _THEIRS)
    lost, brought = here - there, there - here
    if (_SHARE, "percent") in lost and all(quantity != _SHARE for quantity, _ in there):
        return ["percent is not in the translation"]
    return [
        f"{ours} in the source, {theirs} in the translation"
        for quantity, ours in sorted(lost)
        for other, theirs in sorted(brought)
        if quantity == other
    ]


def _units(
    text: str, words: frozenset[str], table: dict[str, tuple[tuple[int, str], ...]]
) -> set[tuple[int, str]]:
    found = {unit for word in words & table.keys() for unit in table[word]}
    low = text.lower()
    found.update(unit for sign in _SIGNS if sign in low and sign in table for unit in table[sign])
    return found
