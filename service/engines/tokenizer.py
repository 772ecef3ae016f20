"""Text <-> SentencePiece pieces for Marian and mT5, without the tokenizer classes of transformers.

Both sequence-to-sequence engines use it, so their inputs are equal by construction. Control
symbols are never parsed out of user text: a literal ``</s>`` in an article stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import sentencepiece as spm

from service.errors import EngineError

EOS = "</s>"
UNK = "<unk>"
PAD = "<pad>"

# mT5 keeps its sentinels as ordinary pieces, so a literal one would be taken for the real thing.
_SENTINEL = re.compile(r"<(?=extra_id_\d+>)")


class Pieces:
    """The tokenizer of one checkpoint folder: ``source.spm`` + ``vocab.json``, or ``spiece.model``."""

    def __init__(self, folder: Path) -> None:
        """Raises EngineError if the folder holds no tokenizer that is known here."""
        if (folder / "source.spm").is_file():
            self._source = _processor(folder / "source.spm")
            self._target = _processor(folder / "target.spm")
            ids = json.loads((folder / "vocab.json").read_text("utf-8"))
            self.tokens = tuple(sorted(ids, key=ids.__getitem__))
        elif (folder / "spiece.model").is_file():
            self._source = self._target = _processor(folder / "spiece.model")
            self.tokens = tuple(self._source.id_to_piece(i) for i in range(len(self._source)))
        else:
            raise EngineError(f"{folder}: no SentencePiece tokenizer (source.spm or spiece.model) found")
        self._ids = {token: index for index, token in enumerate(self.tokens)}

    def encode(self, text: str) -> list[str]:
        """The pieces of ``text``, without an end token."""
        return list(self._source.encode(_SENTINEL.sub("< ", text), out_type=str))

    def encode_target(self, text: str) -> list[str]:
        """The pieces of a text in the target language, without an end token."""
        return list(self._target.encode(_SENTINEL.sub("< ", text), out_type=str))

    def ids(self, pieces: Sequence[str]) -> list[int]:
        """Vocabulary ids; an unknown piece is ``<unk>``."""
        unknown = self._ids[UNK]
        return [self._ids.get(piece, unknown) for piece in pieces]

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of target pieces, without end and padding.

        ``<unk>`` stays as a visible mark and a sentinel as itself: hiding them would hide a fault.
        """
        kept = [piece for piece in pieces if piece not in (EOS, PAD) and piece in self._ids]
        return str(self._target.decode_pieces(kept)).replace("▁", " ").strip()

    def has(self, piece: str) -> bool:
        """Whether the vocabulary holds ``piece``."""
        return piece in self._ids


def _processor(path: Path) -> spm.SentencePieceProcessor:
    try:
        return spm.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise EngineError(f"{path}: not a SentencePiece model") from error


def start_token(config: dict[str, object], language: str, pieces: Pieces) -> str:
    """The piece that starts the decoder for ``language``, from the config's ``langid_map``.

    The map holds ``[id, piece]``; both must agree with the tokenizer. Source: the model card
    of csebuetnlp/mT5_m2o_english_crossSum. Raises EngineError.
    """
    parameters = config.get("task_specific_params")
    languages = parameters.get("langid_map", {}) if isinstance(parameters, dict) else {}
    if language not in languages:
        raise EngineError(
            f"the model's langid_map has no {language!r}; it has: {', '.join(languages) or 'none'}"
        )
    index, piece = languages[language]
    if not pieces.has(piece) or pieces.ids([piece]) != [index]:
        raise EngineError(f"the model's langid_map says {piece!r} = {index}, its tokenizer does not")
    return str(piece)
