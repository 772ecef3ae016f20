"""Checkpoints of the public models' true shapes with random weights, whose answers have a forced length.

A random model says nothing, but every step costs what it costs in the real one. The end token is put
out of reach in the weights themselves, so that every engine runs to the same number of tokens
through its ordinary code. The tokenizer is trained on the texts given; vocabulary rows beyond its
pieces are filled, as in a checkpoint whose embedding is larger than its tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.document import Decoding
from service.presets import Preset

OPUS_VOCABULARY = 54_796
MT5_VOCABULARY = 250_112
PIECES = 8000
NEVER = -1e4


def preset(architecture: str, max_input_tokens: int, decoding: Decoding) -> Preset:
    """A preset for such a checkpoint."""
    name = f"random-{architecture}"
    return Preset(
        name=name,
        task="translate",
        architecture=architecture,
        model=f"bench/{name}",
        revision="0" * 40,
        licence="none: random weights",
        about="Random weights in a public model's shape.",
        max_input_tokens=max_input_tokens,
        decoding=decoding,
    )


def opus_mt(folder: Path, texts: Sequence[str]) -> None:
    """``opus-mt-id-en``: 6 + 6 layers, width 512, 54,796 pieces, 73 M parameters."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    vocabulary = {"</s>": 0, "<unk>": 1}
    for name in ("source.spm", "target.spm"):
        for piece in _train(folder / name, texts, bos_id=-1, eos_id=0, unk_id=1, pad_id=-1):
            vocabulary.setdefault(piece, len(vocabulary))
    pad = OPUS_VOCABULARY - 1
    vocabulary |= {f"<unused_{i}>": i for i in range(len(vocabulary), pad)} | {"<pad>": pad}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=OPUS_VOCABULARY,
        d_model=512,
        encoder_layers=6,
        decoder_layers=6,
        encoder_ffn_dim=2048,
        decoder_ffn_dim=2048,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        activation_function="swish",
        scale_embedding=True,
        max_position_embeddings=512,
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
    )
    model: Any = MarianMTModel(config)
    with torch.no_grad():
        # The decoder of a real checkpoint starts from a zero embedding: the pad row.
        model.get_input_embeddings().weight[pad].zero_()
        model.final_logits_bias[0, 0] = NEVER
    model.save_pretrained(folder)


def mt5_base(folder: Path, texts: Sequence[str]) -> None:
    """``mt5-base``: 12 + 12 layers, width 768, 250,112 pieces, 582 M parameters."""
    import torch
    from transformers import MT5Config, MT5ForConditionalGeneration

    folder.mkdir(parents=True)
    _train(folder / "spiece.model", texts, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    torch.manual_seed(7)
    config = MT5Config(
        vocab_size=MT5_VOCABULARY,
        d_model=768,
        d_kv=64,
        d_ff=2048,
        num_layers=12,
        num_decoder_layers=12,
        num_heads=12,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    model: Any = MT5ForConditionalGeneration(config)
    with torch.no_grad():
        # Real logits are of order 10. Of 250,112 random ones many are far above the end token's zero.
        torch.nn.init.normal_(model.lm_head.weight, std=0.2)
        model.lm_head.weight[config.eos_token_id].zero_()
    model.save_pretrained(folder)


def _train(path: Path, texts: Sequence[str], **options: Any) -> list[str]:
    import sentencepiece as spm

    with path.open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=file,
            model_type="unigram",
            vocab_size=PIECES,
            hard_vocab_limit=False,
            character_coverage=1.0,
            minloglevel=2,
            **options,
        )
    processor = spm.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(i) for i in range(len(processor))]
