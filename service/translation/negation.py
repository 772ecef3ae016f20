"""Whether a negated Indonesian sentence is still negated in English, and the reverse.

Only all or nothing is judged: a sentence with a negation on one side and no trace of one on the other. English
negates with words (``not``), with affixes (``unable``) and with verbs (``fail``); any of them answers for ``tidak``.
"""

from __future__ import annotations

import re

_INDONESIAN = frozenset("tidak bukan belum tanpa jangan tak tiada tidaklah bukanlah belumlah janganlah takkan"
                        " tdk bukannya nggak enggak ngga gak ndak".split())  # fmt: skip
_ENGLISH = frozenset(
    "not no never none nobody nothing nowhere neither nor without cannot non"
    " unable impossible hardly barely scarcely rarely seldom little few unless instead rather except"
    " less stop stops stopped ceased lack lacks lacked lacking absent absence free avoid avoids avoided avoiding"
    " fail fails failed failing failure failures deny denies denied denying refuse refuses refused refusing refusal"
    " reject rejects rejected decline declined prevent prevents prevented preventing"
    " ban banned bans prohibit prohibited prohibits forbid forbidden forbids"
    " yet unlike otherwise neglect neglected ignore ignored"
    " offline devoid false anonymous anonymity oblivious ignorant underprepared underreported".split()
)
_AFFIXED = re.compile(
    r"un(?!i[tvoqfc]|der|til|less)\w{3}|(?:in|im|ir|il)(?:ab|acc|act|ade|adm|app|cap|comp(?:at|et|le)|conc|cons"
    r"|cor|cur|def|dep|dig|dir|dis|eff|eli|eq|ess|evit|exo|exp|fin|flex|form|freq|hum|inv|jus|leg|let|log|mat|mob|mor|mov|num|oper"
    r"|pat|perf|poss|prac|pro[bp]|rat|reg|rel|repl|resi|resp|rev|scr|sep|sig|soc|sta|suf|tan|tol|val|var|vis)"
    r"|dis(?:a[bglp]|b|com|cont|hon|in|li|loc|obey|par|qu|reg|resp|sat|sim|tast|uni)|am?oral|asym"
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
    r"|terlalu|begitu|se\w+|terduga|tahu|masuk akal|senonoh|sah|aktif|bersalah|bergerak|ubahnya|sabar|jauh|henti|asing|peduli)\b"
    r"|\b(?:kalau|jika|bila|apabila) (?:tidak|tak)\b|\btanpa (?:terkecuali|kecuali|henti|sadar|sengaja|awak|batas)\b"
    r"|\bpaling (?:tidak|tak)\b|\bbelum (?:lama|pernah|lagi|tentu)\b|\btidak .{0,60}\b(?:kecuali|sampai|hingga|selain|lebih dari)\b"
)
_STRONG = frozenset("not never cannot nobody nothing nowhere neither none".split())
_ENGLISH_IDIOMS = re.compile(
    r"\b(?:not only|not just|not least|not surprising|if not|why not|not long|not to mention|whether or not|nothing but)\b"
)


_AIMS = re.compile(r"\b(?:agar|supaya|untuk) (?:tidak|tak|jangan)\b")
_KEPT_FROM = frozenset(("keep", "from"))
_AVERTED = frozenset("from against away".split())


def lost(source: str, low: frozenset[str], target: str, target_low: frozenset[str]) -> str | None:
    """What is wrong with the negation, for a reader, or ``None``. ``low`` are each side's lower-cased words."""
    ours = low & _INDONESIAN
    theirs = _strong(target, target_low)
    if ours and not theirs and target_low.isdisjoint(_ENGLISH):
        rest = _IDIOMS.sub(" ", source.lower())
        if _KEPT_FROM <= target_low:
            return None
        if not target_low.isdisjoint(_AVERTED):
            rest = _AIMS.sub(" ", rest)
        left = [word for word in re.findall(r"\w+", rest) if word in _INDONESIAN]
        if left and not any(_AFFIXED.match(word) for word in target_low):
            return f"'{left[0]}' has no counterpart"
    elif theirs and not ours and low.isdisjoint(_SOFTENED) and not _ENGLISH_IDIOMS.search(target.lower()):
        return f"'{theirs}' is not in the source"
    return None


def _strong(target: str, words: frozenset[str]) -> str:
    """A word among ``words`` that negates a whole English sentence, or nothing."""
    found = words & _STRONG
    if found:
        return min(found)
    if "n't" in target or "n’t" in target:
        return next((word for word in words if word.endswith(("n't", "n’t"))), "")
    return ""
