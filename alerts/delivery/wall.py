"""The wall between webhooks and our own network (SSRF, reliability.md P34). Pure.

Only public unicast addresses pass, unless the operator listed the host. The spelling of a host is
never judged: ``127.1``, ``0x7f000001`` and full-width digits are names to ``ipaddress``; what the
resolver makes of them is judged instead.
"""

import ipaddress
from collections.abc import Collection, Sequence

from alerts.delivery.model import DeliveryError, DeliveryReason

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
"""Source: IANA IPv4 special-purpose registry, and multicast (``is_global`` lets it through)."""

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""The only global unicast block IANA gives out; 64:ff9b::/96, fc00::/7, fe80::/10 lie outside."""

_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Source: IANA IPv6 special-purpose registry: Teredo, documentation, and 6to4 (hides IPv4)."""

_PORT_MAX = 65_535


def is_public(address: Address) -> bool:
    """Whether an address is global unicast and no disguise of another one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in net for net in _CLOSED_V4)
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return address.is_global and not any(address in net for net in _CLOSED_V6)


def judge_target(
    *,
    scheme: str,
    host: str,
    port: int | None,
    userinfo: bytes,
    allow_hosts: Collection[str],
) -> None:
    """Check the parts of a target's URL: https, or http to a host the operator listed.

    Raises:
        DeliveryError: ``target_forbidden``.
    """
    if not host:
        raise _forbidden("the URL has no host")
    if port is not None and not 0 < port <= _PORT_MAX:
        raise _forbidden("the URL's port is not one of TCP")
    if userinfo:
        raise _forbidden("the URL has user information")
    if scheme not in {"http", "https"}:
        raise _forbidden("the URL is not https")
    if scheme == "http" and not is_listed(host, allow_hosts=allow_hosts):
        raise _forbidden("http goes only to hosts in dispatch.allow_hosts; use https")


def is_listed(host: str, *, allow_hosts: Collection[str]) -> bool:
    """Whether the operator listed this very text (no other spelling of it)."""
    return host.lower() in {allowed.lower().strip("[]") for allowed in allow_hosts}


def judge_addresses(
    host: str, addresses: Sequence[str], *, allow_hosts: Collection[str]
) -> list[str]:
    """Give the addresses to connect to: all that the name has, or none.

    Raises:
        DeliveryError: ``target_forbidden`` when any address is not public and the host is not
            listed; ``unresolved`` when there is no address.
    """
    if not addresses:
        raise DeliveryError(DeliveryReason.UNRESOLVED, "the name has no address")
    if is_listed(host, allow_hosts=allow_hosts):
        return list(addresses)
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as exc:
            raise _forbidden("the resolver gave no IP address") from exc
        if not is_public(address):
            raise _forbidden("the name leads to an address that is not public unicast")
    return list(addresses)


def _forbidden(detail: str) -> DeliveryError:
    """Name the fault."""
    return DeliveryError(DeliveryReason.TARGET_FORBIDDEN, detail)
