# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as frozen data."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.spec import (
    Disruption,
    Instance,
    Registry,
    disruption_of,
    instances_of,
    registries_of,
)


def test_a_full_registry() -> None:
    row = {
        "host": "a.example:5000",
        "mirrors": ["b.example", "c.example"],
        "ca": "CA",
        "client_cert": "cert",
        "client_key": "key",
        "insecure": True,
        "http": True,
        "username": "u",
        "password": "p",
    }
    (found,) = registries_of({"registries": [row]})
    assert found == Registry("a.example:5000", ("b.example", "c.example"), "CA", "cert", "key", True, True, "u", "p")


def test_what_ansible_fills_in_and_what_is_not_ours_is_left_out() -> None:
    row = {"host": "a.example", "mirrors": None, "ca": None, "added_by_a_later_version": 1}
    assert registries_of({"registries": [row]}) == (Registry("a.example"),)


@pytest.mark.parametrize(
    ("row", "instance"),
    [
        pytest.param(
            {"name": "b", "driver": "docker-container", "image": "i"},
            Instance("b", "docker-container", "i", {}, (), False, "", {}),
            id="the least",
        ),
        pytest.param(
            {
                "name": "b",
                "driver": "docker-container",
                "image": "i",
                "driver_opts": {"cpu-quota": 50000, "default-load": "true"},
                "flags": ["--debug"],
                "default": True,
                "config": "debug = true\n",
                "certificates": {"a/ca.crt": "CA"},
            },
            Instance(
                "b",
                "docker-container",
                "i",
                {"cpu-quota": "50000", "default-load": "true"},
                ("--debug",),
                True,
                "debug = true\n",
                {"a/ca.crt": "CA"},
            ),
            id="all, with numbers as the text that buildx stores",
        ),
        pytest.param(
            {"name": "b", "driver": "d", "image": "i", "driver_opts": None, "flags": None, "config": None},
            Instance("b", "d", "i", {}, (), False, "", {}),
            id="null",
        ),
    ],
)
def test_instances(row: dict[str, object], instance: Instance) -> None:
    assert instances_of({"instances": [row]}) == (instance,)


def test_disruption() -> None:
    assert disruption_of({"disruption": "never", "drain_timeout": 5}) == Disruption("never", 5)
