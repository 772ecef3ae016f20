"""Whether an Indonesian sentence says that something happens: has it a verb, or what stands for one?

A subhead, a caption and a label have none; a brief takes no such line.
"""

from __future__ import annotations

import re

from service.text.words import listed

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# Prefixed verbs: mengatakan, berlangsung, ditangkap, terjadi, and those of speech that lose their prefix.
_PREFIXED = re.compile(r"(?:meng?|mem|men|meny|me|ber|be|di|ter|memper|diper|ku|kau)[a-z]{3,}")
# Verbs without a prefix, as in orders and headlines: *umumkan*, *tetapkan*.
# Not those with -i: too many nouns end so, *polisi*, *kopi*, *ekonomi*.
_SUFFIXED = re.compile(r"[a-z]{4,}kan(?:nya|lah)?")
# What begins like a prefixed verb and is none.
_NO_VERBS = listed(
    """
    menteri menit meter mentah mentari merah merek mereka mesin mesjid metode metro media medan menu
    mental merdeka berita beras berat berlian bersih bersama berbagai beberapa besar besok beda bebas
    bekas belas benar bencana benda bendera benih bensin bentuk berapa beranda berkas berkah berikut
    berbeda diri dinas dini dinding direktur direktorat disiplin distrik divisi digital dialog diskusi
    diplomat diploma dinamika dimensi diet terang teras terapi terhadap terkait terlalu termasuk terminal
    teror terus tersebut terbaru terbaik terbesar tertentu tertinggi teratas terakhir dirinya diameter
    diagnosis diaspora dilema memang memori member bermacam bersamaan berturut-turut
    """
)
_ROOTS = listed(
    """
    ada adalah ialah akan telah sudah sedang tengah masih pernah belum tidak tak bukan bisa dapat harus
    wajib boleh perlu mau ingin hendak kata ujar ucap tutur jelas tegas imbuh tambah papar sebut ungkap
    terang naik turun jatuh tewas meninggal mati lahir hidup tinggal datang tiba pergi pulang kembali
    masuk keluar lolos kalah menang unggul gagal mundur maju minta tolak terima terus mulai selesai
    rampung usai buka tutup tutupnya jadi punya tahu paham yakin percaya harap hadir ikut tampil duduk
    main makan minum tidur bangun pecah roboh ambruk hilang tenggelam terbit lewat sampai hancur rusak
    rugi untung luka sakit sembuh tumbuh surut siap setuju sepakat ganti pindah pakai bawa ambil beri
    kirim jual beli bayar cari temukan kena butuh mampu sempat laku positif hamil nikah cerai resmi layak
    mesti cukup lebih kurang boleh dilarang imbau desak dukung minta raih cetak bentuk gelar tetap
    """
)


def has_verb(sentence: str) -> bool:
    """Return whether any word of an Indonesian sentence is a verb, an auxiliary or a predicate of its own."""
    words = [word.lower() for word in _WORD.findall(sentence)]
    return any(map(is_verb, words))


def is_verb(word: str) -> bool:
    """Return whether a lower-cased word is one."""
    return word in _ROOTS or word.removesuffix("nya").removesuffix("lah") in _ROOTS or is_derived(word)


def is_derived(word: str) -> bool:
    """Return whether a lower-cased word is a verb by its prefix or ending; *gelar* may be a noun as well."""
    if word in _NO_VERBS:
        return False
    return bool(_PREFIXED.fullmatch(word) or _SUFFIXED.fullmatch(word))
