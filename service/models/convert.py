"""A checkpoint folder -> a CTranslate2 folder, tokenizer included."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path
from typing import Any

from service.engines.tokenizer import EOS, PAD, UNK, Pieces, start_token
from service.engines.transformers import load_checkpoint
from service.errors import StoreError
from service.presets import Preset

TOKENIZER_FILES = ("source.spm", "target.spm", "vocab.json", "spiece.model", "tokenizer.json")
CONVERTED = ("marian", "mt5", "t5")
"""The architectures whose checkpoints are converted; others run from the files as they are."""


def convert(source: Path, target: Path, preset: Preset, quantization: str = "int8") -> None:
    """Write the checkpoint in ``source`` to the new folder ``target`` for the ctranslate2 engine.

    ``quantization`` is a CTranslate2 type: ``int8``, ``float32`` ... Raises StoreError.
    """
    pieces = Pieces(source)
    config = json.loads((source / "config.json").read_text("utf-8"))
    kind = config.get("model_type")
    if kind != preset.architecture:
        raise StoreError(
            "models.checkpoint",
            "the checkpoint is {found!r}, not {wanted!r}",
            at=preset.name,
            found=kind,
            wanted=preset.architecture,
        )
    try:
        spec = _marian(source) if kind == "marian" else _t5(source, kind)
    except (OSError, ValueError, RuntimeError) as error:
        raise StoreError(
            "models.conversion", "cannot be converted: {reason}", at=preset.name, reason=error
        ) from error
    # CTranslate2 wants as many pieces as the embedding has rows.
    tokens = _vocabulary(pieces, spec)
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.eos_token, spec.config.unk_token = EOS, UNK
    spec.config.decoder_start_token = EOS if kind == "marian" else PAD
    if preset.start_language:
        spec.config.decoder_start_token = start_token(config, preset.start_language, pieces)
    spec.config.add_attribute("warta_architecture", kind)
    spec.validate()
    spec.optimize(quantization=quantization)
    target.mkdir(parents=True)
    spec.save(str(target))
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def _marian(source: Path) -> Any:
    import torch
    from ctranslate2.converters.transformers import MarianMTLoader

    with torch.no_grad():
        spec = MarianMTLoader().get_model_spec(load_checkpoint(source, "float32"))
    # torch's copy of the weights has to be gone before the quantised one is made.
    gc.collect()
    return spec


def _t5(source: Path, kind: str) -> Any:
    """Return mT5, or T5 1.1, whose head is a matrix of its own too where its configuration says so."""
    import torch
    from ctranslate2.converters.transformers import MT5Loader, T5Loader

    model = load_checkpoint(source, "float32")
    with torch.no_grad():
        spec = (MT5Loader() if kind == "mt5" else T5Loader()).get_model_spec(model)
    if kind == "mt5" or not model.config.scale_decoder_outputs:
        unscale(spec)
    gc.collect()
    return spec


def unscale(spec: Any) -> None:
    """Put the output scale of CTranslate2's mT5 loader right.

    Under transformers 5 every mT5 config says ``tie_word_embeddings``, and the loader then
    scales the output by d_model**-0.5, as T5 1.0 does. mT5's head is its own matrix and is
    not scaled: greedy tokens stay the same, but scores, beams and length penalties do not.
    """
    from ctranslate2.specs.model_spec import OPTIONAL

    spec.decoder.scale_outputs = OPTIONAL


def _vocabulary(pieces: Pieces, spec: Any) -> list[str]:
    """Return the tokenizer's pieces, cut or filled to the rows that the embedding has."""
    rows = spec.encoder.embeddings[0].weight.shape[0]
    tokens = list(pieces.tokens[:rows])
    return tokens + [f"<unused_{i}>" for i in range(rows - len(tokens))]
