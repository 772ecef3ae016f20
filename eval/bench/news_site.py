"""Invented outlets on loopback: a site that answers by host and path, and feeds of made-up articles."""

from __future__ import annotations

import ipaddress
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.intake.fetch import Reach

Reply = Callable[["Handler"], None]
"""Writes an answer to a request."""

PLACES = (
    "Demak", "Kudus", "Jepara", "Pati", "Rembang", "Blora", "Grobogan", "Kendal", "Batang", "Tegal",
    "Brebes", "Cilacap", "Kebumen",
)  # fmt: skip
THINGS = (
    "beras", "cabai", "gula", "minyak", "telur", "bawang", "kedelai", "jagung", "garam", "pupuk",
    "solar", "semen",
)  # fmt: skip
PEOPLE = ("Sri Lestari", "Bambang Wijaya", "Dewi Anggraini", "Agus Prasetyo", "Rina Kartika", "Joko Susilo")
EVENTS = (
    "Banjir merendam {n} rumah di {k} desa di Kabupaten {p} sejak {d} malam",
    "Harga {t} di pasar induk {p} naik {n} rupiah per kilogram dalam {k} hari",
    "Pemerintah Kabupaten {p} menyalurkan {n} paket bantuan {t} kepada warga di {k} kecamatan",
    "Kebakaran menghanguskan {n} kios di pasar {p} dan membuat {k} pedagang kehilangan dagangan",
    "Polisi di {p} menyita {n} liter {t} tanpa izin dari {k} gudang pada {d} siang",
    "Dinas Pertanian {p} mencatat panen {t} mencapai {n} ton dari {k} kecamatan pada musim ini",
)
SUBJECTS = (
    "Kepala desa", "Petugas gabungan", "Sejumlah pedagang", "Para nelayan", "Tim relawan",
    "Kelompok tani", "Pengurus koperasi", "Seorang dokter puskesmas", "Guru sekolah dasar",
    "Sopir angkutan", "Ibu rumah tangga", "Mahasiswa perantauan", "Ketua rukun warga", "Pemilik warung",
    "Juru bicara bupati", "Pengelola pelabuhan",
)  # fmt: skip
VERBS = (
    "memperbaiki", "membagikan", "memeriksa", "mengangkut", "menghitung", "mengusulkan", "menolak",
    "menyiapkan", "mengumumkan", "menunda", "mempertanyakan", "mendukung", "merawat", "mencatat",
    "mengawasi", "menjual",
)  # fmt: skip
OBJECTS = (
    "tanggul sungai", "perahu kayu", "obat demam", "bibit unggul", "jalan berlubang", "tenda darurat",
    "air bersih", "jadwal kapal", "pompa diesel", "buku pelajaran", "lampu jalan", "kartu bantuan",
    "jembatan gantung", "hasil panen", "saluran irigasi", "surat keluhan",
)  # fmt: skip
WHERE = (
    "di balai desa", "dekat alun-alun", "sepanjang jalan pantura", "di tepi sawah", "di halaman masjid",
    "sekitar terminal lama", "di lereng bukit", "di ruang rapat kecamatan", "di bawah jembatan",
    "di pasar pagi",
)  # fmt: skip
ENDINGS = (
    "sebelum musim hujan berakhir", "tanpa menunggu anggaran baru", "karena stok mulai menipis",
    "meski cuaca buruk", "setelah rapat yang panjang", "bersama {k} rekannya", "selama {k} jam penuh",
    "dengan biaya {n} juta rupiah", "untuk {n} keluarga", "sejak {d} pagi",
)  # fmt: skip
DAYS = (
    "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """An invented article."""

    path: str
    title: str
    text: str
    published: float


def story(number: int, published: float, sentences: int = 6) -> Story:
    """Return the invented article of that number, always the same."""
    # Of its own number, so that a story is the same in every process and whatever was made before it.
    chance = random.Random(number)  # noqa: S311

    def fill(pattern: str) -> str:
        return pattern.format(
            n=chance.randint(12, 990), k=chance.randint(2, 11), p=chance.choice(PLACES),
            t=chance.choice(THINGS), d=chance.choice(DAYS),
        )  # fmt: skip

    def detail() -> str:
        parts = [chance.choice(each) for each in (SUBJECTS, VERBS, OBJECTS, WHERE)]
        said = f" di {chance.choice(PLACES)}, kata {chance.choice(PEOPLE)}" if chance.random() < 0.4 else ""
        return f"{' '.join(parts)} {fill(chance.choice(ENDINGS))}{said}."

    lead = fill(chance.choice(EVENTS))
    body = [f"{lead}.", *(detail() for _ in range(sentences - 1))]
    middle = len(body) // 2
    text = f"{' '.join(body[:middle])}\n\n{' '.join(body[middle:])}"
    return Story(f"/berita/{number}", " ".join(lead.split()[:9]), text, published)


def rss(site: str, stories: Sequence[Story], title: str = "Kabar", encoding: str = "utf-8") -> bytes:
    """Return an RSS feed of the stories, whose pages are at ``site``."""
    items = "".join(
        f"<item><title>{escape(s.title)}</title><link>{site}{s.path}</link><guid>{site}{s.path}</guid>"
        f"<pubDate>{formatdate(s.published, usegmt=True)}</pubDate>"
        f"<description>{escape(s.text)}</description></item>"
        for s in stories
    )
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>{site}/</link>{items}</channel></rss>"
    ).encode(encoding, "replace")


def page(made: Story) -> bytes:
    """Return a web page with the story among what stands around an article."""
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in made.text.split("\n\n"))
    return (
        f"<!doctype html><html lang=id><head><title>{escape(made.title)}</title></head><body>"
        f"<nav>Beranda Daerah Ekonomi Masuk</nav><article><h1>{escape(made.title)}</h1>{paragraphs}</article>"
        "<footer>Hak cipta Kabar</footer></body></html>"
    ).encode()


def reply(body: bytes, status: int = 200, type: str = "application/rss+xml", **fields: str) -> Reply:
    """Return what answers with ``body``; a field's name has ``_`` for ``-``."""

    def write(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": type, **fields}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return write


def conditional(body: Callable[[], bytes], etag: Callable[[], str]) -> Reply:
    """Return what answers 304 to whoever has the newest already."""

    def write(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == etag():
            handler.send_response(304)
            handler.end_headers()
        else:
            reply(body(), ETag=etag())(handler)

    return write


def endless(handler: Handler) -> None:
    """Answer without an end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/rss+xml")
    handler.end_headers()
    # Ends when the client hangs up, by a BrokenPipeError that the handler below takes.
    while True:
        handler.wfile.write(b"<item><title>lagi</title></item>" * 2000)


@dataclass
class Site:
    """The answers of invented hosts, and what was asked of them: ``host/path`` with the request's fields."""

    port: int
    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    at_once: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    most_hosts_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> list[str]:
        """What was asked for, ``host/path``, without robots.txt."""
        return [path for path, _ in self.seen if not path.endswith("/robots.txt")]

    @property
    def reach(self) -> Reach:
        """Leads every ``.example`` name here, and refuses what is not public as always."""
        loopback = ipaddress.ip_address("127.0.0.1")
        return Reach(
            # Other names get a private address, which has to be refused: a redirect that leads out of the
            # invented web must fail here as it would outside.
            lambda host, _: ["127.0.0.1"] if host.endswith(".example") else ["10.0.0.7"],
            lambda address: address == loopback,
            # The site's own port is not among the web's, which are all that is open otherwise.
            lambda port: port in (80, self.port),
        )

    def url(self, host: str, path: str = "/rss") -> str:
        """Return an address of an invented host."""
        return f"http://{host}.example:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Answers from the site's table."""

    site: Site

    def do_GET(self) -> None:
        """Answer one request."""
        host = self.headers["Host"].partition(".example")[0]
        key = f"{host}{self.path}"
        with self.site.lock:
            self.site.seen.append((key, dict(self.headers)))
            self.site.at_once[host] += 1
            self.site.most_at_once[host] = max(self.site.most_at_once[host], self.site.at_once[host])
            # How many outlets are asked at the same moment: the fetcher bounds it.
            busy = sum(count > 0 for count in self.site.at_once.values())
            self.site.most_hosts_at_once = max(self.site.most_hosts_at_once, busy)
        try:
            self.site.replies.get(key, reply(b"", 404))(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with self.site.lock:
                self.site.at_once[host] -= 1

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Site]:
    """Yield a site on a free port of loopback, for as long as the block lasts."""
    # http.server makes handlers itself and passes them nothing, so the site hangs on a class of its own for
    # each server; on ``Handler`` two servers of one process would share it.
    kind = type("Bound", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        # A reply without an end must not keep the block from ending.
        server.daemon_threads = True
        site = Site(server.server_port)
        kind.site = site  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()
