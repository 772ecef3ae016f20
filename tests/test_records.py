"""From files and folders to records: what is read, what is refused, and where it stood."""

from pathlib import Path

import pytest

from service.intake.records import BadRecord, Record, list_files, read_records
from service.settings import MAX_INPUT_BYTES


def seen(path: Path, column: str = "text") -> list[tuple[str, str]]:
    """The place in the file and the text, or ``!`` and the error, of each record."""
    records = read_records(path, column=column)
    return [
        (r.place.removeprefix(str(path)), r.text if isinstance(r, Record) else f"!{r.error}") for r in records
    ]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "Harga naik.\n\nWarga tenang.\n", [("", "Harga naik.\n\nWarga tenang.\n")]),
        ("a b \U0001f35a.TXT", "Harga naik.", [("", "Harga naik.")]),
        ("a.txt", b"", [("", "!empty")]),
        ("a.txt", b"%PDF-1.7", [("", "!a PDF file, not text; save the article as plain text")]),
        ("a.xyz", "Harga", [("", "!a file .xyz is not read here; there are: .csv, .jsonl, .tsv, .txt")]),
        ("a.jsonl", '{"text": "Satu."}\n\n"Dua."', [(":1", "Satu."), (":3", "Dua.")]),
        ("a.jsonl", '\ufeff{"text": "Satu\\u2028dua."}\r\n', [(":1", "Satu\u2028dua.")]),
        ("a.jsonl", '{"text": "Satu."}\n'.encode("utf-16"), [(":1", "Satu.")]),
        ("a.jsonl", b'{"text": "Kaf\xe9 \xe2\x80\x94 ya."}\n', [(":1", "Kafé — ya.")]),
        ("a.jsonl", '{"text": 5}\n[1]\n{"isi": "a"}\n{"text": " "}', [
            (":1", "!'text' is not a text"),
            (":2", "!a JSON list, not an object"),
            (":3", "!no 'text' in it; there is: isi"),
            (":4", "!'text' is empty"),
        ]),
        ("a.jsonl", "[" * 200_000 + '\n"Dua."', [(":1", "!not JSON: nested too deeply"), (":2", "Dua.")]),
        ("a.csv", "\n \nid,text\n1,Satu.\n", [(":4", "Satu.")]),
        ("a.csv", "id,text\n1,Satu.\n\n2,Dua.\n", [(":2", "Satu."), (":4", "Dua.")]),
        ("a.csv", 'id;text\r\n1;"Satu; ""dua"",\r\ntiga."\r\n2;Empat.', [
            (":2", 'Satu; "dua",\r\ntiga.'),
            (":4", "Empat."),
        ]),
        ("a.csv", "id,text\n1,Harga 1,5 persen\n2\n3,Dua.\n", [
            (":2", "!3 fields, where the header has 2"),
            (":3", "!1 fields, where the header has 2"),
            (":4", "Dua."),
        ]),
        ("a.csv", 'id,text\n1,"Satu."x\n2,Dua.\n', [
            (":2", "!not a row: ',' expected after '\"'"),
            (":3", "Dua."),
        ]),
        ("a.csv", 'id,text\n1,Satu.\n2,"Dua\n3,Tiga.\n', [
            (":2", "Satu."),
            (":3", "!not a row: unexpected end of data"),
        ]),
        ("a.csv", "id,isi\n1,Satu.\n", [("", "!no column 'text'; there is: id, isi")]),
        ("a.csv", "\n\n", [("", "!empty")]),
        ("a.csv", "text,text\nSatu.,Dua.\n", [("", "!more than one column 'text'; there is: text, text")]),
        ("a.tsv", 'text\tid\n"Satu" dua.\t1\nTiga "x\t2\n', [(":2", '"Satu" dua.'), (":3", 'Tiga "x')]),
        ("a.csv", b"text\nRIFF \x00 kaf\xe9\n", [(":2", "RIFF \ufffd kafé")]),
    ],
)  # fmt: skip
def test_reading(name: str, content: str | bytes, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    assert seen(written(tmp_path, name, content)) == expected


def test_other_columns_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,isi,url\n7,Harga naik.,x.id\n")
    [record] = read_records(path, column="isi")
    assert isinstance(record, Record)
    assert (record.text, record.fields) == ("Harga naik.", {"id": "7", "url": "x.id"})


def test_keys_tell_equal_texts_apart_and_are_stable(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '"Satu."\n"Satu."\n')
    first, second = read_records(path, column="text")
    assert (first.key[-2:], second.key[-2:]) == ("-1", "-2")
    assert first.key[:-2] != second.key[:-2]
    assert [record.key for record in read_records(path, column="text")] == [first.key, second.key]


def test_a_line_too_long_to_hold_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'"' + b"x" * (2 * MAX_INPUT_BYTES) + b'"\n"Dua."\n')
    assert seen(path) == [(":1", "!longer than 20 MB"), (":2", "Dua.")]


def test_a_file_that_may_not_be_read_is_one_bad_record(tmp_path: Path) -> None:
    assert seen(tmp_path / "gone.csv") == [("", "!cannot be read: No such file or directory")]


def test_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "b/1.txt", "a.txt", "c.csv", ".hidden.txt"):
        written(tmp_path, name, "x")
    assert [str(p.relative_to(tmp_path)) for p in list_files(tmp_path) if isinstance(p, Path)] == [
        "a.txt", "b/1.txt", "b/2.txt", "c.csv",
    ]  # fmt: skip


def test_a_loop_of_links_ends_and_a_broken_one_is_named(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    written(inside, "a.txt", "x")
    (inside / "b").symlink_to(tmp_path)
    (inside / "c.txt").symlink_to(tmp_path / "gone.txt")
    found = list(list_files(inside))
    loops = [entry for entry in found if isinstance(entry, BadRecord)]
    files = [entry.relative_to(inside) for entry in found if isinstance(entry, Path)]
    assert [loop.error for loop in loops] == ["a link back to a folder above it"]
    assert files == [Path("a.txt"), Path("c.txt")]
    assert seen(inside / "c.txt") == [("", "!no such file")]
