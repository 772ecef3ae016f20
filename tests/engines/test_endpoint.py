"""The engine over a server of OpenAI's protocol, against a small one on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service import presets
from service.context import batch_wanted
from service.document import Decoding
from service.engines.endpoint import EndpointEngine
from service.errors import Cancelled, EngineError, NotInstalled, UsageError, WartaError
from service.models.load import choose, open_engine
from service.models.store import Store
from service.pipeline import SummaryRequest, build_pipeline, to_article
from service.settings import Server, Settings
from tests.chat_server import Chat, serve

QWEN = presets.get("qwen3")
DECODING = Decoding(beam_size=1, max_new_tokens=64)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serve() as running:
        yield running


def engine_of(chat: Chat, **values: object) -> EndpointEngine:
    return EndpointEngine(QWEN, replace(Server(chat.url, seconds=5.0), **values))  # type: ignore[arg-type]


def test_the_preset_s_prompt_is_asked_and_the_stream_put_together(chat: Chat) -> None:
    engine = engine_of(chat)
    outputs = engine.generate(["harga beras naik", "gempa\n di   Aceh", "  "], DECODING)
    assert [(o.text, o.truncated) for o in outputs] == [
        ("HARGA BERAS NAIK", False),
        ("GEMPA DI ACEH", False),
        ("", False),
    ]
    assert sorted(body["messages"][0]["content"] for body in chat.asked) == sorted(
        QWEN.prompt.replace("{source}", text) for text in ("harga beras naik", "gempa di Aceh")
    )
    assert {(b["model"], b["temperature"], b["max_tokens"], b["stream"]) for b in chat.asked} == {
        ("qwen3:4b", 0, 64, True)
    }
    assert engine.signature == f"endpoint/{chat.url.split('/')[2]}/qwen3:4b"


def test_a_server_that_does_not_stream_is_understood(chat: Chat) -> None:
    chat.streams = False
    assert engine_of(chat).generate(["gempa"], DECODING)[0].text == "GEMPA"


def test_an_answer_cut_at_its_length_is_truncated(chat: Chat) -> None:
    chat.finish = "length"
    assert engine_of(chat).generate(["gempa"], DECODING)[0].truncated


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<think>hm, gempa\nis quake</think>\n\nQuake.", "Quake."),
        ("<think>never done", ""),
        ("A <think> in the text.", "A <think> in the text."),
    ],
)
def test_what_a_model_thinks_aloud_is_no_answer(said: str, kept: str, chat: Chat) -> None:
    chat.answer = lambda _: said
    assert engine_of(chat).generate(["gempa"], DECODING)[0].text == kept


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("overloaded", "answered 503: model is loading"),
        ("redirect", "answered 307"),
        ("garbled", "does not speak this protocol"),
        ("broken off", "broke off"),
        ("error within", "out of memory"),
    ],
)
def test_a_fault_is_one_line(fault: str, message: str, chat: Chat) -> None:
    engine = engine_of(chat)
    chat.fault = fault
    with pytest.raises(EngineError, match=message) as caught:
        engine.generate(["gempa di Aceh"], DECODING)
    assert "\n" not in str(caught.value)
    chat.fault = ""
    assert engine.generate(["gempa"], DECODING)[0].text == "GEMPA"


@pytest.mark.parametrize(
    ("fault", "message"), [("silent", "did not answer within 0.5 s"), ("endless", "did not come to an end")]
)
def test_a_server_that_takes_too_long_is_given_up(fault: str, message: str, chat: Chat) -> None:
    engine = engine_of(chat, seconds=0.5)
    chat.fault = fault
    began = time.monotonic()
    with pytest.raises(EngineError, match=message):
        engine.generate(["gempa"], DECODING)
    assert time.monotonic() - began < 10


def test_what_nobody_waits_for_is_given_up(chat: Chat) -> None:
    engine = engine_of(chat)
    chat.fault = "endless"
    waiting = threading.Event()
    waiting.set()
    threading.Timer(0.3, waiting.clear).start()
    token = batch_wanted.set(waiting.is_set)
    try:
        with pytest.raises(Cancelled):
            engine.generate(["gempa"], DECODING)
    finally:
        batch_wanted.reset(token)
    assert chat.cut.wait(5), "the connection was closed"


def test_no_server_is_one_line_that_says_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EngineError, match=r"no server answers at 127\.0\.0\.1:\d+; start one"):
        EndpointEngine(QWEN, Server(f"http://127.0.0.1:{port}/v1"))


@pytest.mark.parametrize(
    ("models", "asked", "taken"),
    [
        (["qwen3:4b", "other"], "", "qwen3:4b"),
        (["only.gguf"], "", "only.gguf"),
        (["a", "b"], "b", "b"),
        ([], "unlisted", "unlisted"),
    ],
)
def test_which_model_is_asked(models: list[str], asked: str, taken: str, chat: Chat) -> None:
    chat.models = models
    assert engine_of(chat, model=asked).signature.endswith(f"/{taken}")


@pytest.mark.parametrize(("models", "asked"), [(["a", "b"], ""), (["a"], "c"), ([], "")])
def test_a_model_that_the_server_lacks_is_said_with_those_it_has(
    models: list[str], asked: str, chat: Chat
) -> None:
    chat.models = models
    with pytest.raises(UsageError, match=f"it has: {', '.join(models) or 'none'}"):
        engine_of(chat, model=asked)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://192.0.2.7:8080/v1", "is not this machine"),
        ("https://api.example.com/v1", "is not this machine"),
        ("http://127.0.0.1.example.com/v1", "is not this machine"),
        ("http://localhost@example.com/v1", "is not this machine"),
        ("ftp://127.0.0.1/v1", "http or https"),
        ("127.0.0.1:8080", "http or https"),
    ],
)
def test_no_text_leaves_this_machine_unasked(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EndpointEngine(QWEN, Server(url))


@pytest.mark.parametrize("url", ["http://127.0.0.2/v1", "http://[::1]:1/v1", "http://localhost:11434/v1"])
def test_these_are_this_machine(url: str) -> None:
    assert Server(url).local


def test_a_key_is_sent_and_shown_nowhere(chat: Chat) -> None:
    server = Server(chat.url, key="secret-key")
    engine = EndpointEngine(QWEN, server)
    engine.generate(["gempa"], DECODING)
    assert chat.keys == ["Bearer secret-key"]
    assert "secret-key" not in repr(server) + repr(Settings(Path(), server=server)) + engine.signature


def test_alternatives_are_refused_in_words(chat: Chat) -> None:
    with pytest.raises(UsageError, match="alternatives are not to be had"):
        engine_of(chat).alternatives("gempa", DECODING, 2)


def test_it_is_never_in_auto(tmp_path: Path) -> None:
    for task in ("translate", "summarize"):
        try:
            found = choose("auto", task, Store(tmp_path))
        except NotInstalled as error:
            assert "qwen" not in str(error)
        else:
            assert found.architecture != "endpoint"


def test_an_article_is_read_with_guard_and_signature_as_with_any_model(chat: Chat, tmp_path: Path) -> None:
    chat.answer = lambda prompt: (
        "Floods hit Demak. People fled. Aid came." if "Summarise" in prompt else "Floods submerged houses."
    )
    settings = Settings(tmp_path, model="qwen3", server=Server(chat.url))
    pipeline = build_pipeline(settings, lambda _: None)
    text = "Banjir merendam 340 rumah di Demak. Warga mengungsi ke balai desa. Bantuan tiba pada Selasa pagi."
    reading = pipeline.read(to_article(text), SummaryRequest("endpoint"))
    first = reading.translation.segments[0]
    assert (first.target, first.band, first.score) == ("Floods submerged houses.", "no score", None)
    assert "number" in {finding.kind for finding in first.findings}
    assert "qwen3:4b" in str(reading.translation.signature)
    assert [s.text for s in reading.summary.sentences] == ["Floods hit Demak.", "People fled.", "Aid came."]
    assert reading.summary.route == "endpoint"


def test_it_takes_neither_engine_nor_device(chat: Chat, tmp_path: Path) -> None:
    settings = Settings(tmp_path, engine="transformers", server=Server(chat.url))
    with pytest.raises(WartaError, match="takes no --engine"):
        open_engine(QWEN, Store(tmp_path), settings, lambda _: None)
