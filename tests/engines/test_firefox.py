"""The engine of Firefox's models on one written by hand: see tests/firefox.py."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from eval.bench.marian_binary import shortlist
from service.document import Decoding, Passage
from service.engines.firefox import FirefoxEngine
from service.errors import EngineError, UsageError
from service.translation.translator import Care, Translator
from tests import builders

fxtranslate = pytest.importorskip("fxtranslate", reason="pip install 'warta[firefox]'")

from tests import firefox  # noqa: E402

PRESET = builders.preset("fox", "firefox", max_input_tokens=32)
DECODING = Decoding(beam_size=1, max_new_tokens=64)
WORDS = list(firefox.DICTIONARY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return firefox.write(tmp_path_factory.mktemp("firefox") / "model")


@pytest.fixture(scope="module")
def engine(folder: Path) -> FirefoxEngine:
    return FirefoxEngine(folder, PRESET)


def test_words_become_their_english(engine: FirefoxEngine) -> None:
    outputs = engine.generate(WORDS * 3, DECODING)
    assert [o.text for o in outputs] == list(firefox.DICTIONARY.values()) * 3
    assert not any(o.truncated for o in outputs)
    assert engine.signature.startswith(f"fxtranslate-{engine.signature.split('-')[1].split('/')[0]}/cpu/")


def test_an_engine_without_scores_says_so_and_invents_none(engine: FirefoxEngine) -> None:
    translator = Translator(engine, PRESET, "0", care=Care())
    (done,) = translator.stream(Passage(("beras 12",)))
    assert (done.score, done.confidence, done.band) == (None, None, "no score")
    assert done.findings, "the guard works as ever: the number is missing"
    assert not done.repaired
    assert not translator.signature.repair
    assert "gives no scores" in translator.notes[0]


def test_alternatives_are_refused_in_words(engine: FirefoxEngine) -> None:
    with pytest.raises(UsageError, match="alternatives are not to be had"):
        engine.alternatives("beras", DECODING, 3)


def test_a_long_source_is_cut_and_said_to_be(engine: FirefoxEngine) -> None:
    (output,) = engine.generate(["beras " * 200], DECODING)
    assert output.truncated
    assert output.text == "rice"


def test_a_sentence_over_the_limit_is_split_before_it_is_given(engine: FirefoxEngine) -> None:
    sentence = ", ".join(["beras"] * 40)
    (done,) = Translator(engine, PRESET, "0").stream(Passage((sentence,)))
    assert not done.truncated
    assert done.target.count("rice") > 1


def test_threads_of_callers_share_the_engine(engine: FirefoxEngine) -> None:
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append([o.text for o in engine.generate(WORDS * 5, DECODING)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(firefox.DICTIONARY.values()) * 5] * 4


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("model.bin", b"", "cannot be loaded"),
        ("model.bin", b"\1" * 500, "unsupported model version"),
        ("vocab.spm", b"no model", "not a SentencePiece model"),
        ("lex.bin", b"zz", "cannot be loaded"),
    ],
)
def test_a_broken_file_is_one_line(
    name: str, data: bytes, message: str, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "broken")
    (tmp_path / "broken" / name).write_bytes(data)
    with pytest.raises(EngineError, match=message) as caught:
        FirefoxEngine(tmp_path / "broken", PRESET)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "short")
    (tmp_path / "short" / "lex.bin").unlink()
    with pytest.raises(EngineError, match=r"has 0 files lex\*"):
        FirefoxEngine(tmp_path / "short", PRESET)


def test_a_panic_while_translating_is_an_error_of_the_engine(folder: Path, tmp_path: Path) -> None:
    """A shortlist of words beyond the vocabulary loads; the library panics at the first sentence."""
    shutil.copytree(folder, tmp_path / "beyond")
    (tmp_path / "beyond" / "lex.bin").write_bytes(shortlist(4000))
    engine = FirefoxEngine(tmp_path / "beyond", PRESET)
    for _ in range(2):  # the thread lives on
        with pytest.raises(EngineError, match="translating failed"):
            engine.generate(["beras"], DECODING)


def test_closing_ends_the_thread(folder: Path) -> None:
    engine = FirefoxEngine(folder, PRESET)
    thread = engine._thread
    engine.close()
    assert not thread.is_alive()


def test_an_engine_that_is_dropped_does_not_hold_up_the_end(folder: Path) -> None:
    code = (
        "from pathlib import Path; import sys; from tests.engines.test_firefox import PRESET;"
        "from service.engines.firefox import FirefoxEngine; FirefoxEngine(Path(sys.argv[1]), PRESET)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=120)
    assert ended.returncode == 0


def test_without_the_wheel_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fxtranslate", None)
    with pytest.raises(UsageError, match=r"fox .*fxtranslate"):
        FirefoxEngine(folder, PRESET)
