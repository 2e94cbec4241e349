"""A webhook cannot be aimed inside (reliability.md P34)."""

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.model import DeliveryError, DeliveryReason
from alerts.delivery.wall import is_public, judge_addresses
from alerts.delivery.webhook import WebhookChannel, parse_target
from support.delivery_rows import T0_MS, a_notice

INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://017700000001/",
    "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
    "https://127\u30020\u30020\u30021/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://192.0.2.7/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://inside.example/",
    "https://both.example/",
    "http://public.example/",
    "ftp://public.example/",
    "https://user:word@public.example/",
    "https://public.example:99999/",
    "https:///nowhere",
    "no url at all",
]

NAMES = {
    "inside.example": ["10.0.0.5"],
    "both.example": ["93.184.216.34", "127.0.0.1"],
    "public.example": ["93.184.216.34"],
}


class Resolves:
    """Names of a table; numbers and localhost by the system, as in production."""

    def __init__(self, *turns: Sequence[str]) -> None:
        self.turns = list(turns)
        self.asked = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        if self.turns:
            return self.turns.pop(0)
        if host in NAMES:
            return NAMES[host]
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
        return [str(entry[4][0]) for entry in found]


def send_to(url: str, resolves: Resolves, *, allow_hosts: Sequence[str] = ()) -> DeliveryError:
    """Tell one notice to a URL and give the error."""

    async def once() -> DeliveryError:
        channel = WebhookChannel(
            url=url,
            key=b"k",
            clock=lambda: T0_MS,
            allow_hosts=allow_hosts,
            timeout_s=1.0,
            resolve=resolves.resolve,
        )
        with pytest.raises(DeliveryError) as caught:
            await channel.send(a_notice())
        await channel.close()
        return caught.value

    return asyncio.run(once())


@pytest.mark.parametrize("url", INSIDE)
def test_url_that_leads_inside_is_forbidden(url: str) -> None:
    """Whatever the spelling, nothing but a public unicast address over https is connected to."""
    error = send_to(url, Resolves())

    assert error.reason is DeliveryReason.TARGET_FORBIDDEN
    assert not error.reason.may_pass


def test_name_is_resolved_once_and_that_address_is_used() -> None:
    """A rebinding name server that answers loopback the second time is not asked again."""
    resolves = Resolves(["127.0.0.1"], ["93.184.216.34"])

    error = send_to("https://rebinding.example/", resolves)

    assert error.reason is DeliveryReason.TARGET_FORBIDDEN
    assert resolves.asked == 1


def test_listed_host_may_be_inside_and_plain_http() -> None:
    """The operator's list opens exactly the text that stands in it."""
    parse_target("http://127.0.0.1:8000/hook", allow_hosts=["127.0.0.1"])
    parse_target("http://[::1]:8000/hook", allow_hosts=["[::1]"])

    assert judge_addresses("desk.local", ["10.0.0.5"], allow_hosts=["DESK.local"]) == ["10.0.0.5"]
    with pytest.raises(DeliveryError):
        parse_target("http://127.1:8000/hook", allow_hosts=["127.0.0.1"])


def test_name_without_address_may_pass() -> None:
    """A resolver that knows nothing today may know more tomorrow."""
    with pytest.raises(DeliveryError) as caught:
        judge_addresses("gone.example", [], allow_hosts=[])

    assert caught.value.reason is DeliveryReason.UNRESOLVED
    assert caught.value.reason.may_pass


@given(st.ip_addresses())
def test_public_address_is_never_one_of_ours(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Whatever passes the wall is global, and neither private, loopback, link-local nor many."""
    if is_public(address):
        assert address.is_global
        kinds = [address.is_private, address.is_loopback, address.is_link_local]
        assert not any([*kinds, address.is_multicast, address.is_reserved, address.is_unspecified])


@pytest.mark.parametrize("text", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_address_passes(text: str) -> None:
    """The wall has a gate."""
    assert is_public(ipaddress.ip_address(text))
