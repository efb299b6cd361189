# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus' text format, version 0.0.4. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/ ; names and units by
https://prometheus.io/docs/practices/naming/ .
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

PREFIX = "multiarch_builders"
Labels = t.Mapping[str, str]
Sample = t.Tuple[Labels, float]


@dataclass(frozen=True)
class Metric:
    """A metric: its *name* without the prefix, what it means, its samples; a name that ends with _total counts."""

    name: str
    text: str
    samples: t.Tuple[Sample, ...]


def rendered(metrics: t.Iterable[Metric]) -> str:
    """The whole file. A metric without samples is omitted."""
    return "".join(map(_rendered, metrics))


def _rendered(metric: Metric) -> str:
    if not metric.samples:
        return ""
    name = f"{PREFIX}_{metric.name}"
    kind = "counter" if name.endswith("_total") else "gauge"
    text = metric.text.replace("\\", "\\\\").replace("\n", "\\n")
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
