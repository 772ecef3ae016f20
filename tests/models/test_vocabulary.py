"""The cut vocabulary: what it keeps is cut into the same pieces, and the rest can still be written."""

import lzma
import sys
from pathlib import Path

import numpy as np
import pytest
import sentencepiece as spm

from eval.training import keep_pieces
from service.document import Decoding
from service.engines.causal import CausalEngine
from service.models.gemma import build as embedded
from service.models.gemma.gguf import GgufFile
from service.models.gemma.spm import pieces, sentencepiece_model
from service.models.gemma.vocabulary import cut, pack, unpack
from tests import builders, gemma

SENTENCES = [side for pair in builders.PAIRS for side in pair]


@pytest.mark.parametrize("ids", [[], [0], [0, 1, 7, 8, 19], list(range(20))])
def test_a_list_is_unpacked_as_it_was_packed(ids: list[int]) -> None:
    assert unpack(pack(ids, 20), 20).tolist() == ids


def test_a_list_for_another_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="not for a vocabulary of 900"):
        unpack(pack([1], 20), 900)


def test_a_list_without_a_special_piece_is_refused(tiny_gemma: gemma.TinyGemma) -> None:
    with pytest.raises(ValueError, match="lacks the bos token"):
        cut(GgufFile(tiny_gemma.gguf).metadata, np.array([0, 1, 3, 4, 5]))


def test_what_is_kept_is_cut_as_before_and_the_rest_into_smaller_pieces(tiny_gemma: gemma.TinyGemma) -> None:
    metadata, keep = GgufFile(tiny_gemma.gguf).metadata, gemma.kept(tiny_gemma.gguf)
    whole, small = (
        spm.SentencePieceProcessor(model_proto=sentencepiece_model(table))
        for table in (metadata, cut(metadata, np.array(keep)))
    )
    assert len(small) == len(keep) < len(whole)
    for text in SENTENCES:
        prompt = gemma.PROMPT.replace("{source}", text)
        assert small.encode(prompt, out_type=str) == whole.encode(prompt, out_type=str)
    lost = sorted(set(pieces(metadata)) - {small.id_to_piece(i) for i in range(len(small))})
    assert lost
    for text in (*lost, "QXZ 漢字 🙂"):
        assert small.decode(small.encode(text)) == whole.decode(whole.encode(text))
        assert not any(small.is_unknown(i) for i in small.encode(text))


@pytest.mark.parametrize("beam", [1, 4])
def test_a_cut_model_says_the_same(beam: int, tiny_gemma: gemma.TinyGemma, tmp_path: Path) -> None:
    keep = np.array(gemma.kept(tiny_gemma.gguf))
    sources, targets = zip(*builders.PAIRS, strict=True)
    small, whole = (
        CausalEngine(
            gemma.convert(tiny_gemma.gguf, tmp_path / name, keep=ids), gemma.preset(), compute_type="float32"
        ).generate(sources, Decoding(beam_size=beam, max_new_tokens=48))
        for name, ids in (("small", keep), ("whole", None))
    )
    assert [o.text for o in small] == [o.text for o in whole]
    assert beam > 1 or [o.text for o in small] == list(targets)
    # Fewer pieces share the probability, so what is left of it for each is a little more.
    assert all(a.score >= b.score - 1e-4 for a, b in zip(small, whole, strict=True))


def test_a_list_can_be_extended_by_what_other_text_needs(
    tiny_gemma: gemma.TinyGemma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = GgufFile(tiny_gemma.gguf).metadata
    names, count = pieces(metadata), len(pieces(metadata))
    monkeypatch.setattr(embedded, "weights", lambda _: tiny_gemma.gguf)
    for name, line in (("old", SENTENCES[0]), ("new", SENTENCES[2])):
        (tmp_path / f"{name}.xz").write_bytes(lzma.compress(f"{line}\n".encode()))

    def chosen(*words: str) -> set[str]:
        monkeypatch.setattr(sys, "argv", ["keep_pieces", *words, "-o", str(tmp_path / "pieces")])
        keep_pieces.main()
        return {names[i] for i in unpack((tmp_path / "pieces").read_bytes(), count)}

    old, new = (chosen(f"{tmp_path / name}.xz:0") for name in ("old", "new"))
    chosen(f"{tmp_path / 'old'}.xz:0")
    both = chosen(f"{tmp_path / 'new'}.xz:0", "--extend", str(tmp_path / "pieces"))
    assert both == old | new
    assert old - new
    assert new - old
