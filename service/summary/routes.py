"""The names of the ways to make a summary, for every interface: what each does, :mod:`.summarizer` says."""

from __future__ import annotations

from typing import Literal, get_args

Route = Literal[
    "auto", "extractive", "indonanot5", "mt5", "crosssum", "crosssum-m2m", "translate-first", "endpoint"
]
NAMES: tuple[str, ...] = get_args(Route)
"""``auto``, which chooses one of the others by the models at hand, then those."""
