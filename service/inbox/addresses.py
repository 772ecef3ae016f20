"""One address for one article, however it is linked to."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

# "utm_source", "fbclid", "from"; bounded, as a query may hold anything.
_TRACKING = re.compile(
    r"utm_\w{1,40}|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|ref|ref_src|source|from|spm|_ga|cmpid|ocid"
    r"|amp|share|outputtype",
    re.IGNORECASE,
)
"""Parameters that say where a reader came from, and not which article it is."""
# "/index.html", "/default.aspx" at the end of a path.
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)\Z", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,8}")


def canonical(url: str) -> str:
    """Return the address that all links to one page share.

    Scheme and host are in lower case and without ``www.``, ``m.`` or ``amp.``; the scheme is always https.
    Parameters of campaigns, the fragment, an index file's name and a slash at the end are left out, and the
    other parameters are sorted. What is no web address stays as it is.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port  # raises ValueError for "host:abc"
    except ValueError:
        return url.strip()
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return url.strip()
    host = parts.hostname.lower().rstrip(".")
    for prefix in ("www.", "m.", "amp."):
        # Not where a bare name would be left: "m.id" is a host of its own.
        if host.startswith(prefix) and "." in host[len(prefix) :]:
            host = host[len(prefix) :]
            break
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    # Spelt in one way: "%7E" and "~" are the same letter.
    path = _SLASHES.sub("/", quote(unquote(parts.path), safe="/%:@!$&'()*+,;=~-._"))
    path = _INDEX.sub("", path).rstrip("/").removesuffix("/amp") or "/"
    kept = sorted(
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(key)
    )
    return urlunsplit(("https", place, path, urlencode(kept), ""))


def host_of(url: str) -> str:
    """Return the host and port that a request for ``url`` goes to, empty for what is no web address."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
