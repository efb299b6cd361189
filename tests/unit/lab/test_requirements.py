"""Which machines the lab refuses, and in which words."""

from __future__ import annotations

import pytest

from lab.errors import RefusalError
from lab.requirements import kernel_version, refusal


@pytest.mark.parametrize(
    ("release", "expected"),
    [("6.7.0", (6, 7)), ("6.18.44-cloud-amd64", (6, 18)), ("10.0-rc1", (10, 0))],
)
def test_kernel_version(release: str, expected: tuple[int, int]) -> None:
    assert kernel_version(release) == expected


def test_kernel_version_that_says_nothing() -> None:
    with pytest.raises(RefusalError, match="'generic'"):
        kernel_version("generic")


@pytest.mark.parametrize(
    ("system", "uid", "release", "missing", "words"),
    [
        ("Darwin", 0, "23.1.0", [], ["Linux only", "Darwin"]),
        ("Linux", 1000, "6.12.0", [], ["root", "1000"]),
        ("Linux", 0, "6.6.99", [], ["6.7", "6.6.99"]),
        ("Linux", 0, "6.12.0", ["mmdebstrap", "systemd-nspawn"], ["apt-get install mmdebstrap systemd-container"]),
        ("Linux", 0, "6.12.0", ["ssh", "ssh-keygen"], ["apt-get install openssh-client"]),
    ],
)
def test_refusal(system: str, uid: int, release: str, missing: list[str], words: list[str]) -> None:
    sentence = refusal(system, uid, release, missing)
    assert sentence is not None
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


def test_a_machine_that_will_do() -> None:
    assert refusal("Linux", 0, "6.7.0", []) is None
