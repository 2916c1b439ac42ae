"""Prints the rows of the everyday benchmarks beside their targets."""

from collections.abc import Iterable, Sequence

from benchmarks.measure import Result
from benchmarks.rivals import OURS
from benchmarks.targets import EVERYDAY, verdict

__all__ = ["tables"]


def tables(results: Sequence[Result]) -> str:
    """Return a line for each target that was measured."""
    figures = {(each.workload, each.measure, each.rival): each.value for each in results}
    lines = [f"{'':46}{'measure':17}{'ours':>9}{'rival':>9}  {'is':>6} {'wanted':>7}  met"]
    met = []
    for target in EVERYDAY:
        found = verdict(target, figures)
        if found is None:
            continue
        ratio, good = found
        met.append(good)
        ours = figures[target.workload, target.measure, OURS]
        theirs = figures.get((target.workload, target.measure, target.rival))
        as_speed = target.measure != "payload" and target.rival == "cloudpickle"
        shown, wanted = (1 / ratio, 1 / target.factor) if as_speed else (ratio, target.factor)
        sign = ">=" if as_speed else "<="
        lines.append(
            f"{target.workload:46.46}{target.measure:17}{_number(ours):>9}"
            f"{'-' if theirs is None else _number(theirs):>9}  {shown:6.2f} {sign}{wanted:5.3g}  "
            f"{'yes' if good else 'NO'}"
        )
    return "\n".join([*lines, f"{sum(met)} of {len(met)} met"])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
