import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.translation.normalise import Normalised, learn_casing, normalise

ARTICLE = (
    "SUKAMAJU, WARTAKITA.com – Bupati Sukamaju, Rina Hartati, meresmikan pasar baru di Desa Cikalong.\n"
    "Menurut Rina, pasar itu dibiayai APBD.\n"
    "KPK ikut mengawasi, kata juru bicara KPK di Jakarta."
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Anggarannya Rp. 1.500,- per kilogram.", "Anggarannya Rp1.500 per kilogram."),
        ("Anggarannya Rp 1,5 triliun.", "Anggarannya Rp1,5 triliun."),
        ("Harga naik Rp.\N{NO-BREAK SPACE}2.000 saja", "Harga naik Rp2.000 saja"),
        ("rp 500 dan RP 600", "Rp500 dan Rp600"),
        ("Ia berkata, „Tidak” lalu pergi.", "Ia berkata, “Tidak” lalu pergi."),
        ("Ia berkata, ''Tidak'' lalu pergi.", 'Ia berkata, "Tidak" lalu pergi.'),
        ("Ia pulang -- lalu tidur.", "Ia pulang – lalu tidur."),
        ("Suhu \N{MINUS SIGN}2 derajat", "Suhu -2 derajat"),
        ("Ia menang 6-4,3-6,7-5 atas lawannya.", "Ia menang 6-4, 3-6, 7-5 atas lawannya."),
        ("Mereka kalah 21-17,18-21.", "Mereka kalah 21-17, 18-21."),
        ("Suhunya 36,5-37,2 derajat.", "Suhunya 36,5-37,2 derajat."),
        ("Beras, Rp, dan gula", "Beras, Rp, dan gula"),
        ("Suratnya ditandatangani Drp. 5 orang", "Suratnya ditandatangani Drp. 5 orang"),
    ],
)
def test_spelling(source: str, text: str) -> None:
    assert normalise(source).text == text


@pytest.mark.parametrize(
    ("source", "dateline", "restored"),
    [
        ("JAKARTA – Polisi datang.", "JAKARTA – ", "JAKARTA – X"),
        ("JAKARTA, KOMPAS.com – Polisi datang.", "JAKARTA, KOMPAS.com – ", "JAKARTA, KOMPAS.com – X"),
        ("Liputan6.com, Jakarta - Polisi datang.", "Liputan6.com, Jakarta - ", "Liputan6.com, Jakarta - X"),
        (
            "Jakarta, CNN Indonesia -- Polisi datang.",
            "Jakarta, CNN Indonesia – ",
            "Jakarta, CNN Indonesia – X",
        ),
        ("Jakarta (ANTARA) - Polisi datang.", "Jakarta (ANTARA) - ", "Jakarta (ANTARA) - X"),
        ("TEMPO.CO, Bandung - Polisi datang.", "TEMPO.CO, Bandung - ", "TEMPO.CO, Bandung - X"),
        ("PALANGKA RAYA — “Kami datang,” katanya.", "PALANGKA RAYA — ", "PALANGKA RAYA — X"),
        ("JENEWA – Polisi datang.", "JENEWA – ", "GENEVA – X"),
        ("Den Haag, ANTARA - Polisi datang.", "Den Haag, ANTARA - ", "The Hague, ANTARA - X"),
        ("Brebes (ANTARA News) - Polisi datang.", "Brebes (ANTARA News) - ", "Brebes (ANTARA News) - X"),
        ("Merdeka.com - Polisi datang.", "Merdeka.com - ", "Merdeka.com - X"),
        ("SIMAK JUGA - Polisi Datang Lagi", "", "X"),
        ("Brebes - Polisi datang.", "", "X"),
        ("KPK – Polisi datang.", "", "X"),
        ("Polisi – yang datang – pergi.", "", "X"),
        ("GEMPA BUMI – WARGA PANIK", "", "X"),
        ("JAKARTA – BANJIR LAGI", "JAKARTA – ", "JAKARTA – X"),
        ("Rupiah - Dolar Menguat", "", "X"),
        ("Jakarta adalah kota besar.", "", "X"),
    ],
)
def test_a_dateline_stays_in_front(source: str, dateline: str, restored: str) -> None:
    normalised = normalise(source, casing={"kpk": "KPK"})
    assert normalised.dateline == dateline
    assert Normalised("", normalised.dateline).restore("X") == restored


@pytest.mark.parametrize(
    ("source", "text", "look"),
    [
        ("BUPATI SUKAMAJU RESMIKAN PASAR", "Bupati Sukamaju resmikan pasar", "upper"),
        ("KPK PERIKSA BUPATI SUKAMAJU SOAL APBD", "KPK periksa bupati Sukamaju soal APBD", "upper"),
        ("HEBOH: PASAR CIKALONG SEPI", "Heboh: Pasar Cikalong sepi", "upper"),
        ("PASAR CIKALONG TERBAKAR, warga panik", "Pasar Cikalong terbakar, warga panik", ""),
        ("Pesan berbunyi “AWAS ADA BANJIR” beredar.", "Pesan berbunyi “Awas ada banjir” beredar.", ""),
        ("KPK, APBD, DPRD, BPBD", "KPK, APBD, DPRD, BPBD", ""),
        ("Ketua KPK RI datang", "Ketua KPK RI datang", ""),
        ("Bupati Rina Hartati Resmikan Pasar Baru", "Bupati Rina Hartati Resmikan Pasar Baru", ""),
    ],
)
def test_capitals_become_a_sentence(source: str, text: str, look: str) -> None:
    normalised = normalise(source, casing=learn_casing(ARTICLE, {"KPK", "RI", "APBD", "DPRD", "BPBD"}))
    assert (normalised.text, normalised.look) == (text, look)


@pytest.mark.parametrize(
    ("source", "text", "target", "restored"),
    [
        (
            "Bupati Rina Hartati Resmikan Pasar Baru di Cikalong",
            "Bupati Rina Hartati resmikan pasar baru di Cikalong",
            "Regent Rina Hartati opens a new market in Cikalong",
            "Regent Rina Hartati Opens a New Market in Cikalong",
        ),
        (
            "KPK PERIKSA BUPATI SUKAMAJU",
            "KPK periksa bupati Sukamaju",
            "KPK questions Sukamaju regent",
            "KPK QUESTIONS SUKAMAJU REGENT",
        ),
        (
            "Pasar baru dibuka di Cikalong",
            "Pasar baru dibuka di Cikalong",
            "A market opens",
            "A market opens",
        ),
    ],
)
def test_headlines_get_their_look_back(source: str, text: str, target: str, restored: str) -> None:
    normalised = normalise(source, casing=learn_casing(ARTICLE, {"KPK"}), headline=True)
    assert normalised.text == text
    assert normalised.restore(target) == restored


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # Names, acronyms and places stay; words, bare verbs too, do not.
        ("Klopp Harap Fabinho Tak Alami Cedera Serius", "Klopp harap Fabinho tak alami cedera serius"),
        ("Adik Curi 3,5 Ton Beras dari Toko Kakaknya", "Adik curi 3,5 ton beras dari toko kakaknya"),
        ("Menteri PUPR Minta BUMN Bangun Jalan", "Menteri PUPR minta BUMN bangun jalan"),
        ("Jalan Rusak di Medan yang Lama Dikeluhkan", "Jalan rusak di Medan yang lama dikeluhkan"),
        ("Perang Medan Magnet Bikin Ahli Bingung", "Perang medan magnet bikin ahli bingung"),
        ("Warga Indonesia di Jakarta Menunggu Kabar", "Warga Indonesia di Jakarta menunggu kabar"),
        ("Gubernur Jawa Barat Larang Wisata", "Gubernur Jawa Barat larang wisata"),
        ("Bupati Bekasi Kembalikan Rp3 M ke KPK", "Bupati Bekasi kembalikan Rp3 miliar ke KPK"),
        ("Waskita Karya Akui Lalai soal Proyek", "Waskita Karya akui lalai soal proyek"),
        ("Kebakaran di Tanah Abang Padam", "Kebakaran di Tanah Abang padam"),
        ("Mobil Masuk Jurang di Rokan Hulu", "Mobil masuk jurang di Rokan Hulu"),
        ("Angin dari Utara, Jawa Panas", "Angin dari utara, Jawa panas"),
        ("Warga Jakarta Tengah Mencari Air", "Warga Jakarta tengah mencari air"),
    ],
)
def test_a_headline_alone_keeps_its_names(source: str, text: str) -> None:
    assert normalise(source, headline=True).text == text


def test_ordinals_and_what_stands_before_a_year_are_small_in_a_headline() -> None:
    done = normalise("Bowling Putri Sumbang Emas Indonesia di SEA Games", headline=True)
    assert done.restore("women's bowling wins its 17th gold in 2019") == (
        "Women's Bowling Wins Its 17th Gold in 2019"
    )


def test_what_the_article_writes_small_is_no_name_in_its_headline() -> None:
    casing = learn_casing("Sejumlah pelanduk lepas di Cikalong.")
    done = normalise("Pelanduk Lepas, Warga Panik dan Pelanduk Hilang", casing=casing, headline=True)
    assert done.text == "Pelanduk lepas, warga panik dan pelanduk hilang"


@pytest.mark.parametrize(
    "token", ["</s>", "<s>", "<pad>", "<unk>", "<extra_id_0>", ">>eng<<", "<end_of_turn>"]
)
def test_special_tokens_are_neutralised_and_given_back(token: str) -> None:
    normalised = normalise(f"Kode {token} ditulis di papan.")
    assert token not in normalised.text
    assert normalised.restore(normalised.text) == f"Kode {token} ditulis di papan."


def test_a_quiet_sentence_is_left_alone_and_fast() -> None:
    source = (
        "Pemerintah menargetkan 12.500 rumah selesai pada 2025, kata Menteri Rina di Jakarta, Senin (3/2)."
    )
    assert normalise(source) == Normalised(source)
    assert normalise(source).restore("The same.") == "The same."
    started = time.thread_time()
    for _ in range(1000):
        normalise(source)
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize("piece", ["AB ", "JAKARTA, ", "Ab ", "-- ", "(A ", "“", "Rp. ", "<s>"])
def test_time_is_linear(piece: str) -> None:
    started = time.thread_time()
    normalise(piece * 10_000, headline=True)
    assert time.thread_time() - started < 2


def test_casing_is_learnt_from_inside_sentences() -> None:
    casing = learn_casing(ARTICLE, {"DPRD"})
    known = {
        word: casing.get(word) for word in ("rina", "pasar", "kpk", "sukamaju", "dprd", "menurut", "juru")
    }
    assert known == {
        "rina": "Rina", "pasar": "pasar", "kpk": "KPK", "sukamaju": "Sukamaju", "dprd": "DPRD",
        "menurut": None, "juru": "juru",
    }  # fmt: skip


PIECES = st.lists(
    st.sampled_from(
        ["JAKARTA", "–", "--", "-", "Rp.", "Rp", "1.500,-", "</s>", ">>eng<<", "polisi", "GEMPA", "KPK",
         "PANIK", ",", "KOMPAS.com", "“", "”", "''", "Bandung", ":", "<pad>", "\N{NO-BREAK SPACE}",
         "(ANTARA)", "A", "5"]
    ),
    max_size=12,
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), PIECES.map(" ".join), PIECES.map("".join)), st.booleans())
@example("GEMPA -- PANIK -- JAKARTA", False)
@example('JAKARTA - AAA"A', False)
def test_doing_it_twice_changes_nothing_more(source: str, headline: bool) -> None:
    once = normalise(source, headline=headline)
    twice = normalise(once.text, headline=headline)
    assert (twice.text, twice.dateline) == (once.text, "")


@given(PIECES.map(" ".join))
def test_no_digit_is_lost(source: str) -> None:
    normalised = normalise(source)
    kept = normalised.dateline + normalised.text
    assert [c for c in kept if c.isdigit()] == [c for c in source if c.isdigit()]
