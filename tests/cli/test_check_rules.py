"""``warta check`` with the user's own rules, and with what was dismissed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.app import app


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("WARTA_HOME", str(tmp_path / "home"))
    (tmp_path / "id.txt").write_text("Harga beras naik.\nDi dusun itu sepi.\n", "utf-8")
    (tmp_path / "en.txt").write_text("Rice prices fell.\nThe village is quiet.\n", "utf-8")
    return ["--source", str(tmp_path / "id.txt"), "--target", str(tmp_path / "en.txt")]


def check(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *options])
    return done.exit_code, done.output


def test_a_rule_of_the_users_own_is_checked(files: list[str], tmp_path: Path) -> None:
    pytest.importorskip("re2")
    rules = tmp_path / "rules.tsv"
    rules.write_text(
        "id\tmessage\tsource\tforbid\nhamlet\ta dusun is a hamlet\tdusun\t(?i)village\n", "utf-8"
    )
    code, said = check(*files, "--rules", str(rules))
    assert code == 0
    assert "line 2, rule: your rule: a dusun is a hamlet\n" in said
    assert said.endswith("2 of 2 lines to check\n")


def test_what_is_dismissed_is_left_out_from_then_on(files: list[str], tmp_path: Path) -> None:
    code, said = check(*files)
    assert (code, said.splitlines()[-1]) == (0, "1 of 2 lines to check")
    assert not (tmp_path / "home" / "memory.sqlite").exists()
    assert check(*files, "--dismiss", "1:word.trend")[1] == "0 of 2 lines to check\n"
    assert check(*files)[1] == "0 of 2 lines to check\n"
    assert check(*files, "--no-memory")[1].endswith("1 of 2 lines to check\n")


@pytest.mark.parametrize("name", ["3", "x", "2", "1:number"])
def test_a_line_where_nothing_is_found_cannot_be_dismissed(files: list[str], name: str) -> None:
    code, _ = check(*files, "--dismiss", name)
    assert code != 0
