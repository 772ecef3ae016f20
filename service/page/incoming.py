"""The files of a multipart body, written as they come: nothing is kept of a body that breaks off."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Message, Receive

from service.errors import InputError
from service.page.uploads import Growing

MOST_FILES = 1000
"""In one body."""
_HEADER_BYTES = 8192

Begin = Callable[[str], Growing]
"""A new file of that name."""
Watch = Callable[[str, int], None]
"""Told the name of the file that grows and by how much."""


class _Body:
    """The parser's state: the header that is read, and the file that its part goes to."""

    def __init__(self, boundary: bytes, begin: Begin, watch: Watch) -> None:
        from python_multipart.multipart import MultipartParser

        self._begin = begin
        self._watch = watch
        self._field = self._value = b""
        self._described = b""
        self._name = ""
        self._growing: Growing | None = None
        self.done: list[Growing] = []
        self.ended = False
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._opened,
                "on_part_data": self._data,
                "on_part_end": self._closed,
                "on_end": self._end,
            },
        )

    def drop(self) -> None:
        """Leave nothing of what came."""
        for growing in [*self.done, *([self._growing] if self._growing else [])]:
            growing.drop()

    def _part(self) -> None:
        self._field = self._value = self._described = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._bound()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bound()

    def _bound(self) -> None:
        if len(self._field) + len(self._value) > _HEADER_BYTES:
            raise InputError("upload.header", "the header of an uploaded file is too long")

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._described = self._value
        self._field = self._value = b""

    def _opened(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._described)
        if b"filename" not in options:
            return  # a field, which nothing here asks for
        if len(self.done) >= MOST_FILES:
            raise InputError("upload.files", "more than {count} files in one upload", count=f"{MOST_FILES:,}")
        self._name = options[b"filename"].decode("utf-8", "replace")
        self._growing = self._begin(self._name)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._growing:
            self._growing.write(data[start:end])
            self._watch(self._name, end - start)

    def _closed(self) -> None:
        if self._growing:
            self._growing.close()
            self.done.append(self._growing)
            self._growing = None

    def _end(self) -> None:
        self.ended = True


class _Incoming:
    """The messages of a body, as long as there are ``more``."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.more = True

    async def next(self) -> Message:
        """Return the next message; nothing follows the end of the body, or of the connection."""
        message = await self._receive()
        self.more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def pass_over(self) -> None:
        """Read what is left."""
        while self.more:
            await self.next()


async def receive_files(
    content_type: str,
    receive: Receive,
    begin: Begin,
    watch: Watch,
) -> list[str]:
    """Write the files of a body; their tokens in its order.

    Raises InputError (NoRoom too) once the rest of the body has been read past, so that whoever sends it
    reads the answer; whatever ``receive`` raises comes through, and nothing is left of the files.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise InputError("upload.form", "an upload is multipart/form-data")
    incoming = _Incoming(receive)
    body: _Body | None = None
    try:
        body = _Body(options[b"boundary"], begin, watch)
        while incoming.more:
            message = await incoming.next()
            if message["type"] != "http.request":
                raise InputError("upload.broke_off", "the upload broke off")
            body.parser.write(message.get("body", b""))
        if not body.ended:
            raise InputError("upload.broke_off", "the upload broke off")
        return [growing.keep() for growing in body.done]
    except BaseException as error:
        if body:
            body.drop()
        if not isinstance(error, InputError | FormParserError):
            raise
        await incoming.pass_over()
        if isinstance(error, InputError):
            raise
        raise InputError("upload.multipart", "the upload is no valid multipart body") from error
