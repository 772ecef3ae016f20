"""Whether a negated Indonesian sentence is still negated in English, and the reverse.

Only all or nothing is judged: a sentence with a negation on one side and no trace of one on the
other. English negates with words (``not``), with affixes (``unable``) and with verbs (``fail``);
any of them answers for ``tidak``.
"""

from __future__ import annotations

import re

from service.document import Finding
from service.text.words import Words, listed

_INDONESIAN = listed(
    """
    tidak bukan belum tanpa jangan tak tiada tidaklah bukanlah belumlah janganlah takkan tdk bukannya
    nggak enggak ngga gak ndak
    """
)
_ENGLISH = listed(
    """
    not no never none nobody nothing nowhere neither nor without cannot non unable impossible hardly
    barely scarcely rarely seldom little few unless instead rather except less stop stops stopped ceased
    lack lacks lacked lacking absent absence free avoid avoids avoided avoiding fail fails failed
    failing failure failures deny denies denied denying refuse refuses refused refusing refusal reject
    rejects rejected decline declined prevent prevents prevented preventing ban banned bans prohibit
    prohibited prohibits forbid forbidden forbids yet unlike otherwise neglect neglected ignore ignored
    offline devoid false anonymous anonymity oblivious ignorant underprepared underreported
    """
)
_AFFIXED = re.compile(
    r"\A(?:un(?!i[tvoqfc]|der|til|less)\w{3}|(?:in|im|ir|il)(?:ab|acc|act|ade|adm|app|cap|comp(?:at|et|le)|conc|cons"
    r"|cor|cur|def|dep|dig|dir|dis|eff|eli|eq|ess|evit|exo|exp|fin|flex|form|freq|hum|inv|jus|leg|let|log|mat|mob|mor|mov|num|oper"
    r"|pat|perf|poss|prac|pro[bp]|rat|reg|rel|repl|resi|resp|rev|scr|sep|sig|soc|sta|suf|tan|tol|val|var|vis)"
    r"|dis(?:a[bglp]|b|com|cont|hon|in|li|loc|obey|par|qu|reg|resp|sat|sim|tast|uni)|am?oral|asym"
    r"|non|mis|anti|\w{3,}(?:less|lessly|free)$)"
)
_SOFTENED = listed(
    """
    gagal menolak ditolak kurang mustahil sulit sukar jarang hampir larangan dilarang melarang mencegah
    menghindari dihindari menghindar selain kecuali daripada melainkan enggan bebas putus kosong lepas
    menghentikan berhenti anti non nol nir hanya cuma sebelum walau meski meskipun sebaliknya nihil
    hilang kehilangan absen membantah membatalkan batal dibatalkan sedikit berbeda luput terlepas
    alih-alih alih urung mati pantang buta tertunda gratis padahal sia-sia sia ilegal terlarang percuma
    """
)
_PUNCTUATION = ",.;:!?()\"'“”‘’"
_IDIOMS = re.compile(
    r"\b(?:tidak|tak|bukan) (?:hanya|saja|sekadar|cuma|semata|main|tidak|tak|mustahil)\b"
    r"|\b(?:suka|mau) (?:tidak|tak) (?:suka|mau)\b|\b(?:atau|paling) (?:tidak|tak|bukan|belum)\b"
    r"|\b(?:tidak|tak) (?:lain|sedikit|jarang|lama|kurang|kalah|terkecuali|pelak|ayal|heran|apa-apa"
    r"|langsung|sengaja|terlalu|begitu|se\w+|terduga|tahu|masuk akal|senonoh|sah|aktif|bersalah"
    r"|bergerak|ubahnya|sabar|jauh|henti|asing|peduli)\b"
    r"|\b(?:kalau|jika|bila|apabila) (?:tidak|tak)\b"
    r"|\btanpa (?:terkecuali|kecuali|henti|sadar|sengaja|awak|batas)\b"
    r"|\bbelum (?:lama|pernah|lagi|tentu)\b"
    r"|\btidak .{0,60}\b(?:kecuali|sampai|hingga|selain|lebih dari)\b"
)
_REACH = 4
"""Words before another that may negate it."""
_NEGATING = _INDONESIAN | listed(
    """
    not no never none nobody nothing nowhere neither nor without cannot hardly barely unless instead rather
    fail fails failed failing refuse refuses refused refusing lack lacks lacked avoid avoids avoided prevent
    prevents prevented gagal urung batal tanpa hampir
    """
)
_JOINING = listed("dan tetapi tapi namun lalu kemudian sedangkan and but then while because karena bahwa")
_ONLY = listed("hanya saja sekadar semata only just merely")
_STRONG = listed("not never cannot nobody nothing nowhere neither none")
_ENGLISH_IDIOMS = re.compile(
    r"\b(?:not (?:only|just|least|surprising|long|to mention)|if not|why not|or not|nothing but)\b"
)
# "agar tidak X" may come out as "keep from X", "against X".
_AIMS = re.compile(r"\b(?:agar|supaya|untuk) (?:tidak|tak|jangan)\b")
_AVERTED = listed("from against away")
_KEPT = listed("keep keeps kept keeping")


def negated(words: Words, form: str) -> bool:
    """Return whether a word that negates stands shortly before a form, wherever it stands in a sentence."""
    first = form.partition(" ")[0]
    return any(
        _is_denied(words.low[max(0, at - _REACH) : at]) for at, word in enumerate(words.low) if word == first
    )


def _is_denied(before: list[str]) -> bool:
    """Return whether what stands before a word negates it: not what another clause negates."""
    following = ""
    for word in reversed(before):
        if (word in _NEGATING or word.endswith(("n't", "n’t"))) and following not in _ONLY:
            return True
        if word in _JOINING:
            return False
        following = word
    return False


def changed(source: str, ours: Words, target: str, theirs: Words) -> list[Finding]:
    """Return what is wrong with the negation; nothing where it is kept."""
    strong = _strong(target, theirs.distinct)
    negators = ours.distinct & _INDONESIAN
    if negators and not strong and theirs.distinct.isdisjoint(_ENGLISH):
        return _unanswered(source, theirs.distinct)
    if strong and not negators and ours.distinct.isdisjoint(_SOFTENED):
        idiom = _ENGLISH_IDIOMS.search(target.lower())
        return [] if idiom else [Finding.of("negation.added", word=strong)]
    return []


def _unanswered(source: str, target_words: frozenset[str]) -> list[Finding]:
    if ("from" in target_words and not target_words.isdisjoint(_KEPT)) or any(
        _AFFIXED.match(word) for word in target_words
    ):
        return []
    rest = _IDIOMS.sub(" ", source.lower())
    if not target_words.isdisjoint(_AVERTED):
        rest = _AIMS.sub(" ", rest)
    left = [bare for word in rest.split() if (bare := word.strip(_PUNCTUATION)) in _INDONESIAN]
    return [Finding.of("negation.lost", word=left[0])] if left else []


def _strong(target: str, target_words: frozenset[str]) -> str:
    """Return a word that negates a whole English sentence, or nothing."""
    found = target_words & _STRONG
    if found:
        return min(found)
    if "n't" in target or "n’t" in target:
        return min((word for word in target_words if word.endswith(("n't", "n’t"))), default="")
    return ""
