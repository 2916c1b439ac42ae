"""Code as people write it every day: pickleloaf against cloudpickle, on scripts of a few lines each.

    python -m benchmarks.everyday                     all kinds: repeated dumps, first dumps and loads, bytes
    python -m benchmarks.everyday --quick             the same in less than half a minute
    python -m benchmarks.everyday --only 'dataclass'  the rows whose name contains the pattern
"""
