"""The layout of docs/design.md, held: a file imports only from its own floor or below."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS: dict[str, int] = {
    "service": 0,
    "service.document": 0,
    "service.errors": 0,
    "prompts": 0,
    "service.intake": 1,
    "service.presets": 1,
    "service.settings": 1,
    "service.engines": 2,
    "service.models": 2,
    "service.translation": 3,
    "service.summary": 3,
    "service.pipeline": 4,
    "service.batch": 4,
    "service.render.text": 4,
    "service.pool": 4,
    "service.cli.app": 5,
    "service.cli.articles": 5,
    "service.cli.many": 5,
    "service.cli.models": 5,
    "service.api": 5,
    "service.page": 5,
    "service.__main__": 5,
    "app": 5,
    "eval": 5,
}
HEAVY = ("torch", "transformers", "ctranslate2", "gradio", "ray", "sentencepiece", "ftfy", "huggingface_hub")


def floor(module: str) -> int | None:
    """The floor of a module of ours: its own entry or its nearest package's."""
    parts = module.split(".")
    if parts[0] not in ("service", "prompts", "eval", "app"):
        return None
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in FLOORS:
            if size == 1 and len(parts) > 1 and parts[0] == "service":
                break
            return FLOORS[".".join(parts[:size])]
    raise AssertionError(f"{module} has no floor: add it to FLOORS")


def files() -> list[Path]:
    roots = [ROOT / name for name in ("service", "prompts", "eval")]
    return sorted(path for root in roots for path in root.rglob("*.py")) + list(ROOT.glob("app.py"))


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Line, module and whether it is at module level, of each import; names may be modules themselves."""
    tree = ast.parse(path.read_text("utf-8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                known = (ROOT / Path(*name.split("."))).with_suffix(".py").exists() or name in FLOORS
                yield node.lineno, name if known else node.module, id(node) in top


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_no_import_climbs(path: Path) -> None:
    own = floor(module_name(path))
    assert own is not None
    climbing = [
        f"line {line}: {name}"
        for line, name, _ in imports(path)
        if (other := floor(name)) is not None and other > own
    ]
    assert not climbing


@pytest.mark.parametrize("path", [p for p in files() if p.parts[-2] != "bench"], ids=module_name)
def test_heavy_imports_wait_for_the_factory_that_needs_them(path: Path) -> None:
    allowed = {"service.engines.tokenizer": {"sentencepiece"}}.get(module_name(path), set())
    heavy = {name.split(".")[0] for _, name, top in imports(path) if top} & set(HEAVY)
    assert heavy <= allowed
