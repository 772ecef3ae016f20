"""Pairs as rows of token ids, as the embedded model reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.training.data import Pair
from service.models.gemma.gguf import GgufFile
from service.models.gemma.spm import sentencepiece_model

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

PRESET = "gemma-3-270m"


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """Token ids of one pair; the loss is on those from ``start``."""

    ids: list[int]
    start: int


def encode(pair: Pair, spm: SentencePieceProcessor, prompt: str) -> TrainingRow:
    """Return the prompt as the engine writes it, then the answer, which ends with a line break."""
    asked = [spm.bos_id(), *spm.encode(prompt.replace("{source}", pair.indonesian))]
    return TrainingRow(asked + spm.encode(f" {pair.english}\n"), len(asked))


def tokenizer(gguf: GgufFile) -> SentencePieceProcessor:
    """Return the SentencePiece processor of the file, all 262,144 pieces."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_proto=sentencepiece_model(gguf.metadata))
