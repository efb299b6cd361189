# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of options: a text for each, and what a module's fragment has."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.doc_fragments.options import ModuleDocFragment, documentation
from ansible_collections.multiarch.builders.plugins.doc_fragments.texts import TEXTS
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.modules import spec


def paths(options: Mapping[str, t.Any], above: str = "") -> Iterator[str]:
    for name, row in options.items():
        yield f"{above}{name}"
        yield from paths(row.get("options", {}), f"{above}{name}{'[]' if row['type'] == 'list' else ''}.")


def test_every_option_has_a_text_and_every_text_an_option() -> None:
    texts = yaml.safe_load(TEXTS)
    assert set(texts) == set(paths(OPTIONS))
    assert [name for name, text in texts.items() if not text or not all(isinstance(each, str) for each in text)] == []


def fragment(name: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = yaml.safe_load(getattr(ModuleDocFragment(), name))["options"]
    return found


def test_a_fragment_has_what_the_module_takes() -> None:
    assert fragment("DOCUMENTATION") == documentation(OPTIONS)
    assert list(fragment("TRUST")) == ["registries", "ca_warn_days", "users", "lock_timeout"]
    assert list(fragment("RETIRE")) == [
        *("allow_image_store_switch", "allow_data_root_switch"),
        *("disruption", "drain_timeout", "lock_timeout"),
    ]
    with pytest.raises(AttributeError):
        fragment("SOMETHING")


def test_an_option_is_documented_as_its_row_says() -> None:
    assert fragment("DOCKER_DAEMON")["drain_timeout"] == {
        "description": ["Seconds to wait for running builds and containers with O(disruption=wait)."],
        "type": "int",
        "default": 900,
    }
    nodes = fragment("BUILDX")["instances"]["suboptions"]["nodes"]
    assert (nodes["elements"], nodes["suboptions"]["context"]["type"]) == ("dict", "str")


def test_an_option_that_the_module_does_not_take_is_named_as_a_variable() -> None:
    assert "O(environment_file)" in fragment("BUILDX")["environment"]["description"][0]
    assert "C(builder_environment_file)" in fragment("BUILD_PROOF")["environment"]["description"][0]


def test_the_example_is_good_input() -> None:
    tasks = yaml.safe_load(spec.EXAMPLES)
    assert set(tasks[0]["multiarch.builders.spec"]) <= set(OPTIONS)
    assert yaml.safe_load(spec.RETURN)["problems"]["contains"].keys() == {"variable", "value", "message", "remedy"}
