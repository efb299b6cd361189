# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec step as a whole."""

from __future__ import annotations

import copy
import tomllib
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import inherited_of, instances_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import (
    BUILDKIT_IMAGE,
    CONCERNS,
    OPTIONS,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec, compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

NO_FILES: dict[str, bytes] = {}

ALL = tuple(OPTIONS)
CA = make("CA")
SOON = make("soon", end=3)
SECRET = "hunter2-hunter2"


def compiled(variables: dict[str, t.Any], names: tuple[str, ...] = ALL, prefix: str = "builder_") -> CompiledSpec:
    return compile_spec(variables, names=names, read_file=NO_FILES.__getitem__, prefix=prefix, now=NOW)


def problems(variables: dict[str, t.Any], names: tuple[str, ...] = ALL) -> list[str]:
    with pytest.raises(SpecError) as caught:
        compiled(variables, names)
    return [str(problem) for problem in caught.value.problems]


def test_no_input_gives_the_defaults_complete() -> None:
    spec = compiled({})
    instance = spec.options["instances"][0]
    assert tomllib.loads(instance.pop("config")) == {}
    assert instance == {
        "name": "multiarch",
        "driver": "docker-container",
        "image": BUILDKIT_IMAGE,
        "driver_opts": {},
        "flags": [],
        "default": True,
        "certificates": {},
        "registry_files": {},
        "nodes": [],
    }
    assert spec.options["concerns"] == list(CONCERNS)
    assert spec.options["platforms"] == ["linux/amd64", "linux/arm64"]
    assert set(spec.options) == set(ALL)
    assert spec.warnings == ()


def test_the_table_of_options_stays_as_it_was() -> None:
    before = copy.deepcopy(OPTIONS)
    for value in compiled({}).options.values():
        if isinstance(value, list):
            value.append("x")
        if isinstance(value, dict):
            value["x"] = "y"
    assert before == OPTIONS


@pytest.mark.parametrize(
    ("name", "value", "normal"),
    [
        pytest.param("platforms", ["aarch64", "x86_64", "arm64"], ["linux/arm64", "linux/amd64"], id="platforms"),
        pytest.param("users", ["root", "ci", "root"], ["root", "ci"], id="users"),
        pytest.param("drain_timeout", "60", 60, id="digits"),
        pytest.param("disruption", "never", "never", id="choice"),
        pytest.param("concerns", ["trust"], ["trust"], id="concerns"),
        pytest.param("daemon_options", {"debug": None}, {"debug": None}, id="daemon_options keep null"),
        pytest.param("client_options", {"psFormat": None}, {"psFormat": None}, id="client_options keep null"),
        pytest.param("proxy", {"https": "http://p"}, {"https": "http://p", "no_proxy": []}, id="proxy is completed"),
        pytest.param("gc", {"max": 1024, "unused_for": 60}, {"max": "1024", "unused_for": "60s"}, id="gc as text"),
        pytest.param("dns", ["9.9.9.9", "1.1.1.1"], ["9.9.9.9", "1.1.1.1"], id="dns keeps its order"),
    ],
)
def test_values_are_normalised(name: str, value: object, normal: object) -> None:
    assert compiled({name: value}, (name,)).options == {name: normal}


def test_registries_reach_every_instance() -> None:
    spec = compiled(
        {
            "registries": [
                {"host": "docker.io", "mirrors": ["harbor.example.com/hub"]},
                {"host": "harbor.example.com", "ca": CA.pem, "insecure": "no", "username": "u", "password": SECRET},
            ],
            "buildkit_options": {"debug": True},
            "instances": [{"name": "a"}, {"name": "b", "config": "trace = true"}],
        }
    )
    ours, theirs = spec.options["instances"]
    assert tomllib.loads(ours["config"]) == {
        "debug": True,
        "registry": {
            "docker.io": {"mirrors": ["harbor.example.com/hub"]},
            "harbor.example.com": {"ca": ["/etc/buildkit/certs/harbor.example.com/ca.crt"]},
        },
    }
    assert [each.certificates for each in instances_of(spec.options)] == [{"harbor.example.com/ca.crt": CA.pem}] * 2
    assert str(spec.options).count(CA.pem.splitlines()[1]) == 1, "which goes to the host once"
    assert theirs["config"] == "trace = true"
    assert spec.options["registries"][1] == {
        "host": "harbor.example.com",
        "mirrors": [],
        "ca": CA.pem,
        "insecure": False,
        "http": False,
        "username": "u",
        "password": SECRET,
    }
    assert SECRET not in ours["config"]


def test_mirrors_become_hosts_toml_with_the_names_in_their_one_form() -> None:
    spec = compiled(
        {
            "registries": [
                {"host": "Quay.example", "mirrors": ["Harbor.example.com/quay"]},
                {"host": "docker.io", "mirrors": ["m.example"]},
                {"host": "harbor.example.com", "ca": CA.pem},
            ],
        },
        ("registries",),
    )
    texts = {entry["host"]: entry.get("hosts_toml") for entry in spec.options["registries"]}
    assert (texts["docker.io"], texts["harbor.example.com"]) == (None, None)  # daemon.json names m.example
    assert tomllib.loads(texts["quay.example"] or "") == {
        "server": "https://quay.example",
        "host": {
            "https://harbor.example.com/v2/quay": {
                "capabilities": ["pull", "resolve"],
                "override_path": True,
                "ca": ["/etc/docker/certs.d/harbor.example.com/ca.crt"],
            }
        },
    }


def test_a_mirror_of_docker_hub_with_its_own_ca_becomes_hosts_toml_as_well() -> None:
    """dockerd since 28.0 looks for its CA under docker.io, unless hosts.toml names it."""
    spec = compiled(
        {
            "registries": [
                {"host": "docker.io", "mirrors": ["Harbor.example.com:8443", "m.example"]},
                {"host": "harbor.example.com:8443", "ca": CA.pem},
                {"host": "m.example"},
            ],
        },
        ("registries",),
    )
    texts = {entry["host"]: entry.get("hosts_toml") for entry in spec.options["registries"]}
    assert [host for host, text in texts.items() if text] == ["docker.io"]
    pull = {"capabilities": ["pull", "resolve"]}
    assert tomllib.loads(texts["docker.io"] or "") == {
        "host": {
            "https://harbor.example.com:8443": {
                **pull,
                "ca": ["/etc/docker/certs.d/harbor.example.com:8443/ca.crt"],
            },
            "https://m.example": pull,
        },
    }


def test_hosts_toml_is_nothing_that_a_user_gives() -> None:
    told = problems({"registries": [{"host": "a.example", "hosts_toml": "server = 'https://b.example'"}]})
    assert told == ["builder_registries[0].hosts_toml: is generated from the mirrors. Remove it."]


def test_name_servers_reach_every_instance_that_has_no_config_of_its_own() -> None:
    spec = compiled({"dns": ["1.1.1.1"], "instances": [{"name": "a"}, {"name": "b", "config": "trace = true"}]})
    ours, theirs = spec.options["instances"]
    assert tomllib.loads(ours["config"]) == {"dns": {"nameservers": ["1.1.1.1"]}}
    assert theirs["config"] == "trace = true"


@pytest.mark.parametrize(
    ("dns", "told"),
    [
        pytest.param("1.1.1.1", ["builder_dns = '1.1.1.1': is a string, not a list."], id="no list"),
        pytest.param([1], ["builder_dns[0] = 1: is an integer, not a string."], id="a number"),
        pytest.param(
            ["1.1.1.1", None, {}],
            ["builder_dns[1]: is null, not a string.", "builder_dns[2]: is a mapping, not a string."],
            id="one of several",
        ),
        pytest.param(["1.1.1"], ["builder_dns[0] = '1.1.1': is not an IP address."], id="no address"),
    ],
)
@pytest.mark.parametrize("instances", [[], [{"name": "a"}]], ids=["no builder", "a builder"])
def test_name_servers_that_are_none_are_told_beside_instances(
    dns: object, told: list[str], instances: list[dict[str, str]]
) -> None:
    found = problems({"dns": dns, "instances": instances, "users": ["root"]})
    assert [text[: len(line)] for text, line in zip(found, told, strict=True)] == told


def test_each_instance_is_told_in_the_words_of_its_version() -> None:
    spec = compiled(
        {
            "gc": {"keep": "2GB", "max": "5GB", "free": "10%"},
            "buildkit_options": {"worker": {"oci": {"gc": True, "minFreeSpace": None, "selinux": False}}},
            "instances": [
                {"name": "new", "image": "moby/buildkit:v0.32.2"},
                {"name": "old", "image": "moby/buildkit:v0.13.2"},
                {"name": "older", "image": "moby/buildkit:v0.10.5"},
                {"name": "who-knows", "image": "moby/buildkit:buildx-stable-1"},
                {"name": "own", "image": "moby/buildkit:v0.9.0", "config": "trace = true"},
                {"name": "remote", "driver": "remote", "nodes": [{"endpoint": "unix:///run/buildkit/buildkitd.sock"}]},
            ],
        },
        ("gc", "buildkit_options", "instances"),
    )
    others = {"gc": True, "selinux": False}
    told = {each["name"]: tomllib.loads(each["config"]) for each in spec.options["instances"]}
    assert {name: told[name]["worker"]["oci"] for name in ("new", "old", "older", "who-knows")} == {
        "new": {"reservedSpace": "2GB", "maxUsedSpace": "5GB", **others},
        "old": {"gckeepstorage": "5GB", **others},
        "older": {"gckeepstorage": 5 * 1024**3, **others},
        "who-knows": {"reservedSpace": "2GB", "maxUsedSpace": "5GB", "gckeepstorage": "5GB", **others},
    }
    assert told["own"] == {"trace": True}
    assert told["remote"] == {}
    assert spec.options["gc"] == {"keep": "2GB", "max": "5GB", "free": "10%"}
    assert spec.warnings == (
        "builder_buildkit_options.worker.oci.selinux: is ignored by BuildKit 0.10.5 (since 0.10.6)",
        "builder_gc.free: is omitted for BuildKit 0.10.5, as it needs 0.17 or newer",
        "builder_gc.free: is omitted for BuildKit 0.13.2, as it needs 0.17 or newer",
        "builder_instances[4].config.trace: is ignored by BuildKit 0.9.0 (since 0.12)",
    )


def test_hosts_of_the_inventory_become_nodes() -> None:
    hosts = {"arm-1": {"ansible_host": "198.51.100.31", "ansible_user": "ci"}}
    nodes = [{"host": "scheduler"}, {"host": "arm-1", "platforms": ["aarch64"]}]
    spec = compile_spec(
        {"instances": [{"name": "a", "nodes": nodes}]},
        names=("instances",),
        read_file=no_file,
        now=NOW,
        inventory=Inventory("scheduler", hosts.get),
    )
    assert spec.options["instances"][0]["nodes"] == [
        {"name": "a-scheduler", "endpoint": "", "platforms": [], "driver_opts": {}},
        {"name": "a-arm-1", "endpoint": "ssh://ci@198.51.100.31", "platforms": ["linux/arm64"], "driver_opts": {}},
    ]


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        pytest.param("arm-1", ["builder_instances[0].nodes = 'arm-1': is a string, not a list."], id="no list"),
        pytest.param(["arm-1"], ["builder_instances[0].nodes[0] = 'arm-1': is a string, not a mapping."], id="a name"),
        pytest.param(
            [{"hots": "arm-1", "endpoint": "ssh://a"}],
            ["builder_instances[0].nodes[0].hots: is not a known key. Did you mean host?"],
            id="a misspelling",
        ),
        pytest.param(
            [{"endpoint": "ssh://a", "platforms": "arm64", "driver_opts": ["memory=1g"]}],
            [
                "builder_instances[0].nodes[0].platforms = 'arm64': is a string, not a list.",
                "builder_instances[0].nodes[0].driver_opts: is a list, not a mapping.",
            ],
            id="other types",
        ),
        pytest.param(
            [{"endpoint": "ssh://a", "name": 1, "platforms": [5]}],
            [
                "builder_instances[0].nodes[0].name = 1: is an integer, not a string.",
                "builder_instances[0].nodes[0].platforms[0] = 5: is an integer, not a string.",
            ],
            id="numbers",
        ),
        pytest.param(
            [{"host": "arm-1"}],
            ["builder_instances[0].nodes[0].host = 'arm-1': is not a host of the inventory."],
            id="a host, where there is no inventory",
        ),
    ],
)
def test_nodes_that_are_none(nodes: object, told: list[str]) -> None:
    found = problems({"instances": [{"name": "a", "nodes": nodes}]}, ("instances",))
    assert [text[: len(line)] for text, line in zip(found, told, strict=True)] == told


def test_the_key_of_a_node_is_not_told() -> None:
    node = {"endpoint": "tcp://a:1", "ca": CA.pem, "client_cert": CA.pem, "client_key": SOON.key_pem}
    found = problems({"instances": [{"name": "a", "driver": "remote", "nodes": [node]}]}, ("instances",))
    assert [text.partition(":")[0] for text in found] == ["builder_instances[0].nodes[0].client_key"]
    assert not any(line in found[0] for line in SOON.key_pem.splitlines()[1:-1])
    found = problems({"instances": [{"name": "a", "nodes": [{"host": "b", "client_key": {"x": SECRET}}]}]})
    assert SECRET not in "".join(found)


def test_contexts_belong_to_users_and_nodes_to_contexts() -> None:
    one = {"name": "far", "host": "tcp://far:2376", "ca": CA.pem, "users": ["ci"]}
    nodes = [{"context": "far"}, {"context": "other"}]
    given = {"users": ["root", "ci"], "contexts": [one], "instances": [{"name": "a", "nodes": nodes}]}
    assert problems(given) == [
        "builder_instances[0].nodes[0].context = 'far': is in builder_contexts, but not for root. Add root to its "
        "`users`."
    ]
    assert compiled({**given, "users": ["ci"]}).options["contexts"] == [
        {**one, "skip_tls_verify": False, "takeover": False}
    ]
    soon = [{"name": "far", "host": "tcp://far:2376", "ca": SOON.pem}]
    for days, count in ((30, 1), (0, 0)):
        found = compiled({"contexts": soon, "ca_warn_days": days}, ("users", "ca_warn_days", "contexts"))
        assert len(found.warnings) == count
    key = {"host": "tcp://a:1", "name": "ab", "client_key": {"x": SECRET}}
    assert SECRET not in "".join(problems({"contexts": [key]}))


def test_only_the_options_asked_for_come_back() -> None:
    assert set(compiled({}, ("registries", "users")).options) == {"registries", "users"}


EVERYTHING_WRONG: dict[str, t.Any] = {
    "concerns": ["trust", "deamon"],
    "engine": "latest",
    "platforms": ["linux/arm46", 5, "windows/amd64"],
    "registries": [
        "harbor.example.com",
        {"host": "https://h.example", "mirrors": ["m", "http://m2"], "username": "u", "pasword": SECRET},
        {"ca": "no/such.pem", "insecure": "perhaps"},
        {"host": "k.example", "ca": CA.key_pem, "password": SECRET},
        {"host": "l.example", "ca_from": "habor", "ca_fingerprint": 12},
        {"host": "m.example", "ca_from": "harbor", "ca_fingerprint": "12"},
        {"host": "n.example", "ca_from": "harbor", "ca_fingerprint": CA.fingerprint},
    ],
    "ca_warn_days": -1,
    "instances": [
        {"name": "default", "driver": "kubernets", "image": "a/b@sha256:1", "default": True},
        {"name": "x", "default": "yes", "flags": "--debug", "driver_opts": {"cpus": 2}},
        {"name": "X", "config": "debgu = true"},
    ],
    "users": "root",
    "binfmt_image": "docker.io/tonistiigi/binfmt@sha256:xyz",
    "daemon_options": {"hosts": ["fd://"], "registry-mirrors": [f"https://me:{SECRET}@m"]},
    "buildkit_options": {"debgu": True, "registry": {"k.example": {"insecure": "yes"}}},
    "client_options": {"auths": {"h.example": {"auth": SECRET}}},
    "proxy": {"http": f"http://me:{SECRET}@p", "htps": "p", "no_proxy": "a", "password": SECRET},
    "dns": ["1.1.1.1", "dns.example.com"],
    "gc": {"max": "5X", "kep": 1},
    "disruption": "later",
    "drain_timeout": 0,
    "lock_timeout": -1,
    "plattforms": [],
}
ALL_TOLD = """\
builder_plattforms: is not an option here. Did you mean platforms?
builder_concerns[1] = 'deamon': is not a valid choice. Did you mean daemon?
builder_engine = 'latest': is not a valid choice. Known: present, distro, docker.
builder_platforms[1] = 5: is an integer, not a string. Put it in quotes.
builder_registries[0] = 'harbor.example.com': is a string, not a mapping. Write a mapping: {key: value}.
builder_registries[1].pasword: is not a known key. Did you mean password?
builder_registries[2].host: is missing. Every entry needs it.
builder_registries[2].insecure = 'perhaps': is a string, not a boolean. Write true or false.
builder_registries[4].ca_from = 'habor': is not a valid choice. Did you mean harbor?
builder_registries[4].ca_fingerprint = 12: is an integer, not a string. Put it in quotes.
builder_instances[0].driver = 'kubernets': is not a valid choice. Did you mean kubernetes?
builder_instances[1].flags = '--debug': is a string, not a list. Write flags: [--debug].
builder_users = 'root': is a string, not a list. Write a list: [a, b].
builder_proxy.htps: is not a known key. Did you mean https?
builder_proxy.no_proxy = 'a': is a string, not a list. Write a list: [a, b].
builder_gc.kep: is not a known key. Did you mean keep?
builder_disruption = 'later': is not a valid choice. Known: wait, now, never.
builder_platforms[0] = 'linux/arm46': is not a known platform. Did you mean linux/arm64 or
builder_platforms[2] = 'windows/amd64': is not a Linux platform. Write linux/ARCHITECTURE.
builder_ca_warn_days = -1: must be 0 or greater. Write whole days, or 0 for no warnings.
builder_binfmt_image = 'docker.io/tonistiigi/binfmt@sha256:xyz': has no valid digest after the @.
builder_drain_timeout = 0: must be greater than 0.
builder_lock_timeout = -1: must be 0 or greater.
builder_daemon_options.hosts: stops dockerd from starting:
builder_daemon_options.registry-mirrors: is set by another variable.
builder_client_options.auths: contains secrets.
builder_proxy.http = '***@p': contains a user name or password.
builder_proxy.username: is missing, but `password` is given.
builder_dns[1] = 'dns.example.com': is not an IP address.
builder_gc.max = '5X': is a string that BuildKit does not accept.
builder_registries[1].host = 'https://h.example': has a scheme.
builder_registries[1].mirrors[1] = 'http://m2': has a scheme.
builder_registries[1].password: is missing, but `username` is given.
builder_registries[2].ca = 'no/such.pem': cannot be read:
builder_registries[3].username: is missing, but `password` is given.
builder_registries[3].ca: contains a private key.
builder_registries[5].ca_fingerprint = '12': is not a SHA-256 fingerprint.
builder_registries[6].ca_from = 'harbor': nobody there. Give `ca`.
builder_buildkit_options.debgu: is not a valid key here in buildkitd.toml;
builder_buildkit_options.registry."k.example".insecure = 'yes': is a string that buildkitd does not accept.
builder_instances[0].name = 'default': is the name of Docker's default context.
builder_instances[0].image = 'a/b@sha256:1': has no valid digest after the @.
builder_instances[1].driver_opts.cpus: is not an option of the docker-container driver.
builder_instances[2].config.debgu: is not a valid key here in buildkitd.toml;
builder_instances[2].name = 'X': is also the name of builder_instances[1];
builder_instances[1].default: is the default, but so is builder_instances[0].
"""


def no_file(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


def no_harbor(_host: str) -> bytes:
    raise CertificateError("nobody there", "Give `ca`")


def test_everything_wrong_is_told_at_once_and_no_secret_with_it() -> None:
    with pytest.raises(SpecError) as caught:
        compile_spec(EVERYTHING_WRONG, names=ALL, read_file=no_file, fetch=no_harbor, now=NOW)
    told = [str(problem) for problem in caught.value.problems]
    expected = ALL_TOLD.splitlines()
    assert [text[: len(line)] for text, line in zip(told, expected, strict=True)] == expected
    everything = str(caught.value) + repr(caught.value.problems)
    assert SECRET not in everything
    assert not any(line in everything for line in CA.key_pem.splitlines()[1:-1])
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize("prefix", ["", "builder_"])
def test_the_variable_is_named_as_the_user_knows_it(prefix: str) -> None:
    with pytest.raises(SpecError, match=rf"- {prefix}users\[0\] = 'a b': is not a valid user name") as caught:
        compiled({"users": ["a b"]}, prefix=prefix)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a/b", "-a", "a\n"])
def test_names_of_users(name: str) -> None:
    assert len(problems({"users": [name]}, ("users",))) == 1


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        pytest.param({"users": []}, True, id="builders need a user"),
        pytest.param({"users": [], "instances": []}, False, id="no builders, no user"),
        pytest.param({"users": [], "concerns": ["trust", "daemon"]}, False, id="no concern with builders"),
    ],
)
def test_when_a_user_is_needed(variables: dict[str, t.Any], wrong: bool) -> None:
    if wrong:
        assert problems(variables)[0].startswith("builder_users: is empty, but each builder belongs to a user")
    else:
        assert compiled(variables).options["users"] == []


def test_an_error_in_buildkit_options_does_not_bring_others_with_it() -> None:
    config = '[registry."k.example"]\nca = ["/etc/buildkit/certs/k.example/ca.crt"]'
    told = problems(
        {
            "registries": [{"host": "k.example", "ca": CA.pem}],
            "buildkit_options": {"debgu": True},
            "instances": [{"name": "a", "config": config}],
        }
    )
    assert len(told) == 1
    assert told[0].startswith("builder_buildkit_options.debgu")


def test_warnings_come_with_the_result() -> None:
    spec = compiled({"registries": [{"host": "a.b", "ca": SOON.pem}], "binfmt_image": "tonistiigi/binfmt"})
    assert len(spec.warnings) == 2
    assert spec.warnings[0].startswith("builder_binfmt_image: 'tonistiigi/binfmt' can change")
    assert spec.warnings[1].startswith("builder_registries[0].ca: certificate CN=soon expires on 2026-06-04")


@pytest.mark.parametrize(
    ("days", "warned"),
    [
        pytest.param({}, True, id="30 unless told otherwise"),
        pytest.param({"ca_warn_days": 3}, True, id="3"),
        pytest.param({"ca_warn_days": "2"}, False, id="2, as text"),
        pytest.param({"ca_warn_days": 0}, False, id="never"),
    ],
)
def test_how_early_certificates_are_told(days: dict[str, t.Any], warned: bool) -> None:
    assert bool(compiled({"registries": [{"host": "a.b", "ca": SOON.pem}], **days}).warnings) is warned


def test_a_ca_from_harbor_reaches_every_place_as_one_of_a_file_does() -> None:
    names = ("registries", "instances", "ca_warn_days")
    entry = {"host": "h.example", "ca_from": "harbor", "ca_fingerprint": CA.fingerprint}
    asked = compile_spec(
        {"registries": [entry]},
        names=names,
        read_file=no_file,
        fetch={"h.example": CA.pem.encode()}.__getitem__,
        now=NOW,
    )
    assert asked.options == compiled({"registries": [{"host": "h.example", "ca": CA.pem}]}, names).options


def test_what_jobs_builders_inherit_is_for_any_version_of_buildkit() -> None:
    spec = compiled(
        {
            "registries": [
                {"host": "a.example:5000", "ca": CA.pem},
                {"host": "docker.io", "mirrors": ["a.example:5000"]},
            ],
            "dns": ["192.0.2.53"],
            "gc": {"max": "5GB"},
            "buildkit_options": {"worker": {"oci": {"max-parallelism": 2}}},
            "instances": [{"name": "a", "image": "moby/buildkit:v0.32.2"}],
            "users": ["ci", "jane"],
            "inherit": {"enabled": True, "users": ["jane", "jane"]},
        }
    )
    found = inherited_of(spec.options)
    assert found.users == ("jane",)
    assert found.certificates == {"a.example_5000/ca.crt": CA.pem}
    assert tomllib.loads(found.config) == {
        "dns": {"nameservers": ["192.0.2.53"]},
        "registry": {
            "a.example:5000": {"ca": ["/etc/buildkit/certs/a.example_5000/ca.crt"]},
            "docker.io": {"mirrors": ["a.example:5000"]},
        },
        "worker": {"oci": {"max-parallelism": 2, "gckeepstorage": "5GB", "maxUsedSpace": "5GB"}},
    }


@pytest.mark.parametrize(
    ("inherit", "told"),
    [
        pytest.param({"users": ["jnae"]}, ["users[0] = 'jnae': is not one of builder_users. Did"], id="who"),
        pytest.param({"users": ["joe"]}, ["users[0] = 'joe': is not one of builder_users. Known: ci, jane."], id="off"),
        pytest.param({"enabled": "perhaps"}, ["enabled = 'perhaps': is a string, not a boolean."], id="a type"),
        pytest.param({"enable": True}, ["enable: is not a known key. Did you mean enabled?"], id="a key"),
        pytest.param({"config": "debug = true"}, ["config: is generated from the registries. Remove it."], id="ours"),
        pytest.param({"users": [None]}, ["users[0]: is null, not a string."], id="null"),
    ],
)
def test_what_can_be_wrong_about_jobs_builders(inherit: dict[str, t.Any], told: list[str]) -> None:
    found = problems({"users": ["ci", "jane"], "inherit": inherit})
    assert [text[: len(words) + 16] for text, words in zip(found, told, strict=True)] == [
        f"builder_inherit.{words}" for words in told
    ]
