"""The layout of docs/design.md, held: imports go down, and neither modules nor packages form a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS: dict[str, int] = {
    "service.document": 0,
    "service.errors": 0,
    "service.findings": 0,
    "service.messages": 0,
    "service.version": 0,
    "service.extras": 0,
    "service.escape": 0,
    "service.grouped": 0,
    "service.context": 0,
    "service.validation": 0,
    "prompts": 0,
    "service.text": 1,
    "service.presets": 1,
    "service.settings": 1,
    "service.intake": 2,
    "service.engines": 2,
    "service.runtime": 3,
    "service.models": 3,
    "service.translation": 4,
    "service.facts": 4,
    "service.summary": 4,
    "service.pipeline": 5,
    "service.render": 5,
    "service.pool": 6,
    "service.refusal": 6,
    "service.comparison": 6,
    "service.confined": 6,
    "service.reader": 6,
    "service.batch": 6,
    "service.inbox": 6,
    "eval": 7,
    "eval.report": 7,
    "service.api": 8,
    "service.page": 8,
    "service.cli": 9,
    "service": 9,
    "service.__main__": 9,
    "app": 9,
    "warta": 9,
    "eval.commands": 8,
    "eval.cli": 8,
    "eval.__main__": 9,
    "eval.research": 9,
    "eval.training": 9,
    "eval.bench": 10,
}
"""A module's layer is that of its nearest entry here; it imports from its own layer or below."""

HEAVY = ("torch", "transformers", "ctranslate2", "gradio", "ray", "sentencepiece", "ftfy", "huggingface_hub")


def entry(module: str) -> str | None:
    """Return the nearest entry of LAYERS for a module of this project, None for any other module."""
    parts = module.split(".")
    if parts[0] not in ("service", "prompts", "eval", "app", "warta"):
        return None
    for size in range(len(parts), 0, -1):
        name = ".".join(parts[:size])
        if name in LAYERS:
            # The package service itself says nothing about what lies in it.
            if name == "service" and len(parts) > 1:
                break
            return name
    raise AssertionError(f"{module} has no layer: add it to LAYERS")


def files() -> list[Path]:
    roots = [ROOT / name for name in ("service", "prompts", "eval")]
    ours = sorted(path for root in roots for path in root.rglob("*.py"))
    return [*ours, ROOT / "app.py", ROOT / "warta.py"]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> frozenset[str]:
    return frozenset(map(module_name, files()))


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield line, module and whether it runs at import, of each import that is ever run, lazy ones too."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {id(inner) for node in ast.walk(tree) if is_typing_only(node) for inner in ast.walk(node)}
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield node.lineno, name if name in modules() else node.module, id(node) in top


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of more than one node (Tarjan), each sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part: list[str] = []
            while not part or part[-1] != node:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def module_graph() -> dict[str, set[str]]:
    return {
        module_name(path): {name for _, name, _ in imports(path) if name in modules()} - {module_name(path)}
        for path in files()
    }


def package_graph() -> dict[str, set[str]]:
    """Return the same between packages.

    A package and what lies below it are one: a parent composes its children. ``service`` itself is a
    folder of packages, and so is ``eval``.
    """

    def package(module: str) -> str:
        return ".".join(module.split(".")[:2])

    graph: dict[str, set[str]] = {}
    for module, others in module_graph().items():
        own = package(module)
        graph.setdefault(own, set()).update(package(other) for other in others if package(other) != own)
    return graph


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_no_import_climbs(path: Path) -> None:
    own = entry(module_name(path))
    assert own is not None
    climbing = [
        f"line {line}: {name}"
        for line, name, _ in imports(path)
        if (other := entry(name)) is not None and LAYERS[other] > LAYERS[own]
    ]
    assert not climbing


def test_no_circle_of_modules_lazy_imports_included() -> None:
    assert circles(module_graph()) == []


def test_no_circle_of_packages_lazy_imports_included() -> None:
    assert circles(package_graph()) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    "path",
    [p for p in files() if not {"bench", "training"} & set(p.parts)],
    ids=module_name,
)
def test_heavy_imports_wait_for_the_factory_that_needs_them(path: Path) -> None:
    allowed = {"service.engines.tokenizer": {"sentencepiece"}}.get(module_name(path), set())
    heavy = {name.split(".")[0] for _, name, top in imports(path) if top} & set(HEAVY)
    assert heavy <= allowed
