"""Pages from the web, from a real server on loopback that an injected name and allowance lead to."""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.cli import app as cli
from service.errors import InputError, LimitExceeded
from service.intake import fetch as web
from service.intake.fetch import FetchLimits, Reach
from tests.serving import serving as live

SENTENCES = " ".join(f"Harga beras naik {n} persen di pasar induk pada pekan ini." for n in range(8))
PAGE = (
    "<!doctype html><html><head><title>Harga beras naik</title></head><body><nav>Beranda Masuk</nav>"
    f"<article><h1>Harga beras naik</h1><p>{SENTENCES}</p></article></body></html>"
)

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(body: bytes, status: int = 200, **fields: str) -> Answer:
    """A response with ``body``; ``content_type`` is a header like any other."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_type": "text/html; charset=utf-8", **fields}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return write


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    while True:
        handler.wfile.write(b"<p>lagi" * 10_000)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        time.sleep(0.02)
        handler.wfile.write(b"a")


ANSWERS: dict[str, Answer] = {
    "/artikel": answer(PAGE.encode()),
    "/ke-artikel": answer(b"", 302, location="/artikel"),
    "/ke-dalam": answer(b"", 302, location="http://169.254.169.254/latest/meta-data/"),
    "/ke-berkas": answer(b"", 302, location="file:///etc/passwd"),
    "/ke-nama-dalam": answer(b"", 302, location="http://dalam.example/"),
    "/berputar": answer(b"", 307, location="/berputar"),
    "/tiada": answer(b"hilang", 404),
    "/gambar": answer(b"\x89PNG", content_type="image/png"),
    "/tanpa-jenis": answer(b"teks", content_type=""),
    "/kosong": answer(b""),
    "/gzip": answer(gzip.compress(PAGE.encode()), content_encoding="gzip"),
    "/bom": answer(gzip.compress(bytes(50_000_000)), content_encoding="gzip"),
    "/rusak": answer(b"\x1f\x8bxx", content_encoding="gzip"),
    "/brotli": answer(b"xx", content_encoding="br"),
    "/tanpa-akhir": endless,
    "/menetes": dripping,
}


class Site(BaseHTTPRequestHandler):
    """Answers from the table, and notes what was asked for."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.headers['Host']}{self.path}")
        try:
            ANSWERS[self.path](self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A site on loopback; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as port:
        yield f"http://berita.example:{port}"


NAMES = {
    "berita.example": ["127.0.0.1"],
    "dalam.example": ["10.0.0.7"],
    "dua.example": ["127.0.0.1", "10.0.0.7"],
}


def asked(host: str, _: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


HERE = Reach(asked, lambda address: address == ipaddress.ip_address("127.0.0.1"), lambda _: True)
"""Loopback and nothing else."""


def test_an_article_is_its_title_and_its_paragraphs(site: str) -> None:
    text = web.article(f"{site}/artikel", reach=HERE)
    assert text.startswith("Harga beras naik\n\nHarga beras naik 0 persen")
    assert "Beranda" not in text


@pytest.mark.parametrize("path", ["/ke-artikel", "/gzip"])
def test_what_comes_by_way_of_a_redirect_or_packed_is_the_same(path: str, site: str) -> None:
    assert web.fetch(site + path, reach=HERE).data == PAGE.encode()


def test_the_host_is_named_and_the_checked_address_is_asked(site: str) -> None:
    Site.seen.clear()
    page = web.fetch(f"{site}/ke-artikel", reach=HERE)
    assert (page.url, page.type) == (f"{site}/artikel", "text/html")
    name = site.removeprefix("http://")
    assert Site.seen == [f"{name}/ke-artikel", f"{name}/artikel"]


def test_a_name_is_asked_for_once_a_request(site: str) -> None:
    """A name server that answers otherwise the second time (rebinding) is not asked a second time."""
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    reach = Reach(lambda *_: next(answers), HERE.permits, HERE.ports)
    assert web.fetch(f"{site}/artikel", reach=reach).data == PAGE.encode()
    with pytest.raises(InputError, match="not a public address"):
        web.fetch(f"{site}/artikel", reach=reach)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/ke-dalam", "169.254.169.254 is not a public address"),
        ("/ke-berkas", "only http and https"),
        ("/ke-nama-dalam", "10.0.0.7 is not a public address"),
        ("/berputar", "redirected more than 5 times"),
        ("/tiada", "answers 404"),
        ("/gambar", "image/png, which is not read"),
        ("/tanpa-jenis", "of no type, which is not read"),
        ("/kosong", "empty"),
        ("/bom", "possible bomb"),
        ("/rusak", "broken gzip"),
        ("/brotli", "packed as 'br'"),
        ("/tanpa-akhir", "larger than the limit of 1,000,000 bytes"),
    ],
)
def test_what_is_refused(path: str, message: str, site: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        web.article(site + path, FetchLimits(max_bytes=1_000_000), HERE)
    assert "\n" not in str(error.value)


def test_what_a_page_is_refused_for_keeps_its_code_and_values(site: str) -> None:
    def refuse(*_: object) -> str:
        raise LimitExceeded("input.a", "more than {most} words", at="a.html", most=5)

    with pytest.raises(LimitExceeded) as error:
        web.article(f"{site}/artikel", reach=HERE, read=refuse)
    assert (error.value.code, error.value.message.values) == ("input.a", (("most", "5"),))
    assert str(error.value) == f"{site}/artikel: a.html: more than 5 words"


def test_bytes_that_drip_in_do_not_extend_the_time(site: str) -> None:
    with pytest.raises(InputError, match="no answer in time"):
        web.fetch(f"{site}/menetes", FetchLimits(seconds=0.3), HERE)


def test_a_slow_name_server_does_not_extend_the_time() -> None:
    release = threading.Event()
    reach = Reach(lambda *_: [str(release.wait(30))], HERE.permits, HERE.ports)
    with pytest.raises(InputError, match="no answer in time"):
        web.fetch("http://berita.example/", FetchLimits(seconds=0.1), reach)
    release.set()


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("dua.example", "10.0.0.7 is not a public"),
        ("tiada.example", "no such host"),
        ("127.0.0.1", "cannot be read"),
    ],
)
def test_one_address_that_is_not_public_is_enough(host: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        web.fetch(f"http://{host}:1/", reach=HERE)


def certificate(folder: Path, name: str) -> Path:
    """A certificate for ``name`` that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_is_held_against_the_name_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = certificate(tmp_path, "berita.example")
    context.load_cert_chain(pem)
    with serving(context) as port:
        with pytest.raises(InputError, match="CERTIFICATE_VERIFY_FAILED"):
            web.fetch(f"https://berita.example:{port}/artikel", reach=HERE)
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert web.fetch(f"https://berita.example:{port}/artikel", reach=HERE).data == PAGE.encode()
        with pytest.raises(InputError, match="CERTIFICATE_VERIFY_FAILED"):
            web.fetch(f"https://127.0.0.1:{port}/artikel", reach=HERE)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://www.kompas.example/read/2026/a-b?page=all#isi",
            "https://www.kompas.example/read/2026/a-b?page=all",
        ),
        ("HTTPS://Kompas.Example.", "https://kompas.example/"),
        ("http://kompas.example:443/", "http://kompas.example:443/"),
        ("https://kompas.example/harga beras".replace(" ", "%20"), "https://kompas.example/harga%20beras"),
        ("https://kompas.example/berita/é", "https://kompas.example/berita/%C3%A9"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    ],
)
def test_urls_that_may_be_asked(url: str, expected: str) -> None:
    assert web.parse(url).url == expected


def test_the_command_refuses_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["warta", "read", "--model", "echo", "https://127.0.0.1/a//b"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == ("warta: 'https://127.0.0.1/a//b': 127.0.0.1 is not a public address\n")


@pytest.mark.parametrize("path", ["/v1/read", "/v1/translate", "/v1/summarize"])
def test_a_url_over_http(path: str, site: str, tmp_path: Path) -> None:
    with live(tmp_path, reach=HERE) as server:
        answer = server.post(path, {"url": f"{site}/artikel"})
        assert answer.status == 200
        assert "persen di pasar induk pada pekan ini." in answer.body.decode()
        assert server.post(path, {"url": f"{site}/ke-dalam"}).status == 400
        assert server.post(path, {"url": f"{site}/tiada"}).json["error"]["message"].endswith("404")


def test_no_url_where_none_is_wanted(site: str, tmp_path: Path) -> None:
    with live(tmp_path, reach=HERE, fetch=False) as server:
        assert server.post("/v1/read", {"url": f"{site}/artikel"}).status == 403
