"""What boilerplate looks like by its form alone: one pattern a kind of line, for whole lines.

Precision goes before recall: a line of more than ``_LONGEST`` characters, or one in which a rule finds
running text, is no rule's. The line labeller weighs what the rules say with all else that it sees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from service.intake.lines import RULE_KINDS

_LONGEST = 300

# Parts of the rules: "Nov", "November"; "Jum'at"; "pukul 19.05 WIB"; "Senin, 23/11/2026".
_MONTH = r"(?:jan|feb|mar|apr|mei|may|jun|jul|agu|aug|sep|okt|oct|nov|des|dec)[a-z]{0,6}"
_DAY = r"(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)"
_CLOCK = r"(?:pukul\s)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?(?:wib|wita|wit|gmt\s?\+?\d?))?"
_DATE = rf"(?:{_DAY},?\s?)?\d{{1,2}}[\s/-](?:\d{{1,2}}|{_MONTH})[\s/-]\d{{2,4}}"
# "Diperbarui: ", "Terbit ", "Kompas.com - ".
_LABEL = (
    r"(?:(?:diperbarui|diterbitkan|dipublikasikan|terbit|tayang|update)\s?:?\s"
    r"|[\w.]{2,30}(?:\s[\w.]{2,15})?\s?[-–|,]\s?)"
)
# Where a page is shared to; "x" and "line" are words too, so one alone does not count (judge.py).
_NETWORK = (
    r"(?:facebook|twitter|whatsapp|telegram|line|linkedin|pinterest|e-?mail|instagram|tiktok|youtube|threads|x"
    r"|bagikan(?:\sartikel)?(?:\sini)?|share(?:\sthis)?|salin\s(?:link|tautan)|copy\slink|link|cetak|print|simpan)"
)
_AGENCY = (
    r"(?:antara|reuters|afp|ap|epa|xinhua|getty\simages|shutterstock|unsplash|kompas\.com|tempo|detikcom)"
)
_CREDIT = (
    r"(?:(?:foto|gambar|ilustrasi|dok\.?|dokumentasi|istimewa)\b[^()\[\]]*"
    rf"|{_AGENCY}(?:\sfoto)?/[^()\[\]]*)"
)
# No sentence ends inside the line: what follows is one headline or caption.
_ONE = r"(?!.*\w{4}[.]\s(?-i:[A-Z]))"
_NAME = r"(?:[A-Z][\w.'’-]*|dan|bin|binti)"

# What is boilerplate and why; each pattern must match a whole line. Case is ignored
# except where ``(?-i:`` asks for capitals.
_RULES = (
    ("read-also", rf"(?:baca|(?:baca|lihat|simak)[ _](?:juga|pula|selengkapnya))\s?:{_ONE}.*(?<![.])"),
    (
        "read-also",
        r"[(\[*]{1,2}\s?(?:baca|lihat|simak)[ _](?:juga|pula)\b"
        r"[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)?[)\]*]{1,2}",
    ),
    ("read-also", r"(?:baca|lihat)\s(?:juga|selengkapnya)(?:\sartikel\slainnya)?"),
    ("advertisement", r"\W{0,3}(?:advertisement|advertorial|iklan|sponsored|pasang\siklan)\W{0,3}"),
    (
        "advertisement",
        r"(?:advertisement\W{1,3})?(?:(?:scroll|gulir|geser)\s(?:ke\sbawah\s)?(?:to|untuk)\s(?:continue|resume|melanjutkan|lanjut)\b).{0,40}",
    ),
    ("advertisement", r"(?:lanjutkan|teruskan)\smembaca(?:\sartikel)?(?:\sdi\sbawah)?(?:\sini)?"),
    ("caption", r"(?:info|keterangan)\sgambar(?:\sutama)?"),
    (
        "byline",
        r"(?:penulis|editor|reporter|wartawan|pewarta|kontributor|redaktur|fotografer|penyunting|penerjemah|oleh|"
        rf"laporan)(?:\s?/\s?\w+)?\s?[:|]\s?(?-i:{_NAME}(?:[ ,/&|]{{1,3}}{_NAME}){{0,8}})",
    ),
    ("initials", r"[(\[](?-i:[a-z]{2,6}|[A-Za-z]{2,8}(?:[/-][A-Za-z]{2,8}){1,3})[)\]]"),
    (
        "published-in",
        r"(?:artikel|berita|tulisan)\s(?:ini|asli)\s(?:(?:telah|sudah|pernah|pertama\skali)\s){0,2}"
        r"(?:tayang|terbit|dimuat|diterbitkan|dipublikasikan|ditayangkan)\b.*",
    ),
    ("follow", r"(?:cek|baca|dapatkan|ikuti|simak|temukan)\b.{0,120}\bgoogle\snews\b.{0,60}"),
    (
        "follow",
        r"(?:ikuti|(?:mari\s|yuk,?\s|ayo\s)?(?:ber)?gabung|follow|subscribe|langganan)\b.{0,80}"
        r"\b(?:saluran|channel|kanal|grup|akun|media\ssosial|newsletter)\s(?:resmi\s)?"
        r"(?:whatsapp|telegram|instagram|youtube|kami)\b.{0,160}",
    ),
    (
        "follow",
        r"dapatkan\s(?:update|breaking\snews|informasi\sterkini|berita\s(?:pilihan|terkini|terbaru|update)|newsletter)"
        r"\b.{0,200}",
    ),
    ("follow", r"(?:download|unduh)\saplikasi\s\S+\s(?:sekarang|di\s(?:sini|play\sstore|app\sstore)).{0,80}"),
    ("report", r"laporkan\s(?:tulisan|artikel|konten|komentar|kesalahan|iklan)(?:\sini)?"),
    (
        "tags",
        r"(?:tags?|tagar|topik|kata\skunci|topik\sterkait)\s?:.{0,200}(?<![.])|(?:tags?|tagar|kata\skunci)",
    ),
    ("tags", r"(?:#\w+[\s,]*+){1,20}"),
    (
        "navigation",
        r"(?:(?:berita|artikel|topik|video|foto)\s(?:terkait|lainnya|terpopuler|populer|pilihan)|terpopuler"
        r"|rekomendasi\suntuk\s(?:anda|kamu)|lihat\s(?:semua|foto)|tampilkan\ssemua|show\sall|perbesar|next|prev"
        r"|previous|(?:halaman|berita|artikel)\s(?:selanjutnya|berikutnya|sebelumnya)|halaman\s?:?(?:\s?\d{1,2}){1,9})",
    ),
    ("share", rf"(?:{_NETWORK}[\s|,:•·/-]*+){{1,12}}"),
    (
        "copyright",
        r"(?:copyright|hak\scipta|©|\(c\))\s?(?:©|\(c\)|dilindungi|\d{4}).{0,160}|.{0,60}all\srights\sreserved.{0,40}"
        r"|dilarang\s(?:keras\s)?(?:mengambil|menyalin|mengutip|menyebarluaskan)\b.{0,200}\btanpa\sizin\b.{0,80}",
    ),
    (
        "caption",
        rf"(?:foto|gambar|ilustrasi|keterangan\sfoto|infografis|grafis)(?:\silustrasi)?\s?[:/]{_ONE}.*",
    ),
    ("caption", rf"[(\[]\s?{_CREDIT}[)\]]|{_AGENCY}(?:\sfoto)?/(?-i:{_NAME})(?:\s(?-i:{_NAME})){{0,4}}"),
    (
        "caption",
        r"[^.\"“”]{1,200}[.]?\s?[(\[]\s?(?:foto|dok\.?|antara\sfoto)\b\s?[:/.\s][^()\[\]]{1,80}[)\]][.]?",
    ),
    (
        "timestamp",
        rf"(?:{_LABEL}{_DATE}(?:\s?[-–|,]?\s?{_CLOCK})?|{_DATE}\s?[-–|,]?\s?{_CLOCK})(?:\s[-–|]\s.{{1,20}})?",
    ),
    ("timestamp", r"\d{1,2}\s(?:detik|menit|jam|hari|minggu|bulan)\s(?:yang\s)?lalu"),
    (
        "reading-time",
        r"(?:(?:waktu|estimasi|lama)\s(?:mem)?baca\s?:?\s)?\d{1,3}\s(?:menit|min)\s(?:mem)?(?:baca|read)"
        r"|(?:waktu|estimasi|lama)\s(?:mem)?baca\s?:?\s\d{1,3}\smenit",
    ),
    (
        "comments",
        r"(?:\d[\d.]{0,8}\s)?(?:komentar|comments?|views|kali\sdibaca)(?:\s?\(\d+\))?|(?:tulis|lihat|beri|kirim)\s"
        r"(?:semua\s)?komentar(?:\s(?:anda|kamu|\(\d+\)))?|belum\sada\skomentar|dibaca\s\d[\d.]{0,8}\skali",
    ),
    ("video", r"\[gambas:[^\]]{1,80}\]|\[video[^\]]{0,120}\]"),
    (
        "video",
        rf"(?:simak|saksikan|tonton|lihat)(?:\sjuga)?\svideo\b{_ONE}.{{0,160}}"
        r"(?:(?:berikut|di\sbawah|pilihan|di\ssini|selengkapnya)(?:\sini)?[.:]?|[:\"'”’])",
    ),
    ("breadcrumb", r"(?:home|beranda)\s?(?:[>›»/|]\s?[\w\s&.-]{1,60}){1,5}"),
)

# Lines that only a page has and that the labeller was not taught to weigh: closing notes, paging, offers.
_PAGE_ONLY = (
    (
        "note",
        r"(?:artikel|tulisan|informasi|konten|berita)\sini\s(?:bukan|tidak)\s(?:merupakan\s|bertujuan\s|dimaksudkan\s)?"
        r".{0,40}(?:nasihat|saran|ajakan|mengajak|rekomendasi|pengganti|diagnosis)\b.{0,200}",
    ),
    ("note", r"(?:disclaimer|penafian|penyangkalan|catatan\s(?:redaksi|editor))\s?:.*"),
    (
        "note",
        r"(?:seluruh|segala|semua)\s(?:isi|informasi|konten|materi)\b.{0,80}\b(?:semata-mata|bersifat\sumum)\b.{0,200}",
    ),
    (
        "note",
        r"(?:identitas|nama)\s.{2,60}\s(?:disamarkan|dirahasiakan)\b.{0,80}",
    ),
    ("note", r"(?:narahubung|kontak)\smedia\s?:?.{0,120}"),
    (
        "copyright",
        r"dilarang\s(?:keras\s)?(?:memakai|menggunakan|memuat|menyalin|mengutip|memperbanyak)\b.{0,120}"
        r"\btanpa\s(?:izin|lisensi|persetujuan)\b.{0,80}",
    ),
    (
        "published-in",
        r"(?:percakapan|wawancara|laporan|esai|cerita|naskah)\sini\s(?:(?:telah|sudah|pernah|pertama\skali)\s)?"
        r"(?:terbit|dimuat|diterbitkan|dipublikasikan)\s(?:di|dalam|pada)\b.{0,120}",
    ),
    (
        "note",
        r"pernyataan\sketerbukaan|[^.]{3,100}\stidak\sbekerja,\smenjadi\skonsultan,\smemiliki\ssaham\b.{0,220}",
    ),
    (
        "newsletter",
        r"(?:kamu|anda)\smenerima\s(?:surat|surel|e-?mail|pesan|buletin)\sini\skarena\b.{0,160}"
        r"|(?:[^.]{0,60}\W)?berhenti\sberlangganan\W{0,3}",
    ),
    ("note", r"tentang\s(?:pt|cv|yayasan|koperasi|perusahaan|perum|grup)\s[^.]{2,60}"),
    ("note", r"pernyataan\s(?:berwawasan|melihat|yang\sberorientasi)\ske\s(?:masa\s)?depan"),
    (
        "comments",
        r"(?:tulis|tinggalkan|tambahkan)\s(?:komentar|jejak|balasan)(?:\s(?:mu|anda|kamu))?(?:\sdi\ssini)?\W{0,3}",
    ),
    ("comments", r"thread\s(?:sudah\s)?(?:digembok|ditutup|terkunci)|post\s?:\s?[\d.]{1,9}"),
    ("share", r"(?:sebarkan|bagikan)\b[^.]{0,30}:"),
    ("note", r"untuk\sinformasi\slebih\slanjut,?\s(?:silakan\s)?hubungi\b.{0,120}"),
    ("note", r"wallahu\sa['’‘]?lam(?:\sbis?h?[\s-]?shaw?w?ab)?\W{0,3}"),
    ("note", r"versi\sbahasa\s\w{4,12}\s.{0,60}mesin\spenerjemah\b.{0,120}"),
    ("note", r"redaksi\smenerima\s(?:naskah|tulisan|artikel|kiriman|opini)\b.{0,160}"),
    ("note", r"sumber\s?:\s?(?-i:[A-Z])[^.:]{1,60}"),
    ("advertisement", r"(?:langganan|berlangganan|konten)\spremium\b.{0,120}|iklan\sbaris\s?:.*"),
    (
        "control",
        r"lanjut\ske\shalaman\s\d{1,2}\b.{0,60}|lanjut\s?[→»>]|[←«<]\s?(?:mundur|sebelumnya|kembali)",
    ),
    (
        "control",
        r"(?:kembali\s)?ke\satas\W{0,3}|dengan\smelanjutkan,\sanda\smenyetujui\b.{0,40}\bcookies?\b.{0,60}",
    ),
    ("control", r".{0,40}\bdiberdayakan\soleh\s(?:blogger|wordpress)\W{0,3}"),
    ("copyright", r"©.{1,60}(?:19|20)\d\d\b.{0,120}"),
    ("related", r"(?:liputan|berita|artikel|kabar)\slain(?:nya)?"),
    (
        "read-also",
        rf"(?:mungkin\s(?:kamu|anda)\ssuka|klik\sdi\ssini\suntuk\sbaca|juga\sdi\s[\w.]{{2,20}}(?:\s[\w.]{{2,20}})?)"
        rf"\s?:{_ONE}.*(?<![.])",
    ),
    (
        "caption",
        rf"{_ONE}.{{10,280}}?\s[(\[](?:unsplash|pexels|pixabay|freepik|shutterstock|istock|getty\simages|afp|epa|epa-efe|reuters"
        r"|istimewa|ist)(?:/[\w .'’-]{2,40})?[)\]][.]?",
    ),
    ("caption", rf"(?:grafik|diagram|peta)\s?:{_ONE}.*"),
    ("caption", r"[^.\"“”]{10,220}[.]\s(?:sumber\s)?(?:foto|dok)\s?[:/]\s?[^.\"“”]{2,60}"),
    (
        "timestamp",
        rf"(?:dipublikasikan|diunggah|diposting|diterbitkan|terbit|tayang|diubah|pembaruan\sterakhir|posted\son)"
        rf"(?:\spada)?\s?:?\s(?:{_DATE}|{_CLOCK})(?:,?\s(?:pukul\s|jam\s)?{_CLOCK})?",
    ),
    ("timestamp", rf"(?:baru\ssaja|barusan|(?:kemarin|hari\sini),?\s{_CLOCK})"),
    ("comments", r"(?:hits|views|dilihat|dibaca|pembaca)\s?:?\s?\d[\d.,]{0,9}\s?[kK]?(?:\skali)?"),
    (
        "byline",
        r"(?:naskah|teks|kata|peliput|liputan|writer|uploader|pengunggah|publisher|pengirim|juru\skamera|kamerawan"
        rf"|video\seditor|penulis\snaskah|penyelaras\sbahasa)(?:\s(?:&|dan)\s\w+)?\s?:\s?"
        rf"(?-i:{_NAME}(?:[ ,/&|]{{1,3}}{_NAME}){{0,6}})",
    ),
    ("tags", r"(?:category|categories|tagged|posted\sin)\s?:\s?[^.:]{1,120}"),
    (
        "control",
        r"(?:seberapa|apakah)\s(?:(?:bermanfaat|membantu|berguna)\s)?(?:artikel|informasi|tulisan|ringkasan)\sini\b"
        r".{0,40}\?",
    ),
    ("advertisement", r"(?:artikel\s)?(?:ber)?lanjut(?:kan)?\s(?:mem)?(?:baca\s)?[^.]{0,24}\biklan\b.{0,20}"),
    (
        "advertisement",
        r"(?:iklan\ssela|konten\sber(?:sponsor|bayar))\b.{0,100}|\W{0,3}iklan\s(?:atas|bawah)\W{0,3}",
    ),
    ("note", r"dokumen\sini\s(?:hanya|dicetak)\b.{0,100}|halaman\s\d{1,2}\sdari\s\d{1,2}"),
    ("note", r"(?:belum|tidak)\sada\s(?:agenda|data|pengumuman)"),
    (
        "copyright",
        r".{0,60}\b(?:diberdayakan|ditenagai|dikembangkan|powered)\s(?:oleh|by)\s\S{2,20}(?:\s\S{2,20}){0,2}"
        r"|(?:theme|tema)\s?:.{1,60}",
    ),
    ("control", r"(?:blog|situs)\s(?:pada|di)\sword\w{3,9}(?:\.com)?\W{0,2}"),
    (
        "share",
        r"salin\stautan(?:\skiriman)?|(?:bagikan|sebarkan)\s(?:kiriman|berita|artikel|pembaruan)(?:\sini)?",
    ),
    ("summary-box", r"(?:poin\sutama|pokok\sberita|intisari|ringkasan\s(?:singkat|ai|berita))"),
    (
        "caption",
        r"(?:dok\.|dokumentasi)\s(?:biro|humas|pribadi|istimewa|pemkot|pemkab|pemprov|polri|polda|polres)\b[^.]{0,60}",
    ),
)


_PAGE_ONLY_RULES = re.compile(
    "|".join(f"(?P<r{i}>{rule})" for i, (_, rule) in enumerate(_PAGE_ONLY)), re.IGNORECASE
)


@cache
def _rules() -> re.Pattern[str]:
    """Return all rules as one pattern; the name of the group that matched is the rule's place in the
    table.
    """
    # The first rule that fits wins. No rule may have a named group, which lastgroup would name instead.
    return re.compile("|".join(f"(?P<r{i}>{rule})" for i, (_, rule) in enumerate(_RULES)), re.IGNORECASE)


def rule_flags(lines: Sequence[str]) -> NDArray[np.float32]:
    """Return which rule's kind each line has: (lines, kinds that rules know)."""
    flags = np.zeros((len(lines), len(RULE_KINDS)), dtype=np.float32)
    for i, line in enumerate(lines):
        if kind := rule_of(line):
            flags[i, RULE_KINDS.index(kind)] = 1
    return flags


@lru_cache(4096)
def rule_of(line: str) -> str:
    """Return why ``line`` is boilerplate by its form alone, or nothing."""
    if len(line) > _LONGEST or not (found := _rules().fullmatch(line)):
        return ""
    return _RULES[int((found.lastgroup or "")[1:])][0]  # "r12" is rule 12


@lru_cache(4096)
def page_only(line: str) -> str:
    """Return why ``line``, on a page, is boilerplate by its form alone; empty if no rule knows it."""
    if len(line) > _LONGEST or not (found := _PAGE_ONLY_RULES.fullmatch(line)):
        return ""
    return _PAGE_ONLY[int((found.lastgroup or "")[1:])][0]
