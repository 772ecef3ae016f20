"""The command line: what is printed where, and with which exit code."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.cli import app as cli
from service.cli import articles as terminal
from service.document import SegmentTranslation
from service.engines.echo import EchoEngine
from service.pipeline import Pipeline
from service.settings import MAX_INPUT_BYTES
from service.summary.summarizer import Writer
from service.translation.translator import Translator
from tests import builders
from tests.pictured import CAPTION, PICTURED

ROOT = Path(__file__).parents[2]
ARTICLE = "Harga Beras Naik Lagi\n\nHarga beras naik 12 persen. Warga tidak panik.\n\nPasokan aman.\n"


class Ran:
    """What a command did."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Runner = Callable[..., Ran]


@pytest.fixture
def warta(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs ``warta …`` in this process, in a folder and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WARTA_HOME", str(tmp_path / "home"))
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["warta", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def test_text_is_the_translation_alone(warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", "a.txt")
    assert ran.code == 0
    assert ran.out == ARTICLE
    # The one line on standard error never says that what is unmarked is right.
    caveat = "Unmarked sentences can be wrong too: not measured for this model."
    assert ran.err == f"warta: a.txt: 4 sentences, 0 to check. {caveat}\n"
    ran = warta("summarize", "--model", "echo", "--sentences", "2", "a.txt")
    assert ran.err == f"warta: a.txt: 2 sentences, 0 to check. {caveat}\n"


def test_json_has_its_documented_keys(warta: Runner) -> None:
    table = json.loads(warta("translate", "--model", "echo", "--format", "json", "a.txt").out)
    assert set(table) == {
        "title", "text", "status", "segments", "warnings", "boilerplate", "signature", "byline", "published", "site", "roles", "captions", "caption_segments",  # noqa: E501
    }  # fmt: skip
    assert table["title"]["source"] == table["title"]["target"] == "Harga Beras Naik Lagi"
    keys = {"source", "target", "paragraph", "score", "truncated", "findings"}
    assert all(keys <= set(segment) for segment in [table["title"], *table["segments"]])
    assert [segment["paragraph"] for segment in table["segments"]] == [0, 0, 1]
    assert table["signature"]["preset"] == "echo"


def test_captions_are_translated_on_demand(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(PICTURED, "utf-8")
    assert CAPTION not in warta("translate", "--model", "echo", "p.txt").out
    assert warta("translate", "--model", "echo", "--captions", "p.txt").out.endswith(
        f"\n\nCaptions:\n* {CAPTION}\n"
    )
    for how in ("text", "markdown"):
        out = warta("read", "--model", "echo", "--captions", "-f", how, "p.txt").out
        assert out.index("Translation") < out.index("Captions") < out.index(f"* {CAPTION}"[2:])
    table = json.loads(warta("read", "--model", "echo", "--captions", "-f", "json", "p.txt").out)
    assert [part["target"] for part in table["caption_segments"]] == [CAPTION]
    assert warta("translate", "--model", "echo", "--lines", "--captions", stdin=b"Satu.\n").code == 2


def test_read_shows_summary_translation_and_model(warta: Runner) -> None:
    ran = warta("read", "--model", "echo", "a.txt")
    out = ran.out
    assert ran.err.startswith("warta: a.txt: 4 sentences, 0 to check. Unmarked sentences can be wrong too: ")
    assert out.index("Summary") < out.index("Translation") < out.index("Model echo")
    assert "(sentence 1)" in out


def test_brief_tells_what_happened_with_the_numbers_of_sentences(warta: Runner) -> None:
    ran = warta("brief", "a.txt", "--model", "echo")
    assert ran.code == 0
    assert ran.out.startswith("Harga Beras Naik Lagi\n=====")
    assert "\nHarga beras naik 12 persen. [1]" in ran.out and "\nHow many: " in ran.out


def test_brief_as_json_and_markdown(warta: Runner) -> None:
    values = json.loads(warta("brief", "a.txt", "--model", "echo", "-f", "json").out)
    assert values["what"]["sentence"] == 0 and set(values) == {
        "headline", "what", "points", "facts", "notes", "signature",
    }  # fmt: skip
    assert warta("brief", "a.txt", "--model", "echo", "-f", "markdown").out.startswith("# Harga Beras Naik")


def test_facts_are_listed_and_counted(warta: Runner) -> None:
    ran = warta("facts", "a.txt", "--model", "echo")
    assert ran.code == 0 and "[1] 12 persen" in ran.out
    values = json.loads(warta("facts", "a.txt", "--model", "echo", "-f", "json").out)
    assert values["facts"][0]["source"] == "12 persen" and sum(values["counts"].values()) == 1


def test_markdown_has_headings(warta: Runner) -> None:
    out = warta("read", "--model", "echo", "--format", "markdown", "a.txt").out
    assert out.startswith("# Harga Beras Naik Lagi\n\n## Summary\n")


def test_standard_input_is_read(warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", "-", stdin=b"Warga tidak panik.")
    assert (ran.code, ran.out) == (0, "Warga tidak panik.\n")


def test_several_files_are_told_apart(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Pasokan aman.", "utf-8")
    assert warta("translate", "--model", "echo", "a.txt", "b.txt").out.count("==> ") == 2
    lines = warta("translate", "--model", "echo", "-f", "json", "a.txt", "b.txt").out.splitlines()
    assert [len(json.loads(line)["segments"]) for line in lines] == [3, 1]
    ran = warta("translate", "--model", "echo", "-o", "out", "a.txt", "b.txt")
    assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "out" / "a.en.txt").read_text("utf-8") == ARTICLE
    assert (tmp_path / "out" / "b.en.txt").read_text("utf-8") == "Pasokan aman.\n"


def test_one_output_file_appears_whole(warta: Runner, tmp_path: Path) -> None:
    assert warta("translate", "--model", "echo", "-o", "out.txt", "a.txt").out == ""
    assert (tmp_path / "out.txt").read_text("utf-8") == ARTICLE
    assert not list(tmp_path.glob("*.partial"))


def test_a_bad_file_among_good_ones_is_named_and_the_rest_done(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    ran = warta("translate", "--model", "echo", "empty.txt", "a.txt", "missing.txt")
    assert ran.code == 1
    assert "Harga beras naik" in ran.out
    assert [line.startswith("warta: ") for line in ran.err.splitlines()] == [True] * 3
    assert "empty.txt" in ran.err
    assert "missing.txt" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "nope", "a.txt"], 1, "there are: echo, firefox-id-en, gemma-3-270m"),
        (["--model", "mt5-xlsum", "a.txt"], 1, "there are: echo, firefox-id-en, gemma-3-270m"),
        (["--model", "opus-mt-id-en", "a.txt"], 1, "warta models pull opus-mt-id-en"),
        (["--engine", "magic", "a.txt"], 2, "there are: auto, ctranslate2, transformers"),
        (["--device", "abacus", "a.txt"], 2, "there are: auto, cpu, cuda"),
        (["--model", "echo", "--engine", "transformers", "a.txt"], 2, "echo has no weights"),
        (["--format", "pdf", "a.txt"], 2, "there are: text, markdown, json"),
        (["--beam", "0", "a.txt"], 2, "beam must be from 1 to 64"),
        (["--threads", "1000", "a.txt"], 2, "threads must be from 1 to 64"),
        (["--output", "no/such/file", "a.txt"], 2, "is not a folder"),
        (["--output", "a.txt", "a.txt", "a.txt"], 2, "several inputs need a folder"),
        (
            ["--model", "echo", "--output", "a.docx", "a.txt"],
            2,
            "only translating a .docx as text makes a .docx",
        ),
        (["--model", "echo", "-o", "b.pdf", "a.txt"], 2, "a PDF becomes .docx .html .htm"),
        (["-", "-"], 2, "can be read once only"),
    ],
)
def test_a_wrong_command_is_one_line(arguments: list[str], code: int, message: str, warta: Runner) -> None:
    ran = warta("translate", *arguments)
    assert ran.code == code
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert message in ran.err


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no article text"),
        (b"  \n\t\n", "no article text"),
        (b"\x00\x01\x02\xff" * 50, "binary"),
        (b"%PDF-1.7 x", "PDF"),
        (b"x" * (MAX_INPUT_BYTES + 1), "larger than 20 MB"),
    ],
)
def test_bad_standard_input_is_one_line(data: bytes, message: str, warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", "-", stdin=data)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert message in ran.err


def no_writer(name: str) -> Writer:
    raise AssertionError(name)


def test_ctrl_c_keeps_what_is_done(warta: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Translator):
        def stream(self, *_: object, **__: object) -> Iterator[SegmentTranslation]:
            yield SegmentTranslation("Harga Beras Naik Lagi", "Rice Prices Rise Again", -0.1)
            yield SegmentTranslation("Harga beras naik 12 persen.", "Rice prices rose 12 percent.", -0.1)
            raise KeyboardInterrupt

    pipeline = Pipeline(
        Interrupted(EchoEngine(), builders.preset("tiny", "echo"), "r"), no_writer, lambda _: False
    )
    monkeypatch.setattr(terminal, "build_pipeline", lambda *_, **__: pipeline)
    ran = warta("translate", "-o", "out.txt", "a.txt")
    assert ran.code == 130
    assert "stopped after 2 of 4 sentences" in ran.err
    kept = (tmp_path / "out.txt.partial").read_text("utf-8")
    assert kept.startswith("Rice Prices Rise Again [1]\n\nRice prices rose 12 percent. [2]\n")
    assert not (tmp_path / "out.txt").exists()


def test_a_full_disk_is_one_line(warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", "-o", "/dev/full/x", "a.txt")
    assert ran.code in (1, 2)
    assert ran.err.count("\n") == 1


def test_another_language_is_warned_of(warta: Runner, tmp_path: Path) -> None:
    english = (
        "The government said on Monday that prices had risen by 12 percent in March, and officials said "
    )
    (tmp_path / "english.txt").write_text(english + "that they expect more of the same in April.", "utf-8")
    ran = warta("translate", "--model", "echo", "english.txt")
    assert ran.code == 0
    assert "this reads like English, not Indonesian" in ran.err
    assert "this reads like English" in warta("read", "--model", "echo", "english.txt").out


def test_a_glossary_of_one_s_own_wins(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_text("id,en\nKPK,the Graft Commission\n")
    (tmp_path / "kpk.txt").write_text("Penyidik KPK memeriksa lima saksi pada hari Kamis.")
    assert (
        "Graft Commission" in warta("translate", "--model", "echo", "--glossary", "terms.csv", "kpk.txt").out
    )
    (tmp_path / "terms.csv").write_text("id,en\nKPK\n")
    ran = warta("translate", "--model", "echo", "--glossary", "terms.csv", "kpk.txt")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "terms.csv" in ran.err


LINES = "Harga naik. Warga tenang.\n\n  \nBaris\u2028lain.\r\nTanpa akhir"


def test_lines_are_one_for_one(warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", "--lines", stdin=LINES.encode())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Harga naik. Warga tenang.\n\n  \nBaris lain.\nTanpa akhir\n"
    assert warta("translate", "--model", "echo", "--lines", stdin=b"").out == ""


def test_a_line_is_answered_before_the_next_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "service", "translate", "--lines", "--model", "echo"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WARTA_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for line in (b"Harga naik.\n", b"Warga tenang.\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("arguments", [["--lines", "a.txt"], ["--lines", "-f", "json"], []])
def test_translate_wants_files_or_lines(arguments: list[str], warta: Runner) -> None:
    ran = warta("translate", "--model", "echo", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_the_memory_is_shown_exported_imported_and_cleared(warta: Runner, tmp_path: Path) -> None:
    unit = '<tu><tuv xml:lang="id"><seg>Aman.</seg></tuv><tuv xml:lang="en"><seg>Safe.</seg></tuv></tu>'
    (tmp_path / "a.tmx").write_text(f"<tmx><body>{unit}</body></tmx>")
    assert warta("memory", "import", "a.tmx").out == "a.tmx: 1 units\n"
    assert "1  your own translations" in warta("memory", "stats").out
    assert warta("memory", "export", "b.tmx").out == "b.tmx: 1 units\n"
    assert "<seg>Safe.</seg>" in (tmp_path / "b.tmx").read_text()
    assert warta("memory", "clear", "--yes").out == "1 translations forgotten\n"
    assert "0  in all" in warta("memory", "stats").out
    assert warta("memory", "import", "a.txt").code == 1


def test_batch_says_what_it_did(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Harga naik. Warga tenang."}\n{"isi": 1}\n')
    ran = warta("batch", "in.jsonl", "-o", "out.jsonl", "--model", "echo")
    assert (ran.code, ran.out) == (1, "")
    assert "warta: out.jsonl: 2 records, 2 segments, 0 from memory, 0 findings, 1 failure; " in ran.err


def test_a_table_comes_back_as_that_table(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text,id\n1,Harga naik.,x\n2,,y\n")
    assert warta("batch", "in.csv", "-o", "out.csv", "--model", "echo").code == 1
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == (
        "id,text,id,translation,error,confidence,findings"
    )
    assert (tmp_path / "out.csv").read_text().splitlines()[2].startswith("2,,y,,'text' is empty,")


def test_a_row_a_record_names_columns_of_one_name(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text,id\n1,Harga naik.,x\n")
    ran = warta("batch", "in.csv", "-o", "out.jsonl", "--long", "--model", "echo")
    assert "warta: in.csv: columns of one name are called otherwise: id → id_2\n" in ran.err
    assert json.loads((tmp_path / "out.jsonl").read_text())["fields"] == {"id": "1", "id_2": "x"}


@pytest.mark.parametrize("place", ["-", "/dev/stdout"])
def test_batch_writes_to_standard_output(place: str, warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text;id\nHarga naik.;1\nWarga tenang.;2\n")
    ran = warta("batch", "in.csv", "-o", place, "--model", "echo")
    assert ran.code == 0
    assert [line.split(";")[:3] for line in ran.out.splitlines()] == [
        ["text", "id", "translation"],
        ["Harga naik.", "1", "Harga naik."],
        ["Warga tenang.", "2", "Warga tenang."],
    ]
    assert "warta: signature: preset:echo|" in ran.err and "standard output: 2 records" in ran.err
    ran = warta("batch", "a.txt", "in.csv", "-o", place, "--model", "echo")
    assert [json.loads(line)["place"] for line in ran.out.splitlines()] == ["a.txt", "in.csv:2", "in.csv:3"]
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"a.txt", "in.csv"}


def test_batch_says_what_new_columns_are_called(warta: Runner, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,error\nHarga naik.,x\n")
    ran = warta("batch", "in.csv", "-o", "out.csv", "--model", "echo",
                "--names", "translation=english")  # fmt: skip
    assert ran.code == 0
    assert "the table has columns of these names: error → error_2\n" in ran.err
    assert (tmp_path / "out.csv").read_text().startswith("text,error,english,error_2,confidence,findings\n")
    assert warta("batch", "in.csv", "-o", "long.csv", "--model", "echo", "--long").code == 0
    assert (tmp_path / "long.csv").read_text().startswith("key,place,error,fields,title,translation,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.txt", "-o", "out.xlsx", "--wide"], "can only be made of one Excel workbook"),
        (["a.txt", "-o", "out.csv", "--names", "x=y"], "does not name columns"),
        (["a.txt", "-o", "out.docx"], "one of .jsonl, .csv"),
        (["a.txt", "-o", "no/out.csv"], "no is not a folder"),
        (["a.txt", "-o", "a.txt/"], "a.txt is not a folder"),
        (["a.txt", "-o", "/dev/null"], "/dev/null is a device or a pipe"),
        (["gone.txt", "-o", "out.csv"], "gone.txt: no such file or folder"),
        (["a.txt", "-o", "out.csv", "--task", "sing"], "there are: translate, summarize, brief, read"),
    ],
)
def test_a_wrong_batch_is_one_line(arguments: list[str], message: str, warta: Runner) -> None:
    ran = warta("batch", "--model", "echo", *arguments)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert message in ran.err


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    (tmp_path / "id").write_text("Harga naik 12 persen.\nWarga tidak panik.\nPasokan aman.\n", "utf-8")
    (tmp_path / "en").write_text(
        "Prices rose 21 percent.\nResidents did not panic.\nSupply is safe.\n", "utf-8"
    )
    return tmp_path


def test_check_lists_every_line(warta: Runner, pair: Path) -> None:
    ran = warta("check", "--source", "id", "--target", "en", "--format", "json")
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["line"] for line in lines] == [1, 2, 3]
    assert [[finding["kind"] for finding in line["findings"]] for line in lines] == [["number"], [], []]
    text = warta("check", "--source", "id", "--target", "en").out
    assert text.startswith("line 1, number: ")
    assert text.endswith("1 of 3 lines to check\n")


def test_check_refuses_files_that_cannot_be_paired(warta: Runner, pair: Path) -> None:
    (pair / "en").write_text("Prices rose.\n", "utf-8")
    ran = warta("check", "--source", "id", "--target", "en")
    assert (ran.code, ran.out) == (1, "")
    assert "id has 3 lines, en has 1" in ran.err


def test_models_list_shows_licences(warta: Runner) -> None:
    out = warta("models", "list").out
    assert "no commercial use" in out
    assert "Gemma Terms of Use" in out
    rows = json.loads(warta("models", "list", "--format", "json").out)
    assert {row["name"]: row["state"] for row in rows}["echo"] == "built in"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["verify"], 1, "no model is installed"),
        (["verify", "nope"], 1, "there are: echo"),
        (["remove", "opus-mt-id-en"], 1, "is not installed"),
        (["pull", "echo"], 2, "built in"),
    ],
)
def test_models_commands_fail_in_one_line(
    arguments: list[str], code: int, message: str, warta: Runner
) -> None:
    ran = warta("models", *arguments)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert message in ran.err


def shell(*arguments: str, folder: Path, **options: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "WARTA_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("Pasokan aman. " * 20_000, "utf-8")
    read, write = os.pipe()
    process = shell("translate", "--model", "echo", "long.txt", folder=tmp_path, stdout=write)
    os.close(write)
    os.close(read)
    _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors


def test_ctrl_c_while_reading_is_one_line(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = shell("translate", "-", folder=tmp_path, stdin=slave, stdout=subprocess.PIPE)
    assert process.stderr
    assert b"Paste the article" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    os.close(slave)
    os.close(master)
    assert errors == b"warta: stopped\n"
    assert process.returncode == 130


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")
    master, slave = pty.openpty()
    environment = {**os.environ, "WARTA_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service", "translate", "--model", "echo", "a.txt"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=slave)
    out, _ = process.communicate(timeout=60)
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert out.decode() == ARTICLE
    assert "4 of 4 sentences" in shown


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['warta', '--help']\n"
        "from service.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'ctranslate2', 'gradio', 'huggingface_hub', 'numpy', 'ftfy'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
