"""Names that a translation lost, and countries that it brought in.

Most Indonesian words with a capital are no names but titles and institutions, which are translated.
So a name is reported only where nothing in the translation resembles any word of it, and the tables
hold what changes its spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from service.document import Finding
from service.text.words import Words, listed

# A country, or another name that is respelled, in Indonesian = its English name, people and adjectives.
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
arab saudi = saudi arabia arab arabian saudis arabs arabic dromedary mers
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
inggris britania english british = england english britain british uk briton britons kingdom
skotlandia = scotland scottish scots
irlandia = ireland irish
swedia = sweden swedish swedes
norwegia = norway norwegian norwegians
denmark = denmark danish danes dane
islandia = iceland icelandic
rusia soviet = russia russian russians soviet ussr
ukraina = ukraine ukrainian ukrainians
polandia = poland polish
hongaria hungaria = hungary hungarian hungarians
swiss = switzerland swiss
kanada = canada canadian canadians
meksiko = mexico mexican mexicans
brasil brazil = brazil brazilian brazilians
argentina = argentina argentine argentinian
australia = australia australian australians aussie
amerika as = america american americans americas us usa u states
afrika = africa african africans
eropa ue = europe european europeans eu
ceko = czech czechia
kroasia = croatia croatian
maroko = morocco moroccan
aljazair = algeria algerian algiers
siprus = cyprus cypriot
jawa = java javanese
jenewa = geneva
islam muslim = islam islamic muslim muslims
idulfitri iduladha lebaran = eid
natal = christmas
"""
# Words that names are made of and that English translates; a name that holds one of them is never reported.
_TRANSLATED = listed(
    """
    abad acara adha agung agustus ahad aids aiptu air akademi akbp akp aliansi alkitab alpen anak anda
    anggota angin angkatan anjing antariksa apd api april arktik armada asal asasi asi asli asosiasi
    atas athena atlantik ayah bab badai badan baghdad bagian bahan bahasa balai balita bandara bangsa
    bank bapak barat baru batu bea bebas beijing belahan benteng berapi berita besar bintang biro bnpb
    bolonia brigjen bripka bu buddha bukit bulan bumi bumn bupati bursa buruh cagar cuaca cukai daerah
    daftar dalam damaskus dana danau darat darurat data dataran demokrat den desember dewan dinas dingin
    direksi direktorat direktur divisi diy dki dokter doktor dolar dollar dpr dprd dunia duta ekonomi
    eksekutif elang emas empat fakultas fase februari filsafat firaun fitri forum gambar garis gbr
    gedung gelombang gerakan gereja gmt gubernur gugus gunung guru gurun haag haji hakim ham hari hewan
    hijau himalaya hindia hitam hiv hukum hut hutan ia iblis ibu idul ii iii ikatan ilmu imf imlek
    indeks indo inggris ini insinyur inspektur institut internasional ipda iptu irjen ispa itu iv ix
    jabar jakbar jakpus jaksa jaksel jaktim jalan januari jaringan jateng jatim jembatan jenderal juara
    juli jum'at jumat juni juru kabinet kabupaten kairo kaisar kamar kami kamis kanal kanselir kantor
    kapal kapolres kapolri kapten karibia kastel kasus katolik kawasan kebun kecamatan kejaksaan kelas
    kelautan kelompok keluarga kelurahan kemah kementerian kementrian kepala kepolisian kepulauan
    kerajaan keras kereta kesehatan ketua keuangan kita klub koalisi kolonel komandan kombes komisaris
    komisi komite komjen kompol komunikasi komunis komunitas konferensi kongres konservatif konstitusi
    kontak kopenhagen kopral koran korupsi kota kpai krisis kristen kristus kritis ktp ktt kuartal kuba
    kucing kuda kuhp kuil kutub laksamana lama langit lapangan lapas laporan laut lautan layanan lebaran
    lembaga lembah lembar letjen letkol letnan liar liberal liga lima lintas listrik lsm luar madinah
    mahkamah majelis makam makanan makkah malam mandarin manusia maret maritim markas marsekal masehi
    masjid masyarakat matahari mayjen mayor media mediterania mei mekah mekkah melayu menara menteri
    merah mereka minggu minyak mobil moskow mpr muda museum musim muslim nabi napi nasi nasional natal
    negara negeri nomor nona novel november nuklir ny nyonya obat oktober olahraga olimpiade operasi
    oposisi orang organisasi ormas otg otoritas padang paduka pagi pahlawan pajak pak palang palung
    panduan pangeran pangkalan panglima panitia pantai para paris parlemen partai pasal pasar pasifik
    pasukan paud paus pbb pdb pekan pekerjaan peking pelabuhan pelatih pemerintah pemerintahan pemilu
    pemkab pemkot pemprov pemuda pendeta pengadilan pengawas penjara penyakit perairan perang perbatasan
    perdana perguruan peristiwa persatuan perserikatan perunggu perusahaan pesawat pesta peta petugas
    piala pidana pilkada pilpres pinggir piramida pmi pns polda polisi polres polri polsek pondok pos
    ppkm praha presiden pria prof profesor program propinsi protestan provinsi proyek psbb puasa pulau
    punah puncak purn pusat putih putra putri rabu radio raja rakyat ramadan ramadhan ratu raya rencana
    republik resmi richter roma rs rt rumah ruu rw sabtu sakit saksi salju saluran samudera samudra sang
    santo satu saudara saya sd sdm sejarah sekolah sekretaris selandia selasa selat selatan semenanjung
    semester semi senat seni senin senjata sepeda seperti september serikat serka serma sersan setan
    siang siaran sidang siklon sim singa sipil sm sma smk smp sore sosial spbu stasiun suci sultan
    sungai surat susu syariah syawal syiah tabel tahun taman tanah tanaman tanjung tari tbc teater
    teknik teknologi televisi teluk tenaga tengah tenggara tentara terminal terusan tiga tim timur
    tinggi tk tki tkw tn tni tokoh tol tragedi triwulan tua tuan tugas tuhan tumbuhan tv uang udara ular
    umat umkm umrah umum undang undang-undang uni universitas usd utama utara utusan uu vi vii viii
    wakil waktu wali walikota wanita warisan warsawa wfh wib wilayah wina wisata wit wita wna wni xi xii
    yahudi yang yayasan yerusalem zaman
    """
)


# Words that answer for a name and are no finding by themselves. English names Indonesia for readers abroad
# where an Indonesian text says "the ministry".
_AMBIGUOUS = listed(
    """
    americas christmas dromedary eid indonesia indonesian indonesians islamic kingdom mers muslim muslims
    states
    """
)


def _countries() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Indonesian name -> English words; English word -> Indonesian names."""
    ours: dict[str, frozenset[str]] = {}
    theirs: dict[str, frozenset[str]] = {}
    for row in _COUNTRIES.strip().split("\n"):
        names, english = (frozenset(side.split()) for side in row.split("="))
        ours.update(dict.fromkeys(names, english))
        theirs.update(dict.fromkeys(english - _AMBIGUOUS, names | english))
    return ours, theirs


_COUNTRY, _ENGLISH_COUNTRY = _countries()
_DERIVED = re.compile(
    r"\A(?:(?:ke|pe|per|pem|pen|peng|peny)\w{3,}an|(?:meng|meny|mem|men|me|ber|ter|di|se)\w{4,}"
    r"|\w{5,}(?:nya|kan)|\w{4,}an)"
)
_UPPER, _LETTER = "A-ZÀ-Þ", "\\w'’-"
_NAME = re.compile(rf"[{_UPPER}][{_LETTER}]+(?: [{_UPPER}][{_LETTER}]+)*")
# What stands before a capital that is the word's own, and not the sentence's or the quotation's.
_INSIDE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789,;")
_CONSONANTS = str.maketrans({"c": "k", "q": "k", "v": "w", "z": "s", **dict.fromkeys("aeiouyh")})
# After these stands a common noun or the name of an age or class, all of which English translates.
_COMMON_NEXT = ("para ", "kaum ", "zaman ", "masa ", "era ", "periode ", "kategori ", "agama ")
_COMMON_REACH = max(map(len, _COMMON_NEXT))
# Indonesian and English first letters of one name.
_STARTS = listed("jg kc kq sc sz fp fv yj jy uo oe iy wv ij ea ay")
# A short quotation is a title or a motto, which may be translated.
_QUOTED = re.compile(r"[\"“][^\"“”]{1,40}[\"”]")
_PARTS = re.compile(r"[ '’-]")
_HEADLINE = re.compile(rf"\b[{_UPPER}]")


# Letters are compared for so many pairs of words in one check, and for names of such a length. A sentence of
# news needs some dozens; without a bound a text of names alone would take time by the square of its length.
_COMPARED = 4000
_LONGEST = 40


class _Said:
    """The words of a translation, to look for other spellings of names in; each name is looked for once."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = dict.fromkeys(words)
        self._known: dict[str, bool] = {}
        self._starts: set[str] = set()
        self._by_letter: dict[str, list[str]] = {}
        self._left = _COMPARED

    def knows(self, low: str) -> bool:
        """Whether a word is translated, by the tables, or is spelled otherwise in the translation."""
        known = self._known.get(low)
        if known is None:
            known = self._known[low] = self._looked_for(low)
        return known

    def _looked_for(self, low: str) -> bool:
        if low in _TRANSLATED:
            return True
        countries = _COUNTRY.get(low)
        if countries and not countries.isdisjoint(self._words):
            return True
        if not self._starts:
            self._sorted()
        return low[:3] in self._starts or any(self._alike(low, other) for other in self._candidates(low))

    def _sorted(self) -> None:
        for word in self._words:
            self._starts.add(word[:3])
            if len(word) > 2:
                self._by_letter.setdefault(word[0], []).append(word)

    def _candidates(self, low: str) -> Iterable[str]:
        """The words that a spelling of ``low`` can be, by their first letters and their lengths."""
        for letter, words in self._by_letter.items() if len(low) <= _LONGEST else ():
            if letter == low[0] or low[0] + letter in _STARTS:
                yield from (word for word in words if abs(len(low) - len(word)) <= 4)

    def _alike(self, ours: str, theirs: str) -> bool:
        """Whether two words are spellings of one name; beyond the bound any two may be."""
        self._left -= 1
        return self._left < 0 or _alike(ours, theirs)


def changed(source: str, ours: Words, target: str, theirs: Words) -> list[Finding]:
    """Return what happened to the names: names that are lost, and countries that are new."""
    lost = [Finding.of("entity.lost", name=name) for name in _missing(source, theirs)]
    added = _added(ours.distinct, target, theirs.distinct)
    return lost + [Finding.of("entity.added", name=name) for name in added]


def _missing(source: str, target: Words) -> list[str]:
    """The names of ``source`` of which no word is in ``target`` in any spelling.

    A sentence with three words of four in capitals is a headline or a list, and is not judged.
    """
    found = []
    said = _Said(target.low)
    source = _QUOTED.sub(" ", source)
    for match in _NAME.finditer(source):
        name, start = match[0], match.start()
        inside = start > 1 and (source[start - 1] == "(" or source[start - 2 : start].rstrip() in _INSIDE)
        first, _, rest = ("", "", name) if inside else name.partition(" ")
        # The first word of a sentence has a capital whatever it is: it may only keep the rest.
        if not rest or _kept(rest, target.distinct, said) or (first and said.knows(first.lower())):
            continue
        name = rest
        if not source[max(0, start - _COMMON_REACH) : start].lower().endswith(_COMMON_NEXT):
            found.append(name)
    if found and len(_HEADLINE.findall(source)) * 4 > len(source.split()) * 3:
        return []
    return found


def _added(source_words: frozenset[str], target: str, target_words: frozenset[str]) -> list[str]:
    """The countries that ``target`` names and the source does not; the words are lower-cased."""
    found = []
    for word in sorted(target_words & _ENGLISH_COUNTRY.keys()):
        ours = _ENGLISH_COUNTRY[word]
        if len(word) < 5 or not ours.isdisjoint(source_words) or word.capitalize() not in target:
            continue
        starts = tuple(name[:4] for name in ours)
        if not any(other.startswith(starts) for other in source_words):
            found.append(word.capitalize())
    return found


def _kept(name: str, target: frozenset[str], said: _Said) -> bool:
    """Whether any word of the name is in the target, is translated, or is no name by its form."""
    words = _PARTS.split(name.lower())
    if any(low in target or len(low) < 4 or not low.isalpha() for low in words):
        return True
    if any(_DERIVED.fullmatch(low) and low not in _COUNTRY for low in words):
        return True
    return any(said.knows(low) for low in words)


def _alike(ours: str, theirs: str) -> bool:
    """Whether two words of about one length and start have one skeleton, or mostly the same letters."""
    skeleton = _skeleton(ours)
    if len(skeleton) > 2 and skeleton == _skeleton(theirs):
        return True
    return SequenceMatcher(None, ours, theirs).ratio() > 0.6


def _skeleton(word: str) -> str:
    """The consonants, in the spelling that Indonesian gives foreign names: Thrace and Trakia are ``trk``."""
    word = word.replace("th", "t").replace("ph", "f").replace("ch", "k")
    return word.translate(_CONSONANTS)
