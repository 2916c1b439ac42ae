"""A thousand tasks of one function, which is stored in the cluster once.

python examples/function_ref.py
"""

import time

import pickleloaf as pl

TABLE = {number: number**2 for number in range(1000)}


async def main(cluster):
    """Store, call a thousand times, sum."""
    function = cluster.put(lambda number: TABLE[number])  # takes the table along
    start = time.perf_counter()
    results = await pl.when_all([cluster.task(function, number) for number in range(1000)])
    print(f"a thousand tasks in {time.perf_counter() - start:.2f} s; their sum is {sum(results):,}")
    return sum(results)


if __name__ == "__main__":
    pl.run(main, workers=2)
