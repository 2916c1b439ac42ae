"""Arrays of numpy, within the payload and out of band."""

from benchmarks.workloads import Workload

SOURCE = "import numpy"
ARRAY = "numpy.arange(1_000_000, dtype='f8')"

WORKLOADS = [
    Workload("array of 8 MB, in band", SOURCE, ARRAY, "it[5] == 5", needs=("numpy",)),
    Workload("array of 8 MB, out of band", SOURCE, ARRAY, "it[5] == 5", apart=True, needs=("numpy",)),
    Workload(
        "closure over an array, out of band",
        SOURCE + "\ndef make_{n}(weights):\n    return lambda x: weights[x] + {n} - {n}\n",
        f"make_{{n}}({ARRAY})",
        "it(5) == 5",
        apart=True,
        needs=("numpy",),
    ),
    Workload(
        "1,000 small arrays",
        SOURCE,
        "[numpy.arange(10) for _ in range(1000)]",
        "it[5][5] == 5",
        needs=("numpy",),
    ),
]
