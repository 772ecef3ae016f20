"""Countries, and other names that are respelled, in Indonesian and English: also their people."""

from __future__ import annotations

from service.text.words import listed

# A country, or another name that is respelled, in Indonesian = its English name, people and adjectives.
_COUNTRIES = """
indonesia ri nusantara = indonesia indonesian indonesians
malaysia = malaysia malaysian malaysians
singapura = singapore singaporean singaporeans
filipina = philippines philippine filipino filipinos
thailand thai = thailand thai thais
vietnam = vietnam vietnamese
kamboja = cambodia cambodian cambodians
jepang = japan japanese
china cina tiongkok tionghoa imlek rrc rrt = china chinese prc
korea korsel korut = korea korean koreans
india hindia indian = india indian indians indies
pakistan = pakistan pakistani pakistanis
afganistan afghanistan = afghanistan afghan afghans
iran = iran iranian iranians
irak iraq = iraq iraqi iraqis
arab saudi = saudi arabia arab arabian saudis arabs arabic dromedary mers
yaman = yemen yemeni
suriah = syria syrian syrians
yordania = jordan jordanian
israel = israel israeli israelis
palestina = palestine palestinian palestinians
mesir = egypt egyptian egyptians
turki = turkey turkish turks
yunani = greece greek greeks
italia = italy italian italians
prancis perancis = france french
jerman = germany german germans
belanda = netherlands dutch holland
belgia = belgium belgian belgians
spanyol = spain spanish spaniard spaniards
inggris britania english british = england english britain british uk briton britons kingdom
skotlandia = scotland scottish scots
irlandia = ireland irish
swedia = sweden swedish swedes
norwegia = norway norwegian norwegians
denmark = denmark danish danes dane
islandia = iceland icelandic
rusia soviet = russia russian russians soviet ussr
ukraina = ukraine ukrainian ukrainians
polandia = poland polish
hongaria hungaria = hungary hungarian hungarians
swiss = switzerland swiss
kanada = canada canadian canadians
meksiko = mexico mexican mexicans
brasil brazil = brazil brazilian brazilians
argentina = argentina argentine argentinian
australia = australia australian australians aussie
amerika as = america american americans americas us usa u states
afrika = africa african africans
eropa ue = europe european europeans eu
ceko = czech czechia
kroasia = croatia croatian
maroko = morocco moroccan
aljazair = algeria algerian algiers
siprus = cyprus cypriot
jawa = java javanese
jenewa = geneva
islam muslim = islam islamic muslim muslims
idulfitri iduladha lebaran = eid
natal = christmas
"""
# Words that answer for a name and are no finding by themselves. English names Indonesia for readers abroad
# where an Indonesian text says "the ministry".
_AMBIGUOUS = listed(
    """
    americas christmas dromedary eid indonesia indonesian indonesians islamic kingdom mers muslim muslims
    states
    """
)


def _countries() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Return Indonesian name -> English words; English word -> Indonesian names."""
    ours: dict[str, frozenset[str]] = {}
    theirs: dict[str, frozenset[str]] = {}
    for row in _COUNTRIES.strip().split("\n"):
        names, english = (frozenset(side.split()) for side in row.split("="))
        ours.update(dict.fromkeys(names, english))
        theirs.update(dict.fromkeys(english - _AMBIGUOUS, names | english))
    return ours, theirs


INDONESIAN, ENGLISH = _countries()
"""Indonesian name -> English words, and the reverse."""
