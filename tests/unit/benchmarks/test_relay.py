"""The relay delays each chunk by the same time, in order, in both directions, and hands on every kind of end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest

from benchmarks import relay

DELAY = 0.05
HOST = "127.0.0.1"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def port_of(server: asyncio.Server) -> int:
    """The port that the kernel chose."""
    port: int = server.sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def both_ends() -> AsyncIterator[tuple[Streams, Streams]]:
    """(client, target) of a connection through a relay."""
    accepted: asyncio.Queue[Streams] = asyncio.Queue()
    target = await asyncio.start_server(lambda reader, writer: accepted.put_nowait((reader, writer)), HOST, 0)
    between = await relay.start(HOST, 0, (HOST, port_of(target)), DELAY)
    client = await asyncio.open_connection(HOST, port_of(between))
    other = await accepted.get()
    try:
        yield client, other
    finally:
        for _reader, writer in (client, other):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        between.close()
        target.close()


def run(check: Callable[[Streams, Streams], Awaitable[None]], *, backwards: bool = False) -> None:
    """Check with (client, target), or the two the other way round."""

    async def checked() -> None:
        async with asyncio.timeout(20), both_ends() as ends:
            await check(*(reversed(ends) if backwards else ends))

    asyncio.run(checked())


both_directions = pytest.mark.parametrize("backwards", [False, True], ids=["to the target", "to the client"])


@both_directions
def test_a_chunk_arrives_after_the_delay(backwards: bool) -> None:
    async def check(sender: Streams, receiver: Streams) -> None:
        begin = monotonic()
        sender[1].write(b"x")
        assert await receiver[0].readexactly(1) == b"x"
        assert DELAY <= monotonic() - begin < 10 * DELAY

    run(check, backwards=backwards)


@both_directions
def test_chunks_arrive_in_order_and_none_waits_for_another(backwards: bool) -> None:
    sent = [bytes([number]) * 100_000 for number in range(100)]

    async def check(sender: Streams, receiver: Streams) -> None:
        begin = monotonic()

        async def send() -> None:
            for chunk in sent:
                sender[1].write(chunk)
                await sender[1].drain()

        sending = asyncio.create_task(send())
        assert await receiver[0].readexactly(10_000_000) == b"".join(sent)
        assert monotonic() - begin < len(sent) * DELAY, "10 MB in the time of a few round trips"
        await sending

    run(check, backwards=backwards)


@both_directions
def test_a_side_that_has_ended_still_receives(backwards: bool) -> None:
    async def check(sender: Streams, receiver: Streams) -> None:
        begin = monotonic()
        sender[1].write(b"question")
        sender[1].write_eof()
        assert await receiver[0].read() == b"question"
        assert monotonic() - begin >= DELAY
        receiver[1].write(b"answer")
        receiver[1].close()
        assert await sender[0].read() == b"answer"

    run(check, backwards=backwards)


@both_directions
def test_a_reset_ends_the_other_side(backwards: bool) -> None:
    async def check(sender: Streams, receiver: Streams) -> None:
        sender[1].write(b"x")
        await receiver[0].readexactly(1)
        sender[1].transport.set_write_buffer_limits(0)
        receiver[1].write(b"unread")
        await asyncio.sleep(3 * DELAY)  # what a side closes over is a reset
        sender[1].transport.abort()
        with suppress(ConnectionResetError):
            assert await receiver[0].read() == b""
        with pytest.raises(OSError):
            while True:  # nobody takes it any more
                receiver[1].write(b"x" * 100_000)
                await receiver[1].drain()

    run(check, backwards=backwards)


def test_a_connection_takes_as_long_as_the_packets_of_one() -> None:
    async def check() -> None:
        begin = monotonic()
        async with asyncio.timeout(20), both_ends():
            assert 3 * DELAY <= monotonic() - begin < 20 * DELAY

    asyncio.run(check())


def test_a_target_that_is_not_there_ends_the_connection() -> None:
    async def check() -> None:
        target = await asyncio.start_server(lambda _reader, _writer: None, HOST, 0)
        port = port_of(target)
        target.close()
        await target.wait_closed()
        between = await relay.start(HOST, 0, (HOST, port), DELAY)
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection(HOST, port_of(between))
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
        between.close()

    asyncio.run(check())
