"""Gemma 3 in torch, made for low-rank training on a CPU.

Differs from the stock implementation in what costs time there: q, k, v and gate, up are one
matrix each; the adapter is merged into the frozen weights once a step, so a forward pass is
the plain model's, and only the adapter's own gradients are computed (``_Merged``); the output
layer is cut to the pieces that occur. ``tests/eval/test_training.py`` holds it to transformers' Gemma 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from service.models.gemma.convert import GLOBAL_LAYER_EVERY, LOCAL_ROTARY_BASE, PROJECTIONS
from service.models.gemma.gguf import GgufFile

NORMS = ("attn_norm", "attn_q_norm", "attn_k_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")


class _Merged(torch.autograd.Function):
    """``x @ merged.T`` whose gradients go to ``x`` and to the adapter that ``merged`` holds."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, merged: Tensor, scale: float, *sides: Tensor) -> Tensor:
        ctx.save_for_backward(x, merged, *sides)
        ctx.scale = scale
        return x @ merged.T

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, merged, *sides = ctx.saved_tensors
        downs, ups = sides[::2], sides[1::2]
        gradients: list[Tensor] = []
        for part, down, up in zip(torch.split(grad, [len(up) for up in ups], dim=1), downs, ups, strict=True):
            # With y = x (W + s B A)': dA = s (g B)' x, dB = s g' (x A').
            gradients.append((part @ up.to(part.dtype)).T.mm(x).to(down.dtype) * ctx.scale)
            gradients.append(part.T.mm(x @ down.to(x.dtype).T).to(up.dtype) * ctx.scale)
        onward = grad @ merged if ctx.needs_input_grad[0] else None
        return onward, None, None, *gradients


CHUNK = 512
"""Target tokens whose scores over the vocabulary are held at once: 0.1 GB in float32 for 50,000 pieces."""


class _TargetLosses(torch.autograd.Function):
    """Cross-entropy of each token in nats, and its gradient on the way: the scores are never kept."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, table: Tensor, labels: Tensor) -> Tensor:
        each = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
        onward = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for at in range(0, len(hidden), CHUNK):
            part, wanted = slice(at, at + CHUNK), labels[at : at + CHUNK, None]
            chances = torch.softmax(hidden[part] @ table.T, -1, dtype=torch.float32)
            chosen = chances.gather(1, wanted)
            # Clamped, as the logarithm of 0 would end the run.
            each[part] = -chosen.clamp_min(torch.finfo(torch.float32).tiny).log()[:, 0]
            if onward is not None:
                # The gradient of cross-entropy: the probabilities, less 1 at the token that was right.
                chances.scatter_(1, wanted, chosen - 1)
                onward[part] = chances.to(hidden.dtype) @ table
        ctx.save_for_backward(onward)
        return each

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (onward,) = ctx.saved_tensors
        return onward * grad[:, None].to(onward.dtype), None, None


def target_losses(hidden: Tensor, table: Tensor, labels: Tensor) -> Tensor:
    """Return the loss in nats of each of ``labels`` (n) after ``hidden`` (n, width), scored against
    ``table``.
    """
    result: Tensor = _TargetLosses.apply(hidden, table, labels)  # type: ignore[no-untyped-call]
    return result


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return causal attention of ``q`` (rows, heads, length, size) to fewer ``k`` and ``v`` heads.

    Sentences are so short that the plain products are several times faster on a CPU than
    torch's attention, whose blocks are made for long texts.
    """
    rows, heads, length, size = q.shape
    kv = k.shape[1]
    # Several query heads share a key: they are laid side by side, and the key is not copied.
    scores = q.reshape(rows, kv, -1, size) @ k.transpose(-1, -2)
    ahead = torch.ones(length, length, dtype=torch.bool, device=q.device).triu(1)
    scores = (scores.float() * size**-0.5).view(rows, heads, length, length).masked_fill(ahead, -torch.inf)
    weights = scores.softmax(-1).to(v.dtype).view(rows, kv, -1, length)
    attended: Tensor = (weights @ v).view(rows, heads, length, size)
    return attended


class Linear(nn.Module):
    """One frozen matrix, several projections stacked, and an adapter of rank ``rank`` for each."""

    base: Tensor
    merged: Tensor

    def __init__(self, weights: Sequence[Tensor], rank: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("base", torch.cat(list(weights)), persistent=False)
        self.register_buffer("merged", self.base.clone(), persistent=False)
        width = self.base.shape[1]
        self.downs = nn.ParameterList(
            # One side random, the other zero: at first the adapter changes nothing.
            nn.Parameter(torch.randn(rank, width) / math.sqrt(width))
            for _ in weights
        )
        self.ups = nn.ParameterList(nn.Parameter(torch.zeros(len(w), rank)) for w in weights)

    @torch.no_grad()
    def merge(self) -> None:
        """Take the adapter's present values into the weights."""
        sizes = [len(up) for up in self.ups]
        halves = (torch.split(weight, sizes) for weight in (self.base, self.merged))
        parts = zip(*halves, self.downs, self.ups, strict=True)
        for base, merged, down, up in parts:
            torch.addmm(base, up.to(base.dtype), down.to(base.dtype), alpha=self.scale, out=merged)

    def forward(self, x: Tensor) -> Tensor:
        sides = [side for pair in zip(self.downs, self.ups, strict=True) for side in pair]
        result: Tensor = _Merged.apply(x, self.merged, self.scale, *sides)  # type: ignore[no-untyped-call]
        return result


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    # Squares summed in bfloat16 would be too coarse.
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)
    return (wide * weight).to(x.dtype)


def gated(gate_up: Tensor) -> Tensor:
    gate, up = gate_up.chunk(2, dim=-1)
    return F.gelu(gate, approximate="tanh") * up


def rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return ``x`` (rows, heads, length, head_dim) turned by its positions (length, head_dim / 2)."""
    # The pairs that turn are the two halves of a head, not neighbours.
    left, right = x.float().chunk(2, dim=-1)
    turned = torch.cat((left * cosine - right * sine, right * cosine + left * sine), dim=-1)
    return turned.to(x.dtype)


def fast_dtype(device: str = "cpu") -> torch.dtype:
    """Return the type of number to train in: bfloat16, but float32 on a CPU without AVX-512.

    There a product in bfloat16 takes eighty times as long (0.4 against 34 billion operations a second).
    """
    narrow = device == "cpu" and not torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.float32 if narrow else torch.bfloat16


class Layer(nn.Module):
    """One layer: its norms, and its matrices, those beside each other stacked."""

    attn_norm: Tensor
    attn_q_norm: Tensor
    attn_k_norm: Tensor
    post_attention_norm: Tensor
    ffn_norm: Tensor
    post_ffw_norm: Tensor
    qkv: Linear
    out: Linear
    gate_up: Linear
    down: Linear

    def __init__(self, gguf: GgufFile, index: int, rank: int, scale: float, dtype: torch.dtype) -> None:
        super().__init__()
        for name in NORMS:
            self.register_buffer(name, _tensor(gguf, f"blk.{index}.{name}.weight"), persistent=False)
        for name, parts in _STACKS.items():
            weights = [_tensor(gguf, f"blk.{index}.{part}.weight").to(dtype) for part in parts]
            setattr(self, name, Linear(weights, rank, scale))


class Gemma(nn.Module):
    """The body of Gemma 3 from a GGUF file, with an adapter on every linear layer."""

    embedding: Tensor
    output_norm: Tensor

    def __init__(
        self,
        gguf: GgufFile,
        rank: int,
        scale: float,
        dtype: torch.dtype | None = None,
        *,
        fused: bool = True,
    ) -> None:
        """Build it; ``fused`` compiles the element-wise parts, which takes half a minute and a C++
        compiler. ``dtype`` is what :func:`fast_dtype` says, if not given.
        """
        super().__init__()
        dtype = dtype or fast_dtype()

        def hyper(name: str) -> Any:
            return gguf.metadata[f"gemma3.{name}"]

        self._dtype = dtype
        self._epsilon = hyper("attention.layer_norm_rms_epsilon")
        self._heads, self._kv_heads = hyper("attention.head_count"), hyper("attention.head_count_kv")
        self._head_dim, self.window = hyper("attention.key_length"), hyper("attention.sliding_window")
        self._feed_forward = hyper("feed_forward_length")
        self._bases = (LOCAL_ROTARY_BASE, hyper("rope.freq_base"))
        count = hyper("block_count")
        self.layers = nn.ModuleList(Layer(gguf, index, rank, scale, dtype) for index in range(count))
        self.register_buffer("output_norm", _tensor(gguf, "output_norm.weight"), persistent=False)
        self._gguf = gguf
        plain: list[Callable[..., Tensor]] = [rms_norm, gated, rotated]
        if fused:
            # Four shapes each, with gradients and without: torch gives up compiling after eight.
            torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 64)
            plain = [torch.compile(function, dynamic=True) for function in plain]
        self._rms_norm, self._gated, self._rotated = plain

    def use_pieces(self, ids: Sequence[int]) -> None:
        """Cut input and output layer to ``ids``: from here on a token is its place in that list."""
        rows = self._gguf.tensor("token_embd.weight")[np.asarray(ids)]
        table = torch.from_numpy(rows).to(self.output_norm.device, self._dtype)
        self.register_buffer("embedding", table, persistent=False)

    def merge(self) -> None:
        """Merge the adapter after it changed, before the next forward pass."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.merge()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return hidden states (rows, length, width) of ``tokens`` (rows, length), padded on the right.

        No mask is needed: attention looks back only, and nothing reads what stands at padding.
        Raises ValueError beyond the sliding window, within which all layers attend alike.
        """
        rows, length = tokens.shape
        if length > self.window:
            raise ValueError(f"{length} tokens are more than the window of {self.window}")
        width = self.embedding.shape[1]
        x = F.embedding(tokens, self.embedding).reshape(rows * length, width)
        # Rounded to the type of the weights first, as the stock implementation does.
        x = x * float(torch.tensor(math.sqrt(width)).to(self._dtype))
        angles = [_angles(base, self._head_dim, length, x.device) for base in self._bases]
        for index, layer in enumerate(self._layers()):
            everywhere = (index + 1) % GLOBAL_LAYER_EVERY == 0  # True is 1, the second base
            attended = self._attention(layer, self._norm(x, layer.attn_norm), rows, angles[everywhere])
            x = x + self._norm(attended, layer.post_attention_norm)
            fed: Tensor = layer.down(self._gated(layer.gate_up(self._norm(x, layer.ffn_norm))))
            x = x + self._norm(fed, layer.post_ffw_norm)
        return self._norm(x, self.output_norm).view(rows, length, width)

    def _layers(self) -> list[Layer]:
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return self._rms_norm(x, weight, self._epsilon)

    def _attention(self, layer: Layer, x: Tensor, rows: int, angles: tuple[Tensor, Tensor]) -> Tensor:
        heads, kv, size = self._heads, self._kv_heads, self._head_dim
        stacked = layer.qkv(x).view(rows, -1, heads + 2 * kv, size).transpose(1, 2)
        q, k, v = stacked.split((heads, kv, kv), dim=1)
        q = self._rotated(self._norm(q, layer.attn_q_norm), *angles)
        k = self._rotated(self._norm(k, layer.attn_k_norm), *angles)
        attended = attend(q, k, v)
        result: Tensor = layer.out(attended.transpose(1, 2).reshape(len(x), heads * size))
        return result

    def stock(self) -> Any:
        """Return transformers' model with these weights, the adapter merged; it can generate."""
        from transformers import Gemma3ForCausalLM, Gemma3TextConfig

        pieces, width = self.embedding.shape
        config = Gemma3TextConfig(
            vocab_size=pieces,
            hidden_size=width,
            intermediate_size=self._feed_forward,
            num_hidden_layers=len(self.layers),
            num_attention_heads=self._heads,
            num_key_value_heads=self._kv_heads,
            head_dim=self._head_dim,
            query_pre_attn_scalar=self._head_dim,
            sliding_window=self.window,
            rms_norm_eps=self._epsilon,
            rope_parameters={
                kind: {"rope_type": "default", "rope_theta": base}
                for kind, base in zip(("sliding_attention", "full_attention"), self._bases, strict=True)
            },
        )
        config.dtype = self._dtype
        model: Any = Gemma3ForCausalLM(config)
        model.to(self._dtype)
        model.load_state_dict(self._stock_weights(), strict=False)  # the tied output layer is not named
        return model.eval()

    def _stock_weights(self) -> dict[str, Tensor]:
        # GGUF has the norms with the 1 added that transformers adds by itself.
        named = {"model.embed_tokens.weight": self.embedding, "model.norm.weight": self.output_norm - 1}
        for index, layer in enumerate(self.layers):
            start = f"model.layers.{index}."
            for ours, theirs in zip(NORMS, _STOCK_NORMS, strict=True):
                named[f"{start}{theirs}.weight"] = getattr(layer, ours) - 1
            for stack, parts in _STACKS.items():
                linear = getattr(layer, stack)
                split = torch.split(linear.merged, [len(up) for up in linear.ups])
                named |= {f"{start}{PROJECTIONS[p]}.weight": w for p, w in zip(parts, split, strict=True)}
        return named

    def load_adapter(self, tensors: Mapping[str, Tensor]) -> None:
        """Start from an adapter of the same or a lower rank; what is wider there starts at zero effect."""
        with torch.no_grad():
            for name, down, up in self.sides():
                old_down, old_up = tensors[f"{name}.lora_A"], tensors[f"{name}.lora_B"]
                # The further rows of A keep their random start; the columns of B that belong to them are 0.
                down[: len(old_down)] = old_down
                up.zero_()
                up[:, : len(old_down)] = old_up
        self.merge()

    def adapter(self) -> dict[str, Tensor]:
        """Return the adapter as float32, by the names that the product reads."""
        named = {}
        for name, down, up in self.sides():
            named[f"{name}.lora_A"], named[f"{name}.lora_B"] = down.detach().clone(), up.detach().clone()
        return named

    def sides(self) -> list[tuple[str, Tensor, Tensor]]:
        """Return name, A and B of every projection."""
        return [
            (f"model.layers.{index}.{PROJECTIONS[part]}", down, up)
            for index, layer in enumerate(self.layers)
            for stack, parts in _STACKS.items()
            for part, down, up in zip(
                parts, getattr(layer, stack).downs, getattr(layer, stack).ups, strict=True
            )
        ]


_STOCK_NORMS = (
    "input_layernorm",
    "self_attn.q_norm",
    "self_attn.k_norm",
    "post_attention_layernorm",
    "pre_feedforward_layernorm",
    "post_feedforward_layernorm",
)
_STACKS = {
    "qkv": ("attn_q", "attn_k", "attn_v"),
    "out": ("attn_output",),
    "gate_up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}


def _tensor(gguf: GgufFile, name: str) -> Tensor:
    # A copy, as torch wants an array that may be written.
    return torch.from_numpy(np.array(gguf.tensor(name), copy=True))


def _angles(base: float, size: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    speeds = base ** (-torch.arange(0, size, 2, dtype=torch.float32, device=device) / size)
    angles = torch.arange(length, dtype=torch.float32, device=device)[:, None] * speeds
    return angles.cos(), angles.sin()
