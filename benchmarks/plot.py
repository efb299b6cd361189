"""docs/performance.svg: wall time as bars, a panel for each state and size. Readable on light and on dark pages."""

from __future__ import annotations

from itertools import groupby

from benchmarks.results import CONTENDERS, STATES, Result, Results

WIDTH, LEFT, RIGHT = 860, 216, 132
ROW, BAR, HEAD, GAP = 30, 16, 40, 22
ROOM = WIDTH - LEFT - RIGHT

STYLE = """
  :root { color-scheme: light dark; --page: #ffffff; --line: #d1d9e0; --ink: #1f2328; --soft: #59636e;
    --ours: #2563eb; --other: #b4bdc8; --whisker: #59636e }
  @media (prefers-color-scheme: dark) { :root { --page: #0d1117; --line: #3d444d; --ink: #f0f6fc; --soft: #9198a1;
    --ours: #4c8dff; --other: #4a535e; --whisker: #b7bdc8 } }
  text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink) }
  .title { font-weight: 600; font-size: 15px }
  .soft { fill: var(--soft) }
  rect.ours, text.ours { fill: var(--ours) }
  text.ours { font-weight: 600 }
  rect.other { fill: var(--other) }
  .whisker { stroke: var(--whisker); stroke-width: 1.5; fill: none }
  .page { fill: var(--page); stroke: var(--line) }
  .axis { stroke: var(--line) }
"""


def svg(results: Results) -> str:
    """The whole file; the bar is the median, the whisker goes from the fastest to the slowest run."""
    ordered = sorted(results.measured, key=lambda each: (each.key[1], *each.key))
    panels = [list(group) for _panel_key, group in groupby(ordered, key=lambda each: (each.state, each.hosts))]
    parts: list[str] = []
    top = 16
    for panel in panels:
        parts += _panel(panel, top)
        top += HEAD + ROW * len(panel) + GAP
    height = top + 28
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            "<title>How long a fleet takes, with this project and with others</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
            *parts,
            f'<text class="soft" x="24" y="{height - 20}">Wall time. Bar: median; line: fastest to slowest run.</text>',
            "</svg>\n",
        ]
    )


def _panel(panel: list[Result], top: int) -> list[str]:
    first = panel[0]
    longest = max(run.wall for each in panel for run in each.runs)
    ours = next((each.middle("wall") for each in panel if each.contender == "ours"), 0.0)
    title = STATES[first.state][0].upper() + STATES[first.state][1:]
    below = top + HEAD
    parts = [
        f'<text class="title" x="24" y="{top + 24}">{title}'
        f'<tspan class="soft" font-weight="400" dx="8">{first.hosts} hosts</tspan></text>',
        f'<path class="axis" d="M{LEFT} {below - 2}V{below + ROW * len(panel) + 2}"/>',
    ]
    for number, each in enumerate(panel):
        parts += _row(each, below + ROW * number, ROOM / longest, ours)
    return parts


def _row(one: Result, top: int, scale: float, ours: float) -> list[str]:
    wall, walls = one.middle("wall"), [run.wall for run in one.runs]
    kind = "ours" if one.contender == "ours" else "other"
    middle, upper = top + ROW // 2, top + (ROW - BAR) // 2
    low, high = LEFT + min(walls) * scale, LEFT + max(walls) * scale
    ends = "".join(f"M{x:.1f} {middle - 4}v8" for x in (low, high))
    value = f"{wall:.1f} s" if wall < 100 else f"{wall:.0f} s"
    if ours and kind == "other":
        value += f'<tspan class="soft" dx="7">{wall / ours:.1f}\N{MULTIPLICATION SIGN}</tspan>'
    text = f'<text class="{kind}" y="{middle + 5}"'
    return [
        f'{text} x="{LEFT - 12}" text-anchor="end">{CONTENDERS[one.contender]}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{upper}" width="{wall * scale:.1f}" height="{BAR}" rx="2"/>',
        f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}{ends}"/>',
        f'{text} x="{high + 10:.1f}">{value}</text>',
    ]
