"""Sites: which hosts belong together, as far as their names tell.

Browsers keep apart what is of two origins, but cookies and processes go by site: the registrable
domain, below a list of public suffixes that is not here. Where a name does not tell, two
hosts count as one site: a guess may refuse too much, never too little.

    >>> same_site("https://app.example.co.uk", "https://own.example.co.uk")
    True
    >>> same_site("http://localhost:8501", "http://stars.localhost:8501")
    False
"""

from __future__ import annotations

from ipaddress import IPv4Address

# Registries below a country code. A name that is not here is taken for somebody's own, so that two
# names below it count as one site.
REGISTRIES = {
    *("co.uk", "org.uk", "ac.uk", "gov.uk", "me.uk", "co.jp", "or.jp", "ne.jp", "ac.jp", "go.jp"),
    *("com.au", "net.au", "org.au", "edu.au", "co.nz", "org.nz", "co.za", "org.za", "co.kr"),
    *("com.br", "org.br", "com.cn", "org.cn", "com.tw", "com.hk", "com.sg", "com.mx", "com.tr"),
    *("co.in", "org.in", "co.il", "org.il", "com.ar", "com.my", "co.id", "co.th", "com.ua"),
}


def same_site(a: str, b: str) -> bool:
    """Whether two origins look like one site, without a list of public suffixes.

    One host below the other, or the same registrable domain as far as its form tells. Hosts of one
    provider (``a.github.io``, ``b.github.io``) look the same, too. ``X.localhost`` is a site of its
    own for each X, as browsers see it.
    """
    first, second = host_of(a), host_of(b)
    if first == second or is_ipv4(first) or is_ipv4(second):
        return first == second
    if "localhost" in (first, second):
        return False
    below = first.endswith(f".{second}") or second.endswith(f".{first}")
    return below or registrable(first) == registrable(second)


def registrable(host: str) -> str:
    """The last two labels; three below ``co.uk`` and its like."""
    labels = host.split(".")
    return ".".join(labels[-3:] if ".".join(labels[-2:]) in REGISTRIES else labels[-2:])


def host_of(origin: str) -> str:
    """The host of an exact origin or URL."""
    return origin.split("://")[1].split("/")[0].split(":")[0]


def is_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """This very machine: what browsers resolve without DNS and treat as a secure context."""
    if is_ipv4(host):
        return IPv4Address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
