"""Plain data: the C pickler's own ground."""

from benchmarks.workloads import Workload

WORKLOADS = [
    Workload("one small dict", "", "{'a': 1, 'b': [1, 2, 3], 'c': 'text'}", "it['c'] == 'text'"),
    Workload("100,000 ints", "", "list(range(100_000))", "it[5] == 5"),
    Workload("20,000 strings", "", "[f'text {i}' for i in range(20_000)]", "it[5] == 'text 5'"),
    Workload(
        "10,000 dicts",
        "",
        "[{'id': i, 'name': str(i), 'value': i / 3} for i in range(10_000)]",
        "it[5]['id'] == 5",
    ),
]
