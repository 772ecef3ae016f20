"""Checkpoints of the public models' true shapes with random weights, whose answers have a forced length.

A random model says nothing, but every step costs what it costs in the real one. The end token is put
out of reach in the weights themselves, so that every engine runs to the same number of tokens
through its ordinary code. The tokenizer is trained on the texts given; vocabulary rows beyond its
pieces are filled, as in a checkpoint whose embedding is larger than its tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.bench.marian import FULL, checkpoint, tokenizer
from service.document import Decoding
from service.presets import Preset

MT5_VOCABULARY = 250_112
PIECES = 8000


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
    checkpoint(folder, texts, FULL, pieces=PIECES, endless=True)


def mt5_base(folder: Path, texts: Sequence[str]) -> None:
    """``mt5-base``: 12 + 12 layers, width 768, 250,112 pieces, 582 M parameters."""
    import torch
    from transformers import MT5Config, MT5ForConditionalGeneration

    folder.mkdir(parents=True)
    tokenizer(folder / "spiece.model", texts, PIECES, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
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
