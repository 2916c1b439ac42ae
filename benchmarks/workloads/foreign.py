"""Objects of other libraries, where these are installed."""

from benchmarks.workloads import Workload

WORKLOADS = [
    Workload(
        "table of pandas",
        "import pandas",
        "pandas.DataFrame({'a': range(10_000), 'b': [str(i) for i in range(10_000)]})",
        "it.a[5] == 5",
        needs=("pandas",),
    ),
    Workload(
        "tensor of torch", "import torch", "torch.arange(1_000_000)", "int(it[5]) == 5", needs=("torch",)
    ),
    Workload(
        "model of torch",
        "import torch",
        "torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))",
        "len(it) == 3",
        needs=("torch",),
    ),
]
