from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service import presets
from service.errors import PresetError, UnknownModel

GOOD: Mapping[str, Any] = {
    "name": "tiny",
    "task": "translate",
    "architecture": "marian",
    "model": "someone/tiny",
    "revision": "0123abc",
    "licence": "Apache-2.0",
    "about": "For a test.",
    "max_input_tokens": 64,
    "decoding": {"beam_size": 2},
}


def test_every_preset_that_ships_loads() -> None:
    assert set(presets.all_presets()) == {
        *("echo", "firefox-id-en", "gemma-3-270m", "hy-mt2", "indonanot5-indosum", "mt0-base", "mt0-small"),
        *(
            "mt5-crosssum-en",
            "mt5-crosssum-m2m",
            "mt5-xlsum",
            "opus-mt-id-en",
            "opus-mt-poz-en",
            "quickmt-id-en",
            "qwen3",
        ),
        *("qwen3-summary", "translategemma"),
    }


def test_a_limited_licence_carries_a_note() -> None:
    for preset in presets.all_presets().values():
        limited = "NC" in preset.licence or "Gemma" in preset.licence
        assert preset.limited == limited, preset.name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "tiny.toml: unknown key colour"),
        ({"decoding": {"beams": 4}}, "tiny.toml: unknown key decoding.beams"),
        ({"decoding": {"beam_size": "4"}}, "tiny.toml: decoding.beam_size: must be a whole number"),
        ({"decoding": {"beam_size": True}}, "tiny.toml: decoding.beam_size: must be a whole number"),
        ({"decoding": {"beam_size": 0}}, "tiny.toml: decoding.beam_size: must be above 0"),
        ({"decoding": []}, "tiny.toml: decoding: must be a table"),
        ({"task": "sing"}, "tiny.toml: task: must be one of translate, summarize"),
        ({"architecture": "rnn"}, "tiny.toml: architecture: must be one of"),
        ({"prompt": "no place"}, "tiny.toml: prompt: must hold {source} once"),
        ({"revision": "main"}, "tiny.toml: revision: must be a commit hash"),
        ({"name": "other"}, "tiny.toml: name: must be the file's name"),
        ({"licence": 3}, "tiny.toml: licence: must be text"),
        ({"examples": [{"source": "a"}]}, "tiny.toml: missing key examples[0].target"),
        ({"examples": ["a"]}, "tiny.toml: examples[0]: must be a table"),
        ({"host": "ftp"}, "tiny.toml: host: must be one of"),
        ({"host": "hub"}, "tiny.toml: files: must be given with host"),
        ({"files": [{"size": 3}]}, "tiny.toml: missing key files[0].name"),
        ({"speed": "warp"}, "tiny.toml: speed: must be one of"),
        (
            {"quality": {"metric": "BLEU", "score": 1.0, "test": "t", "kind": "hoped", "source": "s"}},
            "tiny.toml: quality.kind: must be one of published, measured",
        ),
        ({"max_input_tokens": None}, "tiny.toml: max_input_tokens: must be a whole number"),
    ],
)
def test_a_wrong_key_names_file_and_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PresetError) as caught:
        presets.parse({**GOOD, **change}, "tiny.toml")
    assert str(caught.value).startswith(message)


def test_what_a_reader_chooses_by_is_there_for_every_model() -> None:
    for preset in presets.all_presets().values():
        assert preset.purpose, preset.name
        assert preset.licence_word in ("free", "attribution", "non-commercial", "restricted"), preset.name
        if preset.host:
            assert preset.speed and preset.download, preset.name
    assert [p.name for p in presets.all_presets().values() if p.recommended] == ["quickmt-id-en"]


@pytest.mark.parametrize("key", ["name", "task", "model", "revision", "licence", "decoding"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(PresetError, match=f"tiny.toml: missing key {key}"):
        presets.parse({k: v for k, v in GOOD.items() if k != key}, "tiny.toml")


def test_a_whole_number_serves_as_a_fraction() -> None:
    assert (
        presets.parse({**GOOD, "decoding": {"length_penalty": 1}}, "tiny.toml").decoding.length_penalty == 1.0
    )


def test_broken_toml_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("name = ")
    with pytest.raises(PresetError, match=r"^bad\.toml: "):
        presets.load(file)


def test_an_unknown_model_lists_those_of_the_task() -> None:
    with pytest.raises(
        UnknownModel,
        match=r"indonanot5-indosum, mt5-crosssum-en, mt5-crosssum-m2m, mt5-xlsum, qwen3-summary$",
    ):
        presets.get("opus", task="summarize")
