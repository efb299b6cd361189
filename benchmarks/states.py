"""What the fleet is like before a run, and so what the run has to do."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from benchmarks import hosts, network
from benchmarks.contenders import CONTENDERS, Contender, Task
from benchmarks.measure import RunError, run
from benchmarks.results import STATES as TITLES
from lab import certificates
from lab.progress import say, timed


@dataclass(frozen=True)
class State:
    """*before_all* is done once, *before_each* before each run; which CA a run brings alternates if *ca_changes*.

    *reached* is how contenders reach so many hosts: it gives the environment for it.
    """

    name: str
    before_all: Callable[[Task], None]
    before_each: Callable[[Task], None]
    changes: bool = True  # False: a run that changes a host found it wrong, and does not count
    ca_changes: bool = False
    reached: Callable[[int], AbstractContextManager[Mapping[str, str]]] = network.direct

    @property
    def title(self) -> str:
        """Its name in tables."""
        return TITLES[self.name]

    def counts(self, contender: Contender) -> bool:
        """Whether a contender takes part."""
        return self.name in contender.states


def _nothing(_task: Task) -> None:
    """Nothing to prepare."""


def _as_new(task: Task) -> None:
    hosts.lab("reset", *(one.name for one in hosts.chosen(task.hosts)))


def _converged(task: Task) -> None:
    """Every way to the state has been gone, so that each contender finds what it would have left."""
    for contender in (each for each in CONTENDERS if each.prepares):
        with timed(f"{task.hosts} hosts, preparing: {contender.title}"):
            try:
                run(contender, task)
            except RunError as error:  # many fresh hosts on few cores: a second run has less to do
                say(f"once more, as {error}")
                run(contender, task)


def leave_traces(task: Task) -> None:
    """Our runs, until one needs no full plan: each leaves the traces for the next. Raises RunError after three."""
    ours = next(each for each in CONTENDERS if each.planned)
    for left in (2, 1, 0):
        try:
            run(ours, task, changes=False)
        except RunError as error:
            if not left:
                raise
            say(f"once more, as {error}")
        else:
            return


def _unchanged(task: Task) -> None:
    _converged(task)
    with timed(f"{task.hosts} hosts, preparing: traces"):
        leave_traces(task)


STATES = (
    State("nothing", _unchanged, _nothing, changes=False),
    State("delay", _unchanged, _nothing, changes=False, reached=network.delayed),
    State("ca", _converged, _nothing, ca_changes=True),
    State("fresh", _nothing, _as_new),
)


def authorities(folder: Path) -> tuple[Path, Path]:
    """The lab's CA as it is, and renewed: same name and key, so the registries' certificates are good with either."""
    former = x509.load_pem_x509_certificate(certificates.CA.read_bytes())
    key = serialization.load_pem_private_key(certificates.CA.with_suffix(".key").read_bytes(), None)
    builder = (
        x509.CertificateBuilder(former.issuer, former.subject, former.public_key(), x509.random_serial_number())
        .not_valid_before(former.not_valid_before_utc)
        .not_valid_after(former.not_valid_after_utc - datetime.timedelta(days=1))
    )
    for each in former.extensions:
        builder = builder.add_extension(each.value, each.critical)
    renewed = folder / "renewed.crt"
    renewed.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))  # type: ignore[arg-type]
    return certificates.CA, renewed
