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
    offline devoid false anonymous anonymity oblivious ignorant underprepared underreported underreporting
    innocent innocence acquitted silent missing
    """
)
_AFFIXED = re.compile(
    r"\A(?:un(?!i[tvoqfc]|der|til|less)\w{3}|(?:in|im|ir|il)(?:ab|acc|act|ade|adm|app|cap|comp(?:at|et|le)|conc|cons"
    r"|cor|cur|def|dep|dif|dig|dir|dis|eff|eli|eq|ess|evit|exo|exp|fin|flex|form|freq|hum|inv|jus|leg|let|log|mat|mob|mor|mov|num|oper"
    r"|pat|perf|poss|prac|pro[bp]|rat|reg|rel|repl|resi|resp|rev|scr|sep|sig|soc|sta|suf|tan|tol|val|var|vis)"
    r"|dis(?:a[bglp]|b|com|cont|hon|in|li|loc|obey|par|qu|reg|resp|sat|sim|tast|uni)|am?oral|asym"
    r"|decrim|degener|non|mis(?!s|t)|anti(?!c|q)|\w{3,}(?:less|lessly|free)$)"
)
_PLAIN = re.compile(r"(?:inform|inst[ai]n|independ|indig|interv|unit|under|uni(?:ver|on|lat))")
"""How words start that look negated and are not."""
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
    r"|\b(?:tidak|tak) (?:lain|sedikit|jarang|lama|kurang|kalah(?= [a-z])|terkecuali|pelak|ayal|heran|apa-apa"
    r"|sengaja|begitu|sebanding|seimbang|sependapat|setuju|sepakat|seberapa|sesuai|sehat|sadar|terduga"
    r"|masuk akal|senonoh|sah|aktif|lepas|bergerak|ubahnya|sabar|jauh|henti|asing|seperti"
    r"|masuk (?:kerja|kantor|sekolah|kelas))\b"
    r"|\b(?:kalau|jika|bila|apabila) (?:tidak|tak)(?= ?[,:.]| maka)"
    r"|\btanpa (?:terkecuali|kecuali|henti|sadar|sengaja|awak|batas)\b"
    r"|\bbelum (?:lama|lagi|tentu)\b|\bwaktu yang belum ditentukan\b"
)
# "tidak X sampai Y" may come out as "only after Y", "at most Y".
_UNTIL = re.compile(r"\b(?:tidak|tak|belum) .{0,60}\b(?:kecuali|sampai|hingga|selain|sebelum|lebih dari)\b")
_ONLY_ENGLISH = listed("only just alone most within besides")
# What may answer for a negation answers for these words of the source first: "refused" for menolak.
_OWN = {
    word: re.compile(ours if ours.startswith(r"\A") else rf"\b(?:{ours})")
    for words, ours in (
        (
            "refuse refuses refused refusing refusal reject rejects rejected decline declined deny denies "
            "denied denying",
            r"(?:men|di|pen)olak|(?:mem|di)bantah|turun|menurun|penurunan|enggan|menyangkal",
        ),
        ("fail fails failed failing failure failures", "gagal|kegagalan"),
        ("avoid avoids avoided avoiding", r"(?:meng|di|ter)?hindar"),
        ("prevent prevents prevented preventing", r"(?:men|di|pen)?cegah"),
        ("ban banned bans prohibit prohibited prohibits forbid forbidden forbids", r"(?:me|di|ter)?larang"),
        ("stop stops stopped ceased", r"(?:ber|meng|di|ter)?henti|setop"),
        ("free", "bebas|gratis|cuma|kebebasan|merdeka|membebaskan|dibebaskan"),
        ("little few", r"sedikit|kecil|beberapa|kurang|se\w+ kecil"),
        ("rather instead", r"\A(?!.*\bbukan).*\b(?:malah|justru|lebih|agak|ketimbang|daripada|cukup)"),
        ("otherwise", "selain|lain|sebaliknya"),
        ("unless except", "kecuali|selain"),
        ("false", "palsu|salah|bohong"),
        ("ignore ignored neglect neglected", r"(?:meng|di|ter)?abai"),
        ("lack lacks lacked lacking", "kurang|kekurangan|minim"),
        ("absent absence", "absen|tanpa"),
        ("unlike", "berbeda"),
        ("rarely seldom", "jarang"),
        ("non", r"non\b"),
    )
    for word in words.split()
}
_REACH = 3
"""Words before another that may negate it."""
_NEGATING = _INDONESIAN | listed(
    """
    not no never none nobody nothing nowhere neither nor without cannot hardly barely unless instead rather
    fail fails failed failing refuse refuses refused refusing lack lacks lacked avoid avoids avoided prevent
    prevents prevented gagal urung batal tanpa hampir
    """
)
_JOINING = listed(
    """
    dan tetapi tapi namun lalu kemudian sedangkan karena bahwa saat ketika usai setelah sebelum
    and but then while when after before
    """
)
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
    # What stands on both sides with a capital is part of a name: "Masyarakat Tanpa Riba".
    negators -= {w for w in negators & theirs.distinct if w.title() in source and w.title() in target}
    if negators and not strong and not _answered(source, target, theirs.distinct & _ENGLISH):
        return _unanswered(source, negators, theirs.distinct)
    if strong and not negators and ours.distinct.isdisjoint(_SOFTENED):
        idiom = _ENGLISH_IDIOMS.search(target.lower())
        return [] if idiom else [Finding.of("negation.added", word=strong)]
    return []


def _answered(source: str, target: str, answers: frozenset[str]) -> bool:
    """Return whether an English word that may answer for a negation has no word of its own in the source."""
    if not answers:
        return False
    if "yet" in answers and "yet to " not in target:
        answers -= {"yet"}
    low = source.lower()
    return any(word not in _OWN or not _OWN[word].search(low) for word in answers)


def _unanswered(source: str, negators: frozenset[str], target_words: frozenset[str]) -> list[Finding]:
    if ("from" in target_words and not target_words.isdisjoint(_KEPT)) or any(
        _AFFIXED.match(word) and not _PLAIN.match(word) and not (word == "non" and _OWN[word].search(source))
        for word in target_words
    ):
        return []
    rest = _IDIOMS.sub(" ", source.lower())
    if not target_words.isdisjoint(_ONLY_ENGLISH):
        rest = _UNTIL.sub(" ", rest)
    if not target_words.isdisjoint(_AVERTED):
        rest = _AIMS.sub(" ", rest)
    left = [bare for word in rest.split() if (bare := word.strip(_PUNCTUATION)) in negators]
    return [Finding.of("negation.lost", word=left[0])] if left else []


def _strong(target: str, target_words: frozenset[str]) -> str:
    """Return a word that negates a whole English sentence, or nothing."""
    found = target_words & _STRONG
    if found:
        return min(found)
    if "n't" in target or "n’t" in target:
        return min((word for word in target_words if word.endswith(("n't", "n’t"))), default="")
    return ""
