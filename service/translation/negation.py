"""Whether a negated Indonesian sentence is still negated in English, and the reverse.

Only all or nothing is judged: a sentence with a negation on one side and no trace of one on the other. English
negates with words (``not``), with affixes (``unable``) and with verbs (``fail``); any of them answers for ``tidak``.
"""

from __future__ import annotations

import re

_INDONESIAN = frozenset("tidak bukan belum tanpa jangan tak tiada tidaklah bukanlah belumlah janganlah takkan"
                        " tdk bukannya nggak enggak ngga gak ndak".split())  # fmt: skip
_ENGLISH = frozenset(
    "not no never none nobody nothing nowhere neither nor without cannot non ain't"
    " unable impossible hardly barely scarcely rarely seldom little few unless instead rather except"
    " despite lack lacks lacked lacking absent absence free avoid avoids avoided avoiding"
    " fail fails failed failing failure deny denies denied denying refuse refuses refused refusing refusal"
    " reject rejects rejected rejecting decline declined prevent prevents prevented preventing"
    " stop stopped ban banned bans prohibit prohibited prohibits forbid forbidden forbids"
    " yet unlike otherwise other beyond neglect neglected ignore ignored miss missed missing"
    " hidden whether only still opposed against away out still least illegal illegally less"
    " wrong false worthless ex former before pending remain remains remained until empty excluding refrain".split()
)
_AFFIXED = re.compile(
    r"un(?!i|der|til|cle)\w{3}|(?:in|im|ir|il)(?:ab|acc|act|ade|app|cap|comp(?:at|et|le)|conc|cons|cor|cur|def|dep"
    r"|dir|eff|eli|eq|ess|evit|exp|fin|flex|form|hum|inv|jus|let|log|mat|mob|mort|mov|nume|oper|pat|perf|poss|prac"
    r"|pro[bp]|rat|reg|rel|repl|resi|resp|rev|scr|sep|sig|soc|sta|suf|tan|tol|val|var|vis)"
    r"|dis(?:a[bglp]|b|cont|hon|in|li|loc|obey|par|qu|reg|resp|sat|sim|tast|uni)|a(?:moral|sym)"
    r"|non|mis|anti|\w{3,}(?:less|lessly|free)$"
)
_SOFTENED = frozenset(
    "gagal menolak ditolak kurang mustahil sulit sukar jarang hampir larangan dilarang melarang mencegah menghindari"
    " dihindari menghindar selain kecuali daripada melainkan enggan bebas putus kosong lepas menghentikan berhenti"
    " anti non nol nir hanya cuma sebelum walau meski meskipun sebaliknya nihil hilang kehilangan absen membantah"
    " membatalkan batal dibatalkan sedikit berbeda luput terlepas alih-alih alih urung batal mati pantang"
    " buta tertunda gratis padahal sia-sia sia ilegal terlarang percuma".split()
)
_IDIOMS = re.compile(
    r"\b(?:tidak|tak|bukan) (?:hanya|saja|sekadar|cuma|semata|main|tidak|tak|mustahil)\b"
    r"|\b(?:suka|mau) (?:tidak|tak) (?:suka|mau)\b|\batau (?:tidak|bukan|belum)\b"
    r"|\b(?:tidak|tak) (?:lain|sedikit|jarang|lama|kurang|kalah|terkecuali|pelak|ayal|heran|apa-apa|langsung|sengaja"
    r"|sah|aktif|bersalah|bergerak|ubahnya|sabar|jauh|henti|asing|peduli)\b"
    r"|\b(?:kalau|jika|bila|apabila) (?:tidak|tak)\b|\btanpa (?:terkecuali|kecuali|henti|sadar|sengaja|awak|batas)\b"
    r"|\bbelum (?:lama|pernah|lagi|tentu)\b|\btidak .{0,60}\b(?:kecuali|sampai|hingga|selain|lebih dari)\b"
)
_STRONG = frozenset("not never cannot nobody nothing nowhere neither none".split())
_ENGLISH_IDIOMS = re.compile(r"\b(?:not only|not just|if not|why not|not long|not to mention|whether or not|nothing but)\b")


def lost(source: str, low: frozenset[str] | set[str], target: str, target_low: frozenset[str] | set[str]) -> str | None:
    """What is wrong with the negation, for a reader, or ``None``. ``low`` are each side's lower-cased words."""
    ours = low & _INDONESIAN
    theirs = _strong(target_low)
    if ours and not theirs and target_low.isdisjoint(_ENGLISH):
        rest = _IDIOMS.sub(" ", source.lower())
        left = [word for word in re.findall(r"\w+", rest) if word in _INDONESIAN]
        if left and not any(_AFFIXED.match(word) for word in target_low):
            return f"'{left[0]}' has no counterpart"
    elif theirs and not ours and low.isdisjoint(_SOFTENED) and not _ENGLISH_IDIOMS.search(target.lower()):
        return f"'{theirs}' is not in the source"
    return None


def _strong(words: frozenset[str] | set[str]) -> str:
    """A word among ``words`` that negates a whole English sentence, or nothing."""
    found = words & _STRONG
    if found:
        return min(found)
    return next((word for word in words if word.endswith(("n't", "n’t"))), "")
