"""What can be wrong between a host and its registries: firewall rules of the host, and a bad server in between."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaign.site import Site
from lab import certificates
from lab.settings import HARBOR_NAME, HARBOR_PORT, MACHINE_ADDRESS, MIRROR_NAME, MIRROR_PORT
from lab.topology import HOSTS

REGISTRY = next(one for one in HOSTS if one.is_registry).address
PORTS = (MIRROR_PORT, HARBOR_PORT)
SLOW = 0.02  # seconds before each piece of an answer
PIECE = 64 * 1024  # bytes of it
REFUSED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
DAY = timedelta(days=1)


@contextmanager
def rules(site: Site, table: str, wanted: list[str]) -> Iterator[None]:
    """Rules of the host's firewall, before all others, for as long as the block runs."""
    for rule in wanted:
        site.must(f"iptables --wait --table {table} --insert {rule}")
    try:
        yield
    finally:
        for rule in wanted:
            site.on(f"iptables --wait --table {table} --delete {rule}")


def cut(site: Site, verdict: str) -> AbstractContextManager[None]:
    """No packet to the registries: *verdict* is what iptables does with each."""
    ports = ",".join(map(str, PORTS))
    match = f"--destination {REGISTRY} --protocol tcp --match multiport --dports {ports}"
    return rules(site, "filter", [f"{chain} {match} --jump {verdict}" for chain in ("OUTPUT", "FORWARD")])


def instead(site: Site, port: int) -> AbstractContextManager[None]:
    """The registries are a server on this machine, for the host and for its containers."""
    wanted = [
        f"{chain} --destination {REGISTRY} --protocol tcp --dport {each} --jump DNAT "
        f"--to-destination {MACHINE_ADDRESS}:{port + offset}"
        for chain in ("OUTPUT", "PREROUTING")
        for offset, each in enumerate(PORTS)
    ]
    return rules(site, "nat", wanted)


class Server:
    """Servers in place of both registries, in a thread of their own. *port* is the first of two."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self.port = port
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _open(self) -> None:
        for offset, registry in enumerate(PORTS):

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int = registry) -> None:
                try:
                    await (self._refuse(reader, writer) if self._context else self._drag(reader, writer, to))
                except (OSError, asyncio.CancelledError):  # it went, or the fault ends
                    pass
                finally:
                    writer.close()

            where = str(MACHINE_ADDRESS), self.port + offset
            self._servers.append(await asyncio.start_server(answer, *where, ssl=self._context, reuse_address=True))

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for each in connections:
            each.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REFUSED)
        await writer.drain()

    async def _drag(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        """Pass everything on, slowly what comes back."""
        back, there = await asyncio.open_connection(str(REGISTRY), port)
        await asyncio.gather(_copy(reader, there, 0), _copy(back, writer, SLOW))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, pause: float) -> None:
    while piece := await source.read(PIECE):
        await asyncio.sleep(pause)
        target.write(piece)
        await target.drain()
    target.close()


def serving(folder: Path, *, of_our_ca: bool, begins: timedelta = -DAY) -> ssl.SSLContext:
    """TLS with a certificate for both registries, good from *begins* on, by the lab's CA or by one nobody knows."""
    key, issuer_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = "CA of nobody"
    if of_our_ca:
        loaded = serialization.load_pem_private_key(certificates.CA.with_suffix(".key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        issuer_key, issuer = loaded, certificates.CA_NAME
    now = datetime.now(UTC)
    names = [x509.DNSName(name) for name in (MIRROR_NAME, HARBOR_NAME)]
    certificate = (
        x509.CertificateBuilder(_name(issuer), _name(MIRROR_NAME), key.public_key(), x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + begins + 30 * DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
