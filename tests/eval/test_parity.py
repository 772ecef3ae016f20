"""Other tools give the numbers that are given here."""

from __future__ import annotations

import pytest

from eval.research import parity
from eval.significance import Resampling
from tests.eval_data import GOOD, POOR, REFERENCES


def test_every_tool_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("compare_mt", reason="compare-mt is not installed: pip install compare-mt")
    monkeypatch.setattr(parity, "PLAN", Resampling(resamples=100, trials=200))
    rows = parity.compared(([*REFERENCES] * 3, [*GOOD] * 3, [*GOOD[:5], *REFERENCES, *GOOD, POOR[5]]))
    assert {row.tool for row in rows} == {"here", "sacreBLEU", "compare-mt", "rouge_score"}
    assert len(rows) == 20
    printed = parity.as_markdown(rows)
    assert printed.count("\n") == 12
    assert "BLEU of 13a tokens" in printed


def test_another_number_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("compare_mt", reason="compare-mt is not installed: pip install compare-mt")
    monkeypatch.setattr(parity, "compare_mt", lambda texts: (1.0, float(len(texts))))
    monkeypatch.setattr(parity, "PLAN", Resampling(resamples=100, trials=100))
    with pytest.raises(AssertionError):
        parity.compared((REFERENCES, GOOD, GOOD[::-1]))
