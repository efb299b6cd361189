"""Straight lines through what was measured: a fixed part and a part for each host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """value = fixed + each · hosts"""

    fixed: float
    each: float

    def at(self, hosts: int) -> float:
        """What so many hosts take."""
        return self.fixed + self.each * hosts


def through(points: Sequence[tuple[float, float]]) -> Line:
    """The line of least squares through (hosts, value); through two points it goes exactly."""
    count = len(points)
    middle = sum(x for x, _y in points) / count, sum(y for _x, y in points) / count
    spread = sum((x - middle[0]) ** 2 for x, _y in points)
    each = sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread
    return Line(middle[1] - each * middle[0], each)
