"""What every renderer is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Renderer = Callable[[Any], str | dict[str, Any]]
"""Makes of a result a text, or the values of a JSON object."""
