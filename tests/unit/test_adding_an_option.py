"""A new option is a row and a text: all else that names it is made from them (docs/architecture.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.doc_fragments import options as fragments
from ansible_collections.multiarch.builders.plugins.doc_fragments.texts import TEXTS
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS, argument_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.variables import from_variables
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec

from tests.tools import argument_specs, role_defaults

ROOT = Path(__file__).parents[2]
NO_FILES: dict[str, bytes] = {}


@pytest.fixture
def tea(monkeypatch: pytest.MonkeyPatch) -> str:
    """An option of concern buildx, added as the page says."""
    row = {"type": "str", "choices": ["green", "black"], "default": "green", "read_by": ("buildx",)}
    monkeypatch.setitem(OPTIONS, "tea", row)
    monkeypatch.setattr(fragments, "TEXTS", f"{TEXTS}tea:\n  - Which tea, V(green) or V(black).\n")
    return "tea"


def test_modules_take_it(tea: str) -> None:
    row = {"type": "str", "choices": ["green", "black"], "default": "green"}
    assert argument_spec("buildx_builder")[tea] == argument_spec("plan")[tea] == row
    assert tea not in argument_spec("binfmt_handlers")


def test_it_is_documented(tea: str) -> None:
    for name in ("DOCUMENTATION", "BUILDX"):
        documented = yaml.safe_load(getattr(fragments.ModuleDocFragment(), name))["options"][tea]
        assert documented["description"] == ["Which tea, V(green) or V(black)."]
        assert documented["choices"] == ["green", "black"]
    specs = yaml.safe_load(argument_specs.content())["argument_specs"]["main"]["options"]
    assert specs["builder_tea"] == {
        "type": "str",
        "choices": ["green", "black"],
        "default": "green",
        "description": ["Which tea, `green` or `black`."],
    }


def test_it_is_a_variable(tea: str) -> None:
    assert yaml.safe_load(role_defaults.content())["builder_tea"] == "green"
    given = from_variables([tea], {"builder_tea": "black"}, dict)
    compiled = compile_spec(given, names=tuple(OPTIONS), read_file=NO_FILES.__getitem__)
    assert compiled.options[tea] == "black"


def test_the_page_names_files_that_are_there() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    (section,) = re.findall(r"^## Adding an option\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    steps = re.findall(r"^\d\. ", section, re.MULTILINE)
    files = re.findall(r"^\d\. `(\S+)`:", section, re.MULTILINE)
    assert len(steps) <= 5
    assert files
    assert all((ROOT / "plugins" / each).exists() for each in files)
