"""Who really calls behind proxies that are believed: `TRUSTED_PROXIES` and `X-Forwarded-For`."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from verify.ground.environment import Misconfigured

REMEMBERED = 4096  # addresses; reading one takes longer than all else about it
MOST_REMEMBERED = 256  # characters


def read_proxies(trusted: Sequence[str], *, strict: bool) -> "Proxies":
    """`TRUSTED_PROXIES`. Raises Misconfigured with one sentence; if `strict`, also of a network that is everybody's."""
    try:
        everyone = [text for text in trusted if ipaddress.ip_network(text).prefixlen == 0]
    except ValueError as error:
        message = f"TRUSTED_PROXIES holds addresses and networks only: {error}."
        raise Misconfigured(message) from error
    if strict and everyone:
        message = f"TRUSTED_PROXIES={everyone[0]} would believe whatever any caller says of itself; name your proxies."
        raise Misconfigured(message)
    return Proxies(trusted)


class Proxies:
    """Those whose word on other addresses counts; raises ValueError for what is no address or network."""

    def __init__(self, trusted: Iterable[str]) -> None:
        networks = tuple(ipaddress.ip_network(text) for text in trusted)

        @lru_cache(REMEMBERED)
        def believes(text: str) -> bool:
            address = _address(text.partition("%")[0])  # a peer on this link has the link's name behind it
            return address is not None and any(address in network for network in networks)

        self.believes = believes
        self._remembered = lru_cache(REMEMBERED)(self._caller)

    def caller(self, peer: str, forwarded_for: str) -> str | None:
        """From the nearest hop outwards, the first that is no proxy of ours; None if nobody believed names one."""
        find = self._remembered if len(forwarded_for) <= MOST_REMEMBERED else self._caller
        return find(peer, forwarded_for)

    def _caller(self, peer: str, forwarded_for: str) -> str | None:
        named, hops = None, forwarded_for.split(",")
        while hops and self.believes(peer if named is None else named):
            hop = hops.pop().strip()
            if _address(hop) is None:
                break
            named = hop
        return named


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """IPv4 in IPv6 is what it is in IPv4: sockets that take both show it so. A zone means nothing elsewhere."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
