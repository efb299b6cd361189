# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build's log and a registry's index prove; the logs were recorded with buildx 0.13.1 and Docker 26.1.5."""

from __future__ import annotations

import json
import os
import pwd
import stat
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import execution
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import Machine
from ansible_collections.multiarch.builders.plugins.module_utils.proof import build, diagnostics
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build import (
    Proof,
    not_running,
    prove,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build_log import in_common, machines_in

DATA = Path(__file__).parent / "data"
THREE = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/s390x": "s390x"}


def nameless(*machines: str) -> str:
    """The RUN steps of images FROM scratch, as they were recorded, with other answers."""
    lines = ["#1 [internal] load build definition from Dockerfile", "#1 DONE 0.0s"]
    for number, machine in enumerate(machines, start=9):
        lines += [f'#{number} [2/2] RUN ["/probe"]', f"#{number} 0.212 {machine}", f"#{number} DONE 0.2s"]
    return "\n".join(lines)


@pytest.mark.parametrize("platforms", [list(THREE), list(reversed(THREE))], ids=["in order", "reversed"])
@pytest.mark.parametrize("log", ["base.log", "scratch.log"])
def test_recorded_logs_of_three_platforms(log: str, platforms: list[str]) -> None:
    """Only the steps of an image with a base name their platform."""
    assert machines_in((DATA / log).read_text(), platforms) == THREE


def test_a_recorded_log_of_one_platform() -> None:
    assert machines_in((DATA / "one-platform.log").read_text(), ["linux/arm64"]) == {"linux/arm64": "aarch64"}


@pytest.mark.parametrize(
    ("log", "platforms", "machines"),
    [
        pytest.param(
            '#9 [linux/arm/v7 2/2] RUN ["/probe"]\n#9 0.1 armv7l\n',
            ["linux/arm/v7"],
            {"linux/arm/v7": "armv7l"},
            id="variant",
        ),
        pytest.param(
            '#9 [linux/amd64 stage-1 2/2] RUN ["/probe"]\n#9 0.1 x86_64\n',
            ["linux/amd64"],
            {"linux/amd64": "x86_64"},
            id="name of a stage",
        ),
        pytest.param(
            '#9 [linux/amd64 2/2] RUN ["/probe"]\n#8 [linux/arm64 2/2] RUN ["/probe"]\n#8 0.1 aarch64\n#9 0.1 x86_64\n',
            ["linux/amd64", "linux/arm64"],
            {"linux/amd64": "x86_64", "linux/arm64": "aarch64"},
            id="steps run side by side",
        ),
        pytest.param(
            '#9 [linux/amd64 2/2] RUN ["/probe"]\n#9 0.1 aarch64\n',
            ["linux/amd64"],
            {"linux/amd64": "aarch64"},
            id="the wrong machine is told, not hidden",
        ),
        pytest.param(nameless("aarch64"), ["linux/amd64"], {"linux/amd64": "aarch64"}, id="the same, without a name"),
        pytest.param(
            nameless("x86_64", "x86_64"),
            ["linux/amd64", "linux/arm64"],
            {"linux/amd64": "x86_64", "linux/arm64": "x86_64"},
            id="one of two ran on the wrong machine",
        ),
        pytest.param(
            nameless("x86_64", "i686"),
            ["linux/386", "linux/amd64"],
            {"linux/amd64": "x86_64", "linux/386": "i686"},
            id="386 takes no answer that amd64 needs",
        ),
        pytest.param(
            nameless("armv7l", "armv7l", "aarch64"),
            ["linux/arm/v6", "linux/arm/v7", "linux/arm64"],
            {"linux/arm/v6": "armv7l", "linux/arm/v7": "armv7l", "linux/arm64": "aarch64"},
            id="variants of arm share one QEMU",
        ),
        pytest.param(
            nameless("x86_64"), ["linux/amd64", "linux/arm64"], {"linux/amd64": "x86_64"}, id="one is missing"
        ),
        pytest.param("", ["linux/amd64"], {}, id="no log"),
        pytest.param(
            '#9 [linux/amd64 2/2] RUN ["/probe"]\n#9 CACHED\n', ["linux/amd64"], {}, id="a step that did not run"
        ),
        pytest.param(
            '#9 [linux/amd64 2/2] RUN ["/probe"]\n#9 0.1 exec /probe: exec format error\n#9 ERROR: failed\n',
            ["linux/amd64"],
            {},
            id="an error is no machine",
        ),
        pytest.param(
            "#4 [linux/amd64 1/2] COPY probe-amd64 /probe\n#4 0.1 x86_64\n", ["linux/amd64"], {}, id="another step"
        ),
    ],
)
def test_machines_in(log: str, platforms: list[str], machines: dict[str, str]) -> None:
    assert machines_in(log, platforms) == machines


pytestmark = pytest.mark.usefixtures("var_tmp")
PLATFORMS = list(THREE)
USER = pwd.getpwuid(os.geteuid()).pw_name
PROOFS = [
    Proof("linux/amd64", "native", "x86_64", True),
    Proof("linux/arm64", "emulated", "aarch64", True),
    Proof("linux/s390x", "emulated", "s390x", True),
]
ATTESTATION = {
    "platform": {"architecture": "unknown", "os": "unknown"},
    "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
}
WHOLE = [{"platform": {"architecture": each.removeprefix("linux/"), "os": "linux"}} for each in PLATFORMS]

Docker = t.Callable[..., Path]


@pytest.fixture
def docker(programs: t.Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """A stand-in for the docker client, which answers with a log and an index; no program is run in a chroot."""
    monkeypatch.setattr(execution, "prove", lambda _platform: None)

    def make(log: str, index: object = None, status: int = 0, metadata: str = "") -> Path:
        (tmp_path / "log").write_text(log)
        (tmp_path / "metadata").write_text(metadata)
        (tmp_path / "index").write_text(index if isinstance(index, str) else json.dumps(index))
        return programs(
            "docker",
            f"""case $2 in
build)
    for each; do
        [ "$last" != --metadata-file ] || cp {tmp_path}/metadata "$each"
        last=$each
    done
    cat {tmp_path}/log >&2; exit {status};;
imagetools) cat {tmp_path}/index;;
esac""",
        )

    return make


DIGEST = f"sha256:{'ab' * 32}"


@pytest.mark.parametrize(
    ("metadata", "reference"),
    [
        pytest.param(json.dumps({"containerimage.digest": DIGEST, "image.name": "x"}), f"@{DIGEST}", id="its digest"),
        pytest.param("{}", ":proof", id="without a digest"),
        pytest.param("", ":proof", id="nothing"),
        pytest.param("[]", ":proof", id="something else"),
    ],
)
def test_the_index_of_this_build_is_read_back(metadata: str, reference: str, docker: Docker) -> None:
    """Others may have pushed theirs since."""
    calls = docker((DATA / "base.log").read_text(), {"manifests": WHOLE}, metadata=metadata)
    assert prove("b", USER, PLATFORMS, "scratch", "harbor.example.com/ci/proof") == (tuple(PROOFS), ())
    assert calls.read_text().splitlines()[-1].endswith(f" --raw harbor.example.com/ci/proof{reference}")


@pytest.mark.parametrize("log", ["base.log", "scratch.log"])
def test_a_proof_that_is_pushed(log: str, docker: Docker) -> None:
    calls = docker((DATA / log).read_text(), {"manifests": [*WHOLE, ATTESTATION]})
    assert prove("b", USER, PLATFORMS, "scratch", "harbor.example.com/ci/proof") == (tuple(PROOFS), ())
    built, read_back = calls.read_text().splitlines()
    assert built.startswith("buildx build --builder b --platform linux/amd64,linux/arm64,linux/s390x ")
    assert " --build-arg BASE=scratch --no-cache --progress plain --build-arg BUILDKIT_MULTI_PLATFORM=1 " in built
    assert " --tag harbor.example.com/ci/proof:proof --push /" in built
    assert read_back == "buildx imagetools inspect --builder b --raw harbor.example.com/ci/proof:proof"
    assert not Path(built.rpartition(" ")[2]).exists(), "nothing is left on the host"


SPREAD = (Machine(True, ("linux/amd64", "linux/s390x")), Machine(False, ("linux/arm64",)))


def test_what_another_machine_has_built_is_neither_native_nor_emulated_here(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "machines", lambda _builder, _user: [*SPREAD])
    docker((DATA / "scratch.log").read_text())
    proofs, _failures = prove("b", USER, PLATFORMS, "scratch", "")
    assert [each.how for each in proofs] == ["native", "elsewhere", "emulated"]


def test_it_is_built_with_the_settings_of_the_users_jobs(
    programs: t.Callable[[str, str], Path], docker: Docker
) -> None:
    docker((DATA / "scratch.log").read_text())
    denied = "denied: unknown manifest class for application/vnd.oci.empty.v1+json"
    for value, why, remedy in (("0", denied, "BUILDX_NO_DEFAULT_OCI"), ("1", "manifest invalid", "BuildKit's")):
        refused = f"ERROR: failed to push harbor.example.com/p:proof: {why}"
        calls = programs("docker", f"env | grep BUILDX_ | sed 's/^/set /' >&2; echo '{refused}' >&2; exit 1")
        settings = {"BUILDX_NO_DEFAULT_ATTESTATIONS": value}
        _proofs, (failure,) = prove("b", USER, PLATFORMS, "scratch", "harbor.example.com/p", settings)
        assert f"set BUILDX_NO_DEFAULT_ATTESTATIONS={value}" in failure.evidence[0]
        assert remedy in failure.remedy
    assert "buildx build" in calls.read_text()


def test_a_build_that_takes_too_long_is_a_failure(programs: t.Callable[[str, str], Path], docker: Docker) -> None:
    docker((DATA / "scratch.log").read_text())
    programs("docker", 'case " $* " in *" build "*) exec sleep 60 ;; esac')  # what is asked afterwards is answered
    proofs, (failure,) = prove("b", USER, PLATFORMS, "scratch", "", timeout=1)
    assert proofs == ()
    assert "did not finish within 1 s" in failure.message
    assert "raise builder_verify_timeout" in failure.remedy


def test_a_proof_that_is_only_built(docker: Docker) -> None:
    calls = docker((DATA / "scratch.log").read_text())
    assert prove("b", USER, PLATFORMS, "scratch", "") == (tuple(replace(each, pushed=False) for each in PROOFS), ())
    (built,) = calls.read_text().splitlines()
    assert " --output type=cacheonly /" in built
    assert "--push" not in built


@pytest.mark.parametrize(
    ("log", "index", "status", "told"),
    [
        pytest.param("ERROR: failed to solve", None, 1, "failed: failed to solve", id="the build failed, in its words"),
        pytest.param(
            nameless("x86_64", "aarch64"), None, 0, "the RUN step of linux/s390x reported nothing", id="missing"
        ),
        pytest.param(
            nameless("x86_64", "aarch64", "x86_64"), None, 0, "the RUN step of linux/s390x reported x86_64", id="wrong"
        ),
        pytest.param(
            nameless("x86_64", "aarch64", "s390x"),
            {"manifests": WHOLE[:2]},
            0,
            "harbor.example.com/p:proof was pushed, but its index does not have linux/s390x",
            id="the registry has not all",
        ),
        pytest.param(
            nameless("x86_64", "aarch64", "s390x"),
            {"config": {}},
            0,
            "was pushed, but its index cannot be read back",
            id="the registry has one image",
        ),
        pytest.param(
            nameless("x86_64", "aarch64", "s390x"), "", 0, "its index cannot be read back: nothing said", id="no answer"
        ),
    ],
)
def test_what_is_no_proof(log: str, index: object, status: int, told: str, docker: Docker) -> None:
    docker(log, {"manifests": WHOLE} if index is None else index, status)
    proofs, (failure,) = prove("b", USER, PLATFORMS, "scratch", "harbor.example.com/p")
    assert told in failure.message
    assert failure.evidence
    assert failure.remedy
    assert {each.platform for each in proofs} | set(failure.platforms) == set(PLATFORMS)


@pytest.mark.usefixtures("homes")
def test_a_builder_that_reaches_nothing_is_told_with_its_network(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "cause_in_network", lambda _name, _user: "docker has no default network")
    docker("ERROR: failed to solve: a/b: dial udp 192.0.2.1:53: connect: network is unreachable", status=1)
    _proofs, (failure,) = prove("b", "ci", ["linux/amd64"], "scratch", "")
    assert failure.cause == (
        "a/b: dial udp 192.0.2.1:53: connect: network is unreachable (docker has no default network)"
    )
    assert "driver_opts: {network: host}" in failure.remedy


REFUSED = "ERROR: failed to solve: failed to push localhost:1/ci/proof:proof: push access denied: insufficient_scope"


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize(
    ("repository", "remedy"),
    [
        pytest.param(
            "localhost:1/ci/proof", "ci has no login at localhost:1: give `username`", id="its reason was looked for"
        ),
        pytest.param("", "Check that the project of builder_verify_repository exists", id="nothing was pushed"),
    ],
)
def test_a_push_that_is_refused(repository: str, remedy: str, docker: Docker) -> None:
    docker(REFUSED, status=1)
    _proofs, (failure,) = prove("b", "ci", ["linux/amd64"], "scratch", repository)
    assert failure.remedy.startswith(remedy)
    assert "insufficient_scope" in failure.message


ALL = ",".join(PLATFORMS)
STEP = 'process "/probe" did not complete successfully: exit code: 255'
NO_FORMAT = f"{STEP}: exec /probe: exec format error"
BROKEN_STEP = (
    f'#9 [2/2] RUN ["/probe"]\n#9 0.2 exec /probe: exec format error\n#9 ERROR: {STEP}\nERROR: failed to solve: {STEP}'
)
SOLVE = "ERROR: failed to solve: a/b: failed to resolve source metadata for a/b"
LACKING = f"{SOLVE}: no match for platform in manifest: not found"
NO_HOST = f"{SOLVE}: dial tcp: no such host"
DENIED = nameless("x86_64", "aarch64", "s390x") + "\nERROR: failed to solve: failed to push a/b: denied"


@dataclass
class Builds:
    """A stand-in for the docker client whose builds are *answers*: {platforms: log}, which fail if it has an error."""

    calls: Path

    @property
    def platforms(self) -> list[str]:
        """Of each build, in order; with an asterisk where it pushes."""
        calls = [line.split() for line in self.calls.read_text().splitlines() if line.startswith("buildx build")]
        return [call[call.index("--platform") + 1] + ("*" if "--push" in call else "") for call in calls]


Answers = t.Callable[..., Builds]


@pytest.fixture
def builds(programs: t.Callable[[str, str], Path], tmp_path: Path) -> Answers:
    def make(answers: dict[str, str], whole: str = ":") -> Builds:
        """*whole* is what the build for all does before it answers, as a line of shell."""
        index = {"manifests": WHOLE}
        script = f'case "$*" in *"--platform {ALL} "*) {whole};; esac\n'
        script += f"case $2 in imagetools) printf '%s' '{json.dumps(index)}'; exit 0;; build) ;; *) exit 1;; esac\n"
        script += 'case "$*" in\n'
        for number, (platforms, log) in enumerate(answers.items()):
            (tmp_path / f"log{number}").write_text(log)
            script += f'*"--platform {platforms} "*) cat {tmp_path}/log{number} >&2; exit {int("ERROR: " in log)};;\n'
        return Builds(programs("docker", script + "*) echo 'ERROR: not expected' >&2; exit 1;; esac"))

    return make


def alone(machine: str) -> str:
    return nameless(machine)


def refused(digest: str, *machines: str) -> str:
    """A push that fails, as BuildKit reports it, after the steps of *machines*."""
    why = f"failed to push r.test/p:proof: unexpected status from HEAD request to .../sha256:{digest * 64}: 403"
    return f"{nameless(*machines)}\nERROR: failed to solve: {why}"


def test_one_platform_that_fails_is_told_and_the_others_are_proven(
    builds: Answers,
) -> None:
    asked = builds(
        {
            ALL: BROKEN_STEP,
            "linux/amd64": alone("x86_64"),
            "linux/arm64": alone("aarch64"),
            "linux/s390x": BROKEN_STEP,
            "linux/amd64,linux/arm64": nameless("x86_64", "aarch64"),
        }
    )
    proofs, (failure,) = prove("b", USER, PLATFORMS, "scratch", "r.test/p")
    assert [(each.platform, each.pushed) for each in proofs] == [("linux/amd64", True), ("linux/arm64", True)]
    assert failure.platforms == ("linux/s390x",)
    assert failure.message == f"builder b, user {USER}: the build for linux/s390x failed: {NO_FORMAT}"
    assert failure.cause == NO_FORMAT
    assert "exec format error" in failure.evidence[0]
    assert asked.platforms == [f"{ALL}*", *PLATFORMS, "linux/amd64,linux/arm64*"]


def test_platforms_that_fail_alike_are_one_failure_others_have_their_own(
    builds: Answers,
) -> None:
    builds({ALL: BROKEN_STEP, "linux/amd64": LACKING, "linux/arm64": BROKEN_STEP, "linux/s390x": BROKEN_STEP})
    proofs, (lacking, broken) = prove("b", USER, PLATFORMS, "scratch", "")
    assert proofs == ()
    assert (lacking.platforms, broken.platforms) == (("linux/amd64",), ("linux/arm64", "linux/s390x"))
    assert lacking.cause.endswith("no match for platform in manifest: not found")
    assert broken.cause == NO_FORMAT
    assert broken.message == f"builder b, user {USER}: the build for linux/arm64, linux/s390x failed: {NO_FORMAT}"


AMD, ARM, S390X = PLATFORMS
EACH = [f"{each}*" for each in PLATFORMS]
DOWN = "ERROR: failed to dial node arm-1: connection refused"
UNSUPPORTED = "ERROR: failed to solve: no support for running processes with {} platform, supported: linux/amd64"
CRASHED = f"{nameless('x86_64', 'aarch64', 's390x')}\n#11 ERROR: {STEP}\nERROR: failed to solve: {STEP}"
EOF = "ERROR: failed to receive status: EOF"
WORKS = {AMD: alone("x86_64"), ARM: alone("aarch64"), S390X: alone("s390x")}
BOTH = {f"{AMD},{ARM}": nameless("x86_64", "aarch64")}


@pytest.mark.parametrize(
    ("answers", "failed", "tried"),
    [
        pytest.param(
            {ALL: BROKEN_STEP, **WORKS, S390X: BROKEN_STEP, **BOTH},
            {NO_FORMAT: [S390X]},
            [*PLATFORMS, f"{AMD},{ARM}*"],
            id="its program does not run",
        ),
        pytest.param(
            {ALL: CRASHED, **WORKS, S390X: CRASHED, **BOTH},
            {f"{STEP}: s390x": [S390X]},
            [*PLATFORMS, f"{AMD},{ARM}*"],
            id="its program runs and fails at its end, when those of all others have reported, too",
        ),
        pytest.param(
            {ALL: LACKING, **WORKS, ARM: LACKING, f"{AMD},{S390X}": nameless("x86_64", "s390x")},
            {LACKING.removeprefix("ERROR: failed to solve: a/b: "): [ARM]},
            [*PLATFORMS, f"{AMD},{S390X}*"],
            id="the base image lacks it",
        ),
        pytest.param(
            {ALL: UNSUPPORTED.format(AMD), **dict.fromkeys(PLATFORMS, UNSUPPORTED.format(AMD)), S390X: WORKS[S390X]},
            {UNSUPPORTED.format(AMD).removeprefix("ERROR: failed to solve: "): [AMD, ARM]},
            [*PLATFORMS, f"{S390X}*"],
            id="the first two with equal causes that name a platform",
        ),
        pytest.param(
            {ALL: NO_HOST, **WORKS, ARM: NO_HOST, S390X: NO_HOST},
            {NO_HOST.removeprefix("ERROR: failed to solve: a/b: "): [ARM, S390X]},
            [*PLATFORMS, f"{AMD}*"],
            id="two with an equal cause, but one builds",
        ),
        pytest.param(
            {ALL: NO_HOST, AMD: NO_HOST, ARM: NO_HOST, S390X: WORKS[S390X]},
            {NO_HOST.removeprefix("ERROR: failed to solve: a/b: "): [AMD, ARM]},
            [AMD, ARM, S390X, f"{S390X}*"],
            id="the first two with an equal cause, but all others build together",
        ),
        pytest.param(
            {ALL: refused("a", "x86_64", "aarch64", "s390x"), **WORKS, S390X: refused("b", "s390x"), **BOTH},
            {refused("b").partition("solve: ")[2]: [S390X]},
            [*EACH, f"{AMD},{ARM}*"],
            id="its push fails",
        ),
        pytest.param(
            {ALL: DENIED, **dict.fromkeys(PLATFORMS, DENIED)},
            {"failed to push a/b: denied": PLATFORMS},
            EACH,
            id="the push of each fails",
        ),
        pytest.param(
            {
                ALL: refused("a", "x86_64", "aarch64", "s390x"),
                **{each: refused(letter, "x") for each, letter in zip(PLATFORMS, "bcd")},
            },
            {refused("a").partition("solve: ")[2]: PLATFORMS},
            EACH,
            id="the push of each fails, with other digests",
        ),
        pytest.param(
            dict.fromkeys([ALL, *PLATFORMS], NO_HOST),
            {NO_HOST.removeprefix("ERROR: failed to solve: a/b: "): PLATFORMS},
            PLATFORMS,
            id="a common cause",
        ),
        pytest.param(
            dict.fromkeys([ALL, *PLATFORMS], 'ERROR: no builder "b" found'),
            {'no builder "b" found': PLATFORMS},
            PLATFORMS,
            id="no builder",
        ),
        pytest.param(
            {ALL: EOF, **WORKS},
            {"failed to receive status: EOF": PLATFORMS},
            [*PLATFORMS, f"{ALL}*"],
            id="each builds alone, but twice not all together",
        ),
    ],
)
def test_each_platform_is_judged_for_itself(
    answers: dict[str, str],
    failed: dict[str, list[str]],
    tried: list[str],
    builds: Answers,
) -> None:
    asked = builds(answers)
    proofs, failures = prove("b", USER, PLATFORMS, "scratch", "r.test/p")
    assert {each.cause: list(each.platforms) for each in failures} == failed
    bad = {platform for each in failures for platform in each.platforms}
    assert [each.platform for each in proofs] == [each for each in PLATFORMS if each not in bad]
    assert asked.platforms == [f"{ALL}*", *tried]


def test_a_failure_that_happens_once_is_none(builds: Answers, tmp_path: Path) -> None:
    first = f"[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; echo '{EOF}' >&2; exit 1; }}"
    builds({ALL: nameless(*THREE.values()), **WORKS}, first)
    proofs, failures = prove("b", USER, PLATFORMS, "scratch", "")
    assert [each.platform for each in proofs] == PLATFORMS
    assert failures == ()


def test_with_several_nodes_a_cause_of_two_platforms_may_be_that_of_their_node(
    builds: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    four = ["linux/arm64", "linux/arm/v7", "linux/s390x", "linux/amd64"]
    monkeypatch.setattr(diagnostics, "machines", lambda _builder, _user: [Machine(True), Machine(False)])
    asked = builds({",".join(four): DOWN, **dict.fromkeys(four[:3], DOWN), AMD: alone("x86_64")})
    proofs, (failure,) = prove("b", USER, four, "scratch", "")
    assert [each.platform for each in proofs] == [AMD]
    assert failure.platforms == tuple(four[:3])
    assert asked.platforms == [",".join(four), *four, AMD]


@pytest.mark.parametrize(
    ("printed", "failed"),
    [
        pytest.param(nameless("x86_64", "aarch64"), [S390X], id="one hangs"),
        pytest.param(nameless("x86_64", "aarch64", "x86_64"), [S390X], id="one has reported another machine"),
        pytest.param("", PLATFORMS, id="no step has ended"),
        pytest.param(nameless("x86_64", "aarch64", "s390x"), PLATFORMS, id="all steps have ended: the push hangs"),
    ],
)
def test_when_the_time_is_over_those_fail_whose_step_has_not_ended(
    printed: str, failed: list[str], builds: Answers, tmp_path: Path
) -> None:
    log = tmp_path / "printed"
    log.write_text(printed)
    builds(BOTH, f"cat {log} >&2; exec sleep 60")
    proofs, (failure,) = prove("b", USER, PLATFORMS, "scratch", "", timeout=2)
    assert list(failure.platforms) == failed
    assert [each.platform for each in proofs] == [each for each in PLATFORMS if each not in failed]
    assert failure.message == (
        f"builder b, user {USER}: the build for {', '.join(failed)} failed: it did not finish within 2 s"
    )
    assert "raise builder_verify_timeout" in failure.remedy


@pytest.mark.parametrize(
    ("cause", "common"),
    [
        pytest.param(f"blob sha256:{'0a' * 32}: 403", "blob …: 403", id="a digest"),
        pytest.param("PUT /v2/a/blobs/uploads/x?_state=Zm9v: 500", "PUT /v2/a/blobs/uploads/x?…: 500", id="an upload"),
        pytest.param("upload 0f4f6e2c-8c39-4a32-9a3e-0c8c0a7f2a11: 404", "upload …: 404", id="a UUID"),
        pytest.param("push access denied: 10.2.3.4:5000", "push access denied: 10.2.3.4:5000", id="none of these"),
    ],
)
def test_in_common(cause: str, common: str) -> None:
    assert in_common(cause) == common


def test_a_failure_of_the_one_platform_is_not_tried_again(builds: Answers) -> None:
    asked = builds({"linux/s390x": BROKEN_STEP})
    _proofs, (failure,) = prove("b", USER, ["linux/s390x"], "scratch", "")
    assert failure.cause == NO_FORMAT
    assert asked.platforms == ["linux/s390x"]


def test_a_platform_that_does_not_run_is_told_with_its_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(platform: str) -> None:
        if platform == "linux/s390x":
            raise HostError("of this test")

    monkeypatch.setattr(execution, "prove", broken)
    (failure,) = not_running(PLATFORMS)
    assert failure.platforms == ("linux/s390x",)
    assert "/proc/sys/fs/binfmt_misc/qemu-s390x" in failure.evidence[0]
    assert "/etc/binfmt.d/qemu-s390x.conf" in failure.evidence[1]
    assert "provision-builders.yml" in failure.remedy


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/arm/v6"])
def test_the_context_has_what_the_dockerfile_copies(platform: str, tmp_path: Path) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    build._context(folder, [platform], USER)
    _linux, architecture, variant = (*platform.split("/"), "")[:3]
    name = "probe-${TARGETARCH}${TARGETVARIANT}"
    assert f"COPY {name} /probe" in (folder / "Dockerfile").read_text()
    probe = folder / name.replace("${TARGETARCH}", architecture).replace("${TARGETVARIANT}", variant)
    assert probe.read_bytes().startswith(b"\x7fELF")
    assert stat.S_IMODE(probe.stat().st_mode) == 0o755
    assert len(list(folder.iterdir())) == 2
