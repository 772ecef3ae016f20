"""A translation memory or a home that cannot be used is said in a line, and work goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from service.document import Output, Passage
from service.engines.echo import EchoEngine
from service.errors import StoreError, UsageError
from service.pipeline import to_article
from service.pool import Host
from service.settings import Settings
from service.translation.memory.base import Remembered
from service.translation.memory.forgiving import PAUSE, ForgivingMemory
from service.translation.memory.open import open_memory
from service.translation.memory.sqlite import TranslationMemory
from service.translation.translator import Care, Translator
from tests import builders
from tests.serving import serving

ROOT = Path(__file__).parents[2]


def answer(source: str, target: str) -> Remembered:
    return Remembered(source, Output(target, -0.25, 7))


def translated(memory: ForgivingMemory, sources: Iterable[str]) -> list[str]:
    translator = Translator(
        EchoEngine(), builders.preset("tiny", "marian"), "0", care=Care(check=False, memory=memory, fuzzy=0.8)
    )
    return [part.target for part in translator.stream(Passage(tuple(sources)))]


def torn(path: Path) -> None:
    """Tears the pages in the middle of a database."""
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def foreign(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [torn, foreign, folder])
def test_a_corrupt_memory_is_gone_on_without(harm: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    made = TranslationMemory(path)
    made.put("a", {str(n): answer(f"Kalimat {n}.", f"Sentence {n}.") for n in range(2000)})
    made.close()
    harm(path)
    said = list[str]()
    memory = ForgivingMemory(lambda: open_memory(path), said.append)
    for number in range(3):
        assert translated(memory, [f"Satu {number}.", "Dua."]) == [f"Satu {number}.", "Dua."]
    assert len(said) == 1
    assert said[0].startswith(f"the translation memory {path} cannot be used: ")
    assert said[0].endswith("; going on without it")
    assert memory.stamp() == "none"


class Failing(TranslationMemory):
    """A memory whose reads or writes fail while ``broken`` holds their name; ``asked`` counts them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.broken = set[str]()
        self.asked = {"get": 0, "put": 0}

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        self.asked["get"] += 1
        if "get" in self.broken:
            raise StoreError("the memory cannot be read")
        return super().get(signature, keys)

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        self.asked["put"] += 1
        if "put" in self.broken:
            raise StoreError("the disk is full")
        super().put(signature, answers)


def test_what_is_there_is_used_where_nothing_can_be_added(tmp_path: Path) -> None:
    inner, said, now = Failing(tmp_path / "memory.sqlite"), list[str](), [1000.0]
    inner.add_own([("Dua.", "Two.")])
    memory = ForgivingMemory(lambda: inner, said.append, lambda: now[0])
    inner.broken = {"put"}
    asked = inner.asked["put"]
    assert translated(memory, ["Satu.", "Dua."]) == ["Satu.", "Two."]
    assert translated(memory, ["Tiga.", "Dua."]) == ["Tiga.", "Two."]
    assert (said, inner.asked["put"]) == (["the disk is full; going on without it"], asked + 1)
    inner.broken, now[0] = set(), now[0] + PAUSE
    translated(memory, ["Empat."])
    assert (len(said), inner.asked["put"]) == (1, asked + 2)


def test_a_memory_that_fails_later_is_asked_again_after_a_while_and_said_once(tmp_path: Path) -> None:
    inner, said, now = Failing(tmp_path / "memory.sqlite"), list[str](), [1000.0]
    memory = ForgivingMemory(lambda: inner, said.append, lambda: now[0])
    inner.broken = {"get", "put"}
    for _ in range(5):
        translated(memory, ["Satu."])
        now[0] += PAUSE
    assert said == ["the memory cannot be read; going on without it"]
    assert inner.asked["get"] == 5


def test_a_wrong_address_of_a_memory_is_still_an_error() -> None:
    with pytest.raises(UsageError):
        ForgivingMemory(lambda: open_memory("mysql://x/y"), lambda _: None)


FULL = """
import resource, signal, sys
from pathlib import Path
from service.document import Output
from service.translation.memory.forgiving import ForgivingMemory
from service.translation.memory.base import Remembered
from service.translation.memory.open import open_memory

path = Path(sys.argv[1])
said = []
memory = ForgivingMemory(lambda: open_memory(path), said.append)
memory.put("a", {"x": Remembered("x", Output("y", 0.0, 1))})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, 1 << 17))
for number in range(50):
    memory.put("a", {str(number): Remembered("x" * 9000, Output("y" * 9000, 0.0, 1))})
assert memory.get("a", ["x"])["x"].output.text == "y"
print(len(said), said[0])
"""


def test_a_full_disk_is_gone_on_without_and_what_is_there_stays(tmp_path: Path) -> None:
    # A limit on the size of files, which the system answers as it does a full disk.
    path = tmp_path / "memory.sqlite"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith(f"1 the translation memory {path} cannot be used: "), done.stdout
    assert open_memory(path).get("a", ["x"])["x"].output.text == "y"


# --- whole commands ----------------------------------------------------------------------------

ARTICLE = "Harga beras naik.\n\nWarga tetap tenang.\n"


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A home that nobody can write to, root neither."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "home"


def warta(home: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WARTA_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


COMMANDS = [
    (["read", "a.txt", "--model", "echo"], 0),
    (["translate", "a.txt", "--model", "echo"], 0),
    (["batch", "a.txt", "-o", "o.jsonl", "--model", "echo"], 0),
    (["models", "list"], 0),
    (["models", "verify"], 1),
    (["models", "pull", "gemma-3-270m"], 1),
    (["read", "a.txt", "--model", "gemma-3-270m"], 1),
    (["memory", "stats"], 1),
    (["memory", "clear", "--yes"], 1),
    (["keys", "add", "x"], 1),
]


@pytest.mark.parametrize(("arguments", "code"), COMMANDS, ids=lambda value: str(value)[:40])
def test_a_home_that_cannot_be_written_is_a_line_and_never_a_traceback(
    arguments: list[str], code: int, nowhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE)
    done = warta(nowhere, tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert done.stderr.startswith("warta: ")
        assert done.stderr.count("\n") == 1


def test_a_server_whose_home_cannot_be_written_says_so_before_it_listens(
    nowhere: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "WARTA_HOME": str(nowhere), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service", "serve", "--model", "echo", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            first, second = process.stderr.readline(), process.stderr.readline()
        finally:
            process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert first == (
        f"{nowhere}: cannot be written (Not a directory): no jobs, translations and models are kept\n"
    )
    assert second.startswith("Warta listens on http://127.0.0.1:")
    assert "Traceback" not in rest
    assert process.returncode == 0


def test_a_server_without_a_home_translates_and_refuses_jobs(nowhere: Path) -> None:
    with serving(nowhere) as server:
        assert server.translate("Satu.").json["translatedText"] == "Satu."
        refused = server.post("/v1/jobs", {"texts": ["Satu."]})
        assert (refused.status, "jobs cannot be kept: Not a directory" in refused.body.decode()) == (
            503,
            True,
        )


def test_a_broken_memory_of_a_host_is_said_once(tmp_path: Path) -> None:
    foreign(tmp_path / "memory.sqlite")
    said = list[str]()
    settings = Settings(tmp_path, model="opus-mt-id-en", memory=True, repair=False)
    host = Host(settings, notice=said.append, opener=lambda _: EchoEngine())
    for beam in (1, 2):
        assert host.pipeline(beam_size=beam).translate(to_article("Harga beras naik.")).text
    host.close()
    assert len(said) == 1
    assert "file is not a database; going on without it" in said[0]
