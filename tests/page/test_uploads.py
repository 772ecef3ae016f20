"""The files that the page holds: their room, their age, their session, and bodies that break off."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import InputError
from service.page.incoming import receive_files
from service.page.uploads import BLOCK, FOLDER, GRACE_SECONDS, Files, NoRoom, Room, safe_name

A, B, C = "a" * 43, "b" * 43, "c" * 43


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path, clock: Clock) -> Iterator[Files]:
    made = Files(tmp_path, Room(session=100_000, total=200_000, seconds=600), clock)
    yield made
    made.close()


def put(files: Files, session: str, size: int, client: str = "1.2.3.4") -> str:
    growing = files.begin(session, client, "berkas.txt")
    try:
        growing.write(b"x" * size)
    except NoRoom:
        growing.drop()
        raise
    return growing.keep()


def on_disk(files: Files) -> int:
    return sum(path.stat().st_size for path in files.folder().rglob("*") if path.is_file())


def test_a_file_is_found_by_its_own_session_only(files: Files) -> None:
    token = put(files, A, 10)
    found = files.find(A, token)
    assert found
    assert found.read_bytes() == b"x" * 10
    assert found.stat().st_mode & 0o777 & ~0o644 == 0
    assert found.parent.stat().st_mode & 0o77 == 0
    assert files.find(B, token) is None
    assert files.find(A, "../" + token) is None
    files.drop(token)
    assert files.find(A, token) is None
    assert files.size() == on_disk(files) == 0


def test_a_file_that_grows_is_not_found_and_counts(files: Files) -> None:
    growing = files.begin(A, "c", "x.txt")
    growing.write(b"x" * 80_000)
    assert files.find(A, growing.token) is None
    with pytest.raises(NoRoom) as caught:
        put(files, A, 20_000)
    assert not caught.value.everybody
    growing.drop()
    assert files.size() == on_disk(files) == 0


def test_many_empty_files_fill_the_room_too(files: Files) -> None:
    for _ in range(100_000 // BLOCK):
        put(files, A, 0)
    with pytest.raises(NoRoom):
        put(files, A, 0)


def test_the_client_that_has_most_loses_its_oldest(files: Files, clock: Clock) -> None:
    quiet = put(files, A, 20_000, "quiet")
    greedy = []
    for session in (B, C):
        for _ in range(3):
            clock.now += 1
            greedy.append(put(files, session, 25_000, "greedy"))
    clock.now += 1
    put(files, "d" * 43, 25_000, "other")
    assert files.find(A, quiet)
    assert files.find(B, greedy[0]) is None
    assert files.find(C, greedy[-1])
    assert on_disk(files) <= 200_000


def test_what_nobody_uses_goes_with_time(files: Files, clock: Clock) -> None:
    used, old = put(files, A, 10), put(files, A, 10)
    clock.now += 500
    assert files.find(A, used)
    clock.now += 200
    files.tidy()
    assert files.find(A, old) is None
    assert files.find(A, used)
    assert on_disk(files) == 10


def test_a_session_s_files_go_after_its_last_page(files: Files, clock: Clock) -> None:
    files.enter(A)
    files.enter(A)
    token = put(files, A, 10)
    files.leave(A)
    clock.now += GRACE_SECONDS + 1
    assert files.find(A, token)
    files.leave(A)
    clock.now += GRACE_SECONDS / 2
    files.enter(A)  # loaded again
    clock.now += GRACE_SECONDS + 1
    assert files.find(A, token)
    files.leave(A)
    clock.now += GRACE_SECONDS + 1
    files.tidy()
    assert on_disk(files) == 0


def test_a_result_is_counted_and_moved(files: Files, tmp_path: Path) -> None:
    with files.workplace() as place:
        made = place / "warta.csv"
        made.write_bytes(b"x" * 5000)
        token = files.give(A, "c", made)
        assert not made.exists()
        big = place / "warta.jsonl"
        big.write_bytes(b"x" * 100_000)
        with pytest.raises(NoRoom):
            files.give(A, "c", big)
    assert files.size() == 5000 + BLOCK
    found = files.find(A, token)
    assert found
    assert (found.name, found.stat().st_size) == ("warta.csv", 5000)
    assert on_disk(files) == 5000


def test_what_a_killed_server_left_goes_and_a_living_one_s_stays(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from service.page.uploads import *\n"
        "f = Files(Path(sys.argv[1]), Room()); g = f.begin('a', 'c', 'x.txt'); g.write(b'x'); g.keep()\n"
        "print('there', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"there\n"
        second = Files(tmp_path, Room())
        second.folder()
        assert len(list((tmp_path / FOLDER).rglob("x.txt"))) == 1
        process.kill()
        process.wait(20)
        third = Files(tmp_path, Room())
        third.folder()
        assert list((tmp_path / FOLDER).rglob("x.txt")) == []
        assert second.folder().is_dir()
        second.close()
        third.close()
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] in ([], [".lock"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\\b.txt", "b.txt"),
        ("..", "file"),
        ("", "file"),
        ("Berita hari ini.docx", "Berita hari ini.docx"),
        ("é" * 300 + ".txt", "é" * 58 + ".txt"),
        ("x\0<i>.txt", "x_i_.txt"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'


def received(files: Files, *pieces: bytes, end: str = "http.request") -> tuple[list[str], int]:
    """What is kept of a body in pieces, and how many bytes of it were told."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": p, "more_body": True} for p in pieces]
    messages.append({"type": end, "body": b"", "more_body": False})
    told = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def run() -> list[str]:
        return await receive_files(
            "multipart/form-data; boundary=x",
            receive,
            lambda name: files.begin(A, "c", name),
            lambda _, size: told.append(size),
        )

    try:
        return asyncio.run(run()), sum(told)
    finally:
        assert messages == []  # read to its end, so that the answer is read too


def test_a_body_is_written_as_it_comes(files: Files) -> None:
    body = PART % (b"a.txt", b"satu\r\n") + PART % (b"b.txt", b"dua") + b"--x--\r\n"
    for size in (1, 7, len(body)):
        tokens, told = received(files, *(body[n : n + size] for n in range(0, len(body), size)))
        found = [files.find(A, token) for token in tokens]
        assert [(path.name, path.read_bytes()) for path in found if path] == [
            ("a.txt", b"satu\r\n"),
            ("b.txt", b"dua"),
        ]
        assert told == 9


@pytest.mark.parametrize(
    ("pieces", "end"),
    [
        (
            (PART % (b"a.txt", b"satu"), b'--x\r\nContent-Disposition: form-data; filename="b"\r\n\r\ndu'),
            "http.request",
        ),
        ((PART % (b"a.txt", b"satu"),), "http.disconnect"),
        ((PART % (b"a.txt", b"satu"), b"--x\r\nno header\r\n\r\n"), "http.request"),
        ((PART % (b"a.txt", b"x" * 60_000), PART % (b"b.txt", b"x" * 60_000), b"--x--"), "http.request"),
        ((PART % (b"a.txt", b"satu"), b"--x\r\nA: " + b"b" * 20_000), "http.request"),
        ((PART % (b"a", b"") * 1001, b"--x--"), "http.request"),
        ((b"nothing like it",), "http.request"),
    ],
)
def test_nothing_is_left_of_a_body_that_breaks(files: Files, pieces: tuple[bytes, ...], end: str) -> None:
    with pytest.raises(InputError):
        received(files, *pieces, end=end)
    assert files.size() == on_disk(files) == 0
