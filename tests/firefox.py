"""A tiny model in Firefox's format, written by hand: 8-bit binary Marian, a vocabulary, a shortlist.

Its weights are chosen, not learnt. Attention over the source is even, so the decoder sees the mean of the
source words; the values of that attention turn each Indonesian word into its English one; and whatever was
written before asks for the end. So a sentence becomes the English of its word, if it has one word of the
dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import sentencepiece as spm

from eval.bench.marian_binary import FLOAT, INT8, Tensor, binary, shortlist

DICTIONARY: Mapping[str, str] = {
    "beras": "rice",
    "banjir": "flood",
    "gempa": "quake",
    "kapal": "ship",
    "polisi": "police",
    "sekolah": "school",
}
WIDTH = 64
CONFIG = {
    "dim-emb": WIDTH,
    "transformer-heads": 2,
    "enc-depth": 1,
    "dec-depth": 1,
    "transformer-dim-ffn": WIDTH,
}
ALPHA = 16.0
"""The same for what is multiplied with it; between the layers numbers stay below 8."""


def write(folder: Path) -> Path:
    """Write model, vocabulary and shortlist, as they are unpacked, into the new folder."""
    folder.mkdir(parents=True)
    words = [word for pair in DICTIONARY.items() for word in pair]
    with (folder / "vocab.spm").open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(
                ["Ada di rumah, pelabuhan dan pasar.", "Ada lima di sana; ada dua di sini."]
            ),
            model_writer=file,
            model_type="unigram",
            vocab_size=80,
            hard_vocab_limit=False,
            user_defined_symbols=[f"▁{word}" for word in words],
            eos_id=0,
            unk_id=1,
            bos_id=-1,
            pad_id=-1,
            minloglevel=2,
        )
    pieces = spm.SentencePieceProcessor(model_file=str(folder / "vocab.spm"))
    (folder / "model.bin").write_bytes(binary(weights(pieces), CONFIG))
    (folder / "lex.bin").write_bytes(shortlist(rows(pieces)))
    return folder


def rows(pieces: spm.SentencePieceProcessor) -> int:
    """How many rows the embedding has: the engine fills a choice of words up to a multiple of eight."""
    return -(-len(pieces) // 8) * 8


def weights(pieces: spm.SentencePieceProcessor) -> dict[str, tuple[int, Tensor]]:
    """Every tensor of one encoder and one decoder layer, by its name, with its type."""
    count = rows(pieces)
    tensors: dict[str, tuple[int, Tensor]] = {}

    def matrix(name: str, value: Tensor) -> None:
        tensors[name] = INT8, value
        tensors[f"{name}_QuantMultA"] = FLOAT, np.full((1, 1), ALPHA, np.float32)

    def row(name: str, value: float = 0.0, width: int = WIDTH) -> None:
        tensors[name] = FLOAT, np.full((1, width), value, np.float32)

    def norm(name: str) -> None:
        row(f"{name}_ln_scale", 1.0)
        row(f"{name}_ln_bias")

    zero, eye = np.zeros((WIDTH, WIDTH), np.float32), np.eye(WIDTH, dtype=np.float32)
    embedding = np.zeros((count, WIDTH), np.float32)
    used = [0, *(pieces.piece_to_id(f"▁{w}") for pair in DICTIONARY.items() for w in pair)]
    # Positions are added as sines of these columns; from the sixteenth on they change too slowly to matter.
    place = {piece: 16 + index for index, piece in enumerate(used)}
    for piece, column in place.items():
        embedding[piece, column] = 3.0 if piece == 0 else 1.0
    tensors["Wemb"] = INT8, embedding
    row("none_QuantMultA", ALPHA, 1)
    row("decoder_ff_logit_out_b", -3.0, count)
    tensors["decoder_ff_logit_out_b"][1][0, used] = 0.0
    tensors["decoder_ff_logit_out_b"][1][0, 0] = 1.0
    english = zero.copy()
    for source, target in DICTIONARY.items():
        english[place[pieces.piece_to_id(f"▁{source}")], place[pieces.piece_to_id(f"▁{target}")]] = 1.0
    end = zero.copy()
    end[17 : 16 + len(used), 16] = 2.0  # much more, and two neighbours overflow the 16 bits they are added in
    for layer, value in (("encoder_l1_self", zero), ("decoder_l1_context", english)):
        for part in "qk":
            matrix(f"{layer}_W{part}", zero)
            row(f"{layer}_b{part}")
        matrix(f"{layer}_Wv", value)
        row(f"{layer}_bv")
        matrix(f"{layer}_Wo", eye)
        row(f"{layer}_bo")
        norm(f"{layer}_Wo")
    for layer in ("encoder_l1", "decoder_l1"):
        for number in (1, 2):
            matrix(f"{layer}_ffn_W{number}", zero)
            row(f"{layer}_ffn_b{number}")
        norm(f"{layer}_ffn_ffn")
    matrix("decoder_l1_rnn_W", end)
    matrix("decoder_l1_rnn_Wf", zero)
    row("decoder_l1_rnn_bf")
    norm("decoder_l1_rnn_ffn")
    return tensors
