"""A person's hand on the platform's API: one POST, repeated until the API has heard it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

_WAIT_FIRST_S = 0.2
_WAIT_MAX_S = 5.0
_AGAIN = frozenset({408, 425, 429})


class ApiCaller:
    """Posts with a bearer token read from a file at every call, so it may be made later.

    The file holds the token, or a JSON object ``{vehicle: token, "default": token}``.
    """

    def __init__(self, url: str, token_file: Path, *, timeout_s: float = 5.0) -> None:
        """``url`` is the API's root, e.g. ``http://127.0.0.1:8000``."""
        self._token_file = token_file
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_s, trust_env=False)

    async def post(self, path: str, body: dict[str, Any], *, who: str = "default") -> int:
        """Post until there is a clear answer, and give its status.

        The API away, overloaded or faulty, or the token not there yet: try again, for ever.
        """
        wait_s = _WAIT_FIRST_S
        while True:
            token = self._token(who)
            if token is not None:
                try:
                    response = await self._client.post(
                        path, json=body, headers={"authorization": f"Bearer {token}"}
                    )
                except httpx.TransportError:
                    pass  # away: the wait below
                else:
                    status = response.status_code
                    if status < 500 and status not in _AGAIN:  # noqa: PLR2004 - RFC 9110, 15.6
                        return status
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _WAIT_MAX_S)

    def _token(self, who: str) -> str | None:
        """Read the token; None while there is none."""
        try:
            text = self._token_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        if not text.startswith("{"):
            return text or None
        tokens: dict[str, str] = json.loads(text)
        return tokens.get(who) or tokens.get("default")
