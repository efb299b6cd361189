"""The table of hosts is consistent with itself, with the network and with the inventory."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab.settings import BRIDGE, MACHINE_ADDRESS, NETWORK
from lab.topology import BASES, HOSTS, VMS, Host

INVENTORIES = Path(__file__).parents[3] / "inventory"
INTERFACE_NAME_LIMIT = 15  # IFNAMSIZ less its final zero


def test_names_and_addresses_are_unique() -> None:
    hosts = (*HOSTS, *VMS)
    assert len({host.name for host in hosts}) == len(hosts)
    assert len({host.address for host in hosts} | {MACHINE_ADDRESS}) == len(hosts) + 1


@pytest.mark.parametrize("host", (*HOSTS, *VMS), ids=lambda host: host.name)
def test_host_fits_the_network(host: Host) -> None:
    assert host.address in NETWORK
    assert len(f"vb-{host.name}") <= INTERFACE_NAME_LIMIT


def test_bridge_name_fits() -> None:
    assert len(BRIDGE) <= INTERFACE_NAME_LIMIT


def test_one_registry_starts_by_default() -> None:
    assert [host.default for host in HOSTS if host.is_registry] == [True]


def test_a_base_is_made_of_one_of_its_own_suite_that_is_whole() -> None:
    for base in (base for base in BASES if base.below):
        assert base.below is not None
        assert (base.below.suite, base.below.below) == (base.suite, None)
        assert not set(base.packages) & set(base.below.packages)


def builders(inventory: str) -> set[str]:
    """The builders of an inventory of the lab, all of whose hosts are as the table has them."""
    groups = yaml.safe_load((INVENTORIES / inventory / "hosts.yml").read_text())["all"]["children"]
    table = {host.name: host for host in (*HOSTS, *VMS)}
    for group in groups.values():
        for name, variables in group["hosts"].items():
            assert variables["ansible_host"] == str(table[name].address)
            assert variables["ansible_user"] == table[name].ssh_user
    return set(groups["builders"]["hosts"])


def test_inventories_say_what_the_table_says() -> None:
    assert builders("lab") == {host.name for host in HOSTS if host.default and not host.is_registry}
    assert builders("lab-arm64") == {host.name for host in VMS}
