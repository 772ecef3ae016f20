"""What marks a name in Indonesian news: offices and places with their English, heads, honorifics, cues.

Offices and places are in ``prompts/lexicon``; organisations that have a name of their own in English are
in the glossary.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from service.text.words import listed

# All tables are in small letters, as the words are compared.
ORGANISATION_HEADS = listed(
    """
    pt cv ud tbk universitas institut politeknik akademi sekolah sman smkn smpn sdn sma smk smp madrasah
    pesantren partai kementerian kementrian komisi badan dinas direktorat bank polda polres polresta
    polrestabes polsek kejaksaan pengadilan mahkamah klub persatuan perhimpunan ikatan asosiasi federasi
    yayasan lembaga dewan majelis rsud rsup rs puskesmas kodim koramil kodam lanud lanal satpol kpu
    bawaslu pemkab pemkot pemprov kantor fakultas koperasi forum aliansi serikat perum perumda pdam bumd
    satgas densus bareskrim brigade himpunan departemen gerakan organisasi sekretariat pengurus perusahaan
    """
)
ORGANISATION_ENDS = listed(
    """
    fc afc united city group league club racing awards award world show university bank motors motor
    airlines airways media news tv pictures games inc ltd corp company foundation council agency institute
    association center centre studio records entertainment energy indonesia tbk insider times post cup
    series championship
    """
)
"""The last word of what is no person: clubs, companies, cups."""
PLACE_HEADS = listed(
    """
    kabupaten kota kecamatan kelurahan desa dusun kampung provinsi pulau kepulauan gunung jalan jl jln
    sungai danau pantai bandara stasiun pelabuhan pasar terminal stadion masjid gereja pura candi selat
    laut teluk tanjung tpu hotel mal plaza taman waduk bendungan gang perumahan tol simpang alun-alun
    gelora istana gedung rumah rt rw blok wisma monumen museum hutan lembah bukit samudra samudera
    """
)
HONORIFICS = listed(
    """
    pak bu ibu bapak mas mbak kang gus ning habib ustaz ustad ustadz kiai kyai kh h hj dr drg prof ir drs
    dra haji hajah tuan nyonya nona tn ny sdr jenderal letjen mayjen brigjen kolonel letkol mayor kapten
    lettu letda komjen irjen kombes akbp kompol akp iptu ipda aiptu aipda bripka bripda briptu brigadir
    laksamana marsekal laksma marsma pol purn bung raden ra rm mr mrs ms sir tgh tengku datuk pendeta romo
    pastor suster komisaris ajun inspektur sersan serka serda praka pratu kopral pelda peltu
    """
)
SPEECH = listed(
    """
    kata katanya ujar ucap tutur jelas tegas imbuh tambah papar sebut ungkap terang tukas lanjut cetus
    sambung beber pungkas tandas aku menurut bernama diinisial inisial
    """
)
PLACE_CUES = listed("di ke asal kawasan wilayah daerah pesisir perairan warga")
SECOND_NAMES = listed("muhammad mohammad muhamad mohamad ahmad achmad abdul abdur nur")
"""Given names that stand behind another as often as before: *Laode Muhammad Syarif*."""
WORDS_AND_NAMES = listed(
    """
    surya bunga putra putri bintang fajar bagus sari melati mutiara permata iman imam guruh topan badai
    samudra samudera puji bakti cinta kasih damai jaya panca catur sinar anugerah amanah raja sultan
    lintang elok bulan berlian perdana cahaya suci sentosa laksana
    """
)
"""Ordinary words that people are called by: behind an office they are somebody."""
PARTICLES = listed("bin binti al el de van von der da dos ibn")
NO_NAME = listed(
    """
    wib wita wit ktp sim km cm mm kg rp usd idr covid sk ii iii iv vi vii viii ix xi xii hp tv ac cctv sms
    pdf qr pilkada pilpres pemilu pileg apbn apbd umkm asn pns bbm lpg sdm ham hut ktt bumn ump umr phk
    psbb ppkm tps dpt nik sp npwp kuhp kuhap uu ruu perppu pp perda permen perpres inpres keppres am pm ai it
    vs cpns pppk thr bpkb stnk bansos esai news foto doc dok islam muslim muslimah hindu kristen katolik
    buddha protestan ls lu bt bb ll mh sh se st spd mm mkes msi sos stp
    """
)
"""Words with a capital that name neither somebody nor a body: units, laws, faiths, degrees."""

INITIAL_WORDS = listed(
    """
    yang dan di ke dari pada untuk dengan dalam oleh ini itu hal dia ia kami kita mereka saya anda aku
    beliau namun tetapi tapi atau jika kalau bila karena sebab agar supaya sejak setelah sebelum saat
    ketika sementara selain sedangkan adapun menurut sebagai seperti bahkan juga tidak tak bukan belum
    sudah telah akan para semua setiap seorang sebuah beberapa banyak ada apa siapa bagaimana mengapa
    kenapa kapan meski meskipun walau walaupun sehingga hingga sampai kemudian lalu selanjutnya sebelumnya
    padahal jadi hanya masih lebih bagi berikut terkait tentang antara usai atas kata ujar adalah demikian
    sebaliknya pihak salah satu dua tiga empat lima enam tujuh delapan sembilan sepuluh rencananya
    akhirnya selama begitu alasannya pasalnya kini kemarin besok nanti tadi bisa dapat harus boleh perlu
    jangan mari ayo sang si tersebut tanpa terhadap serta maupun yakni yaitu hari tahun bulan minggu pekan
    jumlah kasus korban warga petugas polisi pemerintah pelaku tim salah kejadian harga mulai maka pun
    bahwa sekitar kurang hampir total rapat kisah festival piala liga operasi program nakhoda departemen
    seri edisi babak final musim kuartal semester ajang acara kegiatan kelas grup almarhum almarhumah
    video gelar staf kontrak
    """
)
"""Words that open a sentence with a capital and are no name."""


ENGLISH_NAMES = {"fransiskus": "francis", "benediktus": "benedict", "yesus": "jesus", "muhamad": "muhammad"}
"""Names that English spells otherwise."""


@lru_cache(maxsize=1)
def offices() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Return the words of each office and what English calls it."""
    return {tuple(name.split()): english for name, english in _table("office-names.tsv").items()}


@lru_cache(maxsize=1)
def places() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Return the words of each place and its English names, its own where they do not differ."""
    return {
        tuple(name.replace("-", " ").split()): english or (name,)
        for name, english in _table("places.tsv").items()
    }


@lru_cache(maxsize=1)
def longest() -> Mapping[str, int]:
    """Return, for each word that begins a place or office, the words of the longest one."""
    sizes: dict[str, int] = {}
    for name in (*offices(), *places()):
        sizes[name[0]] = max(len(name), sizes.get(name[0], 0))
    return sizes


def _table(name: str) -> dict[str, tuple[str, ...]]:
    text = (files("prompts") / "lexicon" / name).read_text("utf-8")
    rows = (line.split("\t") for line in text.rstrip("\n").split("\n")[1:])  # without the head
    return {row[0]: tuple(filter(None, row[1].split("|"))) for row in rows}
