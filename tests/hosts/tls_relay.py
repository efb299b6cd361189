"""A stand-in for `buildkitd --addr tcp://…` with TLS, run on a host, where the lab has no real BuildKit.

The lab's stand-in for BuildKit listens on no port of its own. This relay does: it demands a client certificate as
buildkitd does, and joins each connection to one of COMMAND, which speaks BuildKit's protocol on stdin and stdout:
`docker exec -i CONTAINER buildctl dial-stdio`.

python3 - PORT CERTIFICATE KEY CA-OF-CLIENTS COMMAND…
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from asyncio.subprocess import PIPE

PORT, CERTIFICATE, KEY, CLIENTS = int(sys.argv[1]), *sys.argv[2:5]
COMMAND = sys.argv[5:]


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes until the source ends."""
    while data := await source.read(65536):
        target.write(data)
        await target.drain()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join one connection to one process, until either ends."""
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE)
    assert process.stdin
    assert process.stdout
    ways = [asyncio.ensure_future(copy(reader, process.stdin)), asyncio.ensure_future(copy(process.stdout, writer))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    process.stdin.close()  # which also ends the process inside the container
    writer.close()
    await asyncio.gather(*ways, process.wait(), return_exceptions=True)


async def main() -> None:
    """Serve for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    context.load_verify_locations(CLIENTS)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(relay, "0.0.0.0", PORT, ssl=context)
    await server.serve_forever()


asyncio.run(main())
