"""GGUF files: read as the format's own reader does, and turned into a model equal to torch's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece as spm

from service.document import Decoding
from service.engines.causal import CausalEngine
from tests import builders, gemma

gguf = pytest.importorskip("gguf")

from service.models.gemma.convert import Gemma3Converter, read_adapter  # noqa: E402
from service.models.gemma.gguf import GgufFile  # noqa: E402
from service.models.gemma.spm import sentencepiece_model  # noqa: E402

SOURCES = [source for source, _ in builders.PAIRS]
GREEDY = Decoding(beam_size=1, max_new_tokens=48)
FIELDS: dict[str, tuple[str, Any]] = {
    "t.u8": ("uint8", 200),
    "t.i8": ("int8", -100),
    "t.u16": ("uint16", 60_000),
    "t.i16": ("int16", -30_000),
    "t.u32": ("uint32", 4_000_000_000),
    "t.i32": ("int32", -2_000_000_000),
    "t.u64": ("uint64", 2**63),
    "t.i64": ("int64", -(2**62)),
    "t.f32": ("float32", 0.5),
    "t.f64": ("float64", 0.1),
    "t.bool": ("bool", True),
    "t.text": ("string", "beras dan gula ▁ é 🙂"),
    "t.words": ("array", ["a", "", "▁kata", "\n"]),
    "t.whole": ("array", [3, 1, 2]),
    "t.real": ("array", [0.25, -1.0]),
}


def example(path: Path, alignment: int = 32) -> tuple[bytes, dict[str, Any]]:
    """A file with every kind of field and three kinds of tensors, and the tensors as written."""
    random = np.random.default_rng(5)
    tensors = {
        "plain": random.standard_normal((3, 64), np.float32),
        "half": random.standard_normal((5, 32)).astype(np.float16),
        "vector": random.standard_normal(7).astype(np.float32),
        "q8": random.standard_normal((4, 64), np.float32),
    }
    writer = gguf.GGUFWriter(path, "tiny")
    writer.add_custom_alignment(alignment)
    for key, (kind, value) in FIELDS.items():
        getattr(writer, f"add_{kind}")(key, value)
    for name, tensor in tensors.items():
        if name == "q8":
            packed = gguf.quants.quantize(tensor, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes(), tensors


def test_fields_are_read_as_they_were_written(tmp_path: Path) -> None:
    metadata = GgufFile(example(tmp_path / "x.gguf")[0]).metadata
    assert {key: metadata[key] for key in FIELDS} == {key: value for key, (_, value) in FIELDS.items()}


@pytest.mark.parametrize("alignment", [32, 256])
def test_tensors_are_those_of_the_formats_own_reader(tmp_path: Path, alignment: int) -> None:
    data, tensors = example(tmp_path / "x.gguf", alignment)
    ours = GgufFile(data)
    for theirs in gguf.GGUFReader(tmp_path / "x.gguf").tensors:
        expected = gguf.quants.dequantize(theirs.data, theirs.tensor_type)
        found = ours.tensor(theirs.name)
        assert found.dtype == np.float32
        assert ours.shape(theirs.name) == found.shape == tensors[theirs.name].shape
        assert np.array_equal(found, expected)
        assert np.allclose(found, tensors[theirs.name], atol=0.02)


def test_some_rows_of_a_tensor(tmp_path: Path) -> None:
    ours = GgufFile(example(tmp_path / "x.gguf")[0])
    assert np.array_equal(ours.tensor("q8", slice(1, 3)), ours.tensor("q8")[1:3])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a GGUF file"),
        (b"GGUF", "not a GGUF file"),
        (b"PK\x03\x04" + bytes(100), "not a GGUF file"),
        (b"GGUF" + (2).to_bytes(4, "little") + bytes(16), "version 2 is not 3"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GgufFile(data)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data, tensors = example(tmp_path / "x.gguf")
    for end in range(0, len(data) - 32):
        with pytest.raises(ValueError):
            cut = GgufFile(data[:end])
            for name in tensors:
                cut.tensor(name)


@pytest.mark.parametrize(
    "text",
    [
        *SOURCES,
        "",
        " ",
        " awal dan akhir ",
        "dua  spasi   tiga",
        "baris\nbaru\n\ndua",
        "\ttab",
        "QXZ ∑ 🙂 漢字",
        "<eos> <bos> <pad> <unk> <start_of_turn>",
        "<b>tebal</b>",
        "▁garis▁bawah",
    ],
)
def test_the_tokenizer_is_the_trained_one(text: str, tiny_gemma: gemma.TinyGemma) -> None:
    rebuilt = spm.SentencePieceProcessor()
    rebuilt.LoadFromSerializedProto(sentencepiece_model(GgufFile(tiny_gemma.gguf).metadata))
    assert rebuilt.encode(text) == tiny_gemma.pieces.encode(text)
    assert rebuilt.decode(rebuilt.encode(text)) == tiny_gemma.pieces.decode(tiny_gemma.pieces.encode(text))


def test_markers_in_text_are_spelt_out(tiny_gemma: gemma.TinyGemma) -> None:
    metadata = GgufFile(tiny_gemma.gguf).metadata
    kinds = list(metadata["tokenizer.ggml.token_type"])
    marker = metadata["tokenizer.ggml.tokens"].index("[multimodal]")
    kinds[marker] = gemma.PIECE_TYPES["user"]  # as it is in the real file
    rebuilt = spm.SentencePieceProcessor()
    rebuilt.LoadFromSerializedProto(sentencepiece_model({**metadata, "tokenizer.ggml.token_type": kinds}))
    for text in ("<eos><bos>", "<start_of_turn>", "[multimodal]"):
        ids = rebuilt.encode(text)
        assert not any(rebuilt.is_control(i) for i in ids)
        assert rebuilt.decode(ids) == text


def test_another_tokenizer_is_refused() -> None:
    with pytest.raises(ValueError, match="'gpt2', not a SentencePiece one"):
        sentencepiece_model({"tokenizer.ggml.model": "gpt2"})


def log_probs(model: Any, ids: list[int]) -> Any:
    """Natural-log probabilities of transformers, positions x vocabulary."""
    import torch

    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].log_softmax(-1).numpy()


def converted_log_probs(folder: Path, ids: list[int], pieces: Any) -> Any:
    """The same of the converted model."""
    import ctranslate2

    generator = ctranslate2.Generator(str(folder), compute_type="float32", intra_threads=1)
    tokens = [pieces.id_to_piece(i) for i in ids]
    return np.array(generator.forward_batch([tokens], return_log_probs=True))[0]


def test_log_probabilities_are_those_of_transformers(tiny_gemma: gemma.TinyGemma, tmp_path: Path) -> None:
    folder = gemma.convert(tiny_gemma.gguf, tmp_path / "ct2")
    for text in (SOURCES[0], SOURCES[-1], "dua  spasi, 漢字 dan <eos>"):
        ids = [2, *tiny_gemma.pieces.encode(text)]
        found = converted_log_probs(folder, ids, tiny_gemma.pieces)
        assert np.abs(found - log_probs(tiny_gemma.model, ids)).max() < 1e-3


@pytest.mark.parametrize("start", [2, 5, 8])
def test_answers_past_the_window_are_those_of_transformers(
    start: int, tiny_gemma: gemma.TinyGemma, tmp_path: Path
) -> None:
    """Local layers see 8 tokens, the global one sees all: both matter from the ninth on."""
    import ctranslate2

    tiny = tiny_gemma.with_window(8, tmp_path)
    folder = gemma.convert(tiny.gguf, tmp_path / "ct2")
    generator = ctranslate2.Generator(str(folder), compute_type="float32", intra_threads=1)
    ids = [2, *tiny.pieces.encode(SOURCES[3])][:start]
    answer = generator.generate_batch(
        [[tiny.pieces.id_to_piece(i) for i in ids]],
        max_length=30,
        end_token=[len(tiny.pieces) - 1],
        include_prompt_in_result=False,
        return_logits_vocab=True,
    )[0]
    whole = ids + answer.sequences_ids[0]
    found = np.concatenate([np.array(step).reshape(1, -1) for step in answer.logits[0]])
    found -= np.log(np.exp(found).sum(axis=1, keepdims=True))
    expected = log_probs(tiny.model, whole)[start - 1 : -1]
    assert answer.sequences_ids[0] == expected.argmax(axis=1).tolist()
    assert np.abs(found - expected).max() < 1e-3
    other = tiny_gemma.with_window(gemma.WINDOW, tmp_path)
    assert np.abs(log_probs(other.model, whole)[start - 1 : -1] - expected).max() > 0.1


def test_an_adapter_is_merged_as_torch_merges_it(tiny_gemma: gemma.TinyGemma, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load

    data = gemma.random_adapter(tiny_gemma.model)
    merged = tiny_gemma.with_window(gemma.WINDOW, tmp_path).model
    parts = load(data)
    with torch.no_grad():
        for name, module in merged.named_modules():
            if name.endswith("_proj"):
                module.weight += 2 * parts[f"{name}.lora_B"].float() @ parts[f"{name}.lora_A"].float()
    folder = gemma.convert(tiny_gemma.gguf, tmp_path / "ct2", adapter=read_adapter(data), scale=2.0)
    ids = [2, *tiny_gemma.pieces.encode(SOURCES[1])]
    found = converted_log_probs(folder, ids, tiny_gemma.pieces)
    assert np.abs(found - log_probs(merged, ids)).max() < 1e-3
    assert np.abs(found - log_probs(tiny_gemma.model, ids)).max() > 0.1


def test_an_adapter_in_another_precision_is_refused() -> None:
    import torch
    from safetensors.torch import save

    with pytest.raises(ValueError, match="x is F32, not BF16"):
        read_adapter(save({"x": torch.zeros(2)}))


def test_int8_is_what_ctranslate2_itself_makes(
    tiny_gemma: gemma.TinyGemma, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ctranslate2.specs import TransformerDecoderModelSpec

    file = GgufFile(tiny_gemma.gguf)
    with monkeypatch.context() as patched:
        patched.setattr(TransformerDecoderModelSpec, "optimize", lambda *_, **__: None)
        ours = Gemma3Converter(file, {}, 1.0, int8=True).spec().variables()
        reference = Gemma3Converter(file, {}, 1.0, int8=False).spec()
    reference.optimize(quantization="int8")
    theirs = {name: value for name, value in reference.variables().items() if not isinstance(value, str)}
    assert {name for name in theirs if name.endswith("weight_scale")}
    for name, value in theirs.items():
        assert np.array_equal(value.numpy(), ours[name].numpy()), name


def test_int8_still_translates(tiny_gemma: gemma.TinyGemma, tmp_path: Path) -> None:
    folder = gemma.convert(tiny_gemma.gguf, tmp_path / "ct2", int8=True)
    engine = CausalEngine(folder, gemma.preset(), compute_type="int8", threads=1)
    assert "int8" in engine.signature
    assert [o.text for o in engine.generate(SOURCES, GREEDY)] == [target for _, target in builders.PAIRS]
