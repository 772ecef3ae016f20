"""A deterministic engine without weights, so that all above it can be tried anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from service.document import Decoding, Output


class EchoEngine:
    """Answers each text with itself, white space collapsed; a token is a word."""

    signature = "echo"

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """Return the source words, at most ``decoding.max_new_tokens`` of them, with score 0."""
        return [self._answer(text, decoding.max_new_tokens) for text in texts]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """Return the one answer there is."""
        return self.generate([text], decoding)[:count]

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    @staticmethod
    def _answer(text: str, limit: int) -> Output:
        words = text.split()
        kept = words[:limit]
        return Output(" ".join(kept), 0.0, len(kept), truncated=len(words) > len(kept))
