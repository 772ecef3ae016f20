"""The words that Indonesian and English write numbers with."""

from __future__ import annotations

from service.text.numbers import Label, Language, Value


def _table(text: str) -> dict[str, tuple[Value, ...]]:
    """Read ``1 2.5 = word word`` a line: word -> the values left of the sign."""
    table: dict[str, tuple[Value, ...]] = {}
    for line in text.strip().split("\n"):
        left, _, right = line.partition(" = ")
        # "12:00" is a time, "12" a number.
        values = tuple(Label("time", v) if ":" in v else float(v) for v in left.split())
        table.update(dict.fromkeys(right.split(), values))
    return table


def _numbered(words: str, first: int = 0, step: int = 1) -> dict[str, float]:
    return {word: float(first + step * place) for place, word in enumerate(words.split())}


def _named(months: str, days: str) -> dict[str, Value]:
    names: dict[str, Value] = {
        month: Label("month", str(number)) for number, month in enumerate(months.split(), 1)
    }
    names.update({day: Label("day", str(number)) for number, day in enumerate(days.split(), 1)})
    return names


def _abbreviated(*spellings: str) -> dict[str, tuple[Value, ...]]:
    """Return short month names, January first; ``.`` where a spelling has none that is not also a word."""
    return {
        month: (Label("month", str(number)),)
        for spelling in spellings
        for number, month in enumerate(spelling.split(), 1)
        if month != "."
    }


# From which hour and up to which an Indonesian part of the day is after noon.
_DAY_PARTS = {
    "pagi": (24, 0),
    "subuh": (24, 0),
    "dini": (24, 0),
    "siang": (1, 5),
    "sore": (1, 12),
    "petang": (1, 12),
    "malam": (5, 12),
}


def _half_indonesian(low: list[str], start: int, end: int, hour: int) -> str:
    for part in low[end : end + 3]:
        if part in _DAY_PARTS:
            first, past = _DAY_PARTS[part]
            # "pukul 12 malam" is midnight.
            if part == "malam" and hour == 12:
                return "am"
            return "pm" if first <= hour < past else "clock"
    if start > 0 and low[start - 1] in ("pukul", "jam"):
        return "clock"
    return "clock" if end < len(low) and low[end] in ("wib", "wita", "wit") else ""


def _half_english(low: list[str], _: int, end: int, __: int) -> str:
    if end >= len(low) or low[end][0] not in "apo":
        return ""
    following = "".join(low[end : end + 3])
    if following.startswith(("am", "a.m")):
        return "am"
    if following.startswith(("pm", "p.m")):
        return "pm"
    return "clock" if following.startswith(("o'clock", "o’clock")) else ""


_ID_DIGITS = _numbered("nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas")
_ID_COMPOUND = {
    "seratus": 100.0,
    "seribu": 1e3,
    "sejuta": 1e6,
    "semiliar": 1e9,
    "semilyar": 1e9,
    "setriliun": 1e12,
}
# Often written in one word: "duabelas", "duapuluh", "duaratus".
_ID_JOINED = {
    word + tail: value + 10 if tail == "belas" else value * size
    for word, value in _ID_DIGITS.items()
    for tail, size in (("belas", 0.0), ("puluh", 10.0), ("ratus", 100.0))
    if 1 < value < 10
}

INDONESIAN = Language(
    decimal=",",
    units=_ID_DIGITS
    | _ID_COMPOUND
    | _ID_JOINED
    | {f"ke{word}": value for word, value in _ID_DIGITS.items() if value > 1},  # "kedua", "ketiga"
    scales={
        "belas": 11.0,
        "puluh": 10.0,
        "puluhan": 10.0,
        "lusin": 12.0,
        "ratus": 100.0,
        "ribu": 1e3,
        "juta": 1e6,
        "miliar": 1e9,
        "milyar": 1e9,
        "triliun": 1e12,
        "trilyun": 1e12,
    },
    # "pertiga", "perempat", behind a count: "dua pertiga".
    denominators={f"per{word}": int(value) for word, value in _ID_DIGITS.items() if 2 < value < 11},
    loose=_table(
        """
        0.1 10 = sepersepuluh
        0.2 5 = seperlima
        0.25 4 = seperempat seperempatnya
        0.3333 3 = sepertiga sepertiganya
        0.5 = setengah setengahnya separuh separuhnya separo paruh
        1 = pertama sekali kesatu seorang sebuah seekor
        2 = kedua keduanya berdua ganda kembar sepasang pasangan dobel duanya
        3 = ketiganya bertiga
        4 = keempatnya
        5 = balita
        10 = dasawarsa dekade
        10 20 = puluhan
        12 = selusin
        100 = abad ratusan
        1000 = milenium ribuan
        1e6 = jutaan
        1e9 = miliaran
        1e12 = triliunan
        """
    )
    # "minggu" is a week too, so it only answers.
    | {"minggu": (Label("day", "7"),), "jum'at": (Label("day", "5"),)}
    # No "mei": it is short already.
    | _abbreviated("jan feb mar apr . jun jul agu sep okt nov des", ". . . . . . . agust sept"),
    named=_named(
        "januari februari maret april mei juni juli agustus september oktober november desember",
        "senin selasa rabu kamis jumat sabtu ahad",
    ),
    half=_half_indonesian,
)

_EN_DIGITS = _numbered(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_EN_ORDINALS = _numbered(
    "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth",
    first=3,
)
_EN_TENS = _numbered("twenty thirty forty fifty sixty seventy eighty ninety", first=20, step=10)

ENGLISH = Language(
    decimal=".",
    units=_EN_DIGITS
    | _EN_ORDINALS
    | _EN_TENS
    | {f"{word[:-1]}ieth": value for word, value in _EN_TENS.items()},
    scales={
        "dozen": 12.0,
        "hundred": 100.0,
        "hundredth": 100.0,
        "thousand": 1e3,
        "thousandth": 1e3,
        "million": 1e6,
        "mn": 1e6,
        "billion": 1e9,
        "bn": 1e9,
        "trillion": 1e12,
    },
    denominators={"quarters": 4, "quarter": 4}
    | {
        word + plural: int(value)
        for word, value in _EN_ORDINALS.items()
        if value < 11
        for plural in ("", "s")
    },
    loose=_table(
        """
        0.25 4 = quarter quarters
        0.5 = half halves
        1 = first once a an single
        2 = second seconds both twice pair couple double doubles doubled twin twins dual either biweekly
        2 14 = fortnight
        3 = triple tripled thrice trio triad
        4 = quadruple quadrupled
        10 = decade
        12 = dozen
        12 12:00 = noon
        0 12 24 0:00 = midnight
        100 = century
        1000 = millennium
        """
    )
    # "the twenties": 20, or 1920.
    | {f"{word[:-1]}ies": (value, 1900 + value) for word, value in _EN_TENS.items()}
    | {f"{word}fold": (value,) for word, value in _EN_DIGITS.items()}
    | {"augustus": (Label("month", "8"),)}
    | _abbreviated("jan feb mar apr . jun jul aug sep oct nov dec", ". . . . . . . . sept"),
    named=_named(
        "january february march april may june july august september october november december",
        "monday tuesday wednesday thursday friday saturday sunday",
    ),
    half=_half_english,
)
