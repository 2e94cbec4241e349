"""One signed webhook over HTTP: resolve once, wall, connect to that address, POST, read answer.

No redirects, no proxies, no keep-alive (a connection the other side closed meanwhile would cost
a retry), no compressed answers, 64 KiB of answer at most.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
from typing_extensions import override

from alerts.delivery import answers, envelope
from alerts.delivery.model import DeliveryError, DeliveryReason, DueNotice, Receipt
from alerts.delivery.ports import Clock
from alerts.delivery.signature import signed_headers
from alerts.delivery.wall import judge_addresses, judge_target

ANSWER_MAX_BYTES = 65_536
"""Source: reliability.md P34."""

_ADDRESSES_MAX = 4  # a name with more is tried no further; the dispatcher's time limit rules anyway
_RESOLVERS = 2  # threads per target, so that a hanging resolver delays no other target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> addresses; OSError or UnicodeError when there are none."""

Extra = Callable[[DueNotice], Mapping[str, str]]
"""Members that stand in ``data`` on the way only: never in the outbox, the feed or a log."""


class WebhookChannel:
    """Tells one target, e.g. the police command system."""

    def __init__(
        self,
        *,
        url: str,
        key: bytes,
        clock: Clock,
        allow_hosts: Collection[str] = (),
        timeout_s: float = 5.0,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        extra: Extra | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            url: http(s) address that takes POST; judged at every attempt.
            key: HMAC key: the bytes of the key file's text, stripped.
            clock: Wall clock, ms UTC.
            allow_hosts: Hosts that may be private, loopback or http.
            timeout_s: For each of connect, write and read, seconds (P34: 5 s); the dispatcher
                limits the whole.
            resolve: Name resolution; default the system's.
            tls: Trust; default the certificates of ``certifi``.
            extra: What this target is told besides the row's body.
        """
        self._url, self._key, self._clock = url, key, clock
        self._allow_hosts, self._extra = frozenset(allow_hosts), extra
        self._resolver = _SystemResolver()
        self._client = httpx.AsyncClient(
            transport=_WalledTransport(
                inner=httpx.AsyncHTTPTransport(
                    verify=tls or ssl_context(),
                    trust_env=False,
                    limits=httpx.Limits(max_keepalive_connections=0),
                ),
                resolve=resolve or self._resolver.resolve,
                allow_hosts=self._allow_hosts,
            ),
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "parkguard-dispatch/1", "accept-encoding": "identity"},
        )

    async def send(self, notice: DueNotice) -> Receipt:
        """Tell it once; the receiver collapses by ``webhook-id``.

        Raises:
            DeliveryError: Anything but a clear answer.
        """
        url = parse_target(self._url, allow_hosts=self._allow_hosts)
        now_ms = self._clock()
        more = self._extra(notice) if self._extra is not None else {}
        body = envelope.encode(notice, now_ms=now_ms, more=more)
        headers = signed_headers(
            self._key, message_id=notice.key, at_s=now_ms // 1000, body=body
        ) | {"content-type": "application/json"}
        try:
            async with self._client.stream("POST", url, content=body, headers=headers) as response:
                answer = await _read(response) if response.status_code == httpx.codes.OK else b""
        except httpx.HTTPError as exc:
            raise _named(exc) from exc
        return answers.parse(
            response.status_code,
            answer,
            retry_after=response.headers.get("retry-after"),
            now_ms=self._clock(),
        )

    async def close(self) -> None:
        """Let go of connections and resolver threads."""
        await self._client.aclose()
        self._resolver.close()


def parse_target(url: str, *, allow_hosts: Collection[str]) -> httpx.URL:
    """Parse and judge a target's text (``doctor`` may ask too, before the first notice).

    Raises:
        DeliveryError: ``target_forbidden``.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise DeliveryError(DeliveryReason.TARGET_FORBIDDEN, f"not a URL: {exc}") from exc
    judge_target(
        scheme=parsed.scheme,
        host=parsed.raw_host.decode("ascii"),
        port=parsed.port,
        userinfo=parsed.userinfo,
        allow_hosts=allow_hosts,
    )
    return parsed


def ssl_context() -> ssl.SSLContext:
    """Give the default trust, blind to SSL_CERT_FILE and SSL_CERT_DIR."""
    return httpx.create_ssl_context(trust_env=False)


class _WalledTransport(httpx.AsyncBaseTransport):
    """Connects to the addresses that were judged; Host and SNI stay the name."""

    def __init__(
        self, *, inner: httpx.AsyncHTTPTransport, resolve: Resolve, allow_hosts: Collection[str]
    ) -> None:
        self._inner, self._resolve, self._allow_hosts = inner, resolve, allow_hosts

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve once, judge all addresses, try them in order.

        Raises:
            DeliveryError: The wall refused, or the name has no address.
        """
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as exc:
            raise DeliveryError(DeliveryReason.UNRESOLVED, type(exc).__name__) from exc
        addresses = judge_addresses(host, found, allow_hosts=self._allow_hosts)[:_ADDRESSES_MAX]
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # the last address has the last word
        return await self._inner.handle_async_request(_pinned(request, host, addresses[-1]))

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class _SystemResolver:
    """getaddrinfo in threads of its own; made at first use."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def resolve(self, host: str, port: int) -> list[str]:
        """Give every address of the host, in the system's order, each once."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Wait for no name."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """Aim a request at one address; its Host header was set from the name already."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


async def _read(response: httpx.Response) -> bytes:
    """Read at most ``ANSWER_MAX_BYTES``, undecoded.

    Raises:
        DeliveryError: ``bad_answer``: too long, or compressed though we asked for identity.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise DeliveryError(DeliveryReason.BAD_ANSWER, "compressed answer")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            raise DeliveryError(DeliveryReason.BAD_ANSWER, f"over {ANSWER_MAX_BYTES} bytes")
    return bytes(body)


def _named(exc: httpx.HTTPError) -> DeliveryError:
    """Give the client's error our name."""
    detail = type(exc).__name__
    if isinstance(exc, httpx.TimeoutException):
        return DeliveryError(DeliveryReason.TIMED_OUT, detail)
    if isinstance(exc, httpx.ConnectError):
        if _caused_by_tls(exc):
            return DeliveryError(DeliveryReason.TLS_FAILED, detail)
        return DeliveryError(DeliveryReason.UNREACHABLE, detail)
    return DeliveryError(DeliveryReason.BROKEN_OFF, detail)


def _caused_by_tls(exc: BaseException) -> bool:
    """Whether a TLS fault stands behind an error."""
    link: BaseException | None = exc
    while link is not None:
        if isinstance(link, ssl.SSLError):
            return True
        link = link.__cause__ or link.__context__
    return False
