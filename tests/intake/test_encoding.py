"""Bytes to text: every encoding a user may paste, and one line for what is no text."""

import os
from pathlib import Path

import pytest

from service.errors import InputError
from service.intake.encoding import decode, read_text

TEXT = "Harga naik 5–7 persen, kata “Rina” soal kafé.\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("cp1252"),
    ],
    ids=["utf8", "utf8-bom", "utf16", "utf16-be", "le-no-bom", "be-no-bom", "utf32", "cp1252"],
)
def test_encodings(data: bytes) -> None:
    assert decode(data) == TEXT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Kafé ".encode() + b"caf\xe9 \x93ya\x94 " + "– selesai".encode(), "Kafé café “ya” – selesai"),
        (b"Jos\xe9 \x81", "José \x81"),
        (b"\xe2\x80\xe9", "â€é"),
        (b"", ""),
    ],
)
def test_stray_bytes_leave_the_rest_whole(data: bytes, expected: str) -> None:
    assert decode(data) == expected


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\0", "PNG"),
        (b"\xff\xd8\xff\xe0\0", "JPEG"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"teks\0biasa", "binary"),
        (bytes(range(256)), "binary"),
        (b"\0" * 100, "binary"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    for name, data in {"empty": b"", "blank": b" \n", "big": b"a" * 11, "pdf": b"%PDF-"}.items():
        (tmp_path / name).write_bytes(data)
    reasons = {
        "empty": "empty",
        "blank": "empty",
        "big": "larger",
        "pdf": "PDF",
        "none": "no such file",
        ".": "directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(InputError, match=reason) as caught:
            read_text(tmp_path / name, 10)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    path.write_text("isi")
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        read_text(path, 10)


def test_reads_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "berita.txt"
    path.write_bytes(b"0123456789")
    assert read_text(path, 10) == "0123456789"


def test_a_path_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("isi")
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path / "file" / "below", 10)
