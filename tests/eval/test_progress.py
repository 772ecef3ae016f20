"""Runs in a log file say soon how far they are, and then once a minute."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import typer

from eval.commands.progress import interruptible, progress
from eval.harness import Cache, kept
from eval.scoring import Answer
from service.batch import progress as lines
from service.batch.progress import Teller


def test_a_log_has_lines_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    told: list[str] = []
    monkeypatch.setattr(Teller, "tell", lambda _, line: told.append(line))
    with progress() as tell:
        for seconds, done in ((2, 4), (30, 20), (62, 52), (98, 100)):
            now[0] = 100.0 + seconds
            tell("m", done, 100)
    assert told == [
        "opening the model",
        "m: 4/100",
        "m: 20/100, 0.6 a second, 2 min 20 s left",
        "m: 52/100, 0.8 a second, 1 min 00 s left",
        "m: 100/100, 1.0 a second, 0 s left",
    ]
    assert capsys.readouterr().err == "m: 100/100, 1.0 a second, 0 s left\n"


def test_a_log_is_told_soon_and_again_and_a_terminal_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SOON", 0.01)
    monkeypatch.setattr(lines, "EVERY", 0.02)
    monkeypatch.setattr(lines, "running", lambda: 0.0)
    said: list[str] = []
    third = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            third.set()

    with Teller(None, say) as teller:
        teller.tell("opening")
        assert third.wait(30)
    assert set(said) == {"opening"}
    count = len(said)
    time.sleep(0.1)
    assert len(said) == count
    shown: list[str] = []
    with Teller(shown.append, said.append) as teller:
        teller.tell("a")
        teller.tell("b")
    assert (shown, len(said)) == (["a", "b"], count)


def test_ctrl_c_counts_the_answers_of_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache(tmp_path / "cache.jsonl")
    cache.put("m", ["Satu.", "Dua."], [Answer("One."), Answer("Two.")])
    with pytest.raises(typer.Exit) as stop, interruptible(lambda: kept(tmp_path)):
        raise KeyboardInterrupt
    assert stop.value.exit_code == 130
    assert capsys.readouterr().err == "stopped: 2 answers are safe, and the same command goes on\n"


def test_a_log_waits_at_most_five_seconds_for_its_first_line() -> None:
    assert lines.SOON < 5
    assert lines.EVERY == 60


def test_the_wait_is_counted_from_the_start_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SOON", 60.0)
    said = threading.Event()
    for seconds, soon in ((59.99, True), (3600.0, True), (0.0, False)):
        monkeypatch.setattr(lines, "running", lambda seconds=seconds: seconds)
        said.clear()
        teller = Teller(None, lambda _: said.set())
        teller.tell("opening")
        with teller:
            assert said.wait(30 if soon else 0.1) is soon


def test_a_process_knows_how_long_it_has_been_running() -> None:
    before = lines.running()
    time.sleep(0.2)
    if before:  # Linux
        assert 0.1 < lines.running() - before < 60
