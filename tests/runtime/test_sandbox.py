"""Confined work: it ends when it is told to, takes no more than it may, and what it answers runs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import confined, errors
from service.context import Ask, asking
from service.document import SegmentTranslation
from service.errors import Cancelled, DeadlinePassed, InputError, LimitExceeded, UsageError, WorkerFailed
from service.runtime.sandbox import AVAILABLE, Confinement, Sandbox
from service.runtime.sandbox_child import packed, unpacked
from tests.processes import alive, below, until

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="processes are confined on Linux only")
SMALL = Confinement(cpu_seconds=1, memory_bytes=200_000_000, output_bytes=1_000_000)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    made = Sandbox(2)
    made.warm()
    yield made
    made.close()


@pytest.mark.parametrize(
    "value", ["Satu.", "a" * 100_000, "\ud800" * 5000, b"\0\xff", 7, None, [1, {"a": None}], ""]
)
def test_what_goes_in_comes_out(value: Any, box: Sandbox) -> None:
    assert box.run("tests.slow:echo", value) == value


@pytest.mark.parametrize("what", ["spin", "backtrack", "sleep", "deaf"])
@pytest.mark.parametrize("why", ["deadline", "cancelled"])
def test_what_does_not_end_is_ended(what: str, why: str, box: Sandbox) -> None:
    ask = Ask("a", time.monotonic() + 0.5 if why == "deadline" else None)
    if why == "cancelled":
        threading.Timer(0.5, ask.cancelled.set).start()
    with asking(ask), pytest.raises((DeadlinePassed, Cancelled)):
        box.run(f"tests.slow:{what}", limits=Confinement())
    assert len(below(forker(box))) == 1
    assert box.run("tests.slow:echo", "next") == "next"


def forker(box: Sandbox) -> int:
    assert box.forker
    return box.forker


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ("spin", LimitExceeded, "1 seconds of processor time"),
        ("backtrack", LimitExceeded, "1 seconds of processor time"),
        ("hog", LimitExceeded, "memory"),
        ("flood", LimitExceeded, "1,000,000 bytes"),
        ("die", WorkerFailed, "ended"),
        ("leave", WorkerFailed, "ended"),
        ("hide", WorkerFailed, "ended"),
    ],
)
def test_what_takes_too_much_is_one_error(what: str, error: type[Exception], said: str, box: Sandbox) -> None:
    with pytest.raises(error, match=said) as raised:
        box.run(f"tests.slow:{what}", limits=SMALL)
    assert isinstance(raised.value, InputError)
    assert len(below(forker(box))) == 1
    assert box.run("tests.slow:echo", "next") == "next"


def test_it_writes_no_file_and_says_nothing_of_what_broke(
    box: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WorkerFailed):
        box.run("tests.slow:write", str(tmp_path / "a"))
    assert not (tmp_path / "a").exists() or (tmp_path / "a").stat().st_size == 0
    with pytest.raises(WorkerFailed, match="not foreseen"):
        box.run("tests.slow:fail", "rahasia")
    assert "KeyError" in caplog.text
    assert "rahasia" not in caplog.text


def test_it_has_limits_and_nothing_of_the_server(box: Sandbox) -> None:
    limits = box.run("tests.slow:limits", limits=Confinement(cpu_seconds=7, file_bytes=3, files=33))
    assert (limits["CPU"], limits["FSIZE"], limits["NOFILE"], limits["CORE"]) == (7, 3, 33, 0)
    assert 1_000_000_000 < limits["AS"] < 4_000_000_000
    found = box.run("tests.slow:about")
    assert found["threads"] == 1
    assert found["heavy"] == []
    assert sum(name.startswith("socket:") for name in found["files"]) == 1
    assert not any(name.startswith("pipe:") for name in found["files"])
    assert found["pid"] != box.run("tests.slow:about")["pid"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x02[]",
        b"\0\0\0\x02{}",
        b"\0\0\0\x09[1, 2, 3]",
        b"\0\0\x20\0" + b"[" * 8192,
        b"\0\0\0\x10" + b'[{"bytes": 1e99}]'[:16],
        b"\0\0\0\x0f" + b'[{"bytes":-10}]',
        b"\0\0\0\x16" + b'[{"text":99999999999}]',
        packed(["done"])[0],
        packed(["failed", "Busy"])[0],
        packed(["ask", 1, "give me"])[0],
        b"\x80\x04\x95" + b"cos\nsystem\n" * 9,
    ],
)
def test_an_answer_that_is_none_is_an_error(data: bytes, box: Sandbox) -> None:
    with pytest.raises((WorkerFailed, LimitExceeded)):
        box.run("tests.slow:lie", data.hex(), limits=SMALL)


@pytest.mark.parametrize("kind", ["Busy", "Sequence", "annotations", "__doc__", "BaseException"])
def test_an_error_of_no_kind_is_one_about_the_input(kind: str, box: Sandbox) -> None:
    frame = b"".join(packed(["failed", kind, "a"]))
    with pytest.raises(InputError):
        box.run("tests.slow:lie", frame.hex())


def test_questions_are_answered_by_threads(box: Sandbox) -> None:
    meet = threading.Barrier(4)

    def answer(number: int, word: str) -> str:
        meet.wait(30)
        return f"{word} {number}"

    assert box.run("tests.slow:ask", "Satu", answer=answer) == [f"Satu {n}" for n in range(4)]


def test_an_error_of_the_answer_goes_the_right_way(box: Sandbox) -> None:
    def refuse(*_: Any) -> None:
        raise UsageError("so not")

    with pytest.raises(UsageError, match="so not"):
        box.run("tests.slow:ask_once", 1, answer=refuse)

    def busy(*_: Any) -> None:
        raise errors.Busy(7)

    with pytest.raises(errors.Busy, match="7"):
        box.run("tests.slow:ask_once", 1, answer=busy)
    with pytest.raises(WorkerFailed, match="nobody answers"):
        box.run("tests.slow:lie", b"".join(packed(["ask", 1, "a"])).hex())


def test_a_stream_is_taken_as_it_comes_and_ends_with_its_reader(box: Sandbox) -> None:
    stream = box.stream("tests.slow:drip")
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    assert len(below(forker(box))) == 2
    del stream
    until(lambda: len(below(forker(box))) == 1)


def test_many_at_once_are_bounded() -> None:
    order: list[str] = []
    one = Sandbox(1)
    try:
        slow = Ask("greedy")
        first = threading.Thread(target=_quietly, args=(one, slow, "tests.slow:sleep"))
        first.start()
        until(lambda: one.forker and len(below(one.forker)) == 2)

        def work(client: str) -> None:
            with asking(Ask(client)):
                one.run("tests.slow:echo", client)
            order.append(client)

        threads = [threading.Thread(target=work, args=("modest",))]
        with asking(Ask("late", time.monotonic() + 0.2)), pytest.raises(DeadlinePassed):
            one.run("tests.slow:echo", 1)
        for thread in threads:
            thread.start()
        assert order == []
        slow.cancelled.set()
        for thread in (first, *threads):
            thread.join(60)
        assert order == ["modest"]
    finally:
        one.close()


def _quietly(box: Sandbox, ask: Ask, function: str) -> None:
    with asking(ask):
        try:
            box.run(function, limits=Confinement())
        except errors.WartaError:
            return


def test_it_is_started_again_where_it_was_killed(box: Sandbox) -> None:
    before = forker(box)
    os.kill(before, signal.SIGKILL)
    until(lambda: not alive(before))
    assert box.run("tests.slow:echo", "again") == "again"
    assert forker(box) != before


def test_work_whose_forker_is_killed_is_one_error(box: Sandbox) -> None:
    threading.Timer(1.0, lambda: os.kill(forker(box), signal.SIGKILL)).start()
    with pytest.raises(WorkerFailed):
        box.run("tests.slow:sleep", limits=Confinement())
    assert box.run("tests.slow:echo", "next") == "next"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_server(how: int) -> None:
    code = (
        "from service.runtime.sandbox import *; b = Sandbox(); b.warm(); print(b.forker, flush=True);"
        "b.run('tests.slow:deaf', limits=Confinement())"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        above = int(process.stdout.readline())
        until(lambda: len(below(above)) == 2)
        those = below(above)
        process.send_signal(how)
        process.wait(60)
        until(lambda: not any(map(alive, those)), 5)


# What is done in them.


def test_a_document_is_read_and_written_again(box: Sandbox) -> None:
    page = b"<p>Harga <b>beras</b> naik.</p>"
    whole = b"<html><body>" + page + b"</body></html>"
    assert "Harga beras naik." in confined.read_document(box, whole, "a.html", 10_000)

    def translate(passages: Any) -> Any:
        return [[SegmentTranslation(s, s.upper(), 0.0) for s in passage.sentences] for passage in passages]

    made = confined.translate_document(box, whole, "a.html", 10_000, translate)
    assert b"HARGA" in made
    assert confined.translate_markup(box, [page.decode()], translate)[0].startswith("<p>HARGA")
    with pytest.raises(InputError, match="a program"):
        confined.read_document(box, b"\x7fELF", "a.txt", 10_000)


def test_long_texts_give_what_short_ones_do(box: Sandbox) -> None:
    from service.pipeline import to_article

    text = "Banjir di Demak\n\nBaca juga: Hujan\n\n" + "Banjir merendam 340 rumah. " * 400
    assert len(text) > confined.SMALL
    assert confined.read_article(box, text, keep_furniture=False) == to_article(text)
    pairs = [("Banjir merendam 340 rumah.", "Floods hit 430 homes.")]
    assert confined.check_pairs(box, pairs * 400)[:1] == confined.check_pairs(box, pairs)


def test_frames_are_plain_data() -> None:
    data = b"".join(packed(["a", b"b", "c" * 9000, {"d": [1]}]))
    place = 0

    def read(size: int) -> bytes:
        nonlocal place
        place += size
        return data[place - size : place]

    assert unpacked(read, 1 << 20) == ["a", b"b", "c" * 9000, {"d": [1]}]
