# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders that users made, at a stand-in for dockerd and in a store: who gets new certificates, and who does not."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import inherit, job_builders, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.job_builders import (
    JobBuilders,
    Renewal,
    RenewCertificates,
    renew,
    stale,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Inherited
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
    unpacked,
)

Programs = Callable[[str, str], Path]

CA, KEY = "harbor.lab.test/ca.crt", "a_5000/client.key"
WANTED = Inherited(("ci",), "", {CA: "new CA\n", KEY: "key\n"})
FORMER, CURRENT, FOREIGN = ({f"certs/{CA}": each} for each in (b"old CA\n", b"new CA\n", b"their CA\n"))


@pytest.fixture(autouse=True)
def _known(homes: Path) -> None:  # noqa: ARG001  # whose users are the host's
    """Two CAs were given to builders before."""
    for pem in ("oldest CA\n", "old CA\n", "new CA\n"):
        inherit.remember({CA: pem})
    inherit.remember({KEY: "key\n"})


def renewals() -> job_builders.Renewals:
    return job_builders.renewals_of(WANTED, records.load("buildx")["inherited"])


@pytest.mark.parametrize(
    ("files", "names", "ours"),
    [
        pytest.param(FORMER, [CA], True, id="the former one"),
        pytest.param({f"certs/{CA}": b"oldest CA\n"}, [CA], True, id="one from before that"),
        pytest.param(CURRENT, [], True, id="the current one"),
        pytest.param(FOREIGN, [], False, id="a CA of the user's own, under the same name"),
        pytest.param({"certs/other/ca.crt": b"old CA\n"}, [], False, id="the former one under another name"),
        pytest.param({**FORMER, f"certs/{KEY}": b"key\n"}, [CA], True, id="a key that did not change"),
        pytest.param({"buildkitd.toml": b"old CA\n"}, [], False, id="no certificates"),
        pytest.param({}, [], False, id="nothing"),
    ],
)
def test_what_is_replaced(files: dict[str, bytes], names: list[str], ours: bool) -> None:
    assert list(stale(files, renewals())) == names
    assert job_builders.has_ours(files, renewals()) == ours


def archive(files: dict[str, bytes]) -> Answer:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"buildkit/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return Answer(body=content.getvalue())


def runs(dockerd: DockerdStandIn, **containers: dict[str, bytes] | None) -> None:
    """The containers buildx_buildkit_NAME with files in /etc/buildkit; None for one that goes away meanwhile."""
    names = [*containers, "multiarch0"]
    rows = [{"Names": [f"/buildx_buildkit_{name}"]} for name in names] + [{"Names": ["/their_buildx_buildkit_x"]}]
    dockerd.answers["GET /containers/json"] = as_json(rows)
    for name, files in containers.items():
        if files is not None:
            dockerd.answers[f"GET /containers/buildx_buildkit_{name}/archive"] = archive(files)
            dockerd.answers[f"GET /containers/buildx_buildkit_{name}/json"] = as_json({})
            dockerd.answers[f"PUT /containers/buildx_buildkit_{name}/archive"] = Answer()


def entry(files: dict[str, bytes], name: str = "own", **more: object) -> str:
    stored = {name: base64.b64encode(data).decode() for name, data in files.items()}
    node = {"Name": f"{name}0", "Endpoint": "unix:///var/run/docker.sock", "Files": stored, "Unknown": [1], **more}
    return json.dumps({"Name": name, "Driver": "docker-container", "Nodes": [node], "Dynamic": False})


@pytest.fixture
def stored(homes: Path) -> Path:
    """The entries of ci."""
    folder = homes / "ci/.docker/buildx/instances"
    folder.mkdir(parents=True)
    return folder


def test_those_of_users_are_told_apart_from_ours(dockerd: DockerdStandIn, docker: Docker, stored: Path) -> None:
    runs(dockerd, own0=FORMER, late0=CURRENT, other0=FOREIGN, gone0=None)
    (stored / "own").write_text(entry(FORMER))
    (stored / "theirs").write_text(entry(FOREIGN))
    (stored / "multiarch").write_text(entry(FORMER))
    (stored / "broken").write_text("{")
    found = job_builders.observe(WANTED, {"multiarch"}, {"buildx_buildkit_multiarch0"}, docker)
    assert found == JobBuilders(
        containers={"buildx_buildkit_own0": (CA,)},
        entries={("ci", "own"): (CA,)},
        current=("buildx_buildkit_late0",),
        others=("buildx_buildkit_gone0", "buildx_buildkit_other0"),
    )
    (action,) = job_builders.actions_for(found, renewals())
    assert action.summary == (
        "replace certificates of builders that users made in place (builds are unaffected): buildx_buildkit_own0"
        f" ({CA}); own in the store of ci ({CA})"
    )
    assert [each.text.partition(" ")[0] for each in job_builders.notes(found)] == list(found.others)


@pytest.mark.parametrize(
    "wanted", [pytest.param(Inherited(), id="nobody inherits"), pytest.param(Inherited(("ci",)), id="no certificates")]
)
def test_without_certificates_nobody_looks(wanted: Inherited, dockerd: DockerdStandIn, docker: Docker) -> None:
    assert job_builders.observe(wanted, (), (), docker) == JobBuilders()
    assert dockerd.asked == []
    assert job_builders.actions_for(JobBuilders(), {}) == []


def test_without_docker_the_stores_are_known(stored: Path) -> None:
    (stored / "own").write_text(entry(FORMER))
    assert job_builders.observe(WANTED, (), (), None) == JobBuilders(entries={("ci", "own"): (CA,)})


def put(dockerd: DockerdStandIn) -> dict[str, dict[str, bytes]]:
    asked = [each for each in dockerd.asked if each.method == "PUT"]
    return {each.path.split("/")[3]: unpacked(each.body) for each in asked}


def test_former_certificates_are_replaced_and_nothing_else(
    dockerd: DockerdStandIn, docker: Docker, programs: Programs, stored: Path
) -> None:
    runs(dockerd, own0=FORMER, late0=CURRENT, gone0=None)
    programs("docker", "")
    (stored / "own").write_text(entry({**FORMER, "buildkitd.toml": b"debug = true\n"}))
    before = json.loads((stored / "own").read_text())
    names = tuple(f"buildx_buildkit_{name}0" for name in ("own", "late", "gone"))
    renew(RenewCertificates(names, (("ci", "own"), ("ci", "ended")), renewals()), docker)
    assert put(dockerd) == {"buildx_buildkit_own0": {f"certs/{CA}.new": b"new CA\n"}}
    files = store.parse((stored / "own").read_text()).nodes[0].files
    assert files == {**CURRENT, "buildkitd.toml": b"debug = true\n"}
    after = json.loads((stored / "own").read_text())
    for document in (before, after):
        del document["Nodes"][0]["Files"]
    assert after == before, "with all that is unknown here"
    assert sorted(each.name for each in stored.iterdir()) == ["own"]


def test_an_entry_without_files_stays_as_it_is() -> None:
    text = entry({}, Files=None)
    assert json.loads(job_builders.renewed(text, renewals())) == json.loads(text)


@pytest.mark.parametrize("there", [True, False], ids=["and stays", "and goes away"])
def test_a_container_that_cannot_be_written(there: bool, dockerd: DockerdStandIn, docker: Docker) -> None:
    runs(dockerd, own0=FORMER)
    dockerd.answers["PUT /containers/buildx_buildkit_own0/archive"] = as_json({"message": "read-only"}, 500)
    if not there:
        del dockerd.answers["GET /containers/buildx_buildkit_own0/json"]
    step = RenewCertificates(("buildx_buildkit_own0",), (), renewals())
    if there:
        with pytest.raises(HostError, match="read-only"):
            renew(step, docker)
    else:
        renew(step, docker)


def test_what_they_get_is_remembered_for_the_next_rotation(docker: Docker) -> None:
    renew(RenewCertificates((), (), {CA: Renewal("newest CA\n", frozenset())}), docker)
    assert records.load("buildx")["inherited"][CA][-1] == digest(b"newest CA\n")
