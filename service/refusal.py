"""A refused request, of the API or the page: HTTP status, a word for programs, a line for people."""

from __future__ import annotations

from collections.abc import Mapping

_TYPES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


class Refused(Exception):
    """A request that is answered with ``status``: ``type`` for programs, ``message`` for people."""

    def __init__(
        self, status: int, message: str, type: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type or _TYPES.get(status, "invalid_request")
        self.headers = dict(headers or {})
