"""The pooled client: sends attempts, and waits for headers. What comes next is in tries.py."""

import asyncio
import io
import ssl
from collections.abc import Callable, Iterable
from functools import partial

import aiohttp
import yarl

from turnout.health.health import Health
from turnout.record import Tried
from turnout.relay.answers import Answer, NoAnswerError
from turnout.relay.resolve import Resolver
from turnout.relay.tries import Tries
from turnout.stages import Stages
from turnout.trip import Attempt, Plan

__all__ = ["Answer", "NoAnswerError", "Upstream"]

CONNECT_TIMEOUT = 10.0  # seconds, start value
HEADER_TIMEOUT = 30.0  # seconds to the headers of a streamed answer of ours, start value
WHOLE_TIMEOUT = 600.0  # seconds to all other headers, and between two pieces: as the SDKs wait
LARGE = 1 << 20  # bytes; aiohttp sends more than that in pieces only from a file


class Upstream:
    """One connection pool for all attempts. `redirect`: where a URL really goes, in a lab."""

    def __init__(
        self,
        *,
        stages: Stages,
        health: Health | None = None,
        redirect: Callable[[yarl.URL], yarl.URL] = lambda url: url,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._stages, self._redirect = stages, redirect
        self._health = health or Health()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=60, ssl=tls or True, resolver=Resolver()
            ),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=CONNECT_TIMEOUT, sock_read=WHOLE_TIMEOUT
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=65_536,
            max_field_size=65_536,
        )

    async def close(self) -> None:
        await self._session.close()

    async def first(
        self,
        attempts: Iterable[Attempt],
        *,
        stream: bool,
        plan: Plan | None = None,
        tried: list[Tried] | None = None,
    ) -> Answer:
        """The first attempt that answers. Raises NoAnswerError when none does.

        `tried` gets what came of each, also when it is cancelled. `plan`: see Tries.
        """
        tries = Tries(
            attempts,
            partial(self._open, stream=stream),
            self._health,
            plan,
            [] if tried is None else tried,
        )
        return await tries.first()

    async def _open(self, attempt: Attempt, *, stream: bool) -> Answer:
        if attempt.untouched:  # there is no better answer to wait for
            return await asyncio.wait_for(self._request(attempt), WHOLE_TIMEOUT)
        limit = HEADER_TIMEOUT if stream else WHOLE_TIMEOUT
        with self._stages("connect"):
            try:
                return await asyncio.wait_for(self._request(attempt), limit)
            except TimeoutError as e:
                raise TimeoutError(f"no headers within {limit:.0f} s") from e

    async def _request(self, attempt: Attempt) -> Answer:
        url = self._redirect(yarl.URL(attempt.url, encoded=True))
        try:
            response = await self._session.request(
                "POST",
                url,
                data=attempt.body if len(attempt.body) < LARGE else io.BytesIO(attempt.body),
                headers=attempt.headers,
                allow_redirects=False,
            )
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL) as e:
            # their text holds the URL, and a URL may hold a key
            raise aiohttp.ClientError(f"no HTTP: {type(e).__name__}") from None
        headers = tuple(
            (key.decode("latin-1"), value.decode("latin-1")) for key, value in response.raw_headers
        )
        body = response.content.iter_any()
        return Answer(attempt, response.status, headers, body, response.close)
