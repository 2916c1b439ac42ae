"""Prints rows beside their targets."""

from collections.abc import Mapping, Sequence

from benchmarks.measure import Result
from benchmarks.rivals import OURS
from benchmarks.targets import Target, verdict

__all__ = ["tables"]


def tables(results: Sequence[Result], targets: Sequence[Target]) -> str:
    """Return a line for each target that was measured; its target for bytes stands beside it."""
    figures = {(each.workload, each.measure, each.rival): each.value for each in results}
    sizes = {target.workload: target for target in targets if target.measure == "payload"}
    lines = [f"{'':44}{'measure':17}{'ours':>9}{'rival':>9}  {'is':>6} {'wanted':>7}  met"]
    met = []
    for target in targets:
        ours = figures.get((target.workload, target.measure, OURS))
        if target is sizes.get(target.workload) or ours is None:
            continue
        shown, good = _verdict(target, figures)
        met += good
        theirs = figures.get((target.workload, target.measure, target.rival))
        line = f"{target.workload:44.44}{target.measure:17}{_number(ours):>9}{_number(theirs):>9}  {shown}"
        if target.measure == "repeated dumps" and target.workload in sizes:
            shown, good = _verdict(sizes[target.workload], figures)
            met += good
            line += f"   bytes {shown}" if good else ""
        lines.append(line)
    return "\n".join([*lines, f"{sum(met)} of {len(met)} met"])


def _verdict(target: Target, figures: Mapping[tuple[str, str, str], float]) -> tuple[str, list[bool]]:
    """Return what to print, and whether the target is met: an empty list where no rival can do the same."""
    found = verdict(target, figures)
    if found is None:
        return "no rival can", []
    ratio, good = found
    as_speed = target.measure != "payload" and target.rival == "cloudpickle"
    value, wanted = (1 / ratio, 1 / target.factor) if as_speed else (ratio, target.factor)
    return f"{value:6.2f} {'>=' if as_speed else '<='}{wanted:5.3g}  {'yes' if good else 'NO '}", [good]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
