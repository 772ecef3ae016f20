"""Lay the packages out below one name, `warta`, where a wheel is built.

In a checkout they are `service`, `prompts` and `eval`: names too general to be put into everybody's
site-packages. So the wheel holds `warta` (which is `service`), `warta.prompts` and `warta.eval`, and
what the modules import is renamed while it is copied. An editable install uses the checkout as it is.
Everything else about the package is in pyproject.toml.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

RENAMED = {"service": "warta", "prompts": "warta.prompts", "eval": "warta.eval"}
DATA = {
    "prompts": ["*.toml", "glossary/*.tsv", "lexicon/*"],
    "service": ["py.typed"],
    "service.api": ["*.json"],
    "service.intake": ["data/*"],
    "service.messages": ["*.pot", "*/LC_MESSAGES/*"],
    "service.models": ["data/*/*"],
    "service.page": ["static/*"],
    "service.page.examples": ["*.txt"],
    "service.summary": ["data/*"],
    "service.text": ["data/*"],
    "service.translation": ["data/*"],
    "eval": ["data/*", "data/*/*"],
    "eval.report": ["templates/*"],
}

# `from service.x import y`, `import service.x`, and what names a module in a string: files("service.x").
_IMPORT = re.compile(
    r"""(?P<before>^\s*(?:from|import)\s+|\b(?:files|import_module)\(["'])(?P<name>service|prompts|eval)\b""",
    re.MULTILINE,
)


def renamed(name: str) -> str:
    """Return the name in a wheel of a module of the checkout."""
    first, dot, rest = name.partition(".")
    return RENAMED.get(first, first) + dot + rest


def rewritten(source: str) -> str:
    """Return a module's text with the names that its imports have in a wheel."""
    return _IMPORT.sub(lambda found: found["before"] + RENAMED[found["name"]], source)


class BuildBelowOneName(build_py):
    """Copies the modules, with the names that they import renamed."""

    def build_module(self, module: str, module_file: str, package: str) -> tuple[str, bool]:
        target, copied = super().build_module(module, module_file, package)
        path = Path(target)
        path.write_text(rewritten(path.read_text("utf-8")), "utf-8")
        return target, copied


packages = find_packages(
    include=["service*", "prompts", "eval*"],
    # Studies and training are for a checkout.
    exclude=["eval.research*", "eval.training*"],
)
if "editable_wheel" in sys.argv or "develop" in sys.argv:
    setup(
        packages=[*packages, "service.page.examples"],
        py_modules=["warta"],
        package_data=DATA,
        package_dir={"service.page.examples": "examples"},
    )
else:
    setup(
        packages=[renamed(name) for name in [*packages, "service.page.examples"]],
        package_dir={
            **{renamed(name): name.replace(".", "/") for name in packages},
            "warta.page.examples": "examples",
        },
        package_data={renamed(name): patterns for name, patterns in DATA.items()},
        cmdclass={"build_py": BuildBelowOneName},
    )
