"""Marian checkpoints with random weights, for benches: the shape of opus-mt, or a tiny one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service import presets
from service.models.convert import convert
from service.models.store import Store, write_manifest

NEVER = -1e4
"""Added to the end token's score, so that it is never chosen."""
NAME = "opus-mt-id-en"
FULL: dict[str, int] = {"d_model": 512, "layers": 6, "ffn": 2048, "heads": 8, "vocabulary": 54_796}
"""Helsinki-NLP/opus-mt-id-en: 6 + 6 layers; its pieces are fewer here, its rows as many."""
BIG: dict[str, int] = {"d_model": 1024, "layers": 6, "ffn": 4096, "heads": 16, "vocabulary": 59_500}
"""Transformer big, as Helsinki-NLP/opus-mt-tc-bible-big-poz-en; as many rows as make its 237 M parameters."""
TINY: dict[str, int] = {"d_model": 128, "layers": 2, "ffn": 512, "heads": 4, "vocabulary": 1000}


def install(home: Path, texts: Sequence[str], shape: dict[str, int], *, endless: bool = False) -> Path:
    """Put a random model into ``home`` in the place of ``opus-mt-id-en``; the folder of its weights.

    An ``endless`` one never ends an answer by itself.
    """
    preset = presets.get(NAME)
    folder = Store(home / "models").folder(preset)
    folder.parent.mkdir(parents=True, exist_ok=True)
    source = home / "checkpoint"
    checkpoint(source, texts, shape, endless=endless)
    folder.mkdir()
    convert(source, folder / "int8", preset)
    # A store takes a folder for installed only once its manifest is there.
    write_manifest(folder, preset, "random", "bench")
    return folder / "int8"


def checkpoint(
    folder: Path, texts: Sequence[str], shape: dict[str, int], *, pieces: int = 400, endless: bool = False
) -> None:
    """Write random weights of that shape, with a tokenizer of these texts, into the new ``folder``.

    The tokenizer has about ``pieces``; an ``endless`` model never ends an answer by itself.
    """
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    vocabulary = _vocabulary(folder, texts, shape["vocabulary"], pieces)
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=len(vocabulary),
        d_model=shape["d_model"],
        encoder_layers=shape["layers"],
        decoder_layers=shape["layers"],
        encoder_ffn_dim=shape["ffn"],
        decoder_ffn_dim=shape["ffn"],
        encoder_attention_heads=shape["heads"],
        decoder_attention_heads=shape["heads"],
        activation_function="swish",
        scale_embedding=True,
        max_position_embeddings=512,
        pad_token_id=vocabulary["<pad>"],
        eos_token_id=0,
        decoder_start_token_id=vocabulary["<pad>"],
    )
    model: Any = MarianMTModel(config)
    with torch.no_grad():
        # The decoder of a real checkpoint starts from a zero embedding: the pad row.
        model.get_input_embeddings().weight[config.pad_token_id].zero_()
    if endless:
        model.final_logits_bias[0, 0] = NEVER
    model.save_pretrained(folder)


def _vocabulary(folder: Path, texts: Sequence[str], rows: int, pieces: int) -> dict[str, int]:
    vocabulary: dict[str, int] = {"</s>": 0, "<unk>": 1}
    for name in ("source.spm", "target.spm"):
        for piece in tokenizer(folder / name, texts, pieces, bos_id=-1, eos_id=0, unk_id=1, pad_id=-1):
            vocabulary.setdefault(piece, len(vocabulary))
    # The texts are too few for that many pieces, and a step's cost hangs on the rows of the embedding.
    for number in range(rows - len(vocabulary) - 1):
        vocabulary[f"▁unused{number}"] = len(vocabulary)
    # Last, as in the checkpoints of Helsinki-NLP.
    vocabulary["<pad>"] = len(vocabulary)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    about = {"source_lang": "id", "target_lang": "en", "model_max_length": 512}
    about["tokenizer_class"] = "MarianTokenizer"
    (folder / "tokenizer_config.json").write_text(json.dumps(about), "utf-8")
    return vocabulary


def tokenizer(path: Path, texts: Sequence[str], pieces: int, **ids: Any) -> list[str]:
    """Train a SentencePiece model of at most ``pieces`` on ``texts``; its pieces in order."""
    import sentencepiece as spm

    with path.open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=file,
            model_type="unigram",
            vocab_size=pieces,
            hard_vocab_limit=False,  # fewer where the texts hold not so many
            character_coverage=1.0,
            minloglevel=2,
            **ids,
        )
    processor = spm.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(number) for number in range(len(processor))]
