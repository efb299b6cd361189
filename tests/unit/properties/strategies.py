# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the properties are tried with: what YAML and JSON can hold, odd text, and input that is right."""

from __future__ import annotations

import datetime
import string
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.option_keys import Option
from hypothesis import strategies as st

Strategy = st.SearchStrategy[t.Any]

NASTY = (
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "~\0",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "-rf",
    "--5",
    "$(id)",
    "${HOME}",
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "'\"`\\",
    "# no comment",
    "no",
    "1e3",
    "0x" + "f" * 4000,
    "9" * 5000,
    "v" + "9" * 5000 + ".1",
    "a" * 300,
    "a." * 150,
    "http://[",
    "https://user:pass@host",
    "[::1]:5000",
    "[::1%eth0]",
    "x:99999",
    "host:",
    "\u212aocker.io",
    "\u0663",
    "ä\u2028ö",
    "\ud800",
    "\ufeff",
    "\U0001d518",
    "-----BEGIN CERTIFICATE-----",
    "@sha256:",
)
text = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
"""Any text, also such as no file can hold."""

encodable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
"""Text that a file can hold."""

words = st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)


def _nested(scalars: Strategy, keys: Strategy, leaves: int) -> Strategy:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=leaves,
    )


json_values = _nested(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | encodable,
    encodable,
    12,
)
"""What JSON can hold."""

# Few keys, or nothing would ever meet.
_FEW_KEYS = st.sampled_from(["a", "b", "c"])
_FEW_SCALARS = st.sampled_from([0, 1, "x", True, False, ""])


def _mappings(values: Strategy) -> Strategy:
    return st.recursive(values, lambda inner: st.dictionaries(_FEW_KEYS, inner, max_size=3), max_leaves=6)


documents = st.dictionaries(_FEW_KEYS, _mappings(_FEW_SCALARS | st.just([1])), max_size=3)
"""JSON mappings without null, over few keys."""
patches = st.dictionaries(_FEW_KEYS, _mappings(_FEW_SCALARS | st.just([1]) | st.none()), max_size=3)
"""JSON merge patches over the same keys."""

yaml_junk = _nested(
    st.none()
    | st.booleans()
    | st.integers(-5, 70000)
    | st.sampled_from([10**4000, 2**64, -(2**63) - 1])
    | st.floats()
    | st.dates()
    | st.datetimes(timezones=st.sampled_from([datetime.UTC, None]))
    | st.binary(max_size=4)
    | text,
    text | st.integers(0, 3) | st.booleans() | st.none(),
    8,
)
"""What a YAML file can hold, of any shape."""


def _option(option: Option) -> Strategy:
    """Values that are near what *option* wants, or anything else."""
    kind = option["type"]
    near: Strategy
    if "choices" in option and kind == "str":
        near = st.sampled_from(option["choices"])
    elif "options" in option and kind == "dict":
        near = options(option["options"])
    elif kind == "list":
        element: Option = {"type": option.get("elements", "str")}
        element.update({key: option[key] for key in ("choices", "options") if key in option})
        near = st.lists(_option(element), max_size=3)
    else:
        scalars: dict[str, Strategy] = {
            "str": text | words,
            "bool": st.booleans(),
            "int": st.integers(-3, 10**6),
            "dict": st.dictionaries(words | text, yaml_junk, max_size=3),
            "raw": st.integers(-1, 200) | st.sampled_from(["50GB", "10%", "48h", "1.5h", "0"]) | text,
        }
        near = scalars[kind]
    # near ones four times as often: junk alone is refused at the door
    return st.one_of(near, near, near, near, yaml_junk)


def options(table: t.Mapping[str, Option]) -> Strategy:
    """Mappings with some keys of *table*, their values right or wrong."""
    return st.fixed_dictionaries({}, optional={name: _option(option) for name, option in table.items()})
