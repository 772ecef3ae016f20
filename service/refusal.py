"""A refused request, of the API or the page: HTTP status, a word for programs, a line for people."""

from __future__ import annotations

from collections.abc import Mapping

from service.document import Message
from service.errors import WartaError, message_of

_TYPES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


class Refused(Exception):
    """A request that is answered with ``status``: ``type`` for programs, ``message`` for people.

    What it says is given as to a :class:`service.errors.WartaError`: a code, an English text, its values.
    """

    def __init__(
        self,
        status: int,
        said: str | Message | WartaError,
        text: str = "",
        /,
        *,
        type: str = "",
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        self.message = message_of(said, text, **values)  # type: ignore[arg-type]
        super().__init__(str(self.message))
        self.status = status
        self.type = type or _TYPES.get(status, "invalid_request")
        self.headers = dict(headers or {})
