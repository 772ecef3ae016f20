"""Text <-> the pieces of Marian, mT5, T5 and quickmt, without the tokenizer classes of transformers.

Both sequence-to-sequence engines use it, so their inputs are equal by construction. Control
symbols are never parsed out of user text: a literal ``</s>`` in an article stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import sentencepiece as spm

from service.errors import EngineError

EOS = "</s>"
UNK = "<unk>"
PAD = "<pad>"

# mT5 keeps its sentinels as ordinary pieces, so a literal one would be taken for the real thing.
_SENTINEL = re.compile(r"<(?=extra_id_\d+>)")


_PLAIN = {
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("‘’‚‹›`´′", "'"),
    **dict.fromkeys("–—‐‑‒―−", "-"),
}
"""Typographic signs and what stands for them where a vocabulary lacks them.

opus-mt-id-en knows none of “ ” ‘ ’ – —, which every newspaper has: each would be an unknown piece to it.
"""

# A Unigram vocabulary without SentencePiece has its control symbols among the ordinary pieces.
_CONTROL = re.compile(r"<(?=(?:pad|unk|s|/s)>)")


class Pieces:
    """The tokenizer of one checkpoint folder, told by its files.

    ``source.spm``, ``target.spm`` and ``vocab.json`` are Marian's, ``spiece.model`` is mT5's,
    ``tokenizer.json`` that of a T5 trained without SentencePiece, and ``src.spm.model`` with
    ``tgt.spm.model`` (or one ``joint.spm.model``) and JSON vocabularies are of a model stored in
    CTranslate2's format.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tokenizer. Raises EngineError if the folder holds none that is known here."""
        joint = (folder / "joint.spm.model").is_file()
        if (folder / "source.spm").is_file():
            self._source: _Side = _SentencePiece(folder / "source.spm")
            self._target: _Side = _SentencePiece(folder / "target.spm")
            ids = json.loads((folder / "vocab.json").read_text("utf-8"))
            # vocab.json maps a piece to its id; here they are in the order of their ids.
            self.tokens = tuple(sorted(ids, key=ids.__getitem__))
        elif joint or (folder / "src.spm.model").is_file():
            self._source = _SentencePiece(folder / ("joint.spm.model" if joint else "src.spm.model"))
            self._target = _SentencePiece(folder / ("joint.spm.model" if joint else "tgt.spm.model"))
            self.tokens = _target_vocabulary(folder)
        elif (folder / "spiece.model").is_file():
            self._source = self._target = _SentencePiece(folder / "spiece.model")
            self.tokens = self._source.tokens
        elif (folder / "tokenizer.json").is_file():
            self._source = self._target = _Unigram(folder / "tokenizer.json")
            self.tokens = self._source.tokens
        else:
            raise EngineError(
                "engine.no_tokenizer",
                "no SentencePiece tokenizer (source.spm, src.spm.model, spiece.model) and no tokenizer.json "
                "found",
                at=folder,
            )
        self._ids = {token: index for index, token in enumerate(self.tokens)}
        known = set(self._source.tokens)
        # Marian's SentencePiece models know pieces that vocab.json lacks, and the model never saw those.
        known = known & set(self._ids) if (folder / "source.spm").is_file() else known
        missing = {sign: plain for sign, plain in _PLAIN.items() if sign not in known and plain in known}
        self._plain = str.maketrans(missing)

    def encode(self, text: str) -> list[str]:
        """Return the pieces of a source without an end token; signs it lacks are written plainly."""
        # A space after "<" keeps "<extra_id_0>" from being one piece.
        return self._source.encode(_SENTINEL.sub("< ", text).translate(self._plain))

    def encode_target(self, text: str) -> list[str]:
        """Return the pieces of a target, without an end token."""
        return self._target.encode(_SENTINEL.sub("< ", text))

    def ids(self, pieces: Sequence[str]) -> list[int]:
        """Return vocabulary ids; an unknown piece is ``<unk>``."""
        unknown = self._ids[UNK]
        return [self._ids.get(piece, unknown) for piece in pieces]

    def decode(self, pieces: Sequence[str]) -> str:
        """Return the text of target pieces, without end and padding.

        ``<unk>`` stays as a visible mark and a sentinel as itself: hiding them would hide a fault.
        """
        kept = [piece for piece in pieces if piece not in (EOS, PAD) and piece in self._ids]
        return self._target.decode(kept).replace("▁", " ").strip()

    def has(self, piece: str) -> bool:
        """Return whether the vocabulary holds ``piece``."""
        return piece in self._ids


class _Side(Protocol):
    """One side's model of pieces."""

    @property
    def tokens(self) -> tuple[str, ...]: ...

    def encode(self, text: str) -> list[str]: ...

    def decode(self, pieces: Sequence[str]) -> str: ...


class _SentencePiece:
    def __init__(self, path: Path) -> None:
        try:
            self._processor = spm.SentencePieceProcessor(model_file=str(path))
        except (OSError, RuntimeError) as error:
            raise EngineError("engine.not_sentencepiece", "not a SentencePiece model", at=path) from error

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(self._processor.id_to_piece(i) for i in range(len(self._processor)))

    def encode(self, text: str) -> list[str]:
        return list(self._processor.encode(text, out_type=str))

    def decode(self, pieces: Sequence[str]) -> str:
        return str(self._processor.decode_pieces(list(pieces)))


class _Unigram:
    """A ``tokenizer.json`` through the tokenizers library, in which special tokens of a text stay text."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise EngineError(
                "engine.not_tokenizer", "not a tokenizer: {reason}", at=path, reason=error
            ) from error
        # Special tokens in a text are encoded as the text they are.
        self._tokenizer.encode_special_tokens = True
        # The file may order both, and a text would be cut without a word.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @property
    def tokens(self) -> tuple[str, ...]:
        ids = self._tokenizer.get_vocab(with_added_tokens=True)
        return tuple(sorted(ids, key=ids.__getitem__))

    def encode(self, text: str) -> list[str]:
        return list(self._tokenizer.encode(_CONTROL.sub("< ", text), add_special_tokens=False).tokens)

    def decode(self, pieces: Sequence[str]) -> str:
        ids = [id for piece in pieces if (id := self._tokenizer.token_to_id(piece)) is not None]
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))


def _target_vocabulary(folder: Path) -> tuple[str, ...]:
    """Return the pieces that the decoder can write, of a model in CTranslate2's format.

    Raises EngineError.
    """
    for name in ("shared_vocabulary.json", "target_vocabulary.json"):
        if (folder / name).is_file():
            try:
                tokens = json.loads((folder / name).read_text("utf-8"))
            except ValueError as error:
                raise EngineError("engine.not_vocabulary", "not a vocabulary", at=folder / name) from error
            return tuple(str(token) for token in tokens)
    raise EngineError("engine.no_vocabulary", "no target_vocabulary.json found", at=folder)


def start_token(config: dict[str, object], language: str, pieces: Pieces) -> str:
    """Return the piece that starts the decoder for ``language``, from the config's ``langid_map``.

    The map holds ``[id, piece]``; both must agree with the tokenizer. Source: the model card
    of csebuetnlp/mT5_m2o_english_crossSum. Raises EngineError.
    """
    parameters = config.get("task_specific_params")
    languages = parameters.get("langid_map", {}) if isinstance(parameters, dict) else {}
    if language not in languages:
        raise EngineError(
            "engine.no_language",
            "the model's langid_map has no {language!r}; it has: {known}",
            language=language,
            known=", ".join(languages) or "none",
        )
    index, piece = languages[language]
    # The wrong language piece still gives fluent text, in another language: so it is not trusted.
    if not pieces.has(piece) or pieces.ids([piece]) != [index]:
        raise EngineError(
            "engine.language_piece",
            "the model's langid_map says {piece!r} = {index}, its tokenizer does not",
            piece=piece,
            index=index,
        )
    return str(piece)
