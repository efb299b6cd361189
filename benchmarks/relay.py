"""python -m benchmarks.relay SECONDS LISTEN=TARGET…: a network with latency, for kernels that have no queue for it.

Each address LISTEN takes connections on port 22 and hands them on to port 22 of TARGET. What one side sends reaches the
other SECONDS later, in order; how much may be on its way is not limited. Setting up a connection takes what the three
packets of TCP would. Prints a line when it listens.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial

PORT = 22
CHUNK = 1 << 16
Queue = asyncio.Queue[tuple[float, bytes]]  # (when it is due by the loop's clock, what was sent: b"" at its end)


async def start(address: str, port: int, target: tuple[str, int], delay: float) -> asyncio.Server:
    """Listen there; connections to *target* have *delay* seconds in each direction."""
    return await asyncio.start_server(partial(_connection, target, delay), address, port, backlog=128)


async def _connection(
    target: tuple[str, int], delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writers = [writer]
    there, back = Queue(), Queue()
    try:
        await asyncio.sleep(2 * delay)  # by now the client would know that it is connected, and may send
        async with asyncio.TaskGroup() as group:
            group.create_task(_take(reader, there, delay))
            await asyncio.sleep(delay)  # by now the target would know
            from_target, to_target = await asyncio.open_connection(*target)
            writers.append(to_target)
            group.create_task(_give(there, to_target))
            group.create_task(_take(from_target, back, delay))
            group.create_task(_give(back, writer))
    except* OSError:  # one side is gone: so is the other
        for each in writers:
            each.transport.abort()
    for each in writers:
        each.close()
        with suppress(OSError):
            await each.wait_closed()


async def _take(reader: asyncio.StreamReader, queue: Queue, delay: float) -> None:
    """All that one side sends, with the time at which the other gets it. Raises OSError *delay* after a reset."""
    now = asyncio.get_running_loop().time
    try:
        while chunk := await reader.read(CHUNK):
            queue.put_nowait((now() + delay, chunk))
    except OSError:
        await asyncio.sleep(delay)
        raise
    queue.put_nowait((now() + delay, b""))


async def _give(queue: Queue, writer: asyncio.StreamWriter) -> None:
    """The same to the other side, its end included; that may go on sending."""
    now = asyncio.get_running_loop().time
    while True:
        due, chunk = await queue.get()
        await asyncio.sleep(due - now())
        if not chunk:
            writer.write_eof()
            return
        writer.write(chunk)
        await writer.drain()


async def main(delay: float, pairs: list[str]) -> None:
    """Until it is killed."""
    servers = []
    for pair in pairs:
        address, _equals, target = pair.partition("=")
        servers.append(await start(address, PORT, (target, PORT), delay))
    print(f"{len(servers)} addresses, {delay} s", flush=True)
    await asyncio.gather(*(each.serve_forever() for each in servers))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(float(sys.argv[1]), sys.argv[2:]))
