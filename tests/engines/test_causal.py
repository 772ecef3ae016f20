"""The prompted causal engine: the contract of every engine, and what only a prompt can break."""

import json
import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.document import Decoding, Output
from service.engines import causal
from service.engines.causal import STRIDE, CausalEngine
from service.errors import EngineError
from service.presets import Example
from service.runtime.batching import SharedEngine
from service.text.coverage import Coverage
from tests import builders, gemma

ROOT = Path(__file__).parents[2]
GREEDY = Decoding(beam_size=1, max_new_tokens=48)
BEAM = Decoding(beam_size=4, max_new_tokens=48)
SOURCES = [source for source, _ in builders.PAIRS]
TARGETS = [target for _, target in builders.PAIRS]
UNSEEN = ["Harga rumah di Bandung naik.", "Polisi tidak menang.", "340 kapal tiba di Bandung, Kamis."]


@pytest.fixture(scope="module")
def folders(tiny_gemma: gemma.TinyGemma, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny model converted, by compute type."""
    root = tmp_path_factory.mktemp("causal")
    return {
        kind: gemma.convert(tiny_gemma.gguf, root / kind, int8=kind == "int8") for kind in ("float32", "int8")
    }


@pytest.fixture(scope="module")
def engines(folders: dict[str, Path]) -> dict[str, CausalEngine]:
    return {
        kind: CausalEngine(folder, gemma.preset(), compute_type=kind, threads=2)
        for kind, folder in folders.items()
    }


@pytest.fixture(params=["float32", "int8"])
def engine(request: pytest.FixtureRequest, engines: dict[str, CausalEngine]) -> CausalEngine:
    return engines[request.param]


def test_nothing_in_nothing_out(engine: CausalEngine) -> None:
    assert engine.generate([], GREEDY) == []


def test_the_likelihood_of_its_own_answer_is_its_score(engine: CausalEngine) -> None:
    short = [source for source in SOURCES if engine.count_tokens(source) <= 8]
    assert len(short) > 1
    answers = engine.generate(short, GREEDY)
    pairs = [(source, answer.text) for source, answer in zip(short, answers, strict=True)]
    assert engine.likelihoods(pairs) == pytest.approx([answer.score for answer in answers], abs=0.05)
    right, wrong = engine.likelihoods([pairs[0], (short[0], pairs[1][1])])
    assert right > wrong + 1
    with pytest.raises(EngineError, match="fill the model's window"):
        engine.likelihoods([(" ".join(SOURCES), " ".join(TARGETS))])


def test_a_trained_model_translates(engine: CausalEngine) -> None:
    assert [o.text for o in engine.generate(SOURCES, GREEDY)] == TARGETS


def test_of_the_beam_the_answer_that_covers_the_source_is_chosen(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, choosing = (
        CausalEngine(folders["int8"], replace(gemma.preset(), coverage=weight)) for weight in (0.0, 0.1)
    )
    source = UNSEEN[0]
    beam = plain.alternatives(source, BEAM, 4)
    assert len(beam) > 2
    last = beam[-1].text
    monkeypatch.setattr(
        causal, "coverage", lambda _, text: Coverage(() if text == last else ("rumah",) * 99, ())
    )
    assert plain.generate([source], BEAM)[0].text == beam[0].text
    assert choosing.generate([source], BEAM)[0].text == last
    assert choosing.generate([source], GREEDY) == plain.generate([source], GREEDY)
    assert choosing.signature != plain.signature


def test_one_output_a_text_in_order(engine: CausalEngine) -> None:
    shuffled = [*SOURCES[6:], *UNSEEN, *SOURCES[:6]]
    assert_same(
        engine, engine.generate(shuffled, GREEDY), [engine.generate([s], GREEDY)[0] for s in shuffled]
    )


@pytest.mark.parametrize("decoding", [GREEDY, BEAM], ids=["greedy", "beam 4"])
def test_the_batch_does_not_change_an_output(engine: CausalEngine, decoding: Decoding) -> None:
    """Beside rows of its length, of other lengths, and twice itself."""
    alone = engine.generate([SOURCES[6]], decoding)[0]
    among = engine.generate([*UNSEEN, SOURCES[3], SOURCES[6], "", *SOURCES, SOURCES[6]], decoding)
    assert_same(engine, [among[4], among[12], among[-1]], [alone] * 3)


def assert_same(engine: CausalEngine, found: list[Output], expected: list[Output]) -> None:
    """In int8 bit for bit; in float32 the order of a sum depends on the shapes."""
    if "int8" in engine.signature:
        assert found == expected
    assert [replace(o, score=0) for o in found] == [replace(o, score=0) for o in expected]
    assert [o.score for o in found] == pytest.approx([o.score for o in expected], abs=1e-5)


def test_a_batch_of_one_size_or_another_says_the_same(folders: dict[str, Path]) -> None:
    found = [
        CausalEngine(
            folders["int8"], gemma.preset(), compute_type="int8", threads=1, batch_tokens=size
        ).generate(SOURCES * 3, BEAM)
        for size in (1, 100, 100_000)
    ]
    assert found[0] == found[1] == found[2]


def test_several_threads_may_call(engine: CausalEngine) -> None:
    expected = engine.generate(SOURCES, GREEDY)
    found: list[list[Output]] = []
    threads = [
        threading.Thread(target=lambda: found.append(engine.generate(SOURCES, GREEDY))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for outputs in found:
        assert_same(engine, outputs, expected)


@pytest.mark.parametrize("text", ["", " ", "\n", "\t\n \u2028", "\u00a0"])
def test_an_empty_text_has_an_empty_output(engine: CausalEngine, text: str) -> None:
    assert engine.generate([text, SOURCES[0]], GREEDY)[0] == Output("", 0.0, 0)
    assert engine.alternatives(text, BEAM, 3) == [Output("", 0.0, 0)]


@pytest.mark.parametrize("text", ["🙂", "\x00", "{source}", "漢字", "a" * 500, "\ufffd" * 40, "🙂" * 40, "."])
def test_odd_texts_have_an_output(engine: CausalEngine, text: str) -> None:
    output = engine.generate([text], GREEDY)[0]
    assert math.isfinite(output.score)
    assert "\n" not in output.text


@pytest.mark.parametrize("limit", [1, 3])
def test_a_target_cut_short_is_reported(engine: CausalEngine, limit: int) -> None:
    output = engine.generate([SOURCES[1]], replace(GREEDY, max_new_tokens=limit))[0]
    assert (output.truncated, output.tokens) == (True, limit)


def test_a_source_cut_short_is_reported(engine: CausalEngine) -> None:
    """The preset allows 20 tokens; what is kept is the beginning."""
    long, short = engine.generate([" ".join(SOURCES), SOURCES[0]], GREEDY)
    assert long.truncated
    assert not short.truncated
    assert engine.count_tokens(SOURCES[-1]) <= 20 < engine.count_tokens(" ".join(SOURCES))


@pytest.mark.parametrize("text", [" ".join(SOURCES), "🙂" * 30, "a" * 300])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_prompt_never_leaves_the_window(
    text: str, rows: int, tiny_gemma: gemma.TinyGemma, folders: dict[str, Path]
) -> None:
    """Beyond it CTranslate2 is wrong, worst for the second row."""
    engine = CausalEngine(
        folders["float32"], gemma.preset(max_input_tokens=500), compute_type="float32", threads=1
    )
    row = engine._row(0, text)
    assert row is not None
    assert gemma.WINDOW - 8 < len(row.prompt) + 1 <= gemma.WINDOW
    outputs = engine.generate([text] * rows, GREEDY)
    assert all(output.truncated for output in outputs)
    expected = greedy_score(tiny_gemma, row.prompt)
    assert [o.score for o in outputs] == pytest.approx([expected] * rows, abs=1e-3)


def greedy_score(tiny: gemma.TinyGemma, prompt: list[str]) -> float:
    """The score that transformers gives its own greedy answer."""
    import torch

    pieces = tiny.pieces
    ids = [pieces.bos_id(), *(pieces.piece_to_id(p) for p in prompt)]
    ends = [pieces.eos_id(), *(pieces.piece_to_id(p) for p in ("\n", "\n\n", "<0x0A>"))]
    whole = tiny.model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        max_new_tokens=48,
        do_sample=False,
        eos_token_id=ends,
    )
    with torch.no_grad():
        scores = tiny.model(whole).logits[0].log_softmax(-1)
    return float(scores[len(ids) - 1 : -1].gather(1, whole[0, len(ids) :, None]).mean())


def test_greedy_scores_are_those_of_transformers(
    tiny_gemma: gemma.TinyGemma, engines: dict[str, CausalEngine]
) -> None:
    texts = SOURCES + UNSEEN
    found = engines["float32"].generate(texts, GREEDY)
    expected = [greedy_score(tiny_gemma, engines["float32"]._prompt(text)) for text in texts]
    assert [o.score for o in found] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["<eos>", "<bos>", "<pad>", "<start_of_turn>", "[multimodal]", "<0x0A>", "Halo <eos> dunia <bos>"]
)
def test_special_tokens_in_text_stay_text(
    text: str, tiny_gemma: gemma.TinyGemma, engine: CausalEngine
) -> None:
    prompt = engine._prompt(text)
    assert tiny_gemma.pieces.decode_pieces(prompt) == gemma.PROMPT.replace("{source}", text)
    assert not any(tiny_gemma.pieces.is_control(tiny_gemma.pieces.piece_to_id(p)) for p in prompt)
    assert not {"<0x0A>"} & set(prompt)


@pytest.mark.parametrize(
    "text", ["Selamat\npagi.", "Selamat \r\n\r\n pagi.", " Selamat\u2028pagi.\n", "Selamat  pagi."]
)
def test_a_line_break_does_not_end_the_prompt(engine: CausalEngine, text: str) -> None:
    assert engine.generate([text], GREEDY) == engine.generate(["Selamat pagi."], GREEDY)
    assert engine.count_tokens(text) == engine.count_tokens("Selamat pagi.")


def test_examples_are_the_same_as_their_text_in_the_prompt(folders: dict[str, Path]) -> None:
    shown = Example("Ya.", "Yes.")
    text = "Indonesian: Ya.\nEnglish: Yes.\n\n"
    texts = ["Selamat pagi.", "Ia lahir.", "Polisi.", "Ia menang."]
    few = replace(GREEDY, max_new_tokens=12)
    prefixed, spelt = (
        CausalEngine(folders["float32"], preset, compute_type="float32", threads=1).generate(texts * 2, few)
        for preset in (gemma.preset(examples=(shown,)), gemma.preset(prompt=text + gemma.PROMPT))
    )
    plain = CausalEngine(folders["float32"], gemma.preset(), compute_type="float32", threads=1)
    assert [o.text for o in prefixed] == [o.text for o in spelt]
    assert [o.score for o in prefixed] == pytest.approx([o.score for o in spelt], abs=1e-4)
    assert [o.score for o in prefixed] != pytest.approx(
        [o.score for o in plain.generate(texts * 2, few)], abs=1e-3
    )


def test_alternatives_differ_and_start_with_the_best(engine: CausalEngine) -> None:
    found = engine.alternatives(SOURCES[1], BEAM, 3)
    assert found[0] == engine.generate([SOURCES[1]], BEAM)[0]
    assert 2 <= len({o.text for o in found}) == len(found) <= 3
    assert [o.score for o in found] == sorted((o.score for o in found), reverse=True)


@pytest.mark.parametrize("decoding", [GREEDY, BEAM], ids=["greedy", "beam 4"])
def test_a_prompt_of_any_length_is_answered_as_by_itself(
    folders: dict[str, Path], decoding: Decoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a stride left only one token of a short prompt, CTranslate2 gave back the prompt."""
    preset = gemma.preset(prompt="{source}\nEnglish:")
    engine = CausalEngine(folders["float32"], preset, compute_type="float32", threads=1)
    texts = ["Ya", "Ya.", "Ya, ya.", "Harga", "Harga naik.", *SOURCES[:4]]
    lengths = {len(engine._prompt(text)) for text in texts}
    assert min(lengths) < STRIDE < max(lengths)
    found = engine.generate(texts, decoding)
    monkeypatch.setattr(causal, "STRIDE", 1)
    assert [o.text for o in found] == [engine.generate([text], decoding)[0].text for text in texts]


def test_alternatives_widen_the_beam(engine: CausalEngine) -> None:
    assert len(engine.alternatives(SOURCES[1], GREEDY, 3)) > 1


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_the_score_is_per_token_whatever_the_penalty(engine: CausalEngine, penalty: float) -> None:
    plain = engine.generate([SOURCES[0]], GREEDY)[0]
    other = engine.generate([SOURCES[0]], replace(GREEDY, length_penalty=penalty))[0]
    assert other.text == plain.text
    assert math.isclose(other.score, plain.score, rel_tol=1e-4)


def test_an_answer_without_end_is_bounded(folders: dict[str, Path]) -> None:
    """A loop ends at 16 + 2 x prompt, the prompt in whole strides, though a hundred thousand are allowed."""
    engine = CausalEngine(folders["float32"], gemma.preset(), compute_type="float32", threads=1)
    engine._ends = [len(engine._pieces) - 1]
    output = engine.generate(["Ya."], Decoding(beam_size=1, max_new_tokens=100_000))[0]
    prompt = len(engine._prompt("Ya."))
    assert 16 + 2 * prompt <= output.tokens < 16 + 2 * (prompt + STRIDE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"examples": tuple(Example(s, t) for s, t in builders.PAIRS)}, "fill the model's window of 40"),
        ({"prompt": "Terjemahkan. " * 12 + "{source}"}, "fill the model's window of 40"),
    ],
)
def test_a_prompt_that_fills_the_window_is_refused(
    changes: dict[str, Any], message: str, folders: dict[str, Path]
) -> None:
    with pytest.raises(EngineError, match=message):
        CausalEngine(folders["float32"], gemma.preset(**changes), threads=1)


@pytest.mark.parametrize("file", ["model.bin", "tokenizer.spm", "config.json"])
@pytest.mark.parametrize("damage", ["absent", "empty"])
def test_a_damaged_folder_is_one_line(
    file: str, damage: str, tiny_gemma: gemma.TinyGemma, tmp_path: Path
) -> None:
    folder = gemma.convert(tiny_gemma.gguf, tmp_path / "ct2")
    (folder / file).unlink()
    if damage == "empty":
        (folder / file).write_bytes(b"")
    with pytest.raises(EngineError, match=r"^tiny-gemma: cannot be loaded: .+") as caught:
        CausalEngine(folder, gemma.preset(), threads=1)
    assert "\n" not in str(caught.value)


def test_neither_torch_nor_transformers_is_loaded(folders: dict[str, Path]) -> None:
    script = f"""
import json, sys
from pathlib import Path
from service.document import Decoding
from service.engines import causal
from service.engines.causal import STRIDE, CausalEngine
from service.presets import Preset
preset = Preset("x", "translate", "causal", "x", "x", "x", "x", 20, Decoding(), {gemma.PROMPT!r})
engine = CausalEngine(Path({str(folders["int8"])!r}), preset, threads=1)
text = engine.generate([{SOURCES[0]!r}], Decoding(beam_size=1))[0].text
print(json.dumps([text, sorted({{"torch", "transformers", "gguf"}} & set(sys.modules))]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [TARGETS[0], []]


def test_what_follows_the_end_of_the_line_is_no_answer(engine: CausalEngine) -> None:
    """Beam search was seen to run on into a second answer in 12 of 997 sentences."""
    ids = engine._pieces.encode("Good morning.\nEnglish: Good day.")
    output = engine._output(ids, -0.5, Decoding(), cut=False)
    assert (output.text, output.truncated) == ("Good morning.", False)


@pytest.mark.parametrize("decoding", [GREEDY, replace(GREEDY, repetition_penalty=1.2)])
def test_a_shared_queue_brings_together_what_can_share_a_batch(
    engine: CausalEngine, decoding: Decoding
) -> None:
    kinds = {text: engine.batch_class(text, decoding) for text in [*SOURCES, ""]}
    assert len(set(kinds.values())) > 2
    for kind in set(kinds.values()) - {0}:
        rows = [engine._row(0, text) for text, other in kinds.items() if other == kind]
        stride = STRIDE if decoding is GREEDY else 1
        assert len(list(engine._batches([row for row in rows if row], stride))) == 1
    shared = SharedEngine(engine)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda text: shared.generate([text], decoding), SOURCES * 3))
    shared.close()
    alone = engine.generate(SOURCES * 3, decoding)
    assert [outputs[0].text for outputs in made] == [output.text for output in alone]
    scores = [output.score for output in alone]
    assert [outputs[0].score for outputs in made] == pytest.approx(scores, abs=1e-5)
