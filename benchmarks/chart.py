"""Draws how many times faster than cloudpickle we are, as an SVG without any library."""

import math
from collections.abc import Sequence
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
    most = max((ratio for _, ratios in rows for ratio in ratios.values()), default=1.0)
    scale = _WIDTH / math.log2(max(most, 2.0) * 2)  # the line for "as fast" stands one doubling from the left
    height = _TOP + len(rows) * (2 * _BAR + _GAP) + 10
    size = f'width="{_LEFT + _WIDTH + 60}" height="{height}" viewBox="0 0 {_LEFT + _WIDTH + 60} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>Times faster than {rival}</title><style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="16">times faster than {rival} (longer is better)</text>',
        *_legend(),
        *_grid(most, scale, height),
    ]
    for number, (name, ratios) in enumerate(rows):
        lines += _bars(name, ratios, _TOP + number * (2 * _BAR + _GAP), scale)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _position(ratio: float, scale: float) -> float:
    return _LEFT + max(0.0, math.log2(ratio * 2)) * scale


def _legend() -> list[str]:
    lines = []
    for number, (measure, colour) in enumerate(_MEASURES.items()):
        x = 12 + number * 80
        lines.append(f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 17}" y="17">{measure}</text>')
    return lines


def _grid(most: float, scale: float, height: int) -> list[str]:
    lines = []
    for power in range(-1, math.ceil(math.log2(max(most, 2.0))) + 1):
        x = _position(2.0**power, scale)
        if x <= _LEFT + _WIDTH + 1:
            dash = "" if power == 0 else ' stroke-dasharray="2 4" opacity="0.5"'
            lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 8}"{dash}/>')
            lines.append(f'<text class="tick" x="{x:.1f}" y="{_TOP - 14}">{2.0**power:g}×</text>')
    return lines


def _bars(name: str, ratios: dict[str, float], y: int, scale: float) -> list[str]:
    lines = [f'<text class="name" x="{_LEFT - 8}" y="{y + _BAR + 4}">{escape(name)}</text>']
    for number, (measure, ratio) in enumerate(ratios.items()):
        top, end = y + number * _BAR, _position(ratio, scale)
        width = max(end - _LEFT, 1.0)
        lines.append(
            f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 1}" fill="{_MEASURES[measure]}"/>'
        )
        lines.append(f'<text class="tick" x="{end + 18:.1f}" y="{top + 9}">{ratio:.1f}</text>')
    return lines
