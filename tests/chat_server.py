"""A server of OpenAI's chat protocol on loopback, as llama.cpp, Ollama and vLLM are, with faults to play."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Chat:
    """What the server answers and how it fails; ``asked`` holds the bodies of the questions."""

    def __init__(self) -> None:
        self.models = ["qwen3:4b"]
        self.answer: Callable[[str], str] = lambda prompt: prompt.rsplit("\n", 1)[-1].upper()
        self.fault = ""
        self.streams = True
        self.finish = "stop"
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.cut = threading.Event()
        self.url = ""


@contextmanager
def serve() -> Iterator[Chat]:
    """A running server."""
    chat = Chat()

    class Handler(_Handler):
        pass

    Handler.chat = chat
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        chat.cut.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    chat: Chat

    def do_GET(self) -> None:
        if self.chat.fault == "no list":
            return self._json(404, {"error": {"message": "no such route"}})
        return self._json(200, {"data": [{"id": name} for name in self.chat.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.chat.asked.append(body)
        self.chat.keys.append(self.headers.get("Authorization", ""))
        fault = self.chat.fault
        if fault == "overloaded":
            return self._json(503, {"error": {"message": "model is\nloading"}})
        if fault == "redirect":
            self.send_response(307)
            self.send_header("Location", "http://192.0.2.1/v1/chat/completions")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if fault == "silent":
            self.chat.cut.wait(20)
            return None
        if fault == "garbled":
            return self._raw(200, b"<html>")
        words = self.chat.answer(body["messages"][0]["content"]).split(" ")
        text = " ".join(words[: body["max_tokens"]])
        finish = "length" if len(words) > body["max_tokens"] else self.chat.finish
        if not self.chat.streams:
            choice = {"message": {"content": text}, "finish_reason": finish}
            return self._json(200, {"choices": [choice]})
        return self._stream(text, fault, finish)

    def _stream(self, text: str, fault: str, finish: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for piece in text.split(" "):
                self._event({"choices": [{"delta": {"content": piece + " "}, "finish_reason": None}]})
                if fault == "broken off":
                    return
                while fault == "endless" and not self.chat.cut.wait(0.02):
                    self._event({"choices": [{"delta": {"content": "again "}}]})
            if fault == "error within":
                return self._event({"error": {"message": "out of memory"}})
            self._event({"choices": [{"delta": {}, "finish_reason": finish}]})
            self._event({"choices": [], "usage": {"total_tokens": 9}})
            self.wfile.write(b": a comment\n\ndata: [DONE]\n\n")
        except OSError:
            self.chat.cut.set()

    def _event(self, value: Any) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()
        time.sleep(0)

    def _json(self, status: int, value: Any) -> None:
        self._raw(status, json.dumps(value).encode())

    def _raw(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing."""
