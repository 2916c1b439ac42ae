"""Prints how times grow, beside the targets."""

from collections.abc import Sequence

from benchmarks.measure import Result
from benchmarks.rivals import OURS
from benchmarks.targets import GROWTH, Target, verdict

__all__ = ["rows", "table"]

HEAD = ("", "sizes", "ours, ms", "cloudpickle, ms", "slope", "at worst", "met")


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the cells of a table, a line for each row of the benchmark."""
    figures = {(each.workload, each.measure, each.rival): each.value for each in results}
    points: dict[str, dict[str, dict[str, float]]] = {}
    for each in results:
        if each.measure.startswith("at ") and each.measure != "at worst":
            by_size = points.setdefault(each.workload, {}).setdefault(each.measure[3:], {})
            by_size[each.rival] = each.value / 1e3
    lines = []
    for name, sizes in points.items():
        found = [_verdict(target, figures) for target in GROWTH if target.workload == name]
        texts = {measure: text for each in found if each for measure, text, _ in [each]}
        met = [good for each in found if each for _, _, good in [each]]
        cells = [
            " ".join(_number(each.get(rival)) for each in sizes.values()) for rival in (OURS, "cloudpickle")
        ]
        judged = ("yes" if all(met) else "NO") if met else ""
        slope, worst = (texts.get(measure, "-") for measure in ("slope", "at worst"))
        lines.append((name, " ".join(sizes), *cells, slope, worst, judged))
    return lines


def _verdict(target: Target, figures: dict[tuple[str, str, str], float]) -> tuple[str, str, bool] | None:
    found = verdict(target, figures)
    if found is None:
        return None
    value, good = found
    return target.measure, f"{_number(value)}{'' if good else ' !'}", good


def table(results: Sequence[Result]) -> str:
    """Return the rows as text."""
    lines = [HEAD, *rows(results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    good = sum(line[-1] == "yes" for line in lines)
    return "\n".join(
        [*text, f"{good} of {len(lines) - 1} met (slope <= 2, at worst <= 1 of cloudpickle's time)"]
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
