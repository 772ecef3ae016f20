"""What Gradio does at its start and no reader needs is not done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORTED = """
import ast
import sys

def segment(*_):
    raise AssertionError("Gradio looked for a class in its own sources")

ast.get_source_segment = segment
from service.page.startup import import_gradio
import_gradio()
from gradio.utils import MatplotlibBackendMananger
with MatplotlibBackendMananger():
    print("matplotlib" in sys.modules, any("startup" in type(one).__module__ for one in sys.meta_path))
"""
MOUNTED = """
from pathlib import Path
from service.api.app import create_app
from service.api.config import ServerConfig
from service.page.startup import import_gradio
from service.pool import Host
from service.settings import Settings
import_gradio()
from gradio.routes import App
made, create = [], App.create_app
App.create_app = lambda *given, **named: made.append(create(*given, **named)) or made[-1]
create_app(Host(Settings(Path("HOME"), model="echo")), ServerConfig())
print(len(made))
"""


@pytest.mark.parametrize(("code", "printed"), [(IMPORTED, "False False"), (MOUNTED, "1")])
def test_gradio_does_no_more_than_the_page_needs(code: str, printed: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", code.replace("HOME", str(tmp_path))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == printed, done.stderr
