"""Pulling, verifying and removing models, against a hub on loopback that serves a real checkpoint."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from service.document import Decoding
from service.engines.ctranslate2 import CTranslate2Engine
from service.engines.transformers import TransformersEngine
from service.errors import DamagedModel, NotInstalled, StoreError
from service.models import pull as pull_module
from service.models import store as store_module
from service.models.load import open_engine
from service.models.offer import Sources, offer
from service.models.pull import pull
from service.models.store import Store, partial_folder
from service.presets import Preset
from service.settings import Settings
from tests import builders
from tests.hub import Hub, serve

SHA = "0123456789abcdef0123456789abcdef01234567"
REPO = "tests/tiny"
SOURCE, TARGET = builders.PAIRS[1]


@pytest.fixture
def hub(marian: Path) -> Iterator[Hub]:
    with serve() as running:
        running.add(REPO, SHA, marian)
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "hub-cache"
    folder.mkdir()
    return folder


def tiny(revision: str = SHA) -> Preset:
    return builders.preset("tiny", "marian", model=REPO, revision=revision)


def silent(what: str, done: int, total: int) -> None:
    """A progress that nobody watches."""


def fetch(store: Store, hub: Hub, cache: Path, preset: Preset | None = None) -> Path:
    return pull(store, offer(preset or tiny(), Sources(cache=cache, endpoint=hub.url)), silent)


def test_a_pulled_model_translates_in_both_engines(store: Store, hub: Hub, cache: Path) -> None:
    folder = fetch(store, hub, cache)
    decoding = Decoding(beam_size=4, max_new_tokens=48)
    assert CTranslate2Engine(folder / "int8", tiny()).generate([SOURCE], decoding)[0].text == TARGET
    assert TransformersEngine(folder / "original", tiny()).generate([SOURCE], decoding)[0].text == TARGET


def test_the_manifest_says_what_was_installed(store: Store, hub: Hub, cache: Path) -> None:
    fetch(store, hub, cache)
    manifest = store.require(tiny())
    assert (manifest.preset, manifest.model, manifest.revision) == ("tiny", REPO, SHA)
    assert {"original/config.json", "original/model.safetensors", "int8/model.bin"} <= set(manifest.files)
    assert store.verify(tiny()) == []
    assert not partial_folder(store.folder(tiny())).exists()


def test_an_abbreviated_revision_is_resolved_and_recorded(store: Store, hub: Hub, cache: Path) -> None:
    fetch(store, hub, cache, tiny(SHA[:7]))
    assert store.require(tiny()).revision == SHA


def test_only_what_is_needed_is_fetched(
    store: Store, hub: Hub, cache: Path, marian: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    for file in marian.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for extra in ("pytorch_model.bin", "tf_model.h5", "README.md"):
        (folder / extra).write_bytes(b"not needed")
    hub.add(REPO, SHA, folder)
    fetch(store, hub, cache)
    assert not [
        path for path in hub.requests if "pytorch_model.bin" in path or ".h5" in path or ".md" in path
    ]


@pytest.mark.parametrize("name", ["original/source.spm", "int8/model.bin"])
def test_one_flipped_byte_is_found(name: str, store: Store, hub: Hub, cache: Path) -> None:
    path = fetch(store, hub, cache) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert list(map(str, store.verify(tiny()))) == [f"{name}: SHA-256 differs"]


def test_a_missing_and_a_short_file_are_found(store: Store, hub: Hub, cache: Path) -> None:
    folder = fetch(store, hub, cache)
    (folder / "int8" / "model.bin").unlink()
    (folder / "original" / "vocab.json").write_text("{}")
    problems = [str(problem) for problem in store.verify(tiny())]
    assert "int8/model.bin: missing" in problems
    assert any(problem.startswith("original/vocab.json: 2 bytes, not") for problem in problems)


def test_an_interrupted_pull_goes_on_where_it_stopped(
    store: Store, hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if part.exists() and part.stat().st_size > 1000:
            raise KeyboardInterrupt

    part = partial_folder(store.folder(tiny())) / "original" / "model.safetensors.part"
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    with pytest.raises(KeyboardInterrupt):
        pull(store, offer(tiny(), Sources(cache=cache, endpoint=hub.url)), interrupt)
    assert store.manifest(tiny()) is None
    kept = part.stat().st_size
    fetch(store, hub, cache)
    assert hub.ranges == [f"bytes={kept}-"]
    assert store.verify(tiny()) == []


def test_a_cut_connection_is_taken_up_again(store: Store, hub: Hub, cache: Path) -> None:
    hub.cut_once["model.safetensors"] = 1000
    fetch(store, hub, cache)
    assert store.verify(tiny()) == []


@pytest.mark.parametrize("name", ["model.safetensors", "vocab.json"])
def test_a_file_damaged_on_the_way_is_refused(name: str, store: Store, hub: Hub, cache: Path) -> None:
    hub.damage.add(name)
    with pytest.raises(StoreError, match=f"{name} arrived damaged"):
        fetch(store, hub, cache)
    assert store.manifest(tiny()) is None
    hub.damage.clear()
    fetch(store, hub, cache)
    assert store.verify(tiny()) == []


def test_a_filled_hub_cache_needs_no_network(store: Store, cache: Path, marian: Path) -> None:
    builders.hub_cache(cache, REPO, marian, SHA)
    offered = offer(tiny(SHA[:7]), Sources(cache=cache, endpoint="http://127.0.0.1:9"))
    pull(store, offered, silent)
    assert store.require(tiny()).revision == SHA
    assert store.verify(tiny()) == []


def test_no_network_is_one_clear_line(store: Store, cache: Path) -> None:
    with pytest.raises(StoreError, match=r"^tiny: the hub cannot be reached"):
        offer(tiny(), Sources(cache=cache, endpoint="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("model", "revision", "message"),
    [
        ("tests/other", SHA, "there is no repository tests/other"),
        (REPO, "f" * 40, "has no revision ffff"),
        (REPO, "fffffff", "has 0 commits that begin fffffff"),
    ],
)
def test_what_the_hub_lacks_is_named(model: str, revision: str, message: str, hub: Hub, cache: Path) -> None:
    preset = builders.preset("tiny", "marian", model=model, revision=revision)
    with pytest.raises(StoreError, match=message):
        offer(preset, Sources(cache=cache, endpoint=hub.url))


def test_a_repository_without_weights_is_refused(hub: Hub, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text("{}")
    hub.add(REPO, SHA, tmp_path / "empty")
    with pytest.raises(StoreError, match=r"holds no source\.spm"):
        offer(tiny(), Sources(cache=cache, endpoint=hub.url))


def test_a_checkpoint_of_another_kind_is_refused(store: Store, hub: Hub, cache: Path) -> None:
    with pytest.raises(StoreError, match="the checkpoint is 'marian', not 'mt5'"):
        fetch(store, hub, cache, replace(tiny(), architecture="mt5"))
    assert store.manifest(tiny()) is None


def test_too_little_disk_is_said_before_anything_is_fetched(
    store: Store, hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(cache)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match="GB on disk"):
        fetch(store, hub, cache)
    assert not [path for path in hub.requests if "/resolve/" in path]


def test_a_disk_that_fills_leaves_nothing_installed(
    store: Store, hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pull_module, "convert", full)
        with pytest.raises(StoreError, match="the disk is full"):
            fetch(store, hub, cache)
    assert store.manifest(tiny()) is None
    requests = len(hub.requests)
    fetch(store, hub, cache)
    assert not [path for path in hub.requests[requests:] if "/resolve/" in path], "fetched files are kept"


def test_a_second_pull_of_the_same_model_stops(store: Store, hub: Hub, cache: Path) -> None:
    store.root.mkdir()
    with filelock.FileLock(store.root / "tiny.lock"), pytest.raises(StoreError, match="another process"):
        fetch(store, hub, cache)


def test_pulling_again_replaces_the_model(store: Store, hub: Hub, cache: Path) -> None:
    folder = fetch(store, hub, cache)
    (folder / "int8" / "model.bin").write_bytes(b"damaged")
    fetch(store, hub, cache)
    assert store.verify(tiny()) == []
    assert sorted(p.name for p in store.root.iterdir() if p.is_dir()) == ["tiny"]


def test_remove_deletes_the_model_and_what_an_unfinished_pull_left(
    store: Store, hub: Hub, cache: Path
) -> None:
    fetch(store, hub, cache)
    size = store.require(tiny()).size
    partial_folder(store.folder(tiny())).mkdir()
    assert store.remove(tiny()) > size
    assert not store.folder(tiny()).exists()
    assert not partial_folder(store.folder(tiny())).exists()
    with pytest.raises(NotInstalled):
        store.remove(tiny())


def test_a_model_that_is_not_there_says_how_to_get_it(store: Store) -> None:
    with pytest.raises(NotInstalled, match="warta models pull tiny"):
        store.require(tiny())


@pytest.mark.parametrize("text", ["", "{", "{}", '{"files": {"a": {}}}', json.dumps([1])])
def test_a_broken_manifest_says_how_to_mend_it(text: str, store: Store) -> None:
    store.folder(tiny()).mkdir(parents=True)
    (store.folder(tiny()) / "manifest.json").write_text(text)
    with pytest.raises(DamagedModel, match="warta models remove tiny"):
        store.manifest(tiny())


# --- opening what is installed -----------------------------------------------------------------


def flip(path: Path) -> None:
    """Flips a bit in the middle of a file; size and time as they were would be a disk's doing."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def opened(store: Store, engine: str = "ctranslate2") -> None:
    settings = Settings(store.root.parent, engine=engine, device="cpu")
    open_engine(tiny(), store, settings, lambda _: None)


@pytest.mark.parametrize(
    ("engine", "name"), [("ctranslate2", "int8/model.bin"), ("transformers", "original/source.spm")]
)
def test_a_flipped_byte_is_noticed_when_a_model_is_opened(
    engine: str, name: str, store: Store, hub: Hub, cache: Path
) -> None:
    folder = fetch(store, hub, cache)
    opened(store, engine)
    flip(folder / name)
    for _ in range(2):
        with pytest.raises(DamagedModel, match=f"tiny: {name} is not what was installed; mend"):
            opened(store, engine)


def test_a_file_of_another_size_is_noticed_whatever_is_remembered(
    store: Store, hub: Hub, cache: Path
) -> None:
    path = fetch(store, hub, cache) / "int8" / "source.spm"
    before = path.stat()
    path.write_bytes(path.read_bytes() + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedModel, match=r"int8/source\.spm"):
        opened(store)


def test_sums_are_made_once_for_each_change(
    store: Store, hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fetch(store, hub, cache)
    summed = list[str]()
    true = store_module.sha256

    def counted(path: Path) -> str:
        summed.append(path.name)
        return true(path)

    monkeypatch.setattr(store_module, "sha256", counted)
    store.check(tiny(), "int8")
    assert summed == []  # made when it was installed
    os.utime(folder / "int8" / "model.bin", ns=(1, 1))
    for _ in range(3):
        store.check(tiny(), "int8")
    assert summed == ["model.bin"]
    (folder / "checked.json").write_text("[")
    store.check(tiny())
    assert len(summed) == 1 + len(store.require(tiny()).files)
    assert store.verify(tiny()) == []
