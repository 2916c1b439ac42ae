"""A numpy array in shared memory: workers fill it, one of them sums it, and nobody copies it.

python examples/shared_array.py         (needs numpy)
"""

import numpy as np

import pickleloaf as pl

COUNT = 1_000_000


def fill(buffer, part, parts):
    """Write every `parts`-th number."""
    np.frombuffer(buffer)[part::parts] = range(part, COUNT, parts)


def total(buffer):
    """Read all of it."""
    return float(np.frombuffer(buffer).sum())


async def main(cluster):
    """Allocate, fill from both workers, sum on one of them and here."""
    buffer = cluster.alloc(8 * COUNT)
    await pl.when_all([cluster.task(fill, buffer, part, 4) for part in range(4)])
    there = await cluster.task(total, buffer, to=cluster.workers[-1])
    here = total(await buffer.get())
    print(f"summed there: {there:,.0f}; summed here: {here:,.0f}")
    return there == here == COUNT * (COUNT - 1) / 2


if __name__ == "__main__":
    pl.run(main, workers=2)
