"""Gemma 3 from GGUF tensors to a CTranslate2 model, an adapter merged on the way.

What the GGUF format leaves to convention: normalisation weights are stored with the
model's ``+ 1`` already added; every sixth layer attends to the whole text with the file's
rotary base, the others to a sliding window with base 10,000; input and output embedding
are one matrix. Queries are scaled by ``head_dim ** -0.5``, CTranslate2's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from service.models.gemma.gguf import Floats, GgufFile
from service.models.gemma.spm import pieces
from service.models.gemma.vocabulary import Ids, cut

# Both are part of Gemma 3's design; the file does not hold them.
LOCAL_ROTARY_BASE = 10_000
GLOBAL_LAYER_EVERY = 6
# A slice of 16,384 rows of 640 floats is 42 MB; the whole embedding would be 0.7 GB in float32.
CHUNK_ROWS = 16_384
EMBEDDING = "token_embd.weight"

# The names in a GGUF file, and those that the adapter was trained under.
PROJECTIONS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def read_adapter(data: bytes) -> dict[str, Floats]:
    """Return the tensors of a safetensors file in bfloat16, as float32, by name."""
    from safetensors import deserialize

    tensors = {}
    for name, info in deserialize(data):  # type: ignore[no-untyped-call]
        if info["dtype"] != "BF16":
            raise ValueError(f"{name} is {info['dtype']}, not BF16")
        # bfloat16, which numpy does not have, is the upper half of a float32.
        high = np.frombuffer(info["data"], np.uint16).astype(np.uint32) << 16
        tensors[name] = high.view(np.float32).reshape(info["shape"])
    return tensors


class Gemma3Converter:
    """One GGUF file, and the low-rank adapter merged into it (``W += scale * B @ A``).

    ``keep`` are the pieces that stay, by id (all by default); they are renumbered in that order.
    """

    def __init__(
        self,
        gguf: GgufFile,
        adapter: Mapping[str, Floats],
        scale: float,
        *,
        int8: bool,
        keep: Ids | None = None,
    ) -> None:
        self._gguf = gguf
        self._keep = np.arange(gguf.shape(EMBEDDING)[0]) if keep is None else keep
        self._metadata = cut(gguf.metadata, self._keep)
        self._adapter = adapter
        self._scale = scale
        self._int8 = int8

    def spec(self) -> Any:
        """Return a ``TransformerDecoderModelSpec``, validated and ready to save."""
        spec = self._empty_spec()
        decoder = spec.decoder
        self._embedding(decoder)
        decoder.layer_norm.gamma = self._gguf.tensor("output_norm.weight")
        for index, layer in enumerate(decoder.layer):
            self._attention(layer, index)
            self._feed_forward(layer, index)
        spec.register_vocabulary(pieces(self._metadata))
        spec.validate()
        # Aliases the shared embedding. Weights were quantised here, a slice at a time:
        # CTranslate2 would hold four float32 copies of the embedding.
        spec.optimize(quantization=None)
        return spec

    def _hyper(self, key: str) -> Any:
        return self._metadata[f"gemma3.{key}"]

    def _empty_spec(self) -> Any:
        from ctranslate2.specs import Activation, TransformerDecoderModelSpec

        head_dim = self._hyper("attention.key_length")
        spec = TransformerDecoderModelSpec.from_config(
            self._hyper("block_count"),
            self._hyper("attention.head_count"),
            activation=Activation.GELUTanh,
            ffn_glu=True,
            rms_norm=True,
            rotary_dim=head_dim,
            rotary_interleave=False,
            rotary_base=LOCAL_ROTARY_BASE,
            num_heads_kv=self._hyper("attention.head_count_kv"),
            head_dim=head_dim,
            sliding_window=self._hyper("attention.sliding_window"),
            pre_post_layer_norm=True,
            qk_norm=True,
        )
        tokens = pieces(self._metadata)
        spec.config.layer_norm_epsilon = self._hyper("attention.layer_norm_rms_epsilon")
        for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown")):
            token = tokens[self._metadata[f"tokenizer.ggml.{key}_token_id"]]
            setattr(spec.config, f"{name}_token", token)
        # Not CTranslate2's own key: the engine must keep its prompts within the window.
        spec.config.add_attribute("sliding_window", self._hyper("attention.sliding_window"))
        return spec

    def _embedding(self, decoder: Any) -> None:
        chunks = [
            self._stored(self._gguf.tensor(EMBEDDING, self._keep[start : start + CHUNK_ROWS]))
            for start in range(0, len(self._keep), CHUNK_ROWS)
        ]
        decoder.start_from_zero_embedding = False
        weight = np.concatenate([chunk[0] for chunk in chunks])
        # One array under both names, which optimize() finds and stores once.
        decoder.embeddings.weight = decoder.projection.weight = weight
        if self._int8:
            scale = np.concatenate([chunk[1] for chunk in chunks])
            decoder.embeddings.weight_scale = decoder.projection.weight_scale = scale

    def _attention(self, layer: Any, index: int) -> None:
        attention = layer.self_attention
        if (index + 1) % GLOBAL_LAYER_EVERY == 0:  # layers 6, 12, 18: a window of 0 is the whole text
            attention.rotary_base = np.float32(self._hyper("rope.freq_base"))
            attention.sliding_window = np.int32(0)
        layer.input_layer_norm.gamma = self._norm(index, "attn_norm")
        layer.post_attention_layer_norm.gamma = self._norm(index, "post_attention_norm")
        attention.q_norm.gamma = self._norm(index, "attn_q_norm")
        attention.k_norm.gamma = self._norm(index, "attn_k_norm")
        self._linear(attention.linear[0], index, "attn_q", "attn_k", "attn_v")
        self._linear(attention.linear[1], index, "attn_output")

    def _feed_forward(self, layer: Any, index: int) -> None:
        layer.pre_feedforward_layer_norm.gamma = self._norm(index, "ffn_norm")
        layer.post_feedforward_layer_norm.gamma = self._norm(index, "post_ffw_norm")
        self._linear(layer.ffn.linear_0, index, "ffn_gate")
        self._linear(layer.ffn.linear_0_noact, index, "ffn_up")
        self._linear(layer.ffn.linear_1, index, "ffn_down")

    def _norm(self, index: int, name: str) -> Floats:
        return self._gguf.tensor(f"blk.{index}.{name}.weight")

    def _linear(self, spec: Any, index: int, *names: str) -> None:
        # CTranslate2 has queries, keys and values in one matrix, one below the other.
        weight = np.concatenate([self._merged(index, name) for name in names])
        spec.weight, scale = self._stored(weight)
        if self._int8:
            spec.weight_scale = scale

    def _merged(self, index: int, name: str) -> Floats:
        weight = self._gguf.tensor(f"blk.{index}.{name}.weight")
        key = f"model.layers.{index}.{PROJECTIONS[name]}"
        if f"{key}.lora_A" not in self._adapter:
            return weight
        # In float64, so that the sums do not depend on how many threads BLAS has.
        left, right = (self._adapter[f"{key}.lora_{side}"].astype(np.float64) for side in "BA")
        merged: Floats = (weight + self._scale * (left @ right)).astype(np.float32)
        return merged

    def _stored(self, weight: Floats) -> tuple[npt.NDArray[np.generic], Floats]:
        """Return the weight as it is stored and its scale by row, as CTranslate2 quantises to int8."""
        if not self._int8:
            return weight, np.ones(len(weight), np.float32)
        peak = np.abs(weight).max(axis=1)
        peak[peak == 0] = 127  # a row of zeros gets a scale of 1
        scale = np.float32(127) / peak
        return np.rint(weight * scale[:, None]).astype(np.int8), scale
