"""The tokenizer inside a GGUF file, as a SentencePiece model.

A GGUF of the ``llama`` tokenizer kind holds SentencePiece's own pieces, scores and types,
so nothing has to be learnt again: the model is those three lists and a few settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

SPACE = "▁"
MARKERS = frozenset({"[multimodal]", "<start_of_image>", "<end_of_image>"})


def pieces(metadata: Mapping[str, Any]) -> list[str]:
    """Return every piece by id, white space written as SentencePiece writes it."""
    return [token.replace(" ", SPACE) for token in metadata["tokenizer.ggml.tokens"]]


def sentencepiece_model(metadata: Mapping[str, Any]) -> bytes:
    """Return a serialised ``ModelProto`` that encodes as the GGUF's tokenizer does.

    Control pieces such as ``<bos>`` are never found in text: SentencePiece spells them out.
    Three markers that stand for images, not for text, are made control pieces too.
    """
    pb = _protobuf()
    kind = metadata["tokenizer.ggml.model"]
    if kind != "llama":
        raise ValueError(f"the tokenizer is {kind!r}, not a SentencePiece one")
    model = pb.ModelProto()
    kinds = pb.ModelProto.SentencePiece
    # GGUF's numbers of the types are SentencePiece's own.
    types: Sequence[int] = metadata["tokenizer.ggml.token_type"]
    for piece, score, type_ in zip(pieces(metadata), metadata["tokenizer.ggml.scores"], types, strict=True):
        model.pieces.add(piece=piece, score=score, type=kinds.CONTROL if piece in MARKERS else type_)
    _settings(model, metadata)
    # SentencePiece opens no model without exactly one piece of this type.
    model.pieces[model.trainer_spec.unk_id].type = kinds.UNKNOWN
    serialised: bytes = model.SerializeToString()
    return serialised


def _settings(model: Any, metadata: Mapping[str, Any]) -> None:
    trainer = model.trainer_spec
    trainer.model_type = _protobuf().TrainerSpec.BPE
    trainer.byte_fallback = True
    trainer.vocab_size = len(model.pieces)
    for name, key in (("unk", "unknown"), ("bos", "bos"), ("eos", "eos"), ("pad", "padding")):
        token = metadata[f"tokenizer.ggml.{key}_token_id"]
        setattr(trainer, f"{name}_id", token)
        setattr(trainer, f"{name}_piece", model.pieces[token].piece)
    normalizer = model.normalizer_spec
    # Gemma changes nothing in a text: no Unicode form, no white space trimmed or joined.
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = metadata["tokenizer.ggml.add_space_prefix"]
    normalizer.remove_extra_whitespaces = False
    normalizer.escape_whitespaces = True


def _protobuf() -> ModuleType:
    """Return the generated module, whose names only exist at run time."""
    from sentencepiece import sentencepiece_model_pb2

    return sentencepiece_model_pb2
