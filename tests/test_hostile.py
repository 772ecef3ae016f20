"""What an attacker sends, each as a row: it is refused, and with the right status."""

from __future__ import annotations

import pytest

from service.errors import InputError
from service.intake import web
from service.intake.web import FetchLimits, Reach

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
