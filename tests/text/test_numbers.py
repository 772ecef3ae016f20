"""Numbers of both languages: what is equal in meaning is no finding, what is not is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.number_words import ENGLISH, INDONESIAN
from service.text.numbers import decimal_commas, numbers, with_points
from service.translation.guard.check import check

EQUAL = [
    # digits, decimals, thousands
    ("Ada 1.250 warga.", "There are 1,250 residents."),
    ("Luasnya 1.250,5 hektare.", "It covers 1,250.5 hectares."),
    ("Nilainya 3,75.", "The value is 3.75."),
    ("Anggaran 12.345.678 rupiah.", "A budget of 12,345,678 rupiah."),
    ("Sebanyak 1040 orang.", "As many as 1,040 people."),
    ("Total 5,000 tiket terjual.", "A total of 5,000 tickets were sold."),
    ("Indeks turun 2.5 poin.", "The index fell 2.5 points."),
    ("Indeks turun 0,08.", "The index fell .08."),
    ("Jumlahnya 1.000.000.", "The number is 1.000.000."),
    # percent
    ("Inflasi 2,57 persen.", "Inflation of 2.57 percent."),
    ("Inflasi 2,57 persen.", "Inflation of 2.57%."),
    ("Naik 25 basis poin menjadi 6%.", "Up 25 basis points to 6 per cent."),
    ("Naik 3 poin persentase.", "Up 3 percentage points."),
    # money and magnitude
    ("Kerugian Rp1,5 triliun.", "Losses of Rp 1.5 trillion."),
    ("Kerugian Rp 1.500 miliar.", "Losses of Rp1.5 trillion."),
    ("Sebanyak 1,5 juta orang.", "Some 1,500,000 people."),
    ("Sebanyak 1,5 juta orang.", "Some 1.5 million people."),
    ("Upahnya Rp20.000.", "The wage is 20,000 rupiah."),
    ("Dana US$ 14,7 miliar.", "Funds of $14.7 billion."),
    ("Dana US$125 juta.", "Funds of $125m."),
    ("Enam bulan pertama empat kali seminggu.", "In the first six months four times a week."),
    ("Dana Rp3 M dan Rp1,5 T.", "Funds of Rp 3 billion and Rp 1.5 trillion."),
    ("Harga Rp 500 jt dan Rp50 rb.", "A price of Rp 500 million and Rp 50,000."),
    ("Dana US$3 miliar.", "Funds of $3bn."),
    ("Ia menang 6-4,3-6,7-5.", "She won 6-4, 3-6, 7-5."),
    ("Suhunya 36,5-37,2 derajat.", "The temperature is 36.5-37.2 degrees."),
    ("Sebanyak 15 ribu ton.", "Some 15,000 tonnes."),
    ("Sebanyak 15 ribu ton.", "Some fifteen thousand tonnes."),
    ("Lebih dari $300 miliar.", "A $300+ billion impact."),
    ("Sebanyak 10-11 juta orang.", "Between 10 million and 11 million people."),
    ("Dua sampai tiga juta orang.", "Two million to three million people."),
    ("Sebanyak 2 lusin telur.", "24 eggs."),
    # dates
    ("Tanggal 14 Maret 2024.", "On March 14, 2024."),
    ("Selasa (15/3) pagi.", "On Tuesday morning (March 15)."),
    ("Selasa (15/3/2024).", "Tuesday, 15 March 2024."),
    ("Selasa (15/3/2024).", "Tuesday (3/15/2024)."),
    ("Pada 1 Januari.", "On 1 Jan."),
    ("Bulan Agustus.", "In August."),
    ("Pada Mei 1998.", "In May 1998."),
    ("Izin untuk bulan Mei.", "A permit for any May."),
    ("Pada hari Minggu.", "On Sunday."),
    ("Minggu lalu ia pulang.", "He came home last week."),
    ("Pada Ahad dan Jumat.", "On Sunday and Friday."),
    # times
    ("Pukul 19.30 WIB.", "At 7:30 p.m."),
    ("Pukul 19.30 WIB.", "At 7:30pm Western Indonesia Time."),
    ("Pukul 19.30.", "At 19:30."),
    ("Pukul 9.30.", "At 9:30."),
    ("Pukul 08.46 pagi.", "At 8:46 a.m."),
    ("Pukul 5 sore.", "At 5 p.m."),
    ("Jam 7 malam.", "At 7 p.m."),
    ("Jam 7 malam.", "At seven o'clock in the evening."),
    ("Pukul 12 siang.", "At noon."),
    ("Pukul 12 malam.", "At 12 a.m."),
    ("Pukul 00.30.", "At 0:30."),
    ("Pukul 0230 UTC.", "At 02:30 UTC."),
    ("Sekitar pukul 10 pagi.", "At about 10 o'clock."),
    ("Sabtu pukul 01.15 dini hari.", "At 1:15 a.m. on Saturday."),
    # ranges and scores
    ("Usia 10-11 tahun.", "Aged 10–11."),
    ("Usia 10 sampai 11 tahun.", "Aged 10 to 11."),
    ("Menang 2-1.", "Won 2–1."),
    ("Menang 2-1.", "Won two to one."),
    ("Musim 2019-2020.", "The 2019-20 season."),
    ("Catatan 4:41,30 menit.", "A time of 4:41.30."),
    ("Catatan 4.41,30 menit.", "A time of 4:41.30."),
    # ordinals and Roman numerals
    ("Hari jadi ke-332.", "The 332nd anniversary."),
    ("Ronde ke-2.", "The second round."),
    ("Ronde ke-2.", "Round II."),
    ("Perang Dunia II.", "World War Two."),
    ("Perang Dunia Kedua.", "World War II."),
    ("Abad ke-17.", "The 17th century."),
    ("Abad kesembilan belas dan kedua puluh.", "The nineteenth and twentieth centuries."),
    ("Juara pertama.", "The first prize."),
    ("Anak ketiga.", "The third child."),
    ("Raja Louis XVI.", "King Louis XVI."),
    ("Triwulan IV-2026.", "The fourth quarter of 2026."),
    ("Pukul 07.00 s.d. 10.00.", "From 07:00 to 10:00."),
    # number words
    ("Tujuh orang.", "7 people."),
    ("7 orang.", "Seven people."),
    ("Sebelas pemain.", "Eleven players."),
    ("Delapan belas lubang.", "Eighteen holes."),
    ("Dua puluh tiga desa.", "Twenty-three villages."),
    ("Lima puluh delapan persen.", "58 percent."),
    ("Seratus dua puluh lima ribu.", "125,000."),
    ("Seratus dua puluh lima ribu.", "One hundred and twenty-five thousand."),
    ("Seribu lima ratus orang.", "1,500 people."),
    ("Sejuta pohon.", "A million trees."),
    ("Seribu orang.", "A thousand people."),
    ("Limabelas kasus.", "Fifteen cases."),
    ("Seratus sembilan orang.", "A hundred and nine people."),
    ("Dua koma lima juta.", "2.5 million."),
    ("Dua setengah tahun.", "Two and a half years."),
    ("Satu setengah tahun.", "One-and-a-half years."),
    ("2,5 juta orang.", "Two and a half million people."),
    ("Seorang warga.", "A resident."),
    ("Satu rumah.", "A house."),
    ("Sebuah rumah.", "One house."),
    ("Hanya 1 rumah.", "Only one house."),
    ("Dua kali lipat.", "Doubled."),
    ("Dua kali sehari.", "Twice a day."),
    ("Empat kali lipat.", "Quadrupled."),
    ("Tiga kali lipat.", "Threefold."),
    ("Kedua pihak.", "Both sides."),
    ("Kedua pihak.", "The two sides."),
    ("Sepasang sepatu.", "A pair of shoes."),
    ("Selusin telur.", "A dozen eggs."),
    ("Sepuluh tahun.", "A decade."),
    ("Dua dekade.", "Two decades."),
    # vague
    ("Ratusan warga.", "Hundreds of residents."),
    ("Puluhan ribu orang.", "Tens of thousands of people."),
    ("Belasan siswa.", "A dozen or so students."),
    ("Ribuan kata.", "A thousand words."),
    ("Beberapa ratus orang.", "Several hundred people."),
    # fractions
    ("Dua pertiga suara.", "Two-thirds of the vote."),
    ("Dua per tiga suara.", "Two thirds of the vote."),
    ("Sepertiga suara.", "A third of the vote."),
    ("Satu per lima suara.", "A fifth of the vote."),
    ("Seperempat suara.", "One quarter of the vote."),
    ("Setengah juta orang.", "Half a million people."),
    ("Tiga perempat jalan.", "Three-quarters of the road."),
    # decades and names with digits
    ("Tahun 1990-an.", "The 1990s."),
    ("Tahun 90-an.", "The 1990s."),
    ("Berusia dua puluhan.", "In their twenties."),
    ("Pesawat F-16.", "An F-16 jet."),
    ("Pandemi COVID-19.", "The Covid-19 pandemic."),
    ("Virus H5N1.", "The H5N1 virus."),
    ("Film Six Days diputar.", "The film Six Days was shown."),
    ("Luasnya 2 juta km2.", "It covers 2 million square kilometers."),
    ("Anak balita.", "Children under five."),
    # units
    ("Jaraknya 5 km.", "It is 5 kilometres away."),
    ("Jaraknya 5 km (3,1 mil).", "It is 5 km (3.1 miles) away."),
    ("Suhunya 30 derajat Celsius.", "It is 30 °C."),
    ("Luasnya 50 hektare.", "A 50-hectare site."),
]

CHANGED = [
    ("Pada tahun 1894.", "In 189.", "1894 in the source, 189 in the translation"),
    ("Sebanyak 1.000 orang.", "Some 10,000 people.", "1.000 in the source, 10,000 in the translation"),
    ("Usia 10–11 tahun.", "Aged 10.", "11 is not in the translation"),
    ("Ada 9.000 orang.", "9.000 people.", "9.000 was left as it is: in English it reads as another number"),
    ("Nilainya 16,1.", "The value is 6.1.", "16,1 in the source, 6.1 in the translation"),
    ("Rp1,5 triliun.", "Rp 1.5 billion.", "1,5 triliun in the source, 1.5 billion in the translation"),
    ("Rp1,5 triliun.", "Rp 15 trillion.", "1,5 triliun in the source, 15 trillion in the translation"),
    ("Tujuh orang.", "Eight people.", "Tujuh in the source, Eight in the translation"),
    ("Delapan belas orang.", "Eight people.", "Delapan belas in the source, Eight in the translation"),
    ("Tanggal 14 Maret.", "On 14 April.", "Maret in the source, April in the translation"),
    ("Tanggal 14 Maret.", "On 15 March.", "14 in the source, 15 in the translation"),
    ("Pada hari Rabu.", "On Thursday.", "Rabu in the source, Thursday in the translation"),
    ("Pukul 11.29.", "At 11:29 p.m.", "11.29 in the source, 11:29 pm in the translation"),
    ("Pukul 19.30.", "At 7:30 a.m.", "19.30 in the source, 7:30 am in the translation"),
    ("Pukul 01.15 dini hari.", "At 1:15 p.m.", "01.15 in the source, 1:15 pm in the translation"),
    ("Menang 3-1.", "Won 3-2.", "1 in the source, 2 in the translation"),
    ("Perang Dunia II.", "World War III.", "II in the source, III in the translation"),
    ("Ronde ke-2.", "The fourth round.", "2 in the source, fourth in the translation"),
    ("Dua pertiga suara.", "A third of the vote.", "Dua pertiga in the source, third in the translation"),
    ("Wisuda digelar.", "The graduation took place in 2019.", "2019 is not in the source"),
    ("Pada tahun 2009 ia menang.", "He won.", "2009 is not in the translation"),
    ("Jaraknya 12 km.", "It is 12 miles away.", "kilometres in the source, miles in the translation"),
    ("Jaraknya 12 km.", "It is 12 miles (12 km) away.", "kilometres in the source, miles in the translation"),
    ("Jaraknya 16 km.", "It is 10 miles away.", "16 in the source, 10 in the translation"),
    ("Suhu 90 °F.", "90 degrees Celsius.", "fahrenheit in the source, celsius in the translation"),
    ("Luasnya 50 hektare.", "It covers 50 acres.", "hectares in the source, acres in the translation"),
    ("Naik 3%.", "3 percentage points.", "percent in the source, percentage points in the translation"),
    ("Dendanya 500 rupiah.", "A fine of 500 dollars.", "rupiah in the source, dollars in the translation"),
    ("Denda Rp500.", "A fine of $500.", "rupiah in the source, dollars in the translation"),
]  # fmt: skip


PIECES = [*sorted(INDONESIAN.words | ENGLISH.words), "7", "1.5", "2/3", "-", "and", ",", "per"]


def details(source: str, target: str) -> list[str]:
    return [str(finding) for finding in check(source, target) if finding.kind == "number"]


@pytest.mark.parametrize(("source", "target"), EQUAL)
def test_what_is_equal_in_meaning_is_no_finding(source: str, target: str) -> None:
    assert details(source, target) == []


@pytest.mark.parametrize(("source", "target", "detail"), CHANGED)
def test_what_changed_is_said(source: str, target: str, detail: str) -> None:
    assert detail in details(source, target)


@given(st.lists(st.sampled_from(PIECES)))
def test_any_row_of_number_words_is_read(words: list[str]) -> None:
    for language in (INDONESIAN, ENGLISH):
        for number in numbers(" ".join(words), language):
            assert number.values


@given(st.text(alphabet="0123456789.,:/ "))
def test_any_row_of_digits_is_read(text: str) -> None:
    for language in (INDONESIAN, ENGLISH):
        assert all(number.values for number in numbers(text, language))


@given(st.integers(min_value=2, max_value=10**12))
def test_a_number_equals_itself_in_the_other_notation(value: int) -> None:
    english = f"{value:,}"
    assert details(f"Ada {english.replace(',', '.')} orang.", f"There are {english} people.") == []


@given(st.integers(min_value=20, max_value=10**9))
def test_a_lost_last_digit_is_found(value: int) -> None:
    assert details(f"Ada {value} orang.", f"There are {value // 10} people.")


@pytest.mark.parametrize(
    ("source", "target", "mended"),
    [
        ("Perusahaan membeli 23,06 BTC.", "The company bought 23,06 BTC.", "The company bought 23.06 BTC."),
        ("Naik 1,5 persen, lalu 2,75 persen.", "Up 1,5 percent, then 2.75.", "Up 1.5 percent, then 2.75."),
        ("Sebanyak 27,5031 BTC.", "27,5031 BTC.", "27.5031 BTC."),
        ("Pada 3,5 atau 12,500 orang.", "At 3.5 or 12,500 people.", "At 3.5 or 12,500 people."),
        ("Pasal 1,2 dan 3.", "Articles 1, 2 and 3.", "Articles 1, 2 and 3."),
        ("Tidak ada.", "1,5", "1,5"),
    ],
)
def test_a_decimal_comma_becomes_a_point(source: str, target: str, mended: str) -> None:
    assert with_points(source, target) == mended
    assert decimal_commas(source, mended) == []
