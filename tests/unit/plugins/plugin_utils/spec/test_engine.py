# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of where Docker comes from, on the controller."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.engine import check_repository, check_version
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

URL = "https://packages.example.com/debian"
PUBLIC, SECRET = b"\x99\x01\x0d\x04abc", b"\x95\x01\x0d\x04abc"  # the start of a packet: a public key, a secret key


def armoured(data: bytes, kind: str = "PUBLIC") -> str:
    body = base64.b64encode(data).decode()
    return f"-----BEGIN PGP {kind} KEY BLOCK-----\nComment: x\n\n{body}\n-----END PGP {kind} KEY BLOCK-----\n"


FILES = {
    "key.asc": armoured(PUBLIC).encode(),
    "key.gpg": PUBLIC,
    "secret.asc": armoured(SECRET, "PRIVATE").encode(),
    "secret.gpg": SECRET,
    "two.asc": (armoured(PUBLIC) + armoured(b"\xc6\x04abcd")).encode(),
    "page.html": b"<html>",
}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return FILES[path]


def check(given: dict[str, Any], *, needed: bool = True) -> tuple[dict[str, Any], list[str]]:
    """(what is handed on, problems)."""
    findings = Findings()
    found = check_repository({"components": ["stable"], **given}, "repository", read_file, findings, needed=needed)
    return found, [str(each) for each in findings.problems]


@pytest.mark.parametrize(
    ("key", "blocks"),
    [
        pytest.param("key.asc", 1, id="a file"),
        pytest.param("two.asc", 2, id="a file with two, as for a rotation"),
        pytest.param(armoured(PUBLIC), 1, id="text"),
        pytest.param(armoured(PUBLIC).replace("\n", "\r\n"), 1, id="text with other line ends"),
    ],
)
def test_keys(key: str, blocks: int) -> None:
    found, problems = check({"url": URL, "key": key})
    assert problems == []
    assert found["key"].count("BEGIN PGP PUBLIC KEY BLOCK") == blocks
    assert check({"url": URL, "key": found["key"]})[0] == found, "it has one form"


def test_a_binary_key_becomes_text() -> None:
    found, problems = check({"url": URL, "key": "key.gpg"})
    assert problems == []
    lines = found["key"].splitlines()
    assert base64.b64decode(lines[2]) == PUBLIC
    assert lines[3].startswith("=")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({}, ["repository: is not set, but builder_engine is docker"], id="nothing"),
        pytest.param({"url": URL}, ["repository.key: is missing"], id="no key"),
        pytest.param({"key": "key.asc"}, ["repository.url: is missing"], id="no address"),
        pytest.param(
            {"url": "ftp://a/b", "key": "key.asc"}, ["repository.url = 'ftp://a/b': is not the URL"], id="scheme"
        ),
        pytest.param({"url": "https://a/ b", "key": "key.asc"}, ["repository.url"], id="a space"),
        pytest.param(
            {"url": "https://me:secret@a.example/b", "key": "key.asc"},
            ["repository.url = '***@a.example/b': contains credentials"],
            id="credentials",
        ),
        pytest.param({"url": URL, "key": "key.asc", "suite": "a b"}, ["repository.suite = 'a b'"], id="suite"),
        pytest.param(
            {"url": URL, "key": "key.asc", "components": []}, ["repository.components: is empty"], id="no components"
        ),
        pytest.param(
            {"url": URL, "key": "key.asc", "components": ["stable\nEnabled: no"]},
            ["repository.components[0]"],
            id="a line of another field",
        ),
        pytest.param({"url": URL, "key": "none.asc"}, ["repository.key: cannot be read: No such file"], id="no file"),
        pytest.param({"url": URL, "key": "secret.asc"}, ["repository.key: contains a private key"], id="private"),
        pytest.param(
            {"url": URL, "key": "secret.gpg"}, ["repository.key: contains a private key"], id="private, binary"
        ),
        pytest.param({"url": URL, "key": "page.html"}, ["repository.key: is not an OpenPGP public key"], id="a page"),
    ],
)
def test_problems(given: dict[str, Any], told: list[str]) -> None:
    problems = check(given)[1]
    assert [each[: len(words)] for each, words in zip(problems, told, strict=True)] == told
    assert "secret@" not in str(problems)


def test_a_suite_without_components() -> None:
    assert check({"url": URL, "key": "key.asc", "suite": "./", "components": []})[1] == []


def test_where_it_is_not_used_it_need_not_be_set() -> None:
    assert check({}, needed=False) == ({"components": ["stable"]}, [])


@pytest.mark.parametrize(
    ("version", "engine", "told"),
    [
        pytest.param("29", "docker", None, id="major"),
        pytest.param("28.5", "distro", None, id="minor"),
        pytest.param("5:28.5.2-1~debian.13~trixie", "docker", None, id="in full"),
        pytest.param("latest", "docker", "is not a version", id="a word"),
        pytest.param("29 --force", "docker", "is not a version", id="an option"),
        pytest.param("29", "present", "needs packages, but builder_engine is present", id="present"),
    ],
)
def test_versions(version: str, engine: str, told: str | None) -> None:
    findings = Findings()
    check_version(version, "version", engine, findings)
    assert [str(told) in str(each) for each in findings.problems] == ([] if told is None else [True])
