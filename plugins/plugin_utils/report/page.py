# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: a single HTML file that needs no server and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.plugin_utils.report import attention, cells, fleet
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import STATES, Report
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent


def as_json(report: Report) -> str:
    """builders.json."""
    return json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"


def as_html(report: Report, json_name: str = "builders.json") -> str:
    """builders.html; *json_name* is the file next to it with the same data.

    All values are escaped. A policy makes the browser run only our own style and script.
    """
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"size": cells.size, "disks": cells.disks, "age": cells.age}
    environment.globals |= {name: getattr(cells, name) for name in _SHOWN} | {
        "cache_of": fleet.cache_of,
        "attention": attention.attention,
    }
    return environment.get_template("page.html.j2").render(
        report=report,
        elsewhere=cells.elsewhere(report),
        states=STATES,
        json_name=json_name,
        style=Markup(style),  # our own file
        script=Markup(script),
        policy=f"default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'",
    )


_SHOWN = (
    "ordered",
    "summary",
    "nodes",
    "running",
    "platform",
    "versions",
    "soonest",
    "proof",
    "spread",
    "coverage",
    "sort_keys",
    "search_text",
    "whole",
)


def _hash(text: str) -> str:
    """As a Content-Security-Policy names an inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
