"""What a site's robots.txt allows this program."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

AGENT = "warta"
"""The name by which a robots.txt may speak of this program."""
SIZE = 500_000
"""Bytes of a robots.txt that are looked at (RFC 9309 asks for that many)."""
MOST_DELAY = 60.0
NOBODY = "# the site failed\nUser-agent: *\nDisallow: /"
"""What stands for a robots.txt that cannot be had because its site fails (RFC 9309, 2.3.1.4)."""


def allowed(robots: str, url: str) -> bool:
    """Return whether a robots.txt lets this program fetch ``url``."""
    return _parsed(robots).can_fetch(AGENT, url)


def delay(robots: str) -> float:
    """Return the seconds that a robots.txt wants between two requests: 0 if it says nothing, at most 60."""
    found = _parsed(robots).crawl_delay(AGENT)
    try:
        return min(max(float(found or 0), 0.0), MOST_DELAY)
    except (TypeError, ValueError):
        return 0.0


def address(url: str) -> str:
    """Return where the robots.txt of a URL's site is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def _parsed(robots: str) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(robots[:SIZE].splitlines())
    return parser
