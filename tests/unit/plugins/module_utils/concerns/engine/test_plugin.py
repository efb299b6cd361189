# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in its place: real files and a real HTTP server.

The program is a stand-in that nobody runs: the header of an ELF program, and a line that is taken for what it says.
"""

from __future__ import annotations

import hashlib
import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import download, elf_machine, plugin
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import Plugin, PluginState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.messages import PLACE
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

X86_64 = b"\x7fELF\x02\x01" + b"\x00" * 12 + b"\x3e\x00"
ARM64 = b"\x7fELF\x02\x01" + b"\x00" * 12 + b"\xb7\x00"
S390X = b"\x7fELF\x02\x02" + b"\x00" * 12 + b"\x00\x16"
NO_PROXY = Proxy()


@pytest.mark.parametrize(
    ("header", "native", "words"),
    [
        pytest.param(X86_64, X86_64, None, id="for this host"),
        pytest.param(ARM64, X86_64, "a program for arm64, this host is amd64", id="for another"),
        pytest.param(X86_64, S390X, "a program for amd64, this host is s390x", id="of another byte order"),
        pytest.param(b"#!/bin/sh\necho 1 2 3 4 5", X86_64, "no ELF program", id="a script"),
        pytest.param(b"\x7fELF", X86_64, "no ELF program", id="cut off"),
    ],
)
def test_for_which_machine_a_program_is(header: bytes, native: bytes, words: str | None) -> None:
    assert elf_machine.mismatch(header, native) == words


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plugin's place on an amd64; programs tell the version that is their last line."""

    def said(argv: list[str], **_options: object) -> Outcome:
        return Outcome((), 0, Path(argv[0]).read_bytes().splitlines()[-1].decode(), "")

    monkeypatch.setattr(plugin, "run", said)
    monkeypatch.setattr(plugin, "buildx_version", lambda folders=(): "0.9.0" if len(folders) == 1 else None)
    native = at(sys.executable)
    native.parent.mkdir(parents=True)
    native.write_bytes(X86_64)
    return at(PLACE)


def content(version: str, header: bytes = X86_64) -> bytes:
    return header + f"\ngithub.com/docker/buildx v{version} abc".encode()


def wanted(data: bytes, version: str | None = None) -> Plugin:
    """The plugin that is asked for, as a file."""
    at("/given").write_bytes(data)
    return Plugin(hashlib.sha256(data).hexdigest(), src="/given", version=version)


def put(version: str) -> Plugin:
    found = wanted(content(version))
    plugin.place(found, NO_PROXY)
    return found


def test_a_plugin_comes_and_goes(place: Path) -> None:
    assert plugin.observe(asked=True) == PluginState()
    given = put("0.29.1")
    assert (place.read_bytes(), place.stat().st_mode & 0o7777) == (content("0.29.1"), 0o755)
    assert plugin.observe(asked=True) == PluginState(given.sha256, given.sha256)
    assert plugin.observe(asked=False) == PluginState(given.sha256, given.sha256, otherwise=None)
    plugin.leave()
    assert not place.parent.exists()
    assert record.load("engine") == {}


def test_what_was_there_before_comes_back_also_after_an_upgrade(place: Path) -> None:
    place.parent.mkdir(parents=True)
    place.write_bytes(b"the administrator's")
    place.chmod(0o755)
    put("0.29.1")
    newer = put("0.30.0")
    assert plugin.observe(asked=False) == PluginState(newer.sha256, newer.sha256, otherwise="0.9.0", former=True)
    plugin.leave()
    assert (place.read_bytes(), place.stat().st_mode & 0o7777) == (b"the administrator's", 0o755)
    assert list(place.parent.iterdir()) == [place]
    assert record.load("engine") == {}


def test_a_file_that_others_cannot_run_is_no_plugin(place: Path) -> None:
    put("0.29.1")
    place.chmod(0o700)
    assert plugin.observe(asked=True).digest is None


@pytest.mark.parametrize("former", [b"the administrator's", None])
@pytest.mark.parametrize("again", [True, False])
def test_another_mode_does_not_make_ours_somebody_elses(again: bool, former: bytes | None, place: Path) -> None:
    if former:
        place.parent.mkdir(parents=True)
        place.write_bytes(former)
        place.chmod(0o755)
    given = put("0.29.1")
    place.chmod(0o775)
    if again:
        plugin.place(given, NO_PROXY)
    found = plugin.observe(asked=False)
    assert (found.digest, found.former) == (given.sha256, former is not None)
    plugin.leave()
    assert (place.read_bytes() if place.exists() else None) == former


def test_other_things_that_are_remembered_stay() -> None:
    record.save("engine", {"packages": {"runc": "1.1"}})
    put("0.29.1")
    plugin.forget()
    assert record.load("engine") == {"packages": {"runc": "1.1"}}


@pytest.mark.parametrize(
    ("data", "version", "told"),
    [
        pytest.param(
            content("0.29.1", ARM64), None, "its file is a program for arm64, this host is amd64", id="machine"
        ),
        pytest.param(b"<html>", None, "its file is no ELF program", id="no program"),
        pytest.param(
            content("0.12.1"), None, "its file is buildx 0.12.1, but builders need 0.13 or newer", id="too old"
        ),
        pytest.param(content("0.29.1"), "0.30.0", r"version = 0.30.0: its file is buildx v?0.29.1: fix", id="another"),
        pytest.param(X86_64 + b"\ncompose v2.1.0", None, "its file is not a buildx", id="another plugin"),
    ],
)
@pytest.mark.parametrize("former", [b"the administrator's", None])
def test_what_is_not_installed(data: bytes, version: str | None, told: str, former: bytes | None, place: Path) -> None:
    place.parent.mkdir(parents=True)
    if former:
        place.write_bytes(former)
    with pytest.raises(HostError, match=f"^builder_buildx_plugin.*{told}"):
        plugin.place(wanted(data, version), NO_PROXY)
    assert [each.read_bytes() for each in place.parent.iterdir()] == ([former] if former else [])
    assert record.load("engine") == {}


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(HostError, match=r"^builder_buildx_plugin.src: .*No such file or directory"):
        plugin.place(Plugin("a" * 64, src="/none"), NO_PROXY)


class _Server(http.server.BaseHTTPRequestHandler):
    """A stand-in for a server of files, and for a proxy: GET answers what *content* has for the path or URL."""

    content: dict[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.content.get(self.path)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Server]]]:
    """(address, the stand-in)."""
    handler = type("Handler", (_Server,), {"content": {}, "asked": []})
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{running.server_address[1]}", handler
    running.shutdown()
    running.server_close()


def test_a_plugin_is_fetched(place: Path, server: tuple[str, type[_Server]]) -> None:
    address, handler = server
    handler.content["/buildx"] = content("0.29.1")
    digest = hashlib.sha256(content("0.29.1")).hexdigest()
    plugin.place(Plugin(digest, url=f"http://{address}/buildx"), NO_PROXY)
    assert place.read_bytes() == content("0.29.1")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("/none?token=secret", r"url: http://ADDRESS/none answers 404 .*: fix the address", id="not there"),
        pytest.param(
            "/other?token=secret", r"sha256 = aaaa.*: http://ADDRESS/other has 4409.*, and was not", id="another"
        ),
    ],
)
def test_what_is_said_of_a_download_never_has_a_secret(path: str, told: str, server: tuple[str, type[_Server]]) -> None:
    address, handler = server
    handler.content["/other?token=secret"] = b"something else"
    with pytest.raises(HostError) as caught:
        plugin.place(Plugin("a" * 64, url=f"http://{address}{path}"), NO_PROXY)
    assert caught.match(f"^builder_buildx_plugin.{told.replace('ADDRESS', address).replace('4409', '[0-9a-f]{64}')}")
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(HostError, match=r"^http://127.0.0.1:1/x cannot be fetched: .*refused"):
        list(download.chunks("http://127.0.0.1:1/x", NO_PROXY))


def test_the_proxy_that_is_set_leads_there_but_for_what_is_reached_directly(server: tuple[str, type[_Server]]) -> None:
    address, handler = server
    handler.content["http://files.invalid/buildx"] = b"by proxy"
    through = Proxy(http=f"http://{address}", no_proxy=("direct.invalid",))
    assert b"".join(download.chunks("http://files.invalid/buildx", through)) == b"by proxy"
    with pytest.raises(HostError, match="cannot be fetched"):
        list(download.chunks("http://direct.invalid/buildx", through))
    assert handler.asked == ["http://files.invalid/buildx"]
