"""The outside heartbeat: a service that gives the alarm when we do not call it any more."""

import httpx


class OutsideHeartbeat:
    """Calls one address, as dead man's switches on the web take it: any 2xx is heard.

    Args:
        url: With its secret, so it is in no message; None = nobody waits outside.
        timeout_s: One call may take this long.
    """

    def __init__(self, url: str | None, *, timeout_s: float) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False)

    async def beat(self) -> str:
        """Call it once; why it was not heard, or ""."""
        if self._url is None:
            return ""
        try:
            answer = await self._client.get(self._url)
        except httpx.HTTPError as exc:
            return f"the outside heartbeat cannot be reached: {type(exc).__name__}"
        if not answer.is_success:
            return f"the outside heartbeat answers {answer.status_code}"
        return ""

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()
