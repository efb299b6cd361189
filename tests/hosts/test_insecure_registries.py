"""insecure-registries of daemon.json: entries of others stay, networks can be said, and all goes back as it was."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from lab.topology import HOSTS
from tests.hosts import local_registry
from tests.hosts.daemon import PATH, content, process, provisioned
from tests.hosts.lab import on, playbook

KEY = "insecure-registries"
# As people write it: one network with the bits of a host, one entry twice, no newline at the end.
THEIRS = '{"insecure-registries": ["10.0.0.0/8", "192.168.1.10/24", "old.example", "10.0.0.0/8"],\n\t"debug": false}'
WITHOUT_TLS = {"host": "r.example:5000", "http": True}
NOTE = "198.51.100.0/24 of builder_registries only applies to docker: BuildKit does not support networks, so builders "
SHOWN = "docker info --format '{{json .RegistryConfig.InsecureRegistryCIDRs}}'"


def listed(host: str) -> list[str]:
    document: dict[str, Any] = json.loads(content(host))
    return document[KEY]  # type: ignore[no-any-return]


def test_entries_of_others_stay_and_networks_are_docker_s(engine: str) -> None:
    address = next(str(each.address) for each in HOSTS if each.name == engine)
    server = make("server", names=(f"{engine}.lab.test",))
    local_registry.serve(engine, 5444, server.pem, server.key_pem)
    on(engine, f"mkdir --parents /etc/docker; printf '%s' '{THEIRS}' > {PATH}; systemctl restart docker")
    pull = f"docker pull {address}:5444/p:1 2>&1 || true"

    provisioned(engine, registries=[WITHOUT_TLS])
    assert listed(engine) == ["10.0.0.0/8", "192.168.1.10/24", "old.example", "r.example:5000"]
    assert "x509: " in on(engine, pull)

    pid = process(engine)
    network = {"host": f"{address}/24", "insecure": True}
    run = provisioned(engine, registries=[WITHOUT_TLS, network])
    assert run.says(NOTE)
    assert listed(engine)[3:] == ["r.example:5000", "198.51.100.0/24"]
    assert {"10.0.0.0/8", "192.168.1.0/24", "198.51.100.0/24"} < set(json.loads(on(engine, SHOWN)))
    assert "x509: " not in on(engine, pull)
    assert "not found" in on(engine, pull)
    again = provisioned(engine, registries=[WITHOUT_TLS, network])
    assert again.recap(engine)["changed"] == 0
    assert process(engine) == pid, "it only reloads"

    provisioned(engine, registries=[network])
    assert listed(engine) == ["10.0.0.0/8", "192.168.1.10/24", "old.example", "198.51.100.0/24"]
    assert playbook("retire-builders", limit=engine).status == 0
    assert content(engine) == THEIRS


def test_what_others_had_in_a_list_that_is_replaced_is_told_and_comes_back(spare: str) -> None:
    theirs = '{"registry-mirrors": ["https://old.example"], "dns": ["192.0.2.1"]}\n'
    on(spare, f"mkdir --parents /etc/docker; cat > {PATH}; systemctl restart docker", stdin=theirs)
    table = [{"host": "docker.io", "mirrors": ["new.example"]}]
    run = provisioned(spare, registries=table, dns=["192.0.2.2"])
    assert run.says(
        'registry-mirrors of daemon.json is replaced as a whole: "https://old.example" (not managed) is removed'
    )
    assert run.says('dns of daemon.json is replaced as a whole: "192.0.2.1" (not managed) is removed')
    assert not provisioned(spare, registries=table, dns=["192.0.2.3"]).says("replaced as a whole")
    assert playbook("retire-builders", limit=spare).status == 0
    assert content(spare) == theirs
