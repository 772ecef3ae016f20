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

import numpy as np

from eval.bench.marian import BIG, FULL, checkpoint, tokenizer
from eval.bench.marian_binary import EMBEDDING, FLOAT, INT8, Tensor, binary, shortlist
from service.document import Decoding
from service.presets import Preset

# Rows of mT5's embedding; its tokenizer has 250,100 pieces.
MT5_VOCABULARY = 250_112
PIECES = 8000


def preset(architecture: str, max_input_tokens: int, decoding: Decoding) -> Preset:
    """Return a preset for such a checkpoint."""
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
    """Build ``opus-mt-id-en``: 6 + 6 layers, width 512, 54,796 pieces, 73 M parameters."""
    checkpoint(folder, texts, FULL, pieces=PIECES, endless=True)


def opus_mt_big(folder: Path, texts: Sequence[str]) -> None:
    """Build ``opus-mt-poz-en``: 6 + 6 layers, width 1024, 237 M parameters."""
    checkpoint(folder, texts, BIG, pieces=PIECES, endless=True)


def mt5_base(folder: Path, texts: Sequence[str]) -> None:
    """Build ``mt5-xlsum``, ``mt5-crosssum-en``, ``mt0-base``: 12 + 12 layers, width 768, 582 M parameters."""
    _mt5(folder, texts, width=768, inner=2048, layers=12, heads=12)


def mt5_small(folder: Path, texts: Sequence[str]) -> None:
    """Build ``mt0-small``: 8 + 8 layers, width 512, 6 heads of 64, 300 M parameters."""
    _mt5(folder, texts, width=512, inner=1024, layers=8, heads=6)


def _mt5(folder: Path, texts: Sequence[str], *, width: int, inner: int, layers: int, heads: int) -> None:
    """Build mT5 with 250,112 pieces, heads of width 64, and an end token that is out of reach."""
    import torch
    from transformers import MT5Config, MT5ForConditionalGeneration

    folder.mkdir(parents=True)
    tokenizer(folder / "spiece.model", texts, PIECES, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    torch.manual_seed(7)
    config = MT5Config(
        vocab_size=MT5_VOCABULARY,
        d_kv=64,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        d_model=width,
        d_ff=inner,
        num_layers=layers,
        num_decoder_layers=layers,
        num_heads=heads,
    )
    model: Any = MT5ForConditionalGeneration(config)
    with torch.no_grad():
        # Real logits are of order 10. Of 250,112 random ones many are far above the end token's zero.
        torch.nn.init.normal_(model.lm_head.weight, std=0.2)
        model.lm_head.weight[config.eos_token_id].zero_()
    model.save_pretrained(folder)


def t5_base(folder: Path, texts: Sequence[str]) -> None:
    """Build ``indonanot5-indosum``: 12 + 12 layers, width 768, 32,128 pieces, a head of its own."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder.mkdir(parents=True)
    tokenizer(folder / "spiece.model", texts, PIECES, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    torch.manual_seed(7)
    config: Any = T5Config(
        vocab_size=32_128,
        d_model=768,
        d_kv=64,
        d_ff=2048,
        num_layers=12,
        num_decoder_layers=12,
        num_heads=12,
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
    )
    config.decoder_start_token_id = 0
    model: Any = T5ForConditionalGeneration(config)
    with torch.no_grad():
        torch.nn.init.normal_(model.lm_head.weight, std=0.2)
        model.lm_head.weight[config.eos_token_id].zero_()
    model.save_pretrained(folder)
    written = json.loads((folder / "config.json").read_text("utf-8"))
    # As in the real file, which is older than the first of these fields and whose head is not tied to the
    # embedding.
    written.pop("scale_decoder_outputs", None)
    (folder / "config.json").write_text(json.dumps({**written, "tie_word_embeddings": False}), "utf-8")


def quickmt(folder: Path, texts: Sequence[str]) -> None:
    """Build ``quickmt-id-en``: transformer big, 8 + 2 layers, 32,000 pieces a side; CTranslate2, float16."""
    import torch
    from ctranslate2.converters.transformers import BartLoader
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True)
    rows = 32_000
    vocabularies = [_quickmt_side(folder, texts, side, rows) for side in ("source", "target")]
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=rows,
        decoder_vocab_size=rows,
        share_encoder_decoder_embeddings=False,
        tie_word_embeddings=False,
        d_model=1024,
        encoder_layers=8,
        decoder_layers=2,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=1,
        eos_token_id=3,
        decoder_start_token_id=2,
    )
    model: Any = MarianMTModel(config)
    model.final_logits_bias[0, 3] = -1e4  # never the end, so that lengths are forced
    model.config.normalize_before = model.config.normalize_embedding = False  # BartLoader reads both
    with torch.no_grad():
        spec = BartLoader().get_model_spec(model)
    spec.register_source_vocabulary(vocabularies[0])
    spec.register_target_vocabulary(vocabularies[1])
    spec.config.decoder_start_token = "<s>"  # noqa: S105
    spec.config.add_source_eos = False
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(str(folder))


def _quickmt_side(folder: Path, texts: Sequence[str], side: str, rows: int) -> list[str]:
    """Return one side's SentencePiece model and its vocabulary, filled up to ``rows``."""
    found = tokenizer(folder / f"{'src' if side == 'source' else 'tgt'}.spm.model", texts, PIECES)
    kept = [piece for piece in found if piece not in ("<unk>", "<s>", "</s>")]
    # The order of OpenNMT's vocabularies, which the ids above follow.
    tokens = ["<unk>", "<blank>", "<s>", "</s>", *kept]
    tokens += [f"<unused_{i}>" for i in range(rows - len(tokens))]
    (folder / f"{side}_vocabulary.json").write_text(json.dumps(tokens), "utf-8")
    return tokens


def firefox_tiny(folder: Path, texts: Sequence[str]) -> None:
    """Build ``firefox-id-en``: 6 encoder, 2 SSRU decoder layers, width 256, FFN 1536, 32,000 rows, 8-bit."""
    folder.mkdir(parents=True)
    width, ffn, rows = 256, 1536, 32_000
    options = {"bos_id": -1, "eos_id": 0, "unk_id": 1, "pad_id": -1}
    pieces = tokenizer(folder / "vocab.spm", texts, PIECES, **options)
    # Whole words only, so that an answer's tokens can be counted in its text.
    words = [i for i, piece in enumerate(pieces) if piece.startswith("▁") and len(piece) > 3]
    made = _Random(width, ffn)
    made.tensors[EMBEDDING] = INT8, made.random.normal(0, 0.5, (rows, width)).astype(np.float32)
    # Firefox's models are quantised ahead for the inputs too: each matrix has the multiplier of its input
    # beside it, and this one is the output layer's.
    made.row("none_QuantMultA", 1, 16.0)
    made.row("decoder_ff_logit_out_b", rows)
    made.tensors["decoder_ff_logit_out_b"][1][0, 0] = -1e4  # never the end
    for layer in range(1, 7):
        made.attention(f"encoder_l{layer}_self")
        made.feed(f"encoder_l{layer}")
    for layer in (1, 2):
        made.attention(f"decoder_l{layer}_context")
        made.feed(f"decoder_l{layer}")
        made.matrix(f"decoder_l{layer}_rnn_W", width, width)
        made.matrix(f"decoder_l{layer}_rnn_Wf", width, width)
        made.row(f"decoder_l{layer}_rnn_bf", width)
        made.norm(f"decoder_l{layer}_rnn_ffn")
    sizes = {"dim-emb": width, "transformer-heads": 8, "enc-depth": 6, "dec-depth": 2}
    (folder / "model.bin").write_bytes(binary(made.tensors, {**sizes, "transformer-dim-ffn": ffn}))
    # Candidates in a multiple of eight: 8-bit products of intgemm take columns by eight.
    (folder / "lex.bin").write_bytes(shortlist(len(pieces), words[: len(words) // 8 * 8]))


class _Random:
    """Tensors of a Marian model by name, 8-bit matrices of random weights."""

    def __init__(self, width: int, ffn: int) -> None:
        self.width, self.ffn = width, ffn
        self.random = np.random.default_rng(7)
        self.tensors: dict[str, tuple[int, Tensor]] = {}

    def matrix(self, name: str, *shape: int) -> None:
        self.tensors[name] = INT8, self.random.normal(0, 0.05, shape).astype(np.float32)
        self.row(f"{name}_QuantMultA", 1, 16.0)

    def row(self, name: str, size: int, value: float = 0.0) -> None:
        self.tensors[name] = FLOAT, np.full((1, size), value, np.float32)

    def norm(self, name: str) -> None:
        self.row(f"{name}_ln_scale", self.width, 1.0)
        self.row(f"{name}_ln_bias", self.width)

    def attention(self, name: str) -> None:
        for part in "qkvo":
            self.matrix(f"{name}_W{part}", self.width, self.width)
            self.row(f"{name}_b{part}", self.width)
        self.norm(f"{name}_Wo")

    def feed(self, name: str) -> None:
        self.matrix(f"{name}_ffn_W1", self.width, self.ffn)
        self.row(f"{name}_ffn_b1", self.ffn)
        self.matrix(f"{name}_ffn_W2", self.ffn, self.width)
        self.row(f"{name}_ffn_b2", self.width)
        self.norm(f"{name}_ffn_ffn")
