"""The options of ``warta`` itself on a server of the user's, as ``warta --endpoint URL translate …``."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Annotated

import typer

from service.settings import Server

Url = Annotated[
    str,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="A server of OpenAI's protocol for the models that run on one (llama.cpp, Ollama, vLLM).",
        envvar="WARTA_ENDPOINT",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        "--endpoint-model",
        metavar="NAME",
        help="The server's name of the model.",
        envvar="WARTA_ENDPOINT_MODEL",
    ),
]
Remote = Annotated[
    bool,
    typer.Option(
        "--endpoint-remote",
        help="Allow a server that is not this machine: the text leaves it.",
        envvar="WARTA_ENDPOINT_REMOTE",
    ),
]
Seconds = Annotated[
    float,
    typer.Option(
        "--endpoint-seconds", min=0.1, help="How long one answer may take.", envvar="WARTA_ENDPOINT_SECONDS"
    ),
]

KEY = "WARTA_ENDPOINT_KEY"
"""A key comes by the environment only: every user of the machine sees what stands on a command line."""


_given: ContextVar[Server] = ContextVar("_given")


def remember(url: str, model: str, seconds: float, *, remote: bool) -> None:
    """Keep what the command line of ``warta`` itself says for the command that follows."""
    key = os.environ.get(KEY, "")
    _given.set(Server(url, model, key, remote=remote, seconds=seconds))


def asked() -> Server:
    """Return the server that was named, after a warning where text will leave the machine."""
    from service.cli.articles import complain

    server = _given.get(Server())
    if server.remote and not server.local:
        complain(
            f"with a model that runs on a server, the text leaves this machine: it is sent to {server.host}"
        )
    return server
