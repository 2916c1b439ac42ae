"""Draws how many times faster than cloudpickle we are, as an SVG without any library."""

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from benchmarks.measure import Result
from benchmarks.rivals import OURS

__all__ = ["chart"]

_MEASURES = {"dumps": "#3b6fb6", "loads": "#e0913a"}
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 300, 420, 11, 12, 56
_STYLE = (
    "text { font: 13px system-ui, sans-serif; fill: #57606a } .name { text-anchor: end } "
    ".title { font-weight: 600 } .tick { font-size: 11px; text-anchor: middle } line { stroke: #8c959f }"
)


def chart(results: Sequence[Result], rival: str = "cloudpickle") -> str:
    """Return a bar chart of the workloads that both can do; logarithmic."""
    figures = {(each.workload, each.measure, each.rival): each.value for each in results}
    rows = []
    for name in dict.fromkeys(each.workload for each in results if each.measure == "dumps"):
        ratios = {
            measure: figures[name, measure, rival] / figures[name, measure, OURS]
            for measure in _MEASURES
            if {(name, measure, rival), (name, measure, OURS)} <= figures.keys()
        }
        if ratios:
            rows.append((name, ratios))
    every = [ratio for _, ratios in rows for ratio in ratios.values()]
    axis = _Axis(
        math.floor(math.log2(min(every, default=1.0))), math.ceil(math.log2(max(every, default=2.0)))
    )
    height = _TOP + len(rows) * (2 * _BAR + _GAP) + 10
    size = f'width="{_LEFT + _WIDTH + 60}" height="{height}" viewBox="0 0 {_LEFT + _WIDTH + 60} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>Times faster than {rival}</title><style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="16">times faster than {rival} (to the right is better)</text>',
        *_legend(),
        *_grid(axis, height),
    ]
    for number, (name, ratios) in enumerate(rows):
        lines += _bars(name, ratios, _TOP + number * (2 * _BAR + _GAP), axis)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _legend() -> list[str]:
    lines = []
    for number, (measure, colour) in enumerate(_MEASURES.items()):
        x = 12 + number * 80
        lines.append(f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 17}" y="17">{measure}</text>')
    return lines


class _Axis(NamedTuple):
    """A logarithmic axis, from one power of two to another."""

    low: int
    high: int

    def position(self, ratio: float) -> float:
        """Return how far to the right a ratio is."""
        return _LEFT + (math.log2(ratio) - self.low) * _WIDTH / max(self.high - self.low, 1)


def _grid(axis: _Axis, height: int) -> list[str]:
    lines = []
    for power in range(axis.low, axis.high + 1):
        x = axis.position(2.0**power)
        label = f"{2**power}" if power >= 0 else f"1/{2**-power}"
        dash = "" if power == 0 else ' stroke-dasharray="2 4" opacity="0.5"'
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 8}"{dash}/>')
        lines.append(f'<text class="tick" x="{x:.1f}" y="{_TOP - 14}">{label}x</text>')
    return lines


def _bars(name: str, ratios: dict[str, float], y: int, axis: _Axis) -> list[str]:
    """Draw a workload: bars to the right where we are faster, to the left where not."""
    lines = [f'<text class="name" x="{_LEFT - 8}" y="{y + _BAR + 4}">{escape(name)}</text>']
    for number, (measure, ratio) in enumerate(ratios.items()):
        top, one, end = y + number * _BAR, axis.position(1), axis.position(ratio)
        start, width = min(one, end), max(abs(end - one), 1.0)
        colour = _MEASURES[measure]
        lines.append(
            f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{_BAR - 1}" fill="{colour}"/>'
        )
        lines.append(f'<text class="tick" x="{max(end, one) + 18:.1f}" y="{top + 9}">{ratio:.1f}</text>')
    return lines
