"""Reads one document of each kind with what an extra brings and nothing else.

``python -m tests.extra_alone`` reads them with all that this environment has: for one where the extra alone
was installed. ``python -m tests.extra_alone --hide`` hides what the extra's requirements do not bring.
Imports nothing but the standard library and what is tested.
"""

from __future__ import annotations

import io
import re
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
EXTRA = "documents"
SENTENCE = "Harga beras naik tajam di Pasar Induk pada hari Senin, kata kepala pasar."

_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?([^;]*)(?:;(.*))?")


def plain(name: str) -> str:
    """A distribution's name as names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(requirements: Iterable[str]) -> set[str]:
    """The distributions that the requirements bring, as they are installed here.

    An extra counts only under the very name that its package gives it: the pip that comes with Python 3.11
    does not find ``lxml[html_clean]`` where lxml calls it ``html-clean``.
    """
    from packaging.markers import Marker

    found, waiting, seen = set[str](), list(requirements), set[str]()
    while waiting:
        requirement = waiting.pop()
        match = _REQUIREMENT.match(requirement)
        if not match or requirement in seen:
            continue
        seen.add(requirement)
        name, extras = match[1], [part.strip() for part in (match[2] or "").split(",") if part.strip()]
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system
        found.add(plain(name))
        given = set(distribution.metadata.get_all("Provides-Extra") or ())
        for inner in distribution.requires or ():
            marker = (_REQUIREMENT.match(inner) or [""] * 5)[4]
            wanted = ["", *(extra for extra in extras if extra in given)]
            if not marker or any(Marker(marker).evaluate({"extra": extra}) for extra in wanted):
                waiting.append(inner)
    return found


def wanted(extra: str) -> list[str]:
    """What the project asks for, with the extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"][extra]]


class Hidden(MetaPathFinder):
    """Says of the modules that it hides that they are not there."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for what is not hidden. Raises ModuleNotFoundError."""
        del path, target
        if fullname.partition(".")[0] in self._modules:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def hide(extra: str) -> None:
    """Hides every module that is installed and that the extra does not bring."""
    brought = closure(wanted(extra))
    owners = metadata.packages_distributions()
    hidden = {module for module, names in owners.items() if not brought & {plain(name) for name in names}}
    hidden -= {"service", "eval", "prompts", "tests", *sys.stdlib_module_names}
    for module in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[module]
    sys.meta_path.insert(0, Hidden(hidden))


# --- the documents -----------------------------------------------------------------------------


def samples() -> Mapping[str, bytes]:
    """One document of each kind by its name; each says SENTENCE."""
    paragraphs = "".join(f"<p>{SENTENCE}</p>" for _ in range(3))
    page = (
        "<!DOCTYPE html><html lang=id><head><title>Harga Beras</title></head><body><nav>Beranda</nav>"
        f"<article><h1>Harga Beras</h1>{paragraphs}</article><footer>Hak cipta</footer></body></html>"
    )
    return {
        "a.html": page.encode(),
        "a.docx": _zipped({"word/document.xml": _docx()}),
        "a.odt": _zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": _odt()}),
        "a.epub": _zipped(_epub()),
        "a.xlsx": _zipped(_xlsx()),
        "a.pptx": _zipped({"ppt/presentation.xml": "<p/>", "ppt/slides/slide1.xml": _slide()}),
        "a.xlf": f'<xliff><trans-unit id="1"><source>{SENTENCE}</source></trans-unit></xliff>'.encode(),
        "a.po": f'msgid "{SENTENCE}"\nmsgstr ""\n'.encode(),
        "a.json": f'{{"a": "{SENTENCE}"}}'.encode(),
        "a.pdf": _pdf(),
    }


def _zipped(members: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def _slide() -> str:
    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    return f'<sld xmlns:a="{space}"><a:p><a:r><a:t>{SENTENCE}</a:t></a:r></a:p></sld>'


def _docx() -> str:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    paragraph = f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>"
    return f'<w:document xmlns:w="{space}"><w:body>{paragraph}</w:body></w:document>'


def _odt() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    return (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:text="{space}:text:1.0">'
        f"<office:body><office:text><text:p>{SENTENCE}</text:p></office:text></office:body>"
        "</office:document-content>"
    )


def _epub() -> dict[str, str]:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    chapter = f"<html><body><p>{SENTENCE}</p></body></html>"
    names = ("mimetype", "META-INF/container.xml", "book.opf", "a.xhtml")
    return dict(zip(names, ("application/epub+zip", container, package, chapter), strict=True))


def _xlsx() -> dict[str, str]:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    link = (
        f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="a" Type="{office}/%s" Target="%s"/></Relationships>'
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet.xml" ContentType="{kinds}.worksheet+xml"/></Types>',
        "_rels/.rels": link % ("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": link % ("worksheet", "sheet.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Satu" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/sheet.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1" t="inlineStr">'
        f"<is><t>{SENTENCE}</t></is></c></row></sheetData></worksheet>",
    }


def _pdf() -> bytes:
    text = f"BT /F 11 Tf 20 700 Td ({SENTENCE}) Tj ET"
    bodies = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(text)}>>stream\n{text}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    made, places = "%PDF-1.4\n", list[int]()
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer<</Size {len(bodies) + 1}/Root 1 0 R>>\nstartxref\n{len(made)}\n%%EOF"
    return f"{made}xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


# --- reading them ------------------------------------------------------------------------------


def texts() -> Iterator[tuple[str, str]]:
    """The name of each document and its text, the web page over HTTP too."""
    from service.intake.documents import document_text

    for name, data in samples().items():
        yield name, document_text(data, name, 1_000_000)
    import zstandard

    yield "a.txt.zst", document_text(zstandard.compress(SENTENCE.encode()), "a.txt.zst", 1_000_000)
    yield "a web page", _fetched(samples()["a.html"])


def _fetched(page: bytes) -> str:
    """The article of a page that a server on loopback gives."""
    from service.intake.fetch import Reach, article

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            reach = Reach(lambda _, __: ["127.0.0.1"], lambda _: True, lambda _: True)
            return article(f"http://berita.example.com:{server.server_port}/a", reach=reach)
        finally:
            server.shutdown()


def main(arguments: Sequence[str]) -> int:
    """Reads them all; 1 where one could not be read or lost its sentence."""
    if "--hide" in arguments:
        hide(EXTRA)
    from service.errors import WartaError

    for name in arguments:
        if name.startswith("--without="):
            sys.meta_path.insert(0, Hidden({name.partition("=")[2]}))
    try:
        for name, text in texts():
            if SENTENCE not in " ".join(text.split()):
                sys.stdout.write(f"{name}: {text!r}\n")
                return 1
            sys.stdout.write(f"{name}: read\n")
    except WartaError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
