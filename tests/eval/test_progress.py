"""Runs in a log file say soon how far they are, and then once a minute."""

from __future__ import annotations

import time

import pytest

from eval.commands.progress import progress


def test_a_log_has_the_first_line_at_once_then_one_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    tell = progress()
    for seconds, done in ((2, 16), (30, 32), (63, 48), (70, 64), (80, 80)):
        now[0] = 100.0 + seconds
        tell("m", done, 80)
    assert capsys.readouterr().err.split("\n") == [
        "m: 16/80, 8.0 a second, 8 s left",
        "m: 48/80, 0.8 a second, 42 s left",
        "m: 80/80, 1.0 a second, 0 s left",
        "",
    ]
