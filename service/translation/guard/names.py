"""Names that a translation lost or exchanged, and countries that it brought in.

Which words are names is known by :mod:`service.translation.guard.people`; the tables here hold what
changes its
spelling, and what names are made of that English translates.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from service.document import Finding
from service.text.words import Words, listed
from service.translation.guard import countries, people

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


_CONSONANTS = str.maketrans({"c": "k", "q": "k", "v": "w", "z": "s", **dict.fromkeys("aeiouyh")})
# Letters are compared for so many pairs of words in one check, and for names of such a length. A sentence of
# news needs some dozens; without a bound a text of names alone would take time by the square of its length.
_COMPARED = 4000
_LONGEST = 40
_START = 4
"""Two words that begin with so many equal letters are taken for one name."""
_MOSTLY = 0.6


class _Said:
    """The words of a translation, to look for other spellings of names in; each name is looked for once."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = words
        self._text = ""
        self._known: dict[str, bool] = {}
        self._starts: set[str] = set()
        self._by_letter: dict[str, list[str]] = {}
        self._left = _COMPARED

    def knows(self, low: str) -> bool:
        """Return whether a word is translated, by the tables, or is spelled otherwise in the translation."""
        known = self._known.get(low)
        if known is None:
            known = self._known[low] = self._looked_for(low)
        return known

    def _looked_for(self, low: str) -> bool:
        if low in _TRANSLATED:
            return True
        english = countries.INDONESIAN.get(low)
        if english and not english.isdisjoint(self._words):
            return True
        self._text = self._text or " " + " ".join(self._words)
        if len(low) >= _START and f" {low[:_START]}" in self._text:
            return True
        if not self._starts:
            self._sorted()
        return low[:_START] in self._starts or any(self.alike(low, other) for other in self._candidates(low))

    def _sorted(self) -> None:
        for word in dict.fromkeys(self._words):
            self._starts.add(word[:_START])
            if len(word) > 2:
                self._by_letter.setdefault(word[0], []).append(word)

    def _candidates(self, low: str) -> Iterable[str]:
        """Yield the words that a spelling of ``low`` can be, by their first letters and their lengths."""
        for letter, words in self._by_letter.items() if len(low) <= _LONGEST else ():
            if letter == low[0] or low[0] + letter in people.STARTS:
                yield from (word for word in words if abs(len(low) - len(word)) <= 4)

    def alike(self, ours: str, theirs: str) -> bool:
        """Return whether two words are spellings of one name; beyond the bound any two may be."""
        self._left -= 1
        return self._left < 0 or _alike(ours, theirs)


def changed(source: str, ours: Words, target: str, theirs: Words) -> list[Finding]:
    """Return what happened to the names: lost, exchanged, brought in; and countries that are new."""
    said = _Said(theirs.low)
    named = people.changed(source, ours, target, theirs, said.knows, said.alike)
    found = [
        Finding.of("name.changed", source=one.name, target=one.instead)
        if one.instead
        else Finding.of("entity.lost", name=one.name)
        for one in named.lost
    ]
    found += [Finding.of("name.added", name=name) for name in named.added]
    if named.swapped:
        found.append(Finding.of("name.exchanged", first=named.swapped[0], second=named.swapped[1]))
    return found + [
        Finding.of("entity.added", name=name) for name in _added(ours.distinct, target, theirs.distinct)
    ]


_ENGLISH = frozenset(countries.ENGLISH)


def _added(source_words: frozenset[str], target: str, target_words: frozenset[str]) -> list[str]:
    """Return the countries that ``target`` names and the source does not; the words are lower-cased."""
    found = []
    for word in sorted(target_words & _ENGLISH):
        ours = countries.ENGLISH[word]
        if len(word) < 5 or not ours.isdisjoint(source_words) or word.capitalize() not in target:
            continue
        starts = tuple(name[:4] for name in ours)
        if not any(other.startswith(starts) for other in source_words):
            found.append(word.capitalize())
    return found


def _alike(ours: str, theirs: str) -> bool:
    """Return whether two words of about one length and start have one skeleton, or mostly the same
    letters."""
    skeleton = _skeleton(ours)
    if len(skeleton) > 2 and skeleton == _skeleton(theirs):
        return True
    # No more letters can match than both have: that rules out most pairs, and is soon counted.
    most = sum(min(ours.count(letter), theirs.count(letter)) for letter in set(ours))
    if 2.0 * most / (len(ours) + len(theirs)) <= _MOSTLY:
        return False
    return SequenceMatcher(None, ours, theirs).ratio() > _MOSTLY


def _skeleton(word: str) -> str:
    """Return the consonants, in the spelling that Indonesian gives foreign names: Thrace and Trakia are
    ``trk``."""
    word = word.replace("th", "t").replace("ph", "f").replace("ch", "k")
    return word.translate(_CONSONANTS)


def is_common(low: str) -> bool:
    """Return whether English translates a lower-cased word of a name: *kementerian*, *selatan*."""
    return low in _TRANSLATED or (low not in countries.INDONESIAN and people.is_derived(low))


def country(low: str) -> frozenset[str]:
    """Return the English words for a country by its lower-cased Indonesian name; none for another word."""
    return frozenset(countries.INDONESIAN.get(low, ()))


def same_sound(ours: str, theirs: str) -> bool:
    """Return whether two lower-cased words are one name in Indonesian and in English spelling."""
    skeleton = _skeleton(ours)
    return len(skeleton) > 2 and skeleton == _skeleton(theirs)
