# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec step, whatever the inventory says: a spec that can be used, or a list of problems."""

from __future__ import annotations

import json
import tomllib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    instances_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec, compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.properties import strategies

ALL = tuple(OPTIONS)


def no_file(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


def no_answer(host: str) -> bytes:
    raise CertificateError(f"https://{host} cannot be fetched: timed out", "set `ca` to the CA's file")


def outcome(variables: dict[str, t.Any]) -> CompiledSpec | SpecError:
    """What becomes of *variables*; any other exception is what the tests are after."""
    try:
        return compile_spec(variables, names=ALL, read_file=no_file, fetch=no_answer, now=NOW)
    except SpecError as exc:
        return exc


def require_usable(spec: CompiledSpec) -> None:
    """A spec travels as JSON, is read by the module, and its texts can be written."""
    options = json.loads(json.dumps(spec.options, allow_nan=False))
    json.dumps(options, ensure_ascii=False).encode()
    registries_of(options)
    proxy_of(options)
    for each in instances_of(options):
        tomllib.loads(each.config)


def require_clear(error: SpecError) -> None:
    """Each problem names its variable and a remedy, on one line that can be printed."""
    assert error.problems
    for problem in error.problems:
        assert problem.variable.startswith("builder_"), problem
        assert problem.message, problem
        assert problem.remedy, problem
    str(error).encode()
    assert str(error).count("\n") == len(error.problems), "one line each"
    assert len(str(error)) < 1000 * (1 + len(error.problems)), "none of them endless"


def require_outcome(variables: dict[str, t.Any]) -> None:
    found = outcome(variables)
    if isinstance(found, SpecError):
        require_clear(found)
    else:
        require_usable(found)


@given(strategies.options(OPTIONS))
def test_options_that_are_nearly_right(variables: dict[str, t.Any]) -> None:
    require_outcome(variables)


@given(st.sampled_from(ALL), strategies.yaml_junk)
def test_junk_in_one_option(name: str, value: object) -> None:
    require_outcome({name: value})


@given(st.dictionaries(strategies.text, strategies.yaml_junk, max_size=3))
def test_names_of_nothing(variables: dict[str, t.Any]) -> None:
    require_outcome(variables)
