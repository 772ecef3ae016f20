"""Cleaning: what is taken, what must stay, repair, wraps and titles."""

import json
import lzma
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.bench.segmenter import detokenise
from service.errors import InputError
from service.intake.clean import clean
from service.intake.credit import uncredited
from service.intake.rules import page_only

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
TITLE = "Harga Beras Naik di Lima Kota"
BODY = "MEDAN, KOMPAS.com - Harga beras naik di lima kota sejak awal pekan ini, kata Rina Lestari."
MORE = "Pedagang menyebut pasokan dari Karawang terlambat dua hari karena banjir."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Artikel ini bukan pengganti nasihat dokter. Segera periksakan diri.", "note"),
        ("Disclaimer: tulisan ini bukan ajakan membeli saham.", "note"),
        ("Identitas korban disamarkan demi keamanan.", "note"),
        ("Untuk informasi lebih lanjut hubungi layanan di nomor 1500-31.", "note"),
        ("Wallahu a'lam.", "note"),
        ("Redaksi menerima naskah 700 kata disertai identitas.", "note"),
        ("Iklan baris: Terima gadai BPKB", "advertisement"),
        ("Lanjut ke halaman 2 untuk daftar lengkap", "control"),
        ("Kembali ke atas", "control"),
        ("© KABAR 2019. Dilarang menyalin tanpa tautan.", "copyright"),
        ("Liputan lain", "related"),
        ("Mungkin kamu suka: Harga Gula Turun Lagi", "read-also"),
        ("Peta: wilayah yang terdampak", "caption"),
        ("Beras menumpuk di gudang pelabuhan (Unsplash)", "caption"),
        ("Dokumentasi Biro Humas", "caption"),
        ("Nama yang disebut dalam rapat itu belum diumumkan.", ""),
        ("Peta jalan pangan disusun tahun depan.", ""),
        ("Untuk informasi lebih lanjut, warga datang ke balai desa.", ""),
    ],
)
def test_what_only_a_page_has(line: str, reason: str) -> None:
    assert page_only(line) == reason


@pytest.mark.parametrize(
    "line",
    [
        "Kunci itu ditemukan di laci meja kantor pos, terbungkus koran bekas bertanggal 3 Agustus 1994.",
        "Mayoritas korban tewas di dekat lokasi pembagian bantuan yang didukung pemerintah. (kya/MF)",
        "Jawabannya sederhana: tidak ada yang tahu letak kuncinya.",
    ],
)
def test_a_whole_sentence_after_the_text_began_is_no_caption(line: str) -> None:
    assert (
        line.partition(" (")[0]
        in clean(f"{TITLE}\n\n{BODY}\n\n{MORE}\n\n{line}\n\nKomentar\n\n© 2024 Contoh").text
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Baca juga: Stok Gula Aman hingga Juni", "read-also"),
        ("BACA JUGA : Mau Hemat? Ini Caranya", "read-also"),
        ("[Baca juga: Stok Gula Aman (Lagi)]", "read-also"),
        ("(Baca Juga: Stok Gula Aman)", "read-also"),
        ("**Baca juga Stok Gula Aman**", "read-also"),
        ("BACA JUGA", "read-also"),
        ("ADVERTISEMENT", "advertisement"),
        ("- Iklan -", "advertisement"),
        ("SCROLL TO CONTINUE WITH CONTENT", "advertisement"),
        ("info gambar utama", "caption"),
        ("Penulis: Sari Dewi", "byline"),
        ("Reporter: Budi Santoso", "byline"),
        ("Editor : A. Wahyu & Tim", "byline"),
        ("(sar/bud)", "initials"),
        ("[wdy]", "initials"),
        ("Artikel ini telah tayang di Contoh.com dengan judul Harga Beras", "published-in"),
        ("Cek berita dan artikel lain di Google News", "follow"),
        ("Ikuti saluran WhatsApp kami untuk kabar terbaru", "follow"),
        ("Mari bergabung di Grup Telegram Contoh News, klik tautan ini", "follow"),
        ("Dapatkan update berita pilihan setiap hari dari kami.", "follow"),
        ("Laporkan tulisan", "report"),
        ("Tag: beras, pangan, Medan", "tags"),
        ("#beras #pangan", "tags"),
        ("Halaman: 1 2 3", "control"),
        ("Facebook Twitter WhatsApp", "share"),
        ("Bagikan: Facebook | X | Salin link", "share"),
        ("Copyright © 2024 Contoh", "copyright"),
        ("© 2024 Contoh. All rights reserved", "copyright"),
        ("Foto: Dok. Pribadi", "credit"),
        ("Beras di pasar (Foto: Sari Dewi/Contoh)", "caption"),
        ("ANTARA FOTO/Sari Dewi", "credit"),
        ("Kompas.com - 12/03/2024, 10:30 WIB", "timestamp"),
        ("Selasa, 12 Mar 2024 10:30 WIB", "timestamp"),
        ("2 jam yang lalu", "timestamp"),
        ("Waktu baca: 3 menit", "reading-time"),
        ("3 menit baca", "reading-time"),
        ("12 Komentar", "comments"),
        ("[Gambas:Video 20detik]", "video"),
        ("Simak video pilihan berikut ini:", "video"),
        ("Home > News > Ekonomi", "breadcrumb"),
        (TITLE.upper(), "title-again"),
    ],
)
def test_furniture_is_set_aside_with_its_reason(line: str, reason: str) -> None:
    article = clean(f"{TITLE}\n\n{BODY}\n\n{line}\n\n{MORE}")
    assert (article.title, article.text) == (TITLE, f"{BODY}\n\n{MORE}")
    assert [(f.text, f.reason, f.line) for f in article.furniture] == [(line, reason, 4)]


@pytest.mark.parametrize(
    "line",
    [
        "JAKARTA, KOMPAS.com - Hujan turun.",
        "Liputan6.com, Jakarta - Hujan turun.",
        "Baca juga aturan itu dengan teliti, pesan Rina.",
        "Baca juga: Stok Gula. Selain itu, pemerintah menambah impor",
        "Iklan rokok dilarang mulai Juni.",
        "Foto: Warga mengungsi. Mereka butuh air bersih",
        "Editor: pekerjaan yang makin langka di era mesin.",
        "Hak cipta lagu itu dipersoalkan ahli waris.",
        "Facebook",
        "Facebook dan WhatsApp tumbang selama dua jam.",
        "Ikuti kata hatimu, ujar Rina.",
        "Ikuti arahan petugas melalui kanal resmi BMKG",
        "Simak: petani rugi besar",
        "Dapatkan vaksin di puskesmas terdekat.",
        "Simak video itu, polisi lalu menahan dua orang.",
        "24 Desember 2024",
        "Topik rapat itu belum diumumkan.",
        "Tag harga dipasang ulang.",
        '"Kami rugi besar," kata Rina.',
        "“Bagikan beras itu,” kata Tono.",
        "Laporan: kerugian mencapai Rp3 miliar",
        "Pukul 10.30 WIB, jalan dibuka.",
        "Komentar warga beragam.",
        "(15/3)",
        "Lihat: mereka datang.",
    ],
)
def test_lines_that_carry_news_stay(line: str) -> None:
    article = clean(f"{BODY}\n\n{line}\n\n{MORE}")
    assert article.text == f"{BODY}\n\n{line}\n\n{MORE}"
    assert article.furniture == ()


def test_initials_leave_the_end_of_the_last_paragraph_only() -> None:
    article = clean(f"{TITLE}\n{BODY} (red)\n{MORE} (sar/bud)")
    assert article.text == f"{BODY} (red)\n{MORE}"
    assert [(f.text, f.reason, f.line) for f in article.furniture] == [("(sar/bud)", "initials", 2)]


def test_names_of_networks_one_a_line_are_a_share_bar() -> None:
    assert clean(f"{TITLE}\n\n{BODY}\n\nFacebook\nTwitter\n\n{MORE}").text == f"{BODY}\n\n{MORE}"


def test_what_is_no_page_comes_back_as_it_is() -> None:
    raw = f"{BODY}\n\nBaca juga: Stok Gula Aman hingga Juni\n\n{MORE} (sar/bud)"
    article = clean(raw)
    assert (article.text, article.title, article.furniture) == (raw, "", ())


def test_furniture_can_be_kept() -> None:
    raw = f"{TITLE}\n\nADVERTISEMENT\n\n{BODY} (sar)"
    article = clean(raw, keep_furniture=True, id="a1")
    assert (article.id, article.title, article.furniture) == ("a1", TITLE, ())
    assert article.text == f"ADVERTISEMENT\n\n{BODY} (sar)"


@pytest.mark.parametrize(
    ("raw", "given_title", "title", "text"),
    [
        (f"{TITLE}\n{TITLE}\n{BODY}", None, TITLE, BODY),
        (f"Home > News\n{TITLE}\n{BODY}", None, TITLE, BODY),
        (f"{TITLE}\n{BODY}", "Judul Lain", "Judul Lain", f"{TITLE}\n{BODY}"),
        (f"{TITLE}\n{BODY}", TITLE, TITLE, BODY),
        (f"{BODY}\n{MORE}", None, "", f"{BODY}\n{MORE}"),
        (f"Mengapa Beras Naik?\n{BODY}", None, "Mengapa Beras Naik?", BODY),
        (TITLE, None, "", TITLE),
    ],
)
def test_title(raw: str, given_title: str | None, title: str, text: str) -> None:
    article = clean(raw, title=given_title)
    assert (article.title, article.text) == (title, text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Harga naik â€” kata Rina.", "Harga naik — kata Rina."),
        ("â€œKami rugi,â€\x9d kata Rina.", "“Kami rugi,” kata Rina."),
        ("Kafe\u0301 itu buka.", "Kafé itu buka."),
        ("“Kami” dan ‘kita’, Ａ１.", "“Kami” dan ‘kita’, Ａ１."),
        ("Be\u200bras\u00ad naik\x07.\ufeff", "Beras naik."),
        ("Harga\u00a0 naik\t lagi.", "Harga naik lagi."),
        ("R&amp;D naik.", "R&D naik."),
        ("Satu.\r\nDua.\r\rTiga.\u2029Empat.", "Satu.\nDua.\n\nTiga.\nEmpat."),
        ("Satu.\n\n\n\nDua.\nTiga.\n", "Satu.\n\nDua.\nTiga."),
    ],
)
def test_repair(raw: str, text: str) -> None:
    assert clean(raw).text == text


def test_a_fixed_column_is_unwrapped_and_paragraphs_stay() -> None:
    raw = (
        "Pemerintah kota menunda pembangunan jembatan di atas Sungai Deli\n"
        "karena anggaran belum cair hingga akhir bulan ini. Warga dan anak-\n"
        "anak sekolah terpaksa memutar sejauh tujuh kilometer setiap hari,\n"
        "sebab jembatan lama sudah rapuh.\n"
        "\n"
        "Kepala dinas berjanji bahwa pekerjaan akan dimulai lagi pada Juni\n"
        "tahun ini.\n"
    )
    first, second = clean(raw).text.split("\n\n")
    assert "Deli karena" in first and "anak-anak" in first and first.endswith("rapuh.") and "\n" not in first
    assert second == "Kepala dinas berjanji bahwa pekerjaan akan dimulai lagi pada Juni tahun ini."


@pytest.mark.parametrize(
    "raw", [f"{BODY}\n{MORE}\n{BODY}", "Daftar belanja.\nberas\ngula\nkopi", "A menang.\nB kalah."]
)
def test_lines_that_are_paragraphs_are_not_joined(raw: str) -> None:
    assert clean(raw).text == raw


@pytest.mark.parametrize("raw", ["", " \n\t\u200b\n", "ADVERTISEMENT"])
def test_nothing_to_read(raw: str) -> None:
    with pytest.raises(InputError, match="no article text"):
        clean(raw)


@given(st.text(st.characters(codec="ascii", exclude_characters="&;\x1b")))
def test_no_letter_is_lost_when_furniture_is_kept(raw: str) -> None:
    article = clean(f"{BODY}\n{raw}", title="", keep_furniture=True)
    assert [c for c in article.text if c.isalnum()] == [c for c in f"{BODY}{raw}" if c.isalnum()]
    assert all(line == " ".join(line.split()) for line in article.text.split("\n"))


@pytest.mark.parametrize(
    "raw",
    ["a" * 1_000_000, "Facebook " * 110_000, "#a " * 330_000, "(" * 1_000_000, "Baca juga: " * 90_000,
     "a\n" * 500_000, "> " * 500_000, " " * 1_000_000 + "a", "â€" * 300_000, "Foto: (foto " * 80_000],
    ids=lambda raw: repr(raw[:8]),
)  # fmt: skip
def test_time_is_linear(raw: str) -> None:
    began = time.thread_time()
    clean(raw)
    assert time.thread_time() - began < 15


def test_nothing_is_taken_from_clean_articles() -> None:
    bench = (ROOT / "eval" / "data" / "warta-bench.jsonl").read_text(encoding="utf-8")
    for line in bench.strip().split("\n"):
        record = json.loads(line)
        paragraphs = [" ".join(pair["id"] for pair in paragraph) for paragraph in record["paragraphs"]]
        article = clean("\n\n".join([record["title_id"], *paragraphs]))
        assert (article.title, article.furniture) == (record["title_id"], ())
        assert article.text == "\n\n".join(paragraphs)
        assert clean("\n\n".join(paragraphs)).text == "\n\n".join(paragraphs)


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_nothing_is_taken_from_indosum(gap: str) -> None:
    with lzma.open(DATA / "indosum.dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line)["paragraphs"] for line, _ in zip(lines, range(300), strict=False)]
    for document in documents:
        raw = gap.join(detokenise(token for sentence in p for token in sentence) for p in document)
        article = clean(raw)
        # Four of them hold marks of direction, which nobody sees and repair takes out.
        assert (article.text, article.title, article.furniture) == (raw.replace("\u200e", ""), "", ())


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("Siswa belajar di tenda. (Foto: Rina Lestari/Contoh)", "Siswa belajar di tenda."),
        ("Ilustrasi borgol. Foto: Dok. Contoh", "Ilustrasi borgol."),
        ("Foto: Ilustrasi pekerja pabrik (Dokumentasi Perusahaan)", "Ilustrasi pekerja pabrik"),
        ("Keterangan gambar, Lebah di sarang.", "Lebah di sarang."),
        ("Warga mengungsi, Senin (12/8/2024). ANTARA FOTO/Budi/foc.", "Warga mengungsi, Senin (12/8/2024)."),
        ("Pasar Bintoro (12/8)", "Pasar Bintoro (12/8)"),
        ("Presiden (kiri) dan menteri (kanan)", "Presiden (kiri) dan menteri (kanan)"),
        ("Foto: Rina Lestari", ""),
    ],
)
def test_a_caption_without_who_took_the_picture(caption: str, words: str) -> None:
    assert uncredited(caption) == words
