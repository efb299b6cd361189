# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's bundle: each of its snippets is run, with a docker that writes down what it is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.bundle import File, bundle_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.private_key import client_key
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import (
    NOW,
    AVault,
    fleet,
    run,
)

LISTED = {"address": "192.0.2.1", "clients": [{"name": "gitlab-ci"}]}
HOSTS: dict[str, dict[str, t.Any]] = {
    "amd64": {"serve": LISTED | {"names": ["amd64.example.com"]}},
    "arm64": {"serve": LISTED | {"names": ["2001:db8::7"], "port": 4321}},
    "other": {"serve": {"address": "192.0.2.1", "ca": "x", "clients": [{"name": "theirs", "certificate": "x"}]}},
}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    hosts = fleet(tmp_path / "authority", **HOSTS)
    run(hosts, Folder(tmp_path / "authority", AVault()))
    return Source(lambda: hosts, lambda path: Folder(Path(path), AVault()), NOW)


@pytest.fixture
def files(source: Source) -> dict[str, File]:
    return {each.name: each for each in bundle_of(source, "gitlab-ci")}


def test_the_key_belongs_to_the_certificate_and_is_closed(files: dict[str, File]) -> None:
    assert [(name, each.mode) for name, each in files.items()] == [
        ("ca.pem", None),
        ("cert.pem", None),
        ("key.pem", 0o600),
        ("README.md", None),
    ]
    assert client_key(files["key.pem"].text.encode(), files["cert.pem"].text) == files["key.pem"].text
    assert files["key.pem"].text not in repr(files["key.pem"])
    assert "PRIVATE KEY" not in files["README.md"].text


FILES = ("CA", "CERT", "KEY")
# Like buildx, it makes no builder twice in one store.
DOCKER = """#!/bin/sh
echo "$@" >>"$CALLS"
case "$*" in *--append*|*" build "*) exit;; esac
test ! -e "$BUILDX_CONFIG/fleet" && mkdir -p "$BUILDX_CONFIG" && touch "$BUILDX_CONFIG/fleet"
"""


def snippets(page: str) -> dict[str, str]:
    """{language: code}."""
    return dict(re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL))


def gitlab(page: str) -> str:
    steps: list[str] = re.findall(r"```yaml\n(build:.*?)```", page, re.DOTALL)
    return "\n".join(yaml.safe_load(steps[0])["build"]["script"])


def github(page: str) -> str:
    steps: list[str] = re.findall(r"```yaml\n(jobs:.*?)```", page, re.DOTALL)
    (step,) = [each for each in yaml.safe_load(steps[0])["jobs"]["build"]["steps"] if "run" in each]
    assert step["env"] == {name: f"${{{{ secrets.GITLAB_CI_{name} }}}}" for name in ("CA", "CERT", "KEY")}
    return str(step["run"])


def jenkins(page: str) -> str:
    return snippets(page)["groovy"].split("'''")[1].replace("\\\\", "\\")


def shell(page: str) -> str:
    return snippets(page)["shell"]


@pytest.mark.parametrize(
    ("code", "given", "used", "context"),
    [
        pytest.param(shell, {}, ("ca.pem", "cert.pem", "key.pem"), "/path/to/project", id="a shell"),
        pytest.param(gitlab, {f"GITLAB_CI_{name}": name for name in FILES}, FILES, ".", id="GitLab"),
        pytest.param(github, {}, [f"a temp/tls/{name}.pem" for name in ("ca", "cert", "key")], ".", id="GitHub"),
        pytest.param(jenkins, {name: name for name in FILES}, FILES, ".", id="Jenkins"),
    ],
)
def test_snippets_do_what_they_say(
    code: t.Callable[[str], str],
    given: dict[str, str],
    used: tuple[str, ...],
    context: str,
    files: dict[str, File],
    tmp_path: Path,
) -> None:
    place = tmp_path / "a job"
    (place / "bin").mkdir(parents=True)
    (place / "a temp").mkdir()
    (place / "bin/docker").write_text(DOCKER)
    (place / "bin/docker").chmod(0o755)
    named = {"CA": files["ca.pem"], "CERT": files["cert.pem"], "KEY": files["key.pem"]}
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "CALLS": str(place / "calls"),
        "RUNNER_TEMP": str(place / "a temp"),
        "WORKSPACE_TMP": str(place / "a temp"),
        "BUILDX_CONFIG": str(place / "store"),
        "TMPDIR": str(place),
    }
    for name, file in named.items():
        (place / name).write_text(file.text)
        (place / file.name).write_text(file.text)
    environment |= {name: str(place / which) for name, which in given.items()}
    if code is github:
        environment |= {name: file.text.rstrip("\n") for name, file in named.items()}
    paths = [place / name for name in used]
    options = "cacert={},cert={},key={}".format(*paths)
    create = "buildx create --name fleet {}--driver remote --driver-opt {} {}"
    for _again in range(1 if code is shell else 2):
        (place / "calls").unlink(missing_ok=True)
        subprocess.run(["sh", "-euc", code(files["README.md"].text)], cwd=place, env=environment, check=True)
        assert (place / "calls").read_text().splitlines() == [
            create.format("", options, "tcp://amd64.example.com:1234"),
            create.format("--append ", options, "tcp://[2001:db8::7]:4321"),
            f"buildx build --builder fleet --platform linux/amd64,linux/arm64 {context}",
        ]
    for path, name in zip(paths, ("ca.pem", "cert.pem", "key.pem"), strict=True):
        assert path.read_text() == files[name].text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("gitlab", "gitlab is not a client of any host that serves", id="unknown"),
        pytest.param("theirs", "other has no certificate of the CA", id="of another CA"),
    ],
)
def test_no_bundle(source: Source, name: str, message: str) -> None:
    with pytest.raises(FolderError, match=message):
        bundle_of(source, name)


def test_what_is_there_already_is_recognised(files: dict[str, File], tmp_path: Path) -> None:
    key = files["key.pem"]
    assert not key.is_in(tmp_path)
    (tmp_path / "key.pem").write_text(key.text)
    assert not key.is_in(tmp_path), "open to others"
    (tmp_path / "key.pem").chmod(0o600)
    assert key.is_in(tmp_path)
