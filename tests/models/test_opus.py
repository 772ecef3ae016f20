"""opus-mt-id-en's true tokenizer and shape with random weights: pull, convert, translate, compare.

The weights cannot be had here; all else is the model's own. What a tiny imitation hides shows: a vocabulary
of 54,796 that lacks the typographic quotes and dashes of every newspaper, a tokenizer that takes ``</s>`` in
a text for the real one, weights that come as a pickle, and an end that the configuration forces.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service import presets
from service.document import Decoding
from service.engines.ctranslate2 import CTranslate2Engine
from service.engines.tokenizer import Pieces
from service.engines.transformers import TransformersEngine
from service.models.convert import convert
from service.models.load import open_engine
from service.models.offer import Sources, offer
from service.models.pull import pull
from service.models.store import Store
from service.settings import Settings
from tests.hub import serve

ROOT = Path(__file__).parents[2]
SHARED = next(
    (p / "shared" / "data" for p in ROOT.parents if (p / "shared" / "data").is_dir()), ROOT / "none"
)
REAL = SHARED / "opus-mt-id-en"
PRESET = presets.get("opus-mt-id-en")
SOURCES = [
    "Harga beras naik 12 persen pada bulan Maret.",
    "“Kami belum menandatangani undang-undang itu,” kata Presiden – Kamis (3/7).",
    "Gempa tidak berpotensi tsunami.",
]
SHORT = Decoding(beam_size=1, max_new_tokens=12)

pytestmark = [
    pytest.mark.skipif(not REAL.is_dir(), reason="the tokenizer of opus-mt-id-en is not on this machine"),
    pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses"),
]


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(REAL)


@pytest.fixture(scope="module")
def theirs() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(REAL)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as it is at the pinned revision: the true files, and a pickle of random weights."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder = tmp_path_factory.mktemp("opus") / "repository"
    folder.mkdir()
    for name in ("config.json", "source.spm", "target.spm", "vocab.json", "tokenizer_config.json"):
        shutil.copyfile(REAL / name, folder / name)
    torch.manual_seed(7)
    model: Any = MarianMTModel(MarianConfig.from_pretrained(REAL))
    with torch.no_grad():
        # Real logits are of order 10; the initial ones are so close that rounding would decide.
        model.get_input_embeddings().weight.normal_(std=0.2)
        model.get_input_embeddings().weight[54795].zero_()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def store(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that pulled it from a hub on loopback."""
    home = tmp_path_factory.mktemp("home")
    with serve() as hub:
        hub.add(PRESET.model, PRESET.revision, published)
        store = Store(home / "models")
        pull(store, offer(PRESET, Sources(cache=home / "none", endpoint=hub.url)), lambda *_: None)
    yield store


def test_the_preset_is_the_published_configuration() -> None:
    config = json.loads((REAL / "config.json").read_text("utf-8"))
    assert (PRESET.decoding.beam_size, PRESET.max_input_tokens) == (config["num_beams"], config["max_length"])
    assert config["bad_words_ids"] == [[config["pad_token_id"]]] == [[54795]]
    assert config["forced_eos_token_id"] == config["eos_token_id"] == 0


def test_the_whole_vocabulary_is_read_in_order(pieces: Pieces) -> None:
    assert len(pieces.tokens) == 54_796
    assert pieces.ids(["</s>", "<unk>", "<pad>"]) == [0, 1, 54_795]


def test_news_is_cut_into_the_same_pieces_as_by_transformers(pieces: Pieces, theirs: Any) -> None:
    table = (SHARED / "flores200.dev.ind-eng.tsv").read_text("utf-8").split("\n")
    texts = [line.split("\t")[0] for line in table if line and not set(line) & set("“”‘’–—")][:300]
    assert len(texts) > 200
    for text in texts:
        assert pieces.ids([*pieces.encode(text), "</s>"]) == theirs(text)["input_ids"]


def test_quotes_and_dashes_that_the_vocabulary_lacks_are_written_plainly(pieces: Pieces, theirs: Any) -> None:
    text = "“Kutipan ‘dalam’ kutipan” – kata dia — kemarin."
    unknown = pieces.ids(["<unk>"])[0]
    assert theirs(text)["input_ids"].count(unknown) == 6
    assert unknown not in pieces.ids(pieces.encode(text))
    assert pieces.encode(text) == pieces.encode("\"Kutipan 'dalam' kutipan\" - kata dia - kemarin.")


def test_what_is_no_text_of_the_vocabulary_is_unknown_and_nothing_else(pieces: Pieces, theirs: Any) -> None:
    text = "Harga 汉字 ∑ naik"
    assert pieces.ids(pieces.encode(text)) == theirs(text)["input_ids"][:-1]
    assert pieces.ids(pieces.encode(text)).count(1) == 2


@pytest.mark.parametrize("text", [">>eng<< Halo dunia.", "Akhir </s> dan <pad> lalu <unk>."])
def test_control_symbols_of_a_text_stay_text(text: str, pieces: Pieces, theirs: Any) -> None:
    """transformers takes them for the real ones: a language code, an end, a padding."""
    ids = pieces.ids(pieces.encode(text))
    assert ids != theirs(text)["input_ids"][:-1]
    assert not {0, 1, 54_795} & set(ids)


def test_a_pickle_is_pulled_where_there_is_nothing_safer(store: Store) -> None:
    manifest = store.require(PRESET)
    assert manifest.revision == PRESET.revision
    assert "original/pytorch_model.bin" in manifest.files
    assert manifest.files["original/source.spm"].sha256 == PRESET.files[2].sha256
    assert store.verify(PRESET) == []


@pytest.fixture(scope="module")
def both(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[CTranslate2Engine, TransformersEngine]:
    """The pulled checkpoint in both engines, float32."""
    original = store.folder(PRESET) / "original"
    converted = tmp_path_factory.mktemp("float") / "ct2"
    convert(original, converted, PRESET, "float32")
    return (
        CTranslate2Engine(converted, PRESET, compute_type="float32"),
        TransformersEngine(original, PRESET),
    )


@pytest.mark.parametrize("beam", [1, 6])
def test_both_engines_agree_on_tokens_and_scores(
    beam: int, both: tuple[CTranslate2Engine, TransformersEngine]
) -> None:
    decoding = replace(SHORT, beam_size=beam)
    ours, reference = (engine.generate(SOURCES, decoding) for engine in both)
    assert [(o.text, o.tokens, o.truncated) for o in ours] == [
        (o.text, o.tokens, o.truncated) for o in reference
    ]
    assert [o.score for o in ours] == pytest.approx([o.score for o in reference], abs=2e-3)


def test_no_forced_end_hides_a_target_that_was_cut_short(
    both: tuple[CTranslate2Engine, TransformersEngine],
) -> None:
    for engine in both:
        assert [o.truncated for o in engine.generate(SOURCES, replace(SHORT, max_new_tokens=3))] == [True] * 3


def test_the_longest_input_is_taken_whole_and_one_more_is_cut(
    both: tuple[CTranslate2Engine, TransformersEngine], pieces: Pieces
) -> None:
    longest = " ".join(["dunia"] * 511)
    assert len(pieces.encode(longest)) == PRESET.max_input_tokens - 1
    one = replace(SHORT, max_new_tokens=1)
    ours, reference = (engine.generate([longest, longest + " dunia"], one) for engine in both)
    assert [o.text for o in ours] == [o.text for o in reference]
    # What differs by its last word alone is cut to the same source.
    assert ours[0].score == pytest.approx(ours[1].score, abs=1e-4)
    assert ours[0].score == pytest.approx(reference[0].score, abs=2e-3)


def test_the_installed_model_translates_in_int8(store: Store) -> None:
    settings = Settings(store.root.parent, device="cpu", threads=1)
    engine = open_engine(PRESET, store, settings, lambda _: None)
    assert "int8" in engine.signature
    first = engine.generate(SOURCES, SHORT)
    assert [o.text for o in engine.generate(SOURCES[::-1], SHORT)] == [o.text for o in first][::-1]
    assert "<pad>" not in "".join(o.text for o in first)
