"""How well and how fast sentences are found, beside what else is on PyPI.

Run as ``python -m eval.bench.segmenter [--json FILE]``. Three measures, the same work for all:
sentence boundaries inside the paragraphs of IndoSum's dev folds (Kurniawan & Louvan 2018),
the Indonesian :data:`TRAPS`, and sentences a second on the same text.

IndoSum holds tokens, so the text is rebuilt first, without a look at the gold sentences
(:func:`detokenise`). A boundary is the number of characters other than white space before
it, so a wrong guess about a space cannot hurt a splitter. Paragraph ends are not counted:
every splitter gets them for nothing. The gold itself is close to what NLTK's Punkt puts out
(untrained Punkt has a recall of 0.999), slips included: hence a second score, see
:func:`corrected`.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from service.text.segment import split

Splitter = Callable[[str], Sequence[str]]
Paragraph = list[list[str]]

# Beside the repository, not in it.
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "indosum.dev.jsonl.xz"
# Indonesian traps, written for this project: a boundary is the ``¦`` that stands for the text's space.
TRAPS = (
    "Albumnya ialah Terbang Lagi! (2002) dan Pulang (2009).¦Keduanya laris.",
    "Pasien itu dirawat oleh dr. Ratih Permata sejak Senin.¦Kondisinya membaik.",
    "Menurut drg. Seno Aji, gigi susu perlu dirawat.¦Orang tua sering lupa.",
    "Sapi itu diperiksa drh. Wulan Sari.¦Hasilnya negatif.",
    "Ahli gempa Prof. Dr. Ir. Bambang Wicaksono hadir.¦Ia membawa data baru.",
    "Jalan Ir. H. Djuanda ditutup.¦Warga memutar.",
    "Rombongan dipimpin H. Muslih dan Hj. Aminah.¦Mereka tiba Kamis.",
    "Doa dipimpin K.H. Zainal Arifin.¦Ribuan orang datang.",
    "Ulama KH. Sholeh Darat lahir di Jepara.¦Muridnya banyak.",
    "Kuasa hukum Sari Dewi, S.H. mengajukan banding.¦Sidang ditunda.",
    "Kuasa hukumnya adalah Sari Dewi, S.H.¦Sidang ditunda dua pekan.",
    "Dosen itu, Agus Priyono, M.Si. Ph.D. menolak hadir.¦Rapat tetap jalan.",
    "Ia kini bergelar M.Hum.¦Skripsinya soal wayang.",
    "PT. Angin Ribut Jaya merugi.¦Sahamnya turun.",
    "Kontraktornya CV. Karya Lestari dari Solo.¦Proyek molor.",
    "Laba PT Samudra Tbk. (SMDR) naik.¦Dividen dibagikan Juni.",
    "Kontrak dimenangkan PT Baja Utama Tbk.¦Nilainya belum diumumkan.",
    "Kantor di Jl. Merpati No. 12 itu sepi.¦Pintunya terkunci.",
    "Ia tinggal di Jln. Kenanga Gg. Buntu Kel. Sukamaju Kec. Cilodong.¦Rumahnya kecil.",
    "Harganya Rp. 15.000 per kilo.¦Pembeli mengeluh.",
    "Surat tgl. 5 Mei itu hilang.¦Polisi mencari.",
    "Lihat hlm. 27 buku itu.¦Isinya lengkap.",
    "Kutipan ada di hal. 14 dan 15.¦Penerbit membantah.",
    "Kami membahas banyak hal.¦Semuanya penting.",
    "Mereka menjual beras, gula, dll.¦Harga stabil.",
    "Mereka menjual beras, gula, dll. dengan harga lama.¦Stok aman.",
    "Cabai, bawang, dsb.¦Mahal semua, kata pedagang.",
    "Gol dicetak Bima dkk.¦Pelatih puas.",
    "Bima dkk. menang telak.¦Pelatih puas.",
    "Surat itu ditandatangani a.n. Gubernur.¦Isinya singkat.",
    "Kantor buka Senin s.d. Jumat.¦Sabtu libur.",
    "Ia menunjuk Plt. Kepala Dinas.¦Pelantikan besok.",
    "Pangkatnya Kol. Inf. Suryadi.¦Ia pindah ke Ambon.",
    "Letjen. Hasan dan Brigjen. Pol. Tono hadir.¦Acara lancar.",
    "Novel karya J. K. Rowling laris.¦Stok habis.",
    "Novel karya J.K. Rowling laris.¦Stok habis.",
    "Lagu W.R. Supratman diputar.¦Hadirin berdiri.",
    "Jenderal A. H. Nasution lahir di Kotanopan.¦Ia wafat tahun 2000.",
    "Joko W. Santoso terpilih lagi.¦Suaranya 61 persen.",
    "Jeruk kaya vitamin C.¦Buah ini murah.",
    "Anaknya duduk di kelas A.¦Gurunya ramah.",
    "Indonesia masuk Grup B.¦Lawannya berat.",
    "Penderita hepatitis B.¦Dia dirawat.",
    "Idulfitri jatuh pada 1 Syawal 1445 H.¦Pemerintah menetapkannya kemarin.",
    "Ia bekerja di Washington, D.C.¦Namun keluarganya di Bogor.",
    "Kapal U.S. Navy bersandar di Benoa.¦Awaknya turun.",
    "Nilainya 1.000,5 ton.¦Angka itu naik.",
    "Laga dimulai pukul 22.30 WIB.¦Tiket habis.",
    "Laga dimulai pukul 22.30.¦Tiket habis.",
    "Inflasi tercatat 2,75 persen.¦Bank sentral tenang.",
    "Panjangnya 3,5 meter.¦Lima lainnya rusak.",
    "JAKARTA, KOMPAS.com - Hujan turun deras.¦Jalan tergenang.",
    "Kunjungi situs Warta.co.id sekarang.¦Gratis.",
    "Pertemuan digelar Jumat (15/3).¦Hasilnya nihil.",
    "Pertemuan (Jumat, 15.3. Pukul 9) batal.¦Alasannya hujan.",
    "Lembaga itu (didirikan 1990. Berkantor di Medan) bubar.¦Asetnya disita.",
    "Ia menyebut [nama. Alamat] palsu.¦Polisi curiga.",
    "(Tanda kurung tak ditutup.¦Ini tetap terpisah.",
    '"Kami siap."¦Ia lalu pergi.',
    "“Kami siap.”¦Ia lalu pergi.",
    '"Kami siap," kata Rina.¦Ia lalu pergi.',
    '"Kamu siap?" tanya Rina.¦Tono mengangguk.',
    "“Awas!” teriak Rina.¦Tono menoleh.",
    '"Kami datang pagi.¦Kami pulang malam," kata Rina.',
    'Rina berkata, "Kami datang pagi.¦Kami pulang malam."¦Tono diam.',
    "'Kami siap.'¦Ia lalu pergi.",
    "Kalimat (dengan catatan.)¦Lalu kalimat lain.",
    "Kenapa begitu?!¦Tak ada yang tahu.",
    "Tunggu...¦Ada yang datang.",
    "Entah… mungkin besok.¦Kita lihat saja.",
    "Yahoo! Indonesia tutup.¦Pegawainya pindah.",
    "1. Siapkan beras.¦Dua kali cuci bersih.",
    "a. Fotokopi KTP wajib dibawa.¦Jangan lupa.",
    "II. Pendahuluan ditulis singkat.¦Bab ini penting.",
    "Ia memakai iPhone.¦iPhone itu baru.",
    "Warga antre.¦e-KTP belum jadi.",
    "Ia memilih nomor 7.¦Nomor itu menang.",
    "Ia lahir pada 1998.¦Ayahnya petani.",
    "Ia lahir pada 1998.¦17 tahun kemudian ia pergi.",
    "Dalam Vol. 3 No. 2 jurnal itu.¦Isinya menarik.",
    "Sdr. Tono dan Sdri. Rini menikah.¦Selamat.",
    "Yth. Bapak Lurah di tempat.¦Dengan hormat.",
    "Persib vs. Persija berakhir imbang.¦Penonton kecewa.",
    "Tim dipimpin Dr. H. Lalu Ahmad.¦Ia dari Mataram.",
    "Kombes Pol. (Purn.) Agus Salim hadir.¦Ia berpidato.",
    "Saksi itu berinisial M.¦Gadis itu menangis.",
    "Pasal 5 jo. UU No. 20 dipakai jaksa.¦Hakim setuju.",
    "Kab. Bandung dan Kec. Lembang banjir.¦Warga mengungsi.",
    "Hubungi Telp. 021-555 untuk memesan.¦Layanan gratis.",
    "Perusahaan Acme Inc. mengakuisisi Beta Ltd. tahun lalu.¦Nilainya rahasia.",
    "Aktor Bob Doe Jr. tiba.¦Penggemar bersorak.",
    "Ia berasal dari Kep. Seribu.¦Lautnya jernih.",
    "Ia mewakili Rep. Ceko tahun lalu.¦Timnya kalah.",
    "Rakernas dihadiri Drs. Mulyono, M.Pd., dan Dra. Endang.¦Rapat usai pukul 16.00.",
    "Harganya melonjak.¦kenaikan itu wajar.",
    "Ia pergi ke Gedung C.¦Saya menunggu di luar.",
    "Tulisan ini disunting ulang.¦(abc/def)",
)


@dataclass(frozen=True, slots=True)
class SplitterScores:
    """One splitter's figures; ``note`` says why there are none.

    ``f1`` is against the gold as it is, ``f1_corrected`` against :func:`corrected`.
    """

    name: str
    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0
    f1_corrected: float = 0.0
    traps: int = 0
    sentences_per_second: float = 0.0
    note: str = ""


def read_indosum(path: Path) -> list[Paragraph]:
    """Return every paragraph as its sentences as their tokens."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [paragraph for line in lines for paragraph in json.loads(line)["paragraphs"]]


def detokenise(tokens: Iterable[str]) -> str:
    """Return running text from spaCy-like tokens, blind to sentences.

    No space before ``,.;:?!)]}%”’»`` and after ``([{“‘«``; straight quotes open and close in
    turn; a hyphen or slash joins, except a hyphen before a capital (a dateline); white-space
    tokens become one space. Where the original had a space is not always known: ``S.p . A.``.
    """
    out: list[str] = []
    glue, open_quotes = True, set[str]()
    for word in tokens:
        if word.isspace() or not word:
            glue = glue or out[-1:] == [" "]
            continue
        before, after = _glued(word, open_quotes)
        if word == "-":
            before, after = True, True
        # ``Jakarta-Polisi`` would be one word; ``Jakarta - Polisi`` is how a dateline is written.
        elif out and out[-1] == "-" and word[0].isupper():
            out[-1] = " - " if out[-2:-1] else "- "
        if not (glue or before):
            out.append(" ")
        out.append(word)
        glue = after
    return "".join(out)


def _glued(word: str, open_quotes: set[str]) -> tuple[bool, bool]:
    """Return whether ``word`` clings to what stands before it, and to what comes after."""
    if word in {'"', "'"}:
        closing = word in open_quotes
        open_quotes.symmetric_difference_update(word)
        # A straight quote opens the first time and closes the second, and so on by turns.
        return closing, not closing
    if word == "/":
        return True, True
    return word[0] in ",.;:?!)]}%”’»" or word.startswith("'s"), word[-1] in "([{“‘«"


def _positions(pieces: Iterable[str]) -> set[int]:
    """Return boundaries between ``pieces``, in characters other than white space."""
    seen, total = set(), 0
    for piece in pieces:
        # In characters other than white space, so that a wrong guess of a space moves no boundary.
        total += len("".join(piece.split()))
        seen.add(total)
    # The ends of the paragraph are given to every splitter.
    return seen - {total, 0}


def boundary_scores(splitter: Splitter, paragraphs: Sequence[Paragraph]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the boundaries inside ``paragraphs``."""
    hits = found = gold = 0
    for paragraph in paragraphs:
        expected = _positions("".join(sentence) for sentence in paragraph)
        got = _positions(splitter(detokenise(t for sentence in paragraph for t in sentence)))
        hits, found, gold = hits + len(got & expected), found + len(got), gold + len(expected)
    precision, recall = hits / max(found, 1), hits / max(gold, 1)
    return precision, recall, 2 * hits / max(found + gold, 1)


def ours(text: str) -> list[str]:
    """Return the project's own splitter."""
    return [segment.text for segment in split(text).segments]


def corrected(paragraph: Paragraph) -> tuple[Paragraph, tuple[int, int, int]]:
    """Return ``paragraph`` without three systematic slips of the gold, and how often each was met.

    The gold ends a sentence after the number of a list item at the head of a paragraph,
    after a title or unit written short (``No. | 10``, ``PT. | Freeport``), and between a
    question in quotes and its speech tag (``"Kenapa?" | tanya dia``).
    """
    out: Paragraph = []
    slips = [0, 0, 0]
    for sentence in paragraph:
        kind = _slip(out[-1], sentence, first=len(out) == 1) if out and sentence else None
        if kind is None:
            out.append(list(sentence))
        else:
            out[-1].extend(sentence)
            slips[kind] += 1
    return out, (slips[0], slips[1], slips[2])


_SHORT = frozenset(
    {
        "dr.",
        "Plt.",
        "Ir.",
        "no.",
        "Sdr.",
        "Jend.",
        "HJ.",
        "PT.",
        "Rp",
        "Hj.",
        "No.",
        "H.",
        "Kab.",
        "Vol.",
        "drg.",
        "Rp.",
    }
)


def _slip(before: Sequence[str], after: Sequence[str], first: bool) -> int | None:
    # ``1.`` or ``12 .``
    if first and re.fullmatch(r"\d{1,3} ?\.", " ".join(before)):
        return 0
    if before[-1] in _SHORT or (before[-1] == "." and len(before) > 1 and before[-2] + "." in _SHORT):
        return 1
    # ``"Kenapa ?"`` before ``tanya dia``: a sentence does not begin in lower case here.
    quoted = before[-1] in {'"', "'"} and len(before) > 1 and before[-2] in {"?", "!", "."}
    return 2 if quoted and after[0][0].islower() else None


def _sentencex() -> Splitter:
    segment = import_module("sentencex").segment
    return lambda text: list(segment("id", text))


def _pysbd() -> Splitter:
    splitter: Splitter = import_module("pysbd").Segmenter(language="en", clean=False).segment
    return splitter


def _punkt() -> Splitter:
    splitter: Splitter = import_module("nltk.tokenize.punkt").PunktSentenceTokenizer().tokenize
    return splitter


def _wtpsplit() -> Splitter:
    model = import_module("wtpsplit_lite").SaT("sat-3l-sm")
    return lambda text: list(model.split(text))


# pysbd has no Indonesian; Punkt without its downloaded models knows no abbreviation.
SPLITTERS: dict[str, Callable[[], Splitter]] = {
    "warta": lambda: ours,
    "sentencex (id)": _sentencex,
    "pysbd (en)": _pysbd,
    "punkt (untrained)": _punkt,
    "wtpsplit-lite": _wtpsplit,
}


def measure(name: str, factory: Callable[[], Splitter], gold: Sequence[Paragraph]) -> SplitterScores:
    """Return one row; a peer that is not installed, or whose weights are not here, says so."""
    try:
        splitter = factory()
    except ImportError as problem:
        return SplitterScores(name, note=f"cannot be imported: {str(problem).splitlines()[0][:60]}")
    except OSError as problem:
        return SplitterScores(name, note=f"cannot load: {str(problem).splitlines()[0][:60]}")
    texts = [detokenise(t for sentence in paragraph for t in sentence) for paragraph in gold]
    # Processor time, so that other work on the machine counts for nothing.
    began = time.process_time()
    count = sum(len(splitter(text)) for text in texts)
    seconds = time.process_time() - began
    precision, recall, f1 = boundary_scores(splitter, gold)
    fixed = boundary_scores(splitter, [corrected(paragraph)[0] for paragraph in gold])[2]
    traps = sum(passes(splitter, trap) for trap in TRAPS)
    return SplitterScores(name, precision, recall, f1, fixed, traps, count / seconds)


def passes(splitter: Splitter, trap: str) -> bool:
    """Return whether ``splitter`` finds exactly the boundaries of ``trap``."""
    return [s.strip() for s in splitter(trap.replace("¦", " ")) if s.strip()] == trap.split("¦")


def main() -> None:
    """Print the table; ``--json`` also writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the rows there too")
    parser.add_argument("--data", type=Path, default=DATA, help="indosum.dev.jsonl.xz")
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        parser.error(f"there is no {arguments.data}")
    gold = read_indosum(arguments.data)
    slips = [sum(counts) for counts in zip(*(corrected(p)[1] for p in gold), strict=True)]
    print(f"{len(gold)} paragraphs; gold slips: list numbers, short words, speech tags = {slips}")
    print(f"{'':18} {'P':>7} {'R':>7} {'F1':>7} {'F1 corr':>8} {'traps':>8} {'sent./s':>9}")
    rows = [measure(name, factory, gold) for name, factory in SPLITTERS.items()]
    for r in rows:
        figures = f"{r.precision:7.4f} {r.recall:7.4f} {r.f1:7.4f} {r.f1_corrected:8.4f}"
        done = f"{figures} {r.traps:4}/{len(TRAPS)} {r.sentences_per_second:9,.0f}"
        print(f"{r.name:18} {r.note or done}")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
