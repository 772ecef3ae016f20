"""Every preset's files against what is known; pulls from a hub, Mozilla's storage and a folder."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service import presets
from service.document import Decoding
from service.errors import StoreError, UsageError
from service.models.load import choose, open_engine
from service.models.offer import LFS, Offer, Sources, offer
from service.models.pace import Pace, duration
from service.models.pull import pull, under_way
from service.models.store import Store
from service.presets import Preset, RemoteFile
from service.settings import Settings
from tests import builders
from tests.hub import Hub, serve

GREEDY = Decoding(beam_size=1, max_new_tokens=48)
SOURCE, TARGET = builders.PAIRS[1]
ON_HUB = [p.name for p in presets.all_presets().values() if p.host == "hub"]
FIREFOX = presets.get("firefox-id-en")

# From the models' cards and repositories: name -> repository, revision or how it begins, files.
KNOWN = {
    "quickmt-id-en": (
        *("quickmt/quickmt-id-en", "af1488c"),
        "config.json source_vocabulary.json target_vocabulary.json src.spm.model tgt.spm.model model.bin",
    ),
    "opus-mt-id-en": (
        *("Helsinki-NLP/opus-mt-id-en", "cbdb70ef26d3c5a6585e6a810da1003bd50bb6b3"),
        "config.json generation_config.json source.spm target.spm vocab.json pytorch_model.bin",
    ),
    "opus-mt-poz-en": (
        *("Helsinki-NLP/opus-mt-tc-bible-big-poz-en", "8d39f9f"),
        "config.json generation_config.json source.spm target.spm vocab.json model.safetensors",
    ),
    "mt0-base": (
        *("bigscience/mt0-base", "0a60249"),
        "config.json generation_config.json spiece.model pytorch_model.bin",
    ),
    "mt0-small": (
        *("bigscience/mt0-small", "1142eae"),
        "config.json generation_config.json spiece.model pytorch_model.bin",
    ),
    "mt5-xlsum": (
        *("csebuetnlp/mT5_multilingual_XLSum", "2437a524effdbadc327ced84595508f1e32025b3"),
        "config.json generation_config.json spiece.model pytorch_model.bin",
    ),
    "mt5-crosssum-en": (
        *("csebuetnlp/mT5_m2o_english_crossSum", "978a27f"),
        "config.json generation_config.json spiece.model pytorch_model.bin",
    ),
    "mt5-crosssum-m2m": (
        *("csebuetnlp/mT5_m2m_crossSum_enhanced", "91041ad"),
        "config.json generation_config.json spiece.model pytorch_model.bin",
    ),
    "indonanot5-indosum": (
        *("LazarusNLP/IndoNanoT5-base-IndoSum", "be642ad"),
        "config.json generation_config.json tokenizer.json model.safetensors",
    ),
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home" / "models")


def sources(hub: Hub, tmp_path: Path) -> Sources:
    return Sources(cache=tmp_path / "no-cache", endpoint=hub.url, mirror=f"{hub.url}/media")


def silent(what: str, done: int, total: int) -> None:
    """A progress that nobody watches."""


def whole(preset: Preset) -> str:
    """A commit hash that begins as the preset's."""
    return preset.revision + "0" * (40 - len(preset.revision))


def test_no_preset_is_left_out() -> None:
    assert set(KNOWN) == set(ON_HUB)


@pytest.mark.parametrize("name", ON_HUB)
def test_a_preset_on_the_hub_names_its_repository_and_files(name: str) -> None:
    preset, (model, revision, files) = presets.get(name), KNOWN[name]
    assert (preset.model, preset.revision) == (model, revision)
    assert [file.name for file in preset.files] == files.split()


def test_firefox_s_files_are_those_that_mozilla_published() -> None:
    assert FIREFOX.revision == "e7957fc407441a5e3e35bbcbf9d60d9b35764618"
    assert {(f.name, f.size, f.sha256) for f in FIREFOX.files} == {
        (
            "models/tiny/iden/model.iden.intgemm.alphas.bin.gz",
            *(13_010_657, "625c237e7d1cdc12b0d9e2e666c0d3b674e13d50461268467aaa0b78c2cc5d93"),
        ),
        (
            "models/tiny/iden/vocab.iden.spm.gz",
            *(379_859, "74daf618f0c78d508fda867f30983e9e5679a4e21c4cd42f5dcd5e501448f48e"),
        ),
        (
            "models/tiny/iden/lex.50.50.iden.s2t.bin.gz",
            *(1_818_222, "029091e65df311e17c7e5a199505372dc3892937046b918ac18695aede08e344"),
        ),
    }
    model = FIREFOX.files[0]
    assert (model.unpacked_size, model.unpacked_sha256[:8]) == (17_141_051, "eeed3d8c")
    assert FIREFOX.download == sum(file.size for file in FIREFOX.files)
    offered = offer(FIREFOX)
    assert list(offered.urls.values()) == [
        f"{LFS}/{FIREFOX.model}/{FIREFOX.revision}/{f.name}" for f in FIREFOX.files
    ]


@pytest.mark.parametrize("name", ON_HUB)
def test_every_preset_is_offered_by_a_hub_with_its_files_and_no_others(
    name: str, hub: Hub, tmp_path: Path
) -> None:
    preset = presets.get(name)
    repository = tmp_path / "repository"
    repository.mkdir()
    for file in preset.files:
        (repository / file.name).write_bytes(bytes(file.size or 7))
    for extra in ("README.md", "tf_model.h5", "training_args.bin", "joint.spm.vocab"):
        (repository / extra).write_bytes(b"not wanted")
    hub.add(preset.model, whole(preset), repository)
    known = replace(preset, files=tuple(replace(file, sha256="") for file in preset.files))
    offered = offer(known, sources(hub, tmp_path))
    assert [file.name for file in offered.files] == [file.name for file in preset.files]
    assert offered.revision == whole(preset)
    assert offered.size == sum(file.size or 7 for file in preset.files)


def test_a_hub_that_holds_another_file_than_the_known_one_is_refused(hub: Hub, tmp_path: Path) -> None:
    preset = presets.get("opus-mt-id-en")
    repository = tmp_path / "repository"
    repository.mkdir()
    for file in preset.files:
        (repository / file.name).write_bytes(bytes(file.size or 7))
    hub.add(preset.model, preset.revision, repository)
    with pytest.raises(StoreError, match=r"holds another source\.spm than the one that is known"):
        offer(preset, sources(hub, tmp_path))


def test_quickmt_is_pulled_and_runs_as_it_is(hub: Hub, store: Store, ct2: Path, tmp_path: Path) -> None:
    preset = presets.get("quickmt-id-en")
    hub.add(preset.model, whole(preset), ct2)
    stages: list[str] = []
    pull(store, offer(preset, sources(hub, tmp_path)), lambda what, *_: stages.append(what))
    assert "converting" not in stages
    assert store.require(preset).revision == whole(preset)
    assert choose("auto", "translate", store) == preset
    settings = Settings(store.root.parent, device="cpu", threads=1)
    engine = open_engine(preset, store, settings, lambda _: None)
    assert "/int8" in engine.signature
    assert engine.generate([SOURCE], GREEDY)[0].text == TARGET
    with pytest.raises(UsageError, match="runs with CTranslate2 only"):
        open_engine(preset, store, replace(settings, engine="transformers"), lambda _: None)


def test_indonanot5_is_pulled_and_converted_with_its_tokenizer_json(
    hub: Hub, store: Store, t5: Path, tmp_path: Path
) -> None:
    preset = presets.get("indonanot5-indosum")
    hub.add(preset.model, whole(preset), t5)
    folder = pull(store, offer(preset, sources(hub, tmp_path)), silent)
    assert (folder / "int8" / "tokenizer.json").is_file()
    assert choose("auto", "summarize", store) == preset
    for engine in ("ctranslate2", "transformers"):
        settings = Settings(store.root.parent, device="cpu", threads=1, engine=engine)
        loaded = open_engine(preset, store, settings, lambda _: None)
        assert loaded.generate([SOURCE], GREEDY)[0].text == TARGET


@pytest.mark.parametrize("name", ["mt0-base", "mt0-small", "mt5-crosssum-en", "mt5-crosssum-m2m"])
def test_the_mt5_family_is_pulled_and_converted(
    name: str, hub: Hub, store: Store, mt5: Path, tmp_path: Path
) -> None:
    preset = presets.get(name)
    hub.add(preset.model, whole(preset), mt5)
    pull(store, offer(preset, sources(hub, tmp_path)), silent)
    assert store.require(preset).revision == whole(preset)
    settings = Settings(store.root.parent, device="cpu", threads=1)
    engine = open_engine(preset, store, settings, lambda _: None)
    assert engine.generate([SOURCE], GREEDY)[0].tokens > 0


@pytest.fixture
def packed(tmp_path: Path) -> dict[str, bytes]:
    """A small model in Firefox's format, packed under the names that Mozilla gives."""
    pytest.importorskip("fxtranslate", reason="pip install 'warta[firefox]'")
    from tests import firefox

    folder = firefox.write(tmp_path / "unpacked")
    parts = ("model.bin", "vocab.spm", "lex.bin")
    return {
        file.name: gzip.compress((folder / part).read_bytes())
        for file, part in zip(FIREFOX.files, parts, strict=True)
    }


def known(packed: dict[str, bytes]) -> Preset:
    """Firefox's preset with the sums of the small model."""
    files = []
    for name, data in packed.items():
        inner = gzip.decompress(data)
        sums = hashlib.sha256(data).hexdigest(), len(inner), hashlib.sha256(inner).hexdigest()
        files.append(RemoteFile(name, len(data), *sums))
    return replace(FIREFOX, files=tuple(files))


def stored(hub: Hub, packed: dict[str, bytes]) -> None:
    """The files where Mozilla's storage has them, below the mirror."""
    for name, data in packed.items():
        hub.large[f"/media/{FIREFOX.model}/{FIREFOX.revision}/{name}"] = data


def test_firefox_is_pulled_from_storage_laid_out_as_mozilla_s(
    hub: Hub, store: Store, packed: dict[str, bytes], tmp_path: Path
) -> None:
    stored(hub, packed)
    preset = known(packed)
    folder = pull(store, offer(preset, sources(hub, tmp_path)), silent)
    names = {path.name for path in (folder / "original").iterdir()}
    assert names == {"model.iden.intgemm.alphas.bin", "vocab.iden.spm", "lex.50.50.iden.s2t.bin"}
    settings = Settings(store.root.parent, threads=2)
    engine = open_engine(preset, store, settings, lambda _: None)
    assert engine.generate(["beras", "gempa"], GREEDY)[1].text == "quake"
    for asked in (replace(settings, engine="ctranslate2"), replace(settings, engine="transformers")):
        with pytest.raises(UsageError, match="runs with fxtranslate only"):
            open_engine(preset, store, asked, lambda _: None)


def test_the_true_sums_refuse_anything_else(
    hub: Hub, store: Store, packed: dict[str, bytes], tmp_path: Path
) -> None:
    for name, data in packed.items():
        size = next(file.size for file in FIREFOX.files if file.name == name)
        hub.large[f"/media/{FIREFOX.model}/{FIREFOX.revision}/{name}"] = data.ljust(size, b"\0")[:size]
    with pytest.raises(StoreError, match=r"model\.iden.* arrived damaged"):
        pull(store, offer(FIREFOX, sources(hub, tmp_path)), silent)
    assert store.manifest(FIREFOX) is None


def test_what_is_packed_has_a_sum_of_its_own(
    hub: Hub, store: Store, packed: dict[str, bytes], tmp_path: Path
) -> None:
    stored(hub, packed)
    preset = known(packed)
    wrong = replace(preset, files=(replace(preset.files[0], unpacked_sha256="0" * 64), *preset.files[1:]))
    with pytest.raises(StoreError, match="what is packed in"):
        pull(store, offer(wrong, sources(hub, tmp_path)), silent)


def test_a_pull_goes_on_another_day_with_what_is_there(
    hub: Hub, store: Store, packed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(hub, packed)
    preset = known(packed)
    offered = offer(preset, sources(hub, tmp_path))
    path = f"/media/{FIREFOX.model}/{FIREFOX.revision}/{preset.files[2].name}"
    whole_file = hub.large.pop(path)
    with pytest.raises(StoreError, match="answered 404"):
        pull(store, offered, silent)
    assert under_way(store, offered) == preset.files[0].size + preset.files[1].size
    part = store.root / "firefox-id-en.partial" / "original" / (preset.files[2].kept + ".part")
    part.write_bytes(whole_file[:20])
    assert under_way(store, offered) == preset.files[0].size + preset.files[1].size + 20
    hub.large[path] = whole_file
    hub.requests.clear()
    pull(store, offered, silent)
    assert hub.requests == [path]
    assert hub.ranges == ["bytes=20-"]
    assert store.verify(preset) == []


def test_a_hub_s_token_goes_to_nobody_else(
    hub: Hub, store: Store, packed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    stored(hub, packed)
    pull(store, offer(known(packed), sources(hub, tmp_path)), silent)
    assert hub.requests == list(hub.large), "nothing but the files is asked for"
    assert not [value for value in hub.tokens if value]


@pytest.mark.parametrize("layout", ["flat", "named", "hub cache"])
def test_files_on_a_stick_need_no_network(layout: str, store: Store, ct2: Path, tmp_path: Path) -> None:
    preset = presets.get("quickmt-id-en")
    stick = tmp_path / "stick"
    if layout == "hub cache":
        builders.hub_cache(stick, preset.model, ct2, whole(preset))
    else:
        shutil.copytree(ct2, stick if layout == "flat" else stick / preset.name)
    offered = offer(preset, Sources(folder=stick, endpoint="http://127.0.0.1:9"))
    assert offered.origin == str(stick)
    folder = pull(store, offered, silent)
    assert (folder / "original" / "model.bin").read_bytes() == (ct2 / "model.bin").read_bytes()
    assert (folder / "original" / "model.bin").stat().st_nlink == 1, (
        "what is done to the stick is not done to it"
    )


def test_firefox_s_files_may_be_carried_as_they_are_downloaded(
    store: Store, packed: dict[str, bytes], tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, data in packed.items():
        (stick / name.rpartition("/")[2]).write_bytes(data)
    preset = known(packed)
    pull(store, offer(preset, Sources(folder=stick, mirror="http://127.0.0.1:9")), silent)
    assert store.verify(preset) == []
    (stick / "vocab.iden.spm.gz").write_bytes(b"another")
    store.remove(preset)
    with pytest.raises(StoreError, match=r"vocab\.iden\.spm\.gz arrived damaged"):
        pull(store, offer(preset, Sources(folder=stick)), silent)


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    preset = presets.get("quickmt-id-en")
    with pytest.raises(StoreError, match="is not a folder"):
        offer(preset, Sources(folder=tmp_path / "none"))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(StoreError, match=r"holds no source_vocabulary\.json"):
        offer(preset, Sources(folder=tmp_path))


def test_the_pace_follows_the_line_and_not_what_was_there_before() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.add(200_000_000)
    assert (pace.rate, pace.left(410_000_000)) == (0.0, None)
    for second in range(1, 31):
        now[0] = float(second)
        pace.add(200_000_000 + second * 1_000_000)
    assert pace.rate == pytest.approx(1_000_000)
    assert pace.left(410_000_000) == pytest.approx(180)
    for second in range(31, 46):
        now[0] = float(second)
        pace.add(230_000_000 + (second - 30) * 100_000)
    assert pace.rate == pytest.approx(100_000, rel=0.1)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(4.4, "4 s"), (89, "89 s"), (150, "2 min"), (3600, "60 min"), (12_000, "3 h 20 min")],
)
def test_a_time_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_the_preference_is_the_order_of_the_published_scores() -> None:
    """Where models were scored on one test, ``auto`` takes the better."""
    scored = [
        (p.quality.score, p.preference)
        for p in presets.all_presets().values()
        if p.quality and p.quality.test == "FLORES-200 devtest"
    ]
    assert len(scored) >= 2
    assert [preference for _, preference in sorted(scored)] == sorted(preference for _, preference in scored)
    assert presets.recommended().preference == max(p.preference for p in presets.all_presets().values())


def test_an_offer_says_its_size() -> None:
    assert Offer(FIREFOX, "0", FIREFOX.files, "here").size == FIREFOX.download
