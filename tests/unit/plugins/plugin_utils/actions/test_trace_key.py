# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When traces are used; what one holds for: the same desired state, and the same code."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import trace_key as module
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import code, trace_key, unwanted

ASKED: dict[str, Any] = {
    "platforms": ["linux/amd64", "linux/arm64"],
    "registries": [{"host": "harbor.example.com", "password": "Pass-Word-1"}],
    "gc": {"keep": "10GB", "age": None},
    "drain_timeout": 900,
}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the code, which is the one that counts."""
    shutil.copytree(module._PLUGINS / "module_utils", tmp_path / "module_utils")
    monkeypatch.setattr(module, "_PLUGINS", tmp_path)
    code.cache_clear()
    yield tmp_path
    code.cache_clear()


def key_now() -> str:
    code.cache_clear()
    return trace_key(ASKED)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(dict(reversed(ASKED.items())), id="order of the options"),
        pytest.param(ASKED | {"gc": {"age": None, "keep": "10GB"}}, id="order of keys inside"),
        pytest.param(ASKED | {"platforms": ("linux/amd64", "linux/arm64")}, id="a tuple"),
    ],
)
def test_the_same_key(asked: dict[str, Any]) -> None:
    assert trace_key(asked) == trace_key(ASKED)


def test_who_logs_in_from_other_hosts_is_a_part_of_its_own() -> None:
    own = {"ssh_options": {"sshd_limits": False}}
    first, second = (ASKED | {"ssh_options": {**own["ssh_options"], "clients": [each]}} for each in ("a", "b"))
    keys = [trace_key(each).partition(":") for each in (ASKED | own, first, second)]
    assert len({key for key, _colon, _others in keys}) == 1
    assert len({others for _key, _colon, others in keys}) == 3


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="nothing"),
        pytest.param(ASKED | {"drain_timeout": 901}, id="another value"),
        pytest.param(ASKED | {"drain_timeout": "900"}, id="another type"),
        pytest.param(ASKED | {"drain_timeout": None}, id="null"),
        pytest.param({name: value for name, value in ASKED.items() if name != "gc"}, id="an option less"),
        pytest.param(ASKED | {"new": None}, id="an option more"),
        pytest.param(ASKED | {"platforms": ["linux/arm64", "linux/amd64"]}, id="order of a list"),
        pytest.param(ASKED | {"registries": [{"host": "harbor.example.com", "password": "x"}]}, id="a secret"),
    ],
)
def test_another_key(asked: dict[str, Any]) -> None:
    assert trace_key(asked) != trace_key(ASKED)


def served(**changes: str) -> dict[str, Any]:
    serve = {"certificate": "server", "key": "secret", "allowed": [{"fingerprint": "1"}]}
    node = {"serve": "big", "client_cert": "client", "client_key": "secret"}
    found = {
        "serve": {name: changes.get(f"serve.{name}", each) for name, each in serve.items()},
        "instances": [{"name": "far", "nodes": [{name: changes.get(name, each) for name, each in node.items()}]}],
    }
    return ASKED | found


@pytest.mark.parametrize("key", ["serve.key", "client_key"])
def test_keys_that_their_certificates_determine_need_not_be_decrypted(key: str) -> None:
    assert trace_key(served(**{key: ""})) == trace_key(served())


@pytest.mark.parametrize("changed", ["serve.certificate", "serve.allowed", "client_cert", "serve"])
def test_another_certificate_or_client_has_another_key(changed: str) -> None:
    assert trace_key(served(**{changed: "another"})) != trace_key(served())


def test_a_key_that_the_variables_give_counts() -> None:
    own = served(serve="")
    assert trace_key(own) != trace_key(served(serve="", client_key="another"))


def test_it_tells_nothing_of_what_is_asked() -> None:
    key = trace_key(ASKED)
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: (p / "module_utils/new.py").touch(), id="a new file"),
        pytest.param(lambda p: (p / "module_utils/trace/replay.py").unlink(), id="a file less"),
        pytest.param(lambda p: (p / "module_utils/trace/replay.py").write_text(""), id="another content"),
        pytest.param(lambda p: (p / "module_utils/trace").rename(p / "module_utils/tracing"), id="another name"),
    ],
)
def test_other_code_has_another_key(change: Callable[[Path], object], plugins: Path) -> None:
    before = trace_key(ASKED)
    assert key_now() == before
    change(plugins)
    assert key_now() != before


@pytest.mark.parametrize("name", ["README.md", "trace/__pycache__/replay.cpython-39.pyc"])
def test_what_is_no_code_does_not_count(name: str, plugins: Path) -> None:
    before = trace_key(ASKED)
    (plugins / "module_utils" / name).parent.mkdir(exist_ok=True)
    (plugins / "module_utils" / name).touch()
    assert key_now() == before


@pytest.mark.parametrize(
    ("options", "pipelining", "why"),
    [
        pytest.param({}, True, "", id="a trace will do"),
        pytest.param({"full_plan": True}, True, "builder_full_plan is true", id="asked for"),
        pytest.param({"trace_max_age": 0}, True, "builder_trace_max_age is 0", id="none is young enough"),
        pytest.param({}, False, "connection winrm cannot pass input to programs", id="no input"),
    ],
)
def test_when_no_trace_is_used(options: dict[str, Any], pipelining: bool, why: str) -> None:
    connection = SimpleNamespace(transport="winrm", has_pipelining=pipelining)
    assert unwanted({"full_plan": False, "trace_max_age": 86400} | options, connection) == why
