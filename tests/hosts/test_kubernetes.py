"""The kubernetes driver as far as it goes without a cluster: buildx itself reads our options, and what it asks is seen.

buildx reads all driver options whenever it loads a builder's nodes, so already when it makes the builder, which then
leaves no entry (builder/builder.go, Create; driver/kubernetes/factory.go, New). A cluster that does not answer is no
error there: its builder is made, and is `inactive`.

Not proven: that a cluster admits the Deployment, that its pods run, and that a build works in them.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client import quoted
from ansible_collections.multiarch.builders.plugins.module_utils.docker.driver_versions import (
    CERTIFICATES_IN_PODS,
    since,
    too_new,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import driver_opts, pods
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_tables import KUBERNETES
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

from tests.hosts.kubernetes_objects import deployment
from tests.hosts.lab import on

PORT = 6443
API = Path(__file__).with_name("kubernetes_api.py").read_text()
LOG = "/var/tmp/kubernetes.log"
KUBECONFIG = "/root/cluster.yml"
CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{PORT}"}}],
    "users": [{"name": "lab", "user": {"token": "none"}}],
    "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    "current-context": "lab",
}
IMAGE = "registry.example/buildkit:1-rootless"
OPTIONS = {
    "namespace": "ci",
    "replicas": "2",
    "requests.cpu": "500m",
    "requests.memory": "1Gi",
    "requests.ephemeral-storage": "10Gi",
    "limits.cpu": "1.5",
    "limits.memory": "4G",
    "limits.ephemeral-storage": "20Gi",
    "persistent-volume-claim.requests.storage": "50Gi",
    "buildkit-root-volume-memory": "2Gi",
    "nodeselector": "kubernetes.io/arch=arm64,disk=ssd",
    "annotations": "example.com/owner=The team,b=",
    "labels": "team=ci,part-of=builds",
    "tolerations": "key=arch,operator=Equal,value=arm64,effect=NoSchedule;operator=Exists,effect=NoExecute",
    "serviceaccount": "builder",
    "schedulername": "packer",
    "rootless": "true",
    "loadbalance": "random",
    "qemu.install": "true",
    "qemu.image": "registry.example/binfmt:1",
    "timeout": "90s",
    "default-load": "true",
    "env.NO_PROXY": 'a,"b"=c',
}
TOLERATIONS = [
    {"key": "arch", "operator": "Equal", "value": "arm64", "effect": "NoSchedule"},
    {"operator": "Exists", "effect": "NoExecute"},
]
# What we refuse, and the words with which buildx does.
REFUSED = {
    "a misspelled name": ("replica", "2", "invalid driver option replica for driver kubernetes"),
    "an option of another driver": ("memory", "4g", "invalid driver option memory for driver kubernetes"),
    "environment without a name": ("env.", "x", "option"),
    "a size as docker takes it": ("limits.memory", "4g", "quantities must match"),
    "no number of CPUs": ("requests.cpu", "2 cpus", "quantities must match"),
    "no number of pods": ("replicas", "all", "invalid syntax"),
    "half a pair": ("nodeselector", "a=b,c", "cannot parse node selector: invalid key-value pair: c"),
    "a value with =": ("annotations", "a=b=c", "cannot parse annotations: invalid key-value pair: a=b=c"),
    "no label at all": ("labels", "", "cannot parse labels: invalid key-value pair"),
    "buildx' own annotation": ("annotations", "buildx.docker.com/platform=x", "is reserved"),
    "buildx' own label": ("labels", "a=b,app=x", "is reserved"),
    "a misspelled toleration": ("tolerations", "keys=a", "invalid tolaration"),
    "no seconds": ("tolerations", "key=a,tolerationSeconds=soon", "invalid syntax"),
    "no way to balance": ("loadbalance", "roundrobin", 'invalid loadbalance "roundrobin"'),
    "no boolean": ("rootless", "maybe", "invalid syntax"),
}
# What we refuse as well, as only the cluster would do so, or nobody ever.
SILENTLY_TAKEN = {
    "no pods": ("replicas", "0"),
    "a namespace in upper case": ("namespace", "CI"),
    "0.4 bytes": ("limits.memory", "400m"),
    "a toleration that is none": ("tolerations", "NoSchedule"),
    "an operator in lower case": ("tolerations", "key=a,operator=exists"),
    "a space before a label": ("labels", "a=b, c=d"),
}


def create(host: str, name: str, options: Mapping[str, str], *arguments: str) -> str:
    """What buildx says while it makes the builder: the name alone, if all is well."""
    texts = [quoted(f"{key}={value}") for key, value in options.items()]
    opts = [word for text in texts for word in ("--driver-opt", text)]
    command = ["docker", "buildx", "create", "--name", name, "--driver", "kubernetes", *opts, *arguments]
    return on(host, f"KUBECONFIG={KUBECONFIG} {shlex.join(command)} 2>&1 || true").strip()


def entries(host: str) -> list[str]:
    return on(host, "ls ~/.docker/buildx/instances 2>/dev/null || true").split()


def buildx_version(host: str) -> str:
    return ".".join(map(str, version_of(on(host, "docker buildx version"))))


def known_to(version: str) -> dict[str, str]:
    """The options that this buildx has, with the image as an instance's is."""
    known = {key: value for key, value in OPTIONS.items() if version_of(version) >= since("kubernetes", key)}
    return {"image": IMAGE, **known}


@pytest.fixture
def with_kubeconfig(engine: str) -> str:
    """A host that has the configuration of a cluster, at whose address nobody answers."""
    on(engine, f"cat > {KUBECONFIG}", stdin=json.dumps(CLUSTER))
    return engine


def test_every_option_is_here() -> None:
    assert {*OPTIONS} == {*KUBERNETES, "env.NO_PROXY"}
    findings = Findings()
    options: dict[object, object] = dict(OPTIONS.items())
    assert driver_opts.normalise(options, "o", findings, "kubernetes") == OPTIONS
    assert findings.problems == []


def test_every_option_is_stored_as_it_is_and_a_newer_one_is_refused(with_kubeconfig: str) -> None:
    host = with_kubeconfig
    version = buildx_version(host)
    known = known_to(version)
    assert create(host, "All", known) == "All"
    (node,) = store.parse(on(host, "cat ~/.docker/buildx/instances/all")).nodes
    assert node.driver_opts == known
    assert node.endpoint.startswith("kubernetes:///All?deployment=")
    assert node.endpoint.endswith(f"&kubeconfig={KUBECONFIG.replace('/', '%2F')}")
    shown = on(host, "docker buildx inspect All")
    assert "Error:" not in shown
    assert "Status: inactive" in " ".join(shown.split())

    newer = {key: value for key, value in OPTIONS.items() if key not in known}
    assert len(too_new("kubernetes", newer, version)) == len(newer) > 0
    for key, value in newer.items():
        words = f"invalid driver option {key} for driver kubernetes"
        assert words in create(host, "newer", {"image": IMAGE, key: value})
    assert entries(host) == ["all"]


def test_what_we_refuse(with_kubeconfig: str) -> None:
    host = with_kubeconfig
    for key, value in [*((key, value) for key, value, _words in REFUSED.values()), *SILENTLY_TAKEN.values()]:
        findings = Findings()
        assert driver_opts.normalise({key: value}, "o", findings, "kubernetes") == {}
        assert len(findings.problems) == 1

    said = {name: create(host, "refused", {key: value}) for name, (key, value, _words) in REFUSED.items()}
    other = {name: said[name] for name, (_key, _value, words) in REFUSED.items() if words not in said[name]}
    assert other == {}
    assert entries(host) == []
    numbered = {name: (f"taken{number}", option) for number, (name, option) in enumerate(SILENTLY_TAKEN.items())}
    assert {name: create(host, builder, dict([option])) for name, (builder, option) in numbered.items()} == {
        name: builder for name, (builder, _option) in numbered.items()
    }


def test_without_a_kubeconfig_no_builder_is_made(engine: str) -> None:
    assert "cannot determine Kubernetes namespace" in create(engine, "none", {"image": IMAGE})
    assert entries(engine) == []


def asked(host: str, name: str, options: Mapping[str, str], *arguments: str) -> tuple[str, Any]:
    """The path and the object of the last thing that buildx asks of a cluster while the builder starts."""
    on(host, "cat > /run/kubernetes_api.py", stdin=API)
    on(host, "systemctl stop kubernetes-api 2>/dev/null || true")
    on(host, f"systemd-run --quiet --collect --unit=kubernetes-api python3 /run/kubernetes_api.py {PORT} {LOG}")
    on(host, f"for try in $(seq 100); do ss -lnt | grep -q ':{PORT} ' && break; sleep 0.05; done")
    assert "the stand-in says Forbidden" in create(host, name, options, "--bootstrap", *arguments)
    request = json.loads(on(host, f"tail -n 1 {LOG}"))
    return request["path"], deployment(base64.b64decode(request["body"]))


def test_what_a_cluster_is_asked_for(with_kubeconfig: str) -> None:
    host = with_kubeconfig
    known = known_to(buildx_version(host))
    path, found = asked(host, "all", known, "--platform", "linux/arm64")
    kind = "statefulsets" if pods.CLAIM in known else "deployments"
    assert path == f"/apis/apps/v1/namespaces/ci/{kind}"
    pod = found["spec"]["template"]
    assert (found["metadata"]["name"], found["spec"]["replicas"]) == ("all0", 2)
    assert (
        found["metadata"]["labels"] == pod["metadata"]["labels"] == {"app": "all0", "team": "ci", "part-of": "builds"}
    )
    annotations = {"example.com/owner": "The team", "b": "", "buildx.docker.com/platform": "linux/arm64"}
    assert annotations.items() <= pod["metadata"]["annotations"].items()
    spec = pod["spec"]
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "arm64", "disk": "ssd"}
    assert spec["tolerations"] == TOLERATIONS
    assert spec["serviceAccountName"] == "builder"
    (emulation,) = spec["initContainers"]
    assert (emulation["image"], emulation["args"]) == ("registry.example/binfmt:1", ["--install", "all"])
    (container,) = spec["containers"]
    assert container["image"] == IMAGE
    assert container["args"] == ["--allow-insecure-entitlement=network.host", "--oci-worker-no-process-sandbox"]
    assert "privileged" not in container["securityContext"]

    requests, limits = {"cpu": "500m", "memory": "1Gi"}, {"cpu": "1500m", "memory": "4G"}
    if pods.EPHEMERAL in known:
        limits["ephemeral-storage"] = "20Gi"
        if pods.CLAIM not in known:  # since these two came together, it is a limit too
            requests["ephemeral-storage"] = "10Gi"
    assert container["resources"] == {"requests": requests, "limits": limits}
    assert spec.get("schedulerName") == known.get("schedulername")
    variable = {"name": "NO_PROXY", "value": 'a,"b"=c'}
    assert container.get("env") == ([variable] if "env.NO_PROXY" in known else None)
    memory = [
        each["source"]["emptyDir"]["sizeLimit"] for each in spec["volumes"] if "medium" in each["source"]["emptyDir"]
    ]
    assert memory == (["2Gi"] if "buildkit-root-volume-memory" in known else [])


def test_which_buildx_brings_certificates_into_pods(with_kubeconfig: str) -> None:
    host = with_kubeconfig
    on(host, 'echo x > /run/ca.crt; printf \'[registry."a.example"]\nca = ["/run/ca.crt"]\n\' > /run/buildkitd.toml')
    _path, found = asked(host, "files", {"image": IMAGE}, "--config", "/run/buildkitd.toml")
    spec = found["spec"]["template"]["spec"]
    mounted = {each["name"]: each["mountPath"] for each in spec["containers"][0]["volumeMounts"]}
    if version_of(buildx_version(host)) >= CERTIFICATES_IN_PODS:
        assert sorted(mounted.values()) == ["/etc/buildkit", "/etc/buildkit/certs/a.example"]
        assert {each["name"] for each in spec["volumes"]} == set(mounted)
    else:
        assert len(mounted) == 1


def test_a_claim_hides_the_configuration(with_kubeconfig: str) -> None:
    """What plugin_utils/spec/pods.py warns of; once this fails, buildx mended it."""
    host = with_kubeconfig
    if version_of(buildx_version(host)) < since("kubernetes", pods.CLAIM):
        pytest.skip("this buildx has no claims")
    on(host, "printf '[worker.oci]\\nmax-parallelism = 3\\n' > /run/buildkitd.toml")
    options = {"image": IMAGE, pods.CLAIM: "50Gi"}
    mounts = {}
    for rootless in ("false", "true"):
        name = f"rootless-{rootless}"
        _path, found = asked(host, name, {**options, "rootless": rootless}, "--config", "/run/buildkitd.toml")
        (container,) = found["spec"]["template"]["spec"]["containers"]
        mounts[rootless] = sorted(each["mountPath"] for each in container["volumeMounts"])
    assert mounts == {
        "false": ["/var/lib/buildkit"],
        "true": ["/etc/buildkit", "/home/user/.local/share/buildkit"],
    }
