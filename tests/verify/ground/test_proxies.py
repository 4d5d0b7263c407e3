"""X-Forwarded-For counts only as far as trusted proxies wrote it."""

import pytest

from verify.ground.proxies import Proxies


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "trusted", "caller"),
    [
        ("10.0.0.1", "1.2.3.4", [], None),
        ("10.0.0.1", "1.2.3.4", ["10.0.0.0/8"], "1.2.3.4"),
        ("9.9.9.9", "1.2.3.4", ["10.0.0.0/8"], None),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6,1.2.3.4 ,10.0.0.2", ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", ["10.0.0.0/8"], "10.0.0.3"),
        ("10.0.0.1", "1.2.3.4, nonsense, 10.0.0.2", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.1", "nonsense", ["10.0.0.0/8"], None),
        ("10.0.0.1", "1.2.3.4:567", ["10.0.0.0/8"], None),
        ("10.0.0.1", "", ["10.0.0.0/8"], None),
        ("127.0.0.1", "127.0.0.1", ["127.0.0.1"], "127.0.0.1"),
        ("::1", "2001:db8::5", ["::1"], "2001:db8::5"),
        ("::ffff:10.0.0.1", "1.2.3.4", ["10.0.0.1"], "1.2.3.4"),
        ("fe80::1%eth0", "1.2.3.4", ["fe80::1"], "1.2.3.4"),
        ("10.0.0.1", "fe80::1%eth0", ["10.0.0.1"], None),
        ("10.0.0.1", "6.6.6.6, " * 99 + "1.2.3.4", ["10.0.0.1"], "1.2.3.4"),
        ("", "1.2.3.4", ["10.0.0.1"], None),
    ],
)
def test_the_caller_is_the_first_hop_that_is_no_proxy_of_ours(
    peer: str, forwarded_for: str, trusted: list[str], caller: str | None
) -> None:
    assert Proxies(trusted).caller(peer, forwarded_for) == caller


def test_a_proxy_is_named_by_its_address_or_network() -> None:
    with pytest.raises(ValueError, match="nginx"):
        Proxies(["nginx"])
