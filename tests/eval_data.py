"""Small texts for the tests of eval/, written for them, and the files they are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared test data is not beside the checkout"
)

SOURCES = [
    "Pasar Senen kembali dibuka pada pukul 07.00 setelah kebakaran.",
    "Gubernur menjanjikan 1.250 kios baru bagi para pedagang.",
    "Tidak ada korban jiwa dalam peristiwa itu.",
    "Kerugian ditaksir mencapai Rp3,5 miliar.",
    "Polisi masih memeriksa 14 saksi dari toko elektronik.",
    "Wali Kota Retno Anggraini akan datang pada Kamis sore.",
]
REFERENCES = [
    "Senen market reopened at 7 a.m. after the fire.",
    "The governor promised 1,250 new stalls for the traders.",
    "Nobody died in the incident.",
    "The damage is put at Rp 3.5 billion.",
    "Police are still questioning 14 witnesses from the electronics shop.",
    "Mayor Retno Anggraini will come on Thursday afternoon.",
]
GOOD = [
    "Senen market reopened at 07:00 after the fire.",
    "The governor promised 1,250 new stalls for traders.",
    "There were no deaths in the incident.",
    "The loss is estimated at Rp 3.5 billion.",
    "Police are still examining 14 witnesses from the electronics store.",
    "Mayor Retno Anggraini will come on Thursday afternoon.",
]
POOR = [
    "Market is open at hour.",
    "The governor promises 125 kiosks.",
    "",
    "Kerugian ditaksir mencapai Rp3,5 miliar.",
    "The police check witness of shop.",
    "Mayor comes Thursday.",
]


def written(folder: Path, name: str, lines: list[str]) -> Path:
    """The lines as a file, each with its newline."""
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), "utf-8", newline="\n")
    return path
