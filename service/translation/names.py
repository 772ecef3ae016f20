"""Names that a translation lost, and countries that it brought in.

Most Indonesian words with a capital are no names but titles and institutions, which are translated. So a name is
reported only where nothing in the translation resembles any word of it, and the tables hold what changes spelling.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

# A country in Indonesian = its English name, people and adjectives.
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
arab saudi = saudi arabia arab arabian saudis arabs arabic
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
inggris britania english british = england english britain british uk briton britons
skotlandia = scotland scottish scots
irlandia = ireland irish
swedia = sweden swedish swedes
norwegia = norway norwegian norwegians
denmark = denmark danish danes dane
islandia = iceland icelandic
rusia soviet = russia russian russians soviet ussr
ukraina = ukraine ukrainian ukrainians
polandia kutub = poland polish poles
hongaria hungaria = hungary hungarian hungarians
swiss = switzerland swiss
kanada = canada canadian canadians
meksiko = mexico mexican mexicans
brasil brazil = brazil brazilian brazilians
argentina = argentina argentine argentinian
australia = australia australian australians aussie
amerika as = america american americans us u.s usa states
afrika = africa african africans
eropa ue = europe european europeans eu
ceko = czech czechia
kroasia = croatia croatian
maroko = morocco moroccan
aljazair = algeria algerian
siprus = cyprus cypriot
"""
# Words that names are made of and that English translates; a name that holds one of them is never reported.
_TRANSLATED = frozenset(
    """
    abad acara agung air akademi angin api aliansi alkitab anak anda anggota angkatan antariksa armada arktik asal asasi asosiasi asli atas
    ayah bab badai badan bagian bahan bahasa balai bandara bangsa bank berapi bapak barat baru batu bea bebas belahan
    benteng berita besar biro bintang bu buddha bukit bulan bumi bupati buruh bursa cagar cuaca cukai daerah daftar
    dana danau darat darurat dalam dataran data demokrat dewan dinas dingin direktorat direktur direksi divisi doktor
    dokter dolar dollar duta dunia ekonomi eksekutif elang emas empat fakultas fase filsafat gambar garis firaun forum gedung gelombang
    gereja gerakan gubernur gugus gunung gurun guru hakim hari hewan hijau hitam hukum hutan ia iblis ibu ikatan ilmu imlek
    indeks ini insinyur inspektur institut internasional itu jaksa jalan jaringan jenderal jembatan juara juru jumat
    jum'at kabinet kabupaten kaisar kamar kami kamis kanal kanselir kantor kapal kapolres kapolri kapten karibia kasus
    kastel katolik kawasan kebun kecamatan kejaksaan kelas kelautan kelompok kelurahan keluarga kemah kementerian
    kementrian kepala kepolisian kepulauan kerajaan keras kesehatan ketua keuangan kita klub koalisi kolonel komandan
    komisaris komisi komite komunikasi komunis komunitas konferensi kongres konservatif konstitusi kontak kopral koran
    korupsi kota krisis kristen kristus kuba kuil kutub lama langit lapangan laporan laut lautan layanan lembaga lembah
    lembar letnan liar liberal liga lima lintas listrik luar mahkamah majelis makam makanan malam mandarin
    manusia maritim markas masehi masjid masyarakat matahari mayor media melayu menara menteri merah mereka minggu
    minyak muda museum musim muslim nabi nasional natal negara negeri nomor nona novel nuklir ny nyonya obat oktober oposisi peta puncak pria tabel televisi udara tumbuhan tanaman kuda anjing kucing mobil kereta sepeda
    olahraga olimpiade operasi orang organisasi otoritas padang paduka pahlawan pajak pak palang palung panduan
    panglima pangeran pangkalan panitia pantai para paris parlemen partai pasal pasar pasukan paus pekan pekerjaan
    pelabuhan pelatih pemerintah pemerintahan pemilu pemuda pendeta pengadilan pengawas penjara penyakit perang
    perairan perbatasan perdana perguruan peristiwa perserikatan persatuan perunggu perusahaan pesawat pesta petugas
    piala pidana piramida pinggir polisi polres polda polsek pondok pos presiden profesor program prof propinsi protestan
    provinsi proyek pulau pusat putih putra putri rabu radio raja rakyat ratu raya rencana republik resmi richter rs
    rumah sabtu sakit saksi saluran salju samudera samudra santo sang satu saudara saya sd sejarah sekolah sekretaris
    selandia selasa selat selatan semenanjung semi senat senin senjata seni seperti sersan serikat setan siaran sidang
    siklon singa sipil smp sma smk sosial stasiun suci sultan sungai surat susu syariah syiah tahun taman tanah tanjung
    tari teater teknik teknologi teluk tengah tenaga tenggara tentara terminal terusan tiga tim timur tinggi tol tn
    tokoh tragedi tua tuan tuhan tugas ular umat umum undang undang-undang uni universitas utama utara utusan wakil
    waktu walikota wali wanita warisan wilayah wina wisata yahudi yayasan yang zaman
    apd asi balita bnpb bumn dpr dprd gbr gmt ham hiv aids hut imf indo ispa jakpus jaksel jaktim jakbar jateng jatim
    jabar diy dki kpai ktp ktt kuhp lsm lapas mpr napi ormas otg paud pbb pdb pemkab pemkot pemprov pilkada pilpres
    pmi pns polri ppkm psbb rt rw ruu sdm sim sm spbu tbc tk tki tkw tni tv uang umkm usd uu wib wit wita wna wni wfh
    ii iii iv vi vii viii ix xi xii
    ahad januari februari maret april mei juni juli agustus september november desember
    den haag moskow athena roma wina praha warsawa kairo beijing peking bolonia kopenhagen mekah makkah mekkah madinah
    yerusalem damaskus baghdad alpen mediterania himalaya atlantik pasifik hindia inggris
    """.split()
)


def _countries() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Indonesian name -> English words; English word -> Indonesian names."""
    ours: dict[str, frozenset[str]] = {}
    theirs: dict[str, frozenset[str]] = {}
    for row in _COUNTRIES.strip().split("\n"):
        names, english = (frozenset(side.split()) for side in row.split("="))
        ours.update(dict.fromkeys(names, english))
        theirs.update(dict.fromkeys(english, names | english))
    return ours, theirs


_COUNTRY, _ENGLISH_COUNTRY = _countries()
_DERIVED = re.compile(
    r"(?:ke|pe|per|pem|pen|peng|peny)\w{3,}an|(?:meng|meny|mem|men|me|ber|ter|di|se)\w{4,}|\w{5,}(?:nya|kan)|\w{4,}an"
)
_UPPER, _LETTER = "A-ZÀ-Þ", "\\w'’-"
_NAME = re.compile(rf"[{_UPPER}][{_LETTER}]+(?: [{_UPPER}][{_LETTER}]+)*")
# What stands before a capital that is the word's own, and not the sentence's or the quotation's.
_INSIDE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789,;")
_CONSONANTS = str.maketrans({"c": "k", "q": "k", "v": "w", "z": "s", **dict.fromkeys("aeiouyh")})
# After these stands a common noun or the name of an age, both of which English translates.
_COMMON_NEXT = ("para ", "kaum ", "zaman ", "masa ", "era ", "periode ")
_PARTS = re.compile(r"[ '’-]")
_HEADLINE = re.compile(rf"\b[{_UPPER}]")


def missing(source: str, target_words: frozenset[str]) -> list[str]:
    """The names of ``source`` of which no word is in ``target_words``, lower-cased, in any spelling.

    A sentence with most words in capitals is a headline or a list, and is not judged.
    """
    found = []
    for match in _NAME.finditer(source):
        name, start = match[0], match.start()
        inside = start > 1 and (source[start - 1] == "(" or source[start - 2 : start].rstrip() in _INSIDE)
        if not (inside or " " in name) or _kept(name, target_words):
            continue
        if not source[:start].lower().endswith(_COMMON_NEXT):
            found.append(name)
    if found and len(_HEADLINE.findall(source)) * 2 > len(source.split()):
        return []
    return found


def added(source_words: frozenset[str], target: str, target_words: frozenset[str]) -> list[str]:
    """The countries that ``target`` names and the source does not; the words are lower-cased."""
    found = []
    for word in sorted(target_words & _ENGLISH_COUNTRY.keys()):
        ours = _ENGLISH_COUNTRY[word]
        if len(word) < 4 or not ours.isdisjoint(source_words) or word.capitalize() not in target:
            continue
        starts = tuple(name[:4] for name in ours)
        if not any(other.startswith(starts) for other in source_words):
            found.append(word.capitalize())
    return found


def _kept(name: str, target: frozenset[str]) -> bool:
    """Whether any word of the name is in the target, is translated, or is no name by its form."""
    return any(_word_kept(word, target) for word in _PARTS.split(name.lower()))


def _word_kept(low: str, target: frozenset[str]) -> bool:
    if (
        low in target
        or len(low) < 4
        or not low.isalpha()
        or low in _TRANSLATED
        or low in _COUNTRY
        or _DERIVED.fullmatch(low)
    ):
        return True
    return any(_alike(low, other) for other in target)


def _alike(ours: str, theirs: str) -> bool:
    """Whether two words are spellings of one name: one start, one skeleton, or mostly the same letters."""
    if ours[:3] == theirs[:3]:
        return True
    if abs(len(ours) - len(theirs)) > 4 or len(theirs) < 3:
        return False
    skeleton = _skeleton(ours)
    if len(skeleton) > 2 and skeleton == _skeleton(theirs):
        return True
    return SequenceMatcher(None, ours, theirs).ratio() > 0.6


def _skeleton(word: str) -> str:
    """The consonants, in the spelling that Indonesian gives foreign names: Thrace and Trakia are ``trk``."""
    word = word.replace("th", "t").replace("ph", "f").replace("ch", "k")
    return word.translate(_CONSONANTS)
