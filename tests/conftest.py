import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from service import presets
from service.engines.base import Engine
from service.engines.ctranslate2 import CTranslate2Engine
from service.engines.transformers import TransformersEngine
from service.models.convert import convert
from service.models.gemma import build as embedded
from service.models.store import Store
from tests import builders, gemma

# How busy the machine is says nothing about the code.
settings.register_profile("warta", deadline=None)
settings.load_profile("warta")


# Modules whose tests start servers, workers or browsers, train tiny models, or try thousands of inputs:
# they are marked slow, and `scripts/check --fast` leaves them out.
SLOW = frozenset(
    (
        "api/test_background.py",
        "api/test_deadlines.py",
        "api/test_hostile.py",
        "api/test_http.py",
        "api/test_http_examples.py",
        "api/test_clients.py",
        "api/test_libretranslate.py",
        "api/test_middleware.py",
        "api/test_serving.py",
        "batch/test_batch.py",
        "batch/test_executors.py",
        "cli/test_compare.py",
        "cli/test_models.py",
        "engines/test_endpoint.py",
        "engines/test_firefox.py",
        "models/test_offer.py",
        "eval/test_training.py",
        "engines/test_engines.py",
        "engines/test_causal.py",
        "inbox/test_fetcher.py",
        "inbox/test_digest.py",
        "inbox/test_kept.py",
        "intake/test_clean.py",
        "intake/test_fetch.py",
        "models/test_gemma.py",
        "models/test_opus.py",
        "page/test_browser.py",
        "page/test_gate.py",
        "page/test_inbox_tab.py",
        "page/test_walk.py",
        "runtime/test_parent.py",
        "runtime/test_sandbox.py",
        "summary/test_summarizer.py",
        "text/test_segment.py",
        "translation/test_forgiving.py",
        "translation/test_memory.py",
        "test_fuzz.py",
        "test_growth.py",
        "test_notebooks.py",
        "test_wheel.py",
        "test_python_docs.py",
    )
)


# Modules that hold times, which other tests beside them disturb: `scripts/check` runs them after the others.
ALONE = frozenset(
    (
        "api/test_hostile.py",
        "inbox/test_digest.py",
        "inbox/test_fetcher.py",
        "page/test_browser.py",
        "page/test_correcting.py",
        "page/test_inbox_tab.py",
        "test_growth.py",
    )
)


# Those that take longest, the longest first: begun last, one of them would run on while the other cores wait.
FIRST = (
    "batch/test_executors.py",
    "api/test_deadlines.py",
    "cli/test_models.py",
    "runtime/test_parent.py",
    "engines/test_engines.py",
    "test_notebooks.py",
    "models/test_gemma.py",
    "models/test_offer.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = [name for name in SLOW | ALONE | {*FIRST} if not (here / name).is_file()]
    assert not missing, f"tests/conftest.py names modules that are gone: {missing}"
    for item in items:
        name = item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else ""
        if name in SLOW:
            item.add_marker(pytest.mark.slow)
        if name in ALONE:
            item.add_marker(pytest.mark.alone)
    places = {here / name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(FIRST)))


@pytest.fixture(scope="session", autouse=True)
def calm() -> None:
    """One thread suits tiny models, nobody reads progress bars here, and Ctrl-C works."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    # A job in the background ignores Ctrl-C, and so would the processes that the tests start and stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Path]) -> Path:
    """Return the folder ``build`` makes, made by the first of the test processes that needs it."""
    root = factory.getbasetemp()
    # Each process of pytest-xdist has a folder in the one of the run.
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    done = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            build(root / f"{name}.partial").rename(done)
    return done


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Marian checkpoint that translates :data:`builders.PAIRS`."""
    return _once(tmp_path_factory, "marian", lambda folder: builders.marian(folder, steps=120))


@pytest.fixture(scope="session")
def mt5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny mT5 checkpoint that translates :data:`builders.PAIRS`."""
    return _once(tmp_path_factory, "mt5", lambda folder: builders.mt5(folder, steps=220))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny T5 checkpoint without a SentencePiece model that translates :data:`builders.PAIRS`."""
    return _once(tmp_path_factory, "t5", lambda folder: builders.t5(folder, steps=260))


@pytest.fixture(scope="session")
def ct2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint in CTranslate2's own format that translates :data:`builders.PAIRS`."""
    return _once(tmp_path_factory, "ct2", lambda folder: builders.ct2(folder, steps=200))


@pytest.fixture(scope="session")
def tiny_gemma(tmp_path_factory: pytest.TempPathFactory) -> gemma.TinyGemma:
    """A tiny Gemma 3 that translates :data:`builders.PAIRS`, and its GGUF file."""
    pytest.importorskip("gguf")
    return gemma.tiny_gemma(tmp_path_factory.mktemp("gemma"))


@pytest.fixture(scope="session")
def embedded_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the real embedded model; WARTA_TEST_MODELS names one to keep between runs."""
    if not embedded.available():
        pytest.skip(f"the embedded model's wheels are not installed: {embedded.INSTALL}")
    kept = os.environ.get("WARTA_TEST_MODELS")
    store = Store(Path(kept) if kept else tmp_path_factory.mktemp("models"))
    embedded.prepare(store, presets.get("gemma-3-270m"), lambda _: None)
    return store


@pytest.fixture(scope="session")
def engines(
    marian: Path, mt5: Path, t5: Path, ct2: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Engine]:
    """The checkpoints in both engines, float32, by ``<architecture>-<engine>``; quickmt's kind in its one."""
    loaded: dict[str, Engine] = {}
    loaded["ct2-ctranslate2"] = CTranslate2Engine(ct2, builders.preset("ct2", "ct2"), compute_type="float32")
    for name, folder in (("marian", marian), ("mt5", mt5), ("t5", t5)):
        preset = builders.preset(name, name)
        converted = tmp_path_factory.mktemp(name) / "ct2"
        convert(folder, converted, preset, "float32")
        loaded[f"{name}-transformers"] = TransformersEngine(folder, preset)
        loaded[f"{name}-ctranslate2"] = CTranslate2Engine(converted, preset, compute_type="float32")
    return loaded
