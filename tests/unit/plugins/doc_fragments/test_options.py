# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented options are the options of the table: no more, no less, with the same types and defaults."""

from __future__ import annotations

import typing as t

import yaml
from ansible_collections.multiarch.builders.plugins.doc_fragments import docker_options, options
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.modules import spec

FRAGMENTS = {
    f"multiarch.builders.{file}.{name.lower()}": text
    for file, module in (("options", options), ("docker_options", docker_options))
    for name, text in vars(module.ModuleDocFragment).items()
    if name.isupper()
}


def documented() -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    for text in FRAGMENTS.values():
        found.update(yaml.safe_load(text)["options"])
    return found


def as_argument_spec(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Documentation in the words of an argument specification."""
    found: dict[str, t.Any] = {}
    for name, option in options.items():
        assert option["description"], f"{name} has no description"
        found[name] = {
            key: option[key] for key in ("type", "elements", "choices", "default", "required") if key in option
        }
        if "suboptions" in option:
            found[name]["options"] = as_argument_spec(option["suboptions"])
    return found


def without_no_log(options: dict[str, t.Any]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    for name, option in options.items():
        found[name] = {key: value for key, value in option.items() if key != "no_log"}
        if "options" in option:
            found[name]["options"] = without_no_log(option["options"])
    return found


def test_the_texts_and_the_table_agree() -> None:
    assert as_argument_spec(documented()) == without_no_log(OPTIONS)


def test_the_module_spec_documents_every_option() -> None:
    documentation = yaml.safe_load(spec.DOCUMENTATION)
    assert set(documentation["extends_documentation_fragment"]) == set(FRAGMENTS)


def test_the_example_is_good_input() -> None:
    tasks = yaml.safe_load(spec.EXAMPLES)
    assert set(tasks[0]["multiarch.builders.spec"]) <= set(OPTIONS)
    assert yaml.safe_load(spec.RETURN)["problems"]["contains"].keys() == {"variable", "value", "message", "remedy"}
