# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A boolean may be the text `false`, of `-e NAME=false` or of an INI inventory, which is true in a template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[3] / "roles"
BOOLEANS = {
    name
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    for name, option in yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {}).items()
    if option["type"] == "bool"
}
USED = [
    pytest.param(line.strip(), id=f"{path.relative_to(ROLES)}: {name}")
    for path in sorted(
        [*ROLES.glob("*/tasks/*.yml"), *ROLES.glob("*/templates/*"), *ROLES.parent.glob("playbooks/*.yml")]
    )
    for line in path.read_text().splitlines()
    for name in re.findall(r"\bbuilder_\w+", line.partition(" #")[0])
    # what a module gets as a whole, it converts itself
    if name in BOOLEANS and not re.fullmatch(rf'\s*\w+: ("{{{{ {name} }}}}"|true|false)', line)
]


def test_there_are_some() -> None:
    assert {"builder_docker_pulls", "builder_verify_trust", "builder_pull_enabled"} <= BOOLEANS
    assert len(USED) > 3


@pytest.mark.parametrize("line", USED)
def test_it_is_converted_where_it_decides(line: str) -> None:
    names = BOOLEANS & {*re.findall(r"\bbuilder_\w+", line)}
    assert [name for name in names if not re.search(rf"\b{name}( \| default\([^)]*\))? \| bool\b", line)] == []
