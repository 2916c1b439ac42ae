"""A task for the second to last of four workers, and another one from inside of it.

python examples/simple_task.py
"""

import os

import pickleloaf as pl


async def main(cluster):
    """Say where everything runs."""
    cluster.wait_for_workers()
    second_to_last = cluster.workers[-2]
    greeting = "hi"

    def say():
        return f"{greeting} from {second_to_last}, process {os.getpid()}"

    print(await cluster.task(say, to=second_to_last))
    return await cluster.task(os.getpid, to=second_to_last) != os.getpid()


if __name__ == "__main__":
    print("in another process:", pl.run(main, workers=4))
