"""The webhook against real sockets: what it says, what it believes, where it refuses to go."""

import asyncio
import gzip
import json
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from alerts.delivery.model import Accepted, DeliveryError, DeliveryReason, Receipt
from alerts.delivery.webhook import ANSWER_MAX_BYTES, WebhookChannel
from support.delivery_rows import T0_MS, a_notice
from support.delivery_server import ACCEPTED, Script, answer, scripted

R = DeliveryReason
HEAD = b"HTTP/1.1 200 OK\r\n"


def channel_to(
    url: str,
    *,
    timeout_s: float = 5.0,
    tls: ssl.SSLContext | None = None,
    resolve: Callable[[str, int], Awaitable[Sequence[str]]] | None = None,
    allow_hosts: Sequence[str] = ("127.0.0.1", "desk.example"),
) -> WebhookChannel:
    return WebhookChannel(
        url=url,
        key=b"the key",
        clock=lambda: T0_MS,
        allow_hosts=allow_hosts,
        timeout_s=timeout_s,
        tls=tls,
        resolve=resolve,
    )


async def outcome(channel: WebhookChannel) -> Receipt | DeliveryReason:
    """Tell once and say how it went."""
    try:
        return await channel.send(a_notice())
    except DeliveryError as exc:
        return exc.reason
    finally:
        await channel.close()


async def told(*answers: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Script:
    """Tell once to a scripted server that must accept."""
    async with scripted(*answers) as server:
        assert await outcome(channel_to(server.url)) == Accepted(case="17")
        return server


async def resolve_to_us(_host: str, _port: int) -> Sequence[str]:
    """A name server that knows one address."""
    return ["127.0.0.1"]


def test_post_is_what_the_contract_says() -> None:
    """Path, headers and body, byte for byte what was signed."""
    (heard,) = asyncio.run(told(ACCEPTED)).heard

    assert heard.path == "/hook"
    assert heard.headers["webhook-id"] == "inc-1:1:police"
    assert heard.headers["webhook-timestamp"] == str(T0_MS // 1000)
    assert heard.headers["webhook-signature"].startswith("v1,")
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["accept-encoding"] == "identity"
    assert json.loads(heard.body)["id"] == "inc-1:1:police"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, R.BAD_ANSWER), (301, R.REDIRECTED), (302, R.REDIRECTED), (303, R.REDIRECTED),
        (307, R.REDIRECTED), (308, R.REDIRECTED), (400, R.REFUSED), (401, R.REFUSED),
        (403, R.REFUSED), (404, R.REFUSED), (405, R.REFUSED), (408, R.BUSY), (410, R.REFUSED),
        (413, R.REFUSED), (422, R.REFUSED), (425, R.BUSY), (429, R.BUSY), (500, R.SERVER_FAULT),
        (501, R.SERVER_FAULT), (502, R.SERVER_FAULT), (503, R.SERVER_FAULT),
        (504, R.SERVER_FAULT), (529, R.SERVER_FAULT),
    ],
)  # fmt: skip
def test_status_is_told_apart(status: int, reason: DeliveryReason) -> None:
    """The matrix of P15, over a real connection; a redirect inside is not followed."""

    async def run() -> None:
        said = answer(status, location="http://169.254.169.254/latest/meta-data/")
        async with scripted(said) as server:
            assert await outcome(channel_to(server.url)) is reason
            assert len(server.heard) == 1

    asyncio.run(run())


async def endless(writer: asyncio.StreamWriter) -> None:
    """An answer without an end."""
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


async def promised_100_mb(writer: asyncio.StreamWriter) -> None:
    """An answer that says it is huge, and begins."""
    writer.write(HEAD + b"content-length: 100000000\r\n\r\n" + b" " * (ANSWER_MAX_BYTES + 1))
    await writer.drain()
    await asyncio.Event().wait()


async def broken_off(writer: asyncio.StreamWriter) -> None:
    """A reset in the middle of the body."""
    writer.write(HEAD + b'content-length: 34\r\n\r\n{"status":"acc')
    await writer.drain()
    writer.transport.abort()


async def silent(_: asyncio.StreamWriter) -> None:
    """No answer."""
    await asyncio.Event().wait()


async def garbage(writer: asyncio.StreamWriter) -> None:
    """Not HTTP."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()


def zipped() -> bytes:
    """A bomb: 50 MB of nothing, compressed."""
    return answer(200, gzip.compress(b" " * 50_000_000), content_encoding="gzip")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (endless, R.BAD_ANSWER),
        (promised_100_mb, R.BAD_ANSWER),
        (zipped(), R.BAD_ANSWER),
        (answer(200, b" " * (ANSWER_MAX_BYTES + 1)), R.BAD_ANSWER),
        (broken_off, R.BROKEN_OFF),
        (garbage, R.BROKEN_OFF),
        (b"", R.BROKEN_OFF),
        (silent, R.TIMED_OUT),
    ],
    ids=["endless", "100 MB", "gzip", "64 KiB + 1", "reset", "not http", "nothing", "silent"],
)
@pytest.mark.fault(42)
def test_bad_answer_is_cut_and_named(
    said: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]], reason: DeliveryReason
) -> None:
    """None of them costs more than 64 KiB and the time limit, and all may pass."""

    async def run() -> None:
        async with scripted(said) as server:
            assert await outcome(channel_to(server.url, timeout_s=0.5)) is reason

    asyncio.run(run())

    assert reason.may_pass


def test_answer_of_exactly_64_kib_is_read() -> None:
    """The limit is a limit, not a trap."""
    body = b'{"status":"accepted","case":"17"}'.ljust(ANSWER_MAX_BYTES)

    asyncio.run(told(answer(200, body)))


@pytest.mark.fault(42)
def test_nobody_listens_is_unreachable() -> None:
    """Connection refused may pass."""

    async def run() -> None:
        async with scripted(ACCEPTED) as server:
            url = server.url
        assert await outcome(channel_to(url)) is R.UNREACHABLE

    asyncio.run(run())


def test_unknown_name_is_unresolved() -> None:
    """A name that no server knows may pass (RFC 2606 keeps .invalid free)."""

    async def nobody(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    assert asyncio.run(outcome(channel_to("https://desk.invalid/", resolve=nobody))) is R.UNRESOLVED


def test_second_address_is_tried_when_the_first_does_not_listen() -> None:
    """A name with a dead IPv6 and a live IPv4 address works."""

    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["::1", "127.0.0.1"]

    async def run() -> None:
        async with scripted(ACCEPTED) as server:
            url = f"http://desk.example:{server.port}/hook"
            assert await outcome(channel_to(url, resolve=both)) == Accepted(case="17")

    asyncio.run(run())


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """P34: what is signed for the police goes to nobody else."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    asyncio.run(told(ACCEPTED))


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(  # noqa: S603
        ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


def test_connection_goes_to_the_judged_address_and_speaks_to_the_name(tmp_path: Path) -> None:
    """Host, SNI and the certificate's name stay the URL's, though we connect to an address."""
    cert, key = a_certificate(tmp_path, "desk.example")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(cert, key)
    named: list[str | None] = []

    def remember(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        named.append(name)

    theirs.sni_callback = remember
    ours = ssl.create_default_context(cafile=str(cert))

    async def run() -> Script:
        async with scripted(ACCEPTED, tls=theirs) as server:
            url = f"https://desk.example:{server.port}/hook"
            channel = channel_to(url, tls=ours, resolve=resolve_to_us)
            assert await outcome(channel) == Accepted(case="17")
            return server

    server = asyncio.run(run())

    assert named == ["desk.example"]
    assert server.heard[0].headers["host"] == f"desk.example:{server.port}"


@pytest.mark.fault(42)
def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """tls_failed may pass: certificates are renewed."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*a_certificate(tmp_path, "desk.example"))

    async def run() -> None:
        async with scripted(ACCEPTED, tls=theirs) as server:
            url = f"https://desk.example:{server.port}/hook"
            assert await outcome(channel_to(url, resolve=resolve_to_us)) is R.TLS_FAILED
            assert server.heard == []

    asyncio.run(run())
