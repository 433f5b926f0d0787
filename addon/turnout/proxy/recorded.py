"""Flow files of mitmproxy, one flow in memory at a time."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from mitmproxy import exceptions, http
from mitmproxy.io import FlowReader

from turnout.replay.exchange import Exchange
from turnout.replay.recorded import Skipped


def exchanges(file: BinaryIO, seen: Callable[[int], None]) -> Iterator[Exchange | Skipped]:
    """`seen` hears how many bytes were read. Of a file that is cut off the whole ones are read."""
    before = file.tell()
    try:
        for flow in FlowReader(file).stream():
            yield (
                _exchange(flow) if isinstance(flow, http.HTTPFlow) else Skipped("not_a_completion")
            )
            seen(file.tell() - before)
            before = file.tell()
    except exceptions.FlowReadException:
        yield Skipped("cut")


def _exchange(flow: http.HTTPFlow) -> Exchange:
    request, response = flow.request, flow.response
    began = request.timestamp_start
    return Exchange(
        method=request.method,
        url=request.url,
        host=request.pretty_host,
        path=request.path,
        headers=tuple(request.headers.items(multi=True)),
        body=request.raw_content or b"",
        began=began,
        ended=(response.timestamp_end if response else None) or began,
        status=response.status_code if response else None,
        answered=tuple(response.headers.items(multi=True)) if response else (),
        answer=response.raw_content if response else None,
    )
