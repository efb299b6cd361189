# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries take, asked of real servers with TLS on loopback that refuse as real registries do."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import capability_proof
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capabilities import Asking, Capability, said
from ansible_collections.multiarch.builders.plugins.module_utils.proof.formats import Content
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import split_repository
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import Answer
from ansible_collections.multiarch.builders.plugins.module_utils.registry.session import Session
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.registry import pushed_registry
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.registry.pushed_registry import (
    LOGIN,
    PushedRegistry,
    Refuse,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make("CA", sign=True)
SERVER = make("registry", ca=False, issuer=CA, names=("localhost",))
ALL = {"artifact": True, "index": True, "zstd": True}


def asking_at(registry: PushedRegistry, *others: PushedRegistry) -> Asking:
    table = [Registry(each.host, ca=CA.pem) for each in (registry, *others)]
    return Asking(Session(table[0], table[1:], Proxy(), *LOGIN), "p/a")


@pytest.mark.parametrize(
    ("refuse", "taken", "words"),
    [
        pytest.param(lambda _manifest, _registry: None, ALL, {}, id="all"),
        pytest.param(
            pushed_registry.as_gitlab,
            {"artifact": False, "empty": True, "attestation": True, "index": True, "zstd": True},
            {"artifact": "HTTP 404 Not Found: BLOB_UNKNOWN: blob unknown to registry - sha256:"},
            id="GitLab",
        ),
        pytest.param(
            pushed_registry.as_aliyun,
            {"artifact": False, "empty": False, "attestation": True, "index": True, "zstd": True},
            {"artifact": "HTTP 403 Forbidden: DENIED: unknown manifest class for application/vnd.oci.empty.v1+json"},
            id="Aliyun",
        ),
        pytest.param(
            pushed_registry.as_before_oci,
            {"artifact": False, "empty": False, "attestation": False, "index": False, "zstd": True},
            {"index": "HTTP 400 Bad Request: MANIFEST_INVALID: manifest invalid"},
            id="before OCI",
        ),
        pytest.param(
            pushed_registry.without_zstd,
            {"artifact": True, "index": True, "zstd": False},
            {"zstd": "HTTP 415 Unsupported Media Type: UNSUPPORTED: unsupported media type"},
            id="no zstd",
        ),
    ],
)
@pytest.mark.parametrize("auth", ["", "bearer"])
def test_what_a_registry_takes(
    refuse: Refuse, taken: dict[str, bool], words: dict[str, str], auth: str, tmp_path: Path
) -> None:
    with PushedRegistry(tmp_path, SERVER, auth=auth, refuse=refuse) as registry:
        asking = asking_at(registry)
        found = asking.ask("1")
        assert {each.form: each.taken for each in found} == taken
        told = {each.form: each.said for each in found}
        assert {form: told[form][: len(start)] for form, start in words.items()} == words
        assert {each.said for each in found if each.taken} == {"HTTP 201 Created"}
        assert len(registry.manifests) >= 2
        assert asking.clean_up() == ()
        assert registry.manifests == {}


@pytest.mark.parametrize("location", ["absolute", "relative", "nearby", "elsewhere"])
def test_where_a_registry_wants_its_uploads(location: str, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with PushedRegistry(tmp_path / "b", SERVER) as storage:
        elsewhere = storage if location == "elsewhere" else None
        with PushedRegistry(tmp_path, SERVER, auth="basic", location=location, elsewhere=elsewhere) as registry:
            if elsewhere:
                storage.blobs = registry.blobs  # of one registry
            found = asking_at(registry, storage).ask("1")
            assert {each.form: each.taken for each in found} == ALL
            assert {authorization for _method, _path, authorization in storage.asked} == ({""} if elsewhere else set())


def test_a_registry_that_deletes_nothing_says_so(tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, deletes=False) as registry:
        asking = asking_at(registry)
        asking.ask("1")
        assert set(asking.clean_up()) == {"HTTP 405 Method Not Allowed: UNSUPPORTED: The operation is unsupported."}
        stored = [*registry.blobs.values(), *(json.dumps(each).encode() for each in registry.manifests.values())]
        assert sum(map(len, stored)) < 5000


def test_what_is_not_there_any_more_is_deleted(tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER) as registry:
        asking = asking_at(registry)
        asking.ask("1")
        registry.manifests.clear()
        assert asking.clean_up() == ()


def test_without_the_right_to_push_nothing_can_be_told(tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, auth="bearer", may=("pull",)) as registry:
        with pytest.raises(HostError) as caught:
            asking_at(registry).ask("1")
        assert str(caught.value) == (
            "it rejects even an image: HTTP 401 Unauthorized: UNAUTHORIZED: authentication required"
        )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b'{"errors": [{"code": "A", "message": "b"}, {"code": "C"}]}', "HTTP 400 Bad Request: A: b, C"),
        pytest.param(b"<html>", "HTTP 400 Bad Request"),
        pytest.param(b"", "HTTP 400 Bad Request"),
        pytest.param(b"[]", "HTTP 400 Bad Request"),
        pytest.param(b'{"errors": [1]}', "HTTP 400 Bad Request"),
        pytest.param(b'{"errors": null}', "HTTP 400 Bad Request"),
        pytest.param(b'{"errors": [{"code": "A", "message": "\\u001b[31m"}]}', "HTTP 400 Bad Request"),
        pytest.param(b'{"errors": [{"message": "%s"}]}' % (b"x" * 999), f"HTTP 400 Bad Request: {'x' * 278}"),
    ],
)
def test_what_a_registry_said(body: bytes, words: str) -> None:
    assert said(Answer(400, "Bad Request", {}, body)) == words


@pytest.mark.parametrize(
    ("repository", "host", "name"),
    [
        ("harbor.example.com/ci/proof", "harbor.example.com", "ci/proof"),
        ("localhost/proof", "localhost", "proof"),
        ("registry:5000/proof", "registry:5000", "proof"),
        ("docker.io/me/proof", "docker.io", "me/proof"),
        ("proof", "docker.io", "library/proof"),
        ("docker.io/proof", "docker.io", "library/proof"),
        ("me/proof", "docker.io", "me/proof"),
    ],
)
def test_the_registry_of_a_repository(repository: str, host: str, name: str) -> None:
    assert split_repository(repository) == (host, name)


def test_a_digest_is_that_of_the_content() -> None:
    assert Content("x", b"{}").digest == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def logged_in(homes: Path, user: str, host: str) -> None:
    (homes / user / ".docker").mkdir()
    auth = base64.b64encode(":".join(LOGIN).encode()).decode()
    (homes / user / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


@pytest.mark.usefixtures("home")
def test_the_answer_is_remembered_where_all_is_taken(homes: Path, tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, auth="bearer") as registry:
        logged_in(homes, "jane", registry.host)
        repository, table = f"{registry.host}/p/a", (Registry(registry.host, ca=CA.pem),)
        assert capability_proof.remembered(repository) is None
        found = capability_proof.ask(repository, ["ci", "jane"], table, Proxy())
        assert {each.form: each.taken for each in found.capabilities} == ALL
        assert found.kept == ""
        assert capability_proof.remembered(f"{registry.host}/other") == found
        assert capability_proof.remembered("other.example/p/a") is None

        noted = record.load("registry_capabilities")
        noted["registries"][registry.host]["time"] = "2020-01-01T00:00:00Z"
        record.save("registry_capabilities", noted)
        assert capability_proof.remembered(repository) is None, "too long ago"


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize("retired", [True, False], ids=["retired", "managed"])
def test_an_answer_after_the_host_was_retired_is_not_remembered(retired: bool, home: Path, tmp_path: Path) -> None:
    def refuse(_manifest: object, _registry: object) -> None:
        if retired:
            shutil.rmtree(home, ignore_errors=True)  # by a run of another controller, while this registry is asked

    home.mkdir(parents=True)
    with PushedRegistry(tmp_path, SERVER, refuse=refuse) as registry:
        found = capability_proof.ask(f"{registry.host}/p/a", ["ci"], (Registry(registry.host, ca=CA.pem),), Proxy())
    assert found.capabilities
    assert home.exists() != retired


@pytest.mark.usefixtures("home", "homes")
def test_one_that_refuses_something_is_asked_each_time(tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, refuse=pushed_registry.as_gitlab, deletes=False) as registry:
        repository, table = f"{registry.host}/p/a", (Registry(registry.host, ca=CA.pem),)
        found = capability_proof.ask(repository, ["ci"], table, Proxy())
        assert found.kept == "HTTP 405 Method Not Allowed: UNSUPPORTED: The operation is unsupported."
        assert Capability("empty", True, "HTTP 201 Created") in found.capabilities
        assert capability_proof.remembered(repository) is None
        assert registry.host in record.load("registry_capabilities")["registries"], "for reports"


@pytest.mark.usefixtures("home", "homes")
@pytest.mark.parametrize(
    ("host", "ca", "proxy", "told"),
    [
        pytest.param("localhost:1", None, Proxy(), "Connection refused", id="nobody there"),
        pytest.param(None, None, Proxy(), "unable to get local issuer certificate", id="no trust"),
        pytest.param("a.test", None, Proxy(https="socks5://p:1"), "its proxy does not speak HTTP", id="a proxy"),
    ],
)
def test_why_a_registry_cannot_be_asked(
    host: str | None, ca: str | None, proxy: Proxy, told: str, tmp_path: Path
) -> None:
    with PushedRegistry(tmp_path, SERVER) as registry:
        name = host or registry.host
        with pytest.raises(HostError, match=told):
            capability_proof.ask(f"{name}/p/a", ["ci"], (Registry(name, ca=ca),), proxy)
    assert record.load("registry_capabilities") == {}
