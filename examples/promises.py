"""Promises: ten `then` in a row, many at once with `when_all`, and the first of several with `when_any`.

python examples/promises.py
"""

import asyncio
import time

import pickleloaf as pl


async def slowly(number):
    """Be an asynchronous task: its worker does other things meanwhile."""
    await asyncio.sleep(0.01)
    return number + 1


async def main(cluster):
    """Chain, gather, race."""
    here, there = cluster.workers[:2]

    promise = cluster.task(lambda: 0, to=here)
    for step in range(10):
        promise = promise.then(slowly if step % 2 else lambda number: number + 1, to=(there, here)[step % 2])
    print("ten steps, to and fro:", await promise)

    squares = pl.when_all([cluster.task(lambda n: n * n, number) for number in range(10)])
    print("the sum of ten squares:", await squares.then(sum))

    first = pl.when_any([cluster.task(time.sleep, 0.5, to=here), cluster.task(lambda: "the hare", to=there)])
    print("first:", await first)
    return await promise


if __name__ == "__main__":
    pl.run(main, workers=2)
