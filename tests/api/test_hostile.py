"""What an attacker sends, each as a row: it is refused, and with the right status."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from service.errors import InputError
from service.intake import fetch as web
from service.intake.fetch import FetchLimits, Reach
from tests.serving import Server, serving

PRIVATE = """
http://127.0.0.1/                       loopback
http://127.1/                           in two parts
http://127.0.1/                         in three
http://2130706433/                      as one decimal number
http://0x7f000001/                      as one hexadecimal number
http://017700000001/                    as one octal number
http://0177.0.0.1/                      octal in parts
http://0x7f.0x0.0x0.0x1/                hexadecimal in parts
http://127.0.0.1./                      with the root's dot
http://0/                               nothing at all
http://0.0.0.0/                         every interface
http://①②⑦.⓪.⓪.①/                       circled digits
http://127。0。0。1/                       ideographic dots
http://１２７.０.０.１/                   full-width digits
http://%31%32%37.0.0.1/                 percent-encoded
http://10.0.0.1/                        private, class A
http://172.16.5.4/                      private, class B
http://192.168.1.1/                     private, class C
http://100.64.0.1/                      carrier NAT
http://169.254.169.254/latest/          cloud metadata
http://2852039166/                      cloud metadata as a number
http://192.0.2.1/                       documentation
http://198.18.0.1/                      benchmarks
http://224.0.0.1/                       multicast
http://255.255.255.255/                 broadcast
http://240.0.0.1/                       reserved
http://[::1]/                           IPv6 loopback
http://[0:0:0:0:0:0:0:1]/               the same in full
http://[::]/                            IPv6 nothing
http://[::ffff:127.0.0.1]/              mapped
http://[::ffff:7f00:1]/                 mapped, hexadecimal
http://[::127.0.0.1]/                   compatible
http://[64:ff9b::7f00:1]/               NAT64 of loopback
http://[64:ff9b::a9fe:a9fe]/            NAT64 of cloud metadata
http://[64:ff9b:1::1]/                  local NAT64
http://[2002:7f00:1::]/                 6to4 of loopback
http://[2001:0:7f00:1::]/               Teredo
http://[fe80::1]/                       link-local
http://[fe80::1%25eth0]/                link-local with a zone
http://[fc00::1]/                       unique local
http://[fd00:ec2::254]/                 cloud metadata over IPv6
http://[fec0::1]/                       site-local
http://[ff02::1]/                       IPv6 multicast
http://[2001:db8::1]/                   IPv6 documentation
http://[100::1]/                        discard
http://localhost/                       a name of this machine
http://LOCALHOST/                       in capitals
http://localhost./                      with the root's dot
http://a.localhost/                     below it
http://printer.local/                   multicast DNS
http://router.lan/                      a home's
http://metadata.google.internal/        a cloud's
http://intranet/                        a bare name
http://1.0.0.127.in-addr.arpa/          infrastructure
http:///                                no host
http://public.example@127.0.0.1/        a user name that looks like the host
http://127.0.0.1@public.example/        the other way round
http://user:word@public.example/        a user name and a password
http://public.example%2f@127.0.0.1/     an encoded slash
http://127.0.0.1\\@public.example/      a backslash
http://127.0.0.1#@public.example/       a fragment
http://127.0.0.1?@public.example/       a query
http://public.example:22/               SSH
http://public.example:6379/             Redis
http://public.example:0/                no port
http://public.example:99999/            no port there is
http://public.example:80a/              no number
http://a..example/                      an empty label
http://-a.example/                      a label with a dash
http://ex%61mple.example/               an encoded letter
http://public.example%00.example/       a null
file:///etc/passwd                      a file
FILE:///etc/passwd                      in capitals
ftp://public.example/                   FTP
gopher://127.0.0.1:6379/_INFO           gopher
dict://127.0.0.1:11211/stat             dict
data:text/html,hello                    the text itself
jar:http://public.example/!/            a jar
javascript:alert(1)                     a script
//127.0.0.1/                            no scheme
http:127.0.0.1                          no slashes
public.example                          no URL
"""
TABLE = [line.split(maxsplit=1) for line in PRIVATE.strip().split("\n")]


def nowhere(host: str, _: int) -> list[str]:
    """Names of the test's own that resolve to a public address which nothing may be sent to."""
    raise AssertionError(f"{host} was to be refused before it is resolved")


@pytest.mark.parametrize("url", [url for url, _ in TABLE], ids=[why for _, why in TABLE])
def test_urls_that_lead_inside(url: str) -> None:
    with pytest.raises(InputError) as error:
        web.fetch(url, FetchLimits(seconds=1), Reach(nowhere))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example/\r\nHost: dalam",
        "http://public.example/ a",
        "http://a\t.example/",
        "http://" + "a" * 5000,
    ],
)
def test_urls_with_more_than_a_url_in_them(url: str) -> None:
    with pytest.raises(InputError, match="not a URL"):
        web.fetch(url, FetchLimits(seconds=1), Reach(nowhere))


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        ["64:ff9b::c0a8:101"],
        ["2002:a00:1::"],
        ["nonsense"],
        [],
    ],
)
def test_public_names_of_private_addresses(found: list[str]) -> None:
    with pytest.raises(InputError, match=r"not a public address|no address|no such host"):
        web.fetch("http://public.example/", FetchLimits(seconds=1), Reach(lambda *_: found))


# Over HTTP. Every row is one request; afterwards the server answers the next one.


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), body_bytes=2_000_000, body_seconds=0.5) as running:
        yield running


def request(method: str, path: str, *lines: str, body: bytes = b"") -> bytes:
    """A request as bytes, so that nothing puts right what is wrong in it."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def posted(path: str, body: bytes, kind: str = "application/json") -> bytes:
    return request("POST", path, f"Content-Type: {kind}", f"Content-Length: {len(body)}", body=body)


def translated(**fields: Any) -> bytes:
    return posted("/translate", json.dumps({"q": "Satu.", "source": "id", "target": "en", **fields}).encode())


def uploaded(name: str, data: bytes, path: str = "/translate_file") -> bytes:
    fields = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    plain = "" if path != "/translate_file" else fields.format("source", "id") + fields.format("target", "en")
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = (plain + head).encode() + data + b"\r\n--x--\r\n"
    return posted(path, body, "multipart/form-data; boundary=x")


def zipped(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return target.getvalue()


BOMB = zipped(word__document_xml=bytes(50_000_000))
LAUGHS = b"".join(
    (
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">',
        *(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)),
        b"]><w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body><w:p>",
        b"<w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>",
    )
)
OUTSIDE = LAUGHS.split(b"[", 1)[0] + (
    b'[<!ENTITY j SYSTEM "file:///etc/passwd">' + LAUGHS[LAUGHS.index(b"]>") :]
)
PIXELS = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (200_000).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
DEEP = b"[" * 500_000
WIDE = (
    b'{"q": "Satu.", "source": "id", "target": "en", '
    + b", ".join(b'"x%d": 1' % n for n in range(100_000))
    + b"}"
)
MANY_PARTS = (
    b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n1\r\n' % n for n in range(1000))
    + b"--x--\r\n"
)

NUMBERS = b'{"source": [' + b"1," * 500_000 + b'1], "target": ["a"]}'
CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")

ROWS: dict[str, tuple[bytes, int | tuple[int, ...]]] = {
    "a body of 1 GB, announced": (request("POST", "/translate", "Content-Length: 1000000000"), 413),
    "a body of no number of bytes": (request("POST", "/translate", "Content-Length: banyak"), 400),
    "a body of less than nothing": (request("POST", "/translate", "Content-Length: -1"), 400),
    "a length of a million digits": (request("POST", "/translate", "Content-Length: " + "9" * 60_000), 400),
    "two lengths": (request("POST", "/translate", "Content-Length: 2", "Content-Length: 3"), 400),
    "a chunk that is no chunk": (
        request("POST", "/translate", "Transfer-Encoding: chunked", body=b"xyz\r\n\r\n"),
        400,
    ),
    "a transfer that is not known": (request("POST", "/translate", "Transfer-Encoding: gzip"), (400, 501)),
    "headers of 1 MB": (request("GET", "/languages", "X-A: " + "a" * 1_000_000), (0, 400, 431)),
    "100,000 headers": (request("GET", "/languages", *["X-A: a"] * 100_000), (0, 400, 431)),
    "a path of 1 MB": (request("GET", "/" + "a" * 1_000_000), (0, 400, 414)),
    "no HTTP": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400),
    "a header in a header": (request("GET", "/languages", "X-A: a\rX-B: b"), (200, 400)),
    "invalid UTF-8": (posted("/translate", b'{"q": "\xff\xfe", "source": "id", "target": "en"}'), 400),
    "invalid UTF-8, ours": (posted("/v1/read", b'{"text": "\xff\xfe"}'), (400, 422)),
    "UTF-16": (posted("/translate", '{"q": "Satu."}'.encode("utf-16")), 400),
    "half a surrogate pair": (translated(q="\ud800"), 400),
    "half a surrogate pair, ours": (posted("/v1/read", b'{"text": "\\ud800"}'), 422),
    "JSON nested deep": (posted("/translate", DEEP), 400),
    "JSON nested deep, ours": (posted("/v1/read", DEEP), (400, 422)),
    "JSON nested deep, jobs": (posted("/v1/jobs", DEEP), (400, 422)),
    "JSON with 100,000 keys": (posted("/v1/read", WIDE), 422),
    "a million texts that are none": (posted("/v1/check", NUMBERS), 422),
    "the same, jobs": (posted("/v1/jobs", NUMBERS.replace(b"source", b"texts")), 422),
    "JSON that is a number": (posted("/translate", b"1"), 400),
    "JSON cut short": (posted("/translate", b'{"q": '), 400),
    "not a number of alternatives": (translated(alternatives=float("nan")), 400),
    "endless alternatives": (translated(alternatives=float("inf")), 400),
    "10,000 alternatives": (translated(alternatives=10_000), 400),
    "alternatives of 5,000 digits": (
        posted("/translate", b'{"q":"a","alternatives":' + b"9" * 5000 + b"}"),
        400,
    ),
    "not a number of sentences": (
        posted("/v1/read", b'{"text": "Satu.", "summary": {"sentences": NaN}}'),
        (400, 422),
    ),
    "a URL that leads inside": (posted("/v1/read", b'{"url": "http://169.254.169.254/latest/"}'), 400),
    "a URL of a file": (posted("/v1/summarize", b'{"url": "file:///etc/passwd"}'), 400),
    "a URL of this server": (posted("/v1/translate", b'{"url": "http://localhost/metrics"}'), 400),
    "a beam of a million": (posted("/v1/read", b'{"text": "Satu.", "beam_size": 1000000}'), 422),
    "10,000 texts": (translated(q=["Satu."] * 10_000), 400),
    "a text of 1 MB": (translated(q="a" * 1_000_000), 400),
    "a text of 1 MB, ours": (posted("/v1/read", json.dumps({"text": "a" * 1_000_000}).encode()), 413),
    "a text that is an object": (translated(q={"a": 1}), 400),
    "a list in a list": (translated(q=[["Satu."]]), 400),
    "a language that is a path": (translated(source="../../etc/passwd"), 400),
    "a model that is a path": (posted("/v1/read", b'{"text": "Satu.", "model": "../../etc/passwd"}'), 400),
    "a model that is an address": (
        posted("/v1/read", b'{"text": "Satu.", "model": "http://169.254.169.254/"}'),
        400,
    ),
    "1,000 parts of a form": (posted("/translate", MANY_PARTS, "multipart/form-data; boundary=x"), 400),
    "a form without its border": (posted("/translate_file", b"--x", "multipart/form-data"), 400),
    "a form that does not end": (
        posted("/translate_file", b"--x\r\n", "multipart/form-data; boundary=x"),
        400,
    ),
    "a file under /download_file": (request("GET", "/download_file/../../../../etc/passwd"), 404),
    "the same, encoded": (request("GET", "/download_file/..%2f..%2f..%2fetc%2fpasswd"), 404),
    "the same, encoded twice": (request("GET", "/download_file/%252e%252e%252fetc%252fpasswd"), 404),
    "the same, with backslashes": (request("GET", "/download_file/..%5c..%5cwindows%5cwin.ini"), 404),
    "the same, absolute": (request("GET", "/download_file/%2fetc%2fpasswd"), 404),
    "a null in a name": (request("GET", "/download_file/a%00.txt"), 404),
    "a job that is a path": (request("GET", "/v1/jobs/..%2f..%2fkeys.sqlite"), (404, 422)),
    "a name of 10,000 letters": (uploaded("x" * 10_000 + ".txt", b"Satu."), 400),
    "a file of no kind": (uploaded("a.exe", b"MZ"), 400),
    "a file of no kind, jobs": (uploaded("a.exe", b"MZ", "/v1/jobs/file"), 400),
    "a name that is a path, of no kind": (uploaded("../../../../etc/passwd", b"Satu."), 400),
    "a zip bomb": (uploaded("a.docx", BOMB), 400),
    "a gzip bomb": (uploaded("a.html", gzip.compress(bytes(50_000_000))), 400),
    "a zip bomb in a zip": (uploaded("a.docx", zipped(a_docx=BOMB)), 400),
    "a name that leaves its archive": (uploaded("a.docx", zipped(**{"..__a_txt": b"a"})), 400),
    "XML entities": (uploaded("a.docx", zipped(word__document_xml=LAUGHS)), 400),
    "an XML entity from outside": (uploaded("a.docx", zipped(word__document_xml=OUTSIDE)), 400),
    "a picture of 40 gigapixels": (uploaded("a.docx", PIXELS), 400),
    "a PDF that is none": (uploaded("a.pdf", b"%PDF-1.7\n" + b"<<" * 100_000), 400),
    "an empty file": (uploaded("a.txt", b""), 400),
    "a script": (uploaded("a.txt", b"\x7fELF" + bytes(100)), 400),
    "another method": (request("TRACE", "/translate"), 405),
    "a method of 1,000 letters": (request("A" * 1000, "/translate"), (400, 405)),
    "a proxy's request": (request("GET", "http://169.254.169.254/latest/meta-data/"), (400, 404)),
    "a tunnel": (request("CONNECT", "169.254.169.254:80"), (400, 404, 405)),
}


@pytest.mark.parametrize(("data", "expected"), ROWS.values(), ids=ROWS)
def test_it_is_refused_and_the_next_one_answered(
    data: bytes, expected: int | tuple[int, ...], server: Server
) -> None:
    answer = server.raw(data)
    assert answer.status in ((expected,) if isinstance(expected, int) else expected), answer.body[:300]
    assert b"root:" not in answer.body
    assert b"Traceback" not in answer.body
    assert server.get("/health").status == 200


def test_a_body_without_end_is_not_read_to_it(server: Server) -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with server.connect() as connection:
        connection.sendall(request("POST", "/translate", *CHUNKED))
        sent = 0
        with suppress(ConnectionError):
            while sent < 1_000_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
        assert sent < 100_000_000
    assert server.get("/health").status == 200


def test_a_body_just_over_the_limit_is_told_why(server: Server) -> None:
    chunks = b"".join(b"10000\r\n" + b"a" * 0x10000 + b"\r\n" for _ in range(31))
    answer = server.raw(request("POST", "/translate", *CHUNKED, body=chunks))
    assert answer.status == 413
    assert "2,000,000" in answer.json["error"]


@pytest.mark.parametrize("path", ["/translate", "/translate_file", "/v1/read", "/v1/jobs", "/v1/jobs/file"])
def test_a_slow_body_is_not_waited_for(path: str, server: Server) -> None:
    kind = "multipart/form-data; boundary=x" if "file" in path else "application/json"
    answer = server.raw(request("POST", path, f"Content-Type: {kind}", "Content-Length: 100", body=b"--x"))
    assert answer.status == 408
    assert "took longer" in str(answer.json["error"])


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/a.txt",
        "..\\..\\a.txt",
        "/etc/a.txt",
        "a\\u0000.txt",
        "x" * 1000 + ".txt",
        "C:\\a.txt",
        ".txt",
    ],
)
def test_a_name_that_is_a_path_is_a_name(name: str, server: Server) -> None:
    answer = server.raw(uploaded(name, b"Satu."))
    if name == ".txt":
        assert answer.status == 400
        return
    assert answer.status == 200
    path = answer.json["translatedFileUrl"].split("/download_file/")[1]
    assert len(path) < 200
    assert not set("/\\%\0") & set(path)
    file = server.get(f"/download_file/{path}")
    assert file.status == 200
    assert file.headers["content-disposition"].startswith('attachment; filename="')
    assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "text", ["<b>" * 5000, "<!--" * 4000, "<a href='" * 2000, "&" * 19_000, "<" * 19_000]
)
def test_markup_that_does_not_end(text: str, server: Server) -> None:
    assert server.translate(text, format="html").status == 200
