"""When an article was published, as Indonesian sites and their feeds write it."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_MONTHS = {
    "jan": 1, "januari": 1, "january": 1, "feb": 2, "peb": 2, "februari": 2, "pebruari": 2, "february": 2,
    "mar": 3, "mrt": 3, "maret": 3, "march": 3, "apr": 4, "april": 4, "mei": 5, "may": 5,
    "jun": 6, "juni": 6, "june": 6, "jul": 7, "juli": 7, "july": 7,
    "agu": 8, "ags": 8, "agt": 8, "agst": 8, "agustus": 8, "aug": 8, "august": 8,
    "sep": 9, "sept": 9, "september": 9, "okt": 10, "oktober": 10, "oct": 10, "october": 10,
    "nov": 11, "nop": 11, "november": 11, "nopember": 11,
    "des": 12, "desember": 12, "dec": 12, "december": 12,
}  # fmt: skip
_ZONES = {"wib": 7, "wita": 8, "wit": 9}
# "23 Nov 2026", "23/11/2026", "23-11-2026".
_DATE = re.compile(
    r"(?<![0-9])(?P<day>[0-3]?[0-9])[\s./-]{1,3}(?P<month>[a-z]{3,9}|[01]?[0-9])[\s.,/-]{1,3}(?P<year>(?:19|20)[0-9]{2})",
    re.IGNORECASE,
)
# "19.05 WIB", "19:05:30", "19:05 +07:00".
_TIME = re.compile(
    r"(?<![0-9.:])(?P<hour>[0-2]?[0-9])[.:](?P<minute>[0-5][0-9])(?:[.:](?P<second>[0-5][0-9]))?"
    r"\s{0,3}(?P<zone>wib|wita|wit|z\b|gmt|utc|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")
# "3 jam lalu", "2 hari yang lalu".
_AGO = re.compile(r"(?P<count>[0-9]{1,3})\s(?P<unit>menit|jam|hari|minggu)\s(?:yang\s)?lalu", re.IGNORECASE)
_SECONDS = {"menit": 60, "jam": 3600, "hari": 86_400, "minggu": 604_800}
JAKARTA = timezone(timedelta(hours=7))
"""Western Indonesian time: what a date without a zone is taken for."""
_LONGEST = 200


def when(text: str, now: float) -> float:
    """Return the moment that ``text`` names, in seconds since 1970; 0 where it names none.

    It reads ISO dates, those of e-mail, and Indonesian ones (``Senin, 23 Nov 2026 19.05 WIB``, ``3 jam
    lalu``). A time without a zone is one of western Indonesia. ``now`` is what "ago" counts from.
    """
    text = text.strip()[:_LONGEST]
    if ago := _AGO.search(text):
        return now - int(ago["count"]) * _SECONDS[ago["unit"].lower()]
    # That of e-mail comes last: it passes over zones that it does not know, such as WITA.
    for read in (_iso, _indonesian, _mail):
        if found := read(text):
            return found
    return 0.0


def _iso(text: str) -> float:
    if not _ISO.match(text):
        return 0.0
    try:
        made = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "T", 1))
    except ValueError:
        return 0.0
    return (made if made.tzinfo else made.replace(tzinfo=JAKARTA)).timestamp()


def _mail(text: str) -> float:
    try:
        made = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return (made if made.tzinfo else made.replace(tzinfo=JAKARTA)).timestamp()


def _indonesian(text: str) -> float:
    date = _DATE.search(text)
    if not date:
        return 0.0
    month = date["month"].lower()
    number = int(month) if month.isdigit() else _MONTHS.get(month, 0)
    time = _TIME.search(text, date.end())
    hour, minute, second = (int(time[part] or 0) if time else 0 for part in ("hour", "minute", "second"))
    try:
        made = datetime(int(date["year"]), number, int(date["day"]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return 0.0
    # Read as if it were UTC, then moved by the zone.
    return calendar.timegm(made.timetuple()) - 3600 * _offset(time["zone"] if time else "")


def _offset(zone: str | None) -> float:
    """Return the hours east of Greenwich."""
    named = (zone or "wib").lower()
    if named in _ZONES:
        return _ZONES[named]
    digits = named[1:].replace(":", "")
    if named[0] in "+-" and len(digits) == 4:
        return (int(digits[:2]) + int(digits[2:]) / 60) * (-1 if named[0] == "-" else 1)
    return 0.0


def day_of(moment: float) -> str:
    """Return the day of a moment in Jakarta, as ``2026-11-23``."""
    return datetime.fromtimestamp(moment, JAKARTA).date().isoformat()
