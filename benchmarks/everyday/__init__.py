"""Code as people write it every day: pickleloaf against cloudpickle, on scripts of a few lines each.

    python -m benchmarks.everyday                     all kinds: repeated dumps, first dumps and loads, bytes
    python -m benchmarks.everyday --quick             the same in less than half a minute
    python -m benchmarks.everyday --only 'dataclass'  the rows whose name contains the pattern

A script is a `__main__` of its own. What a rival cannot do, or does so that the copy does not work in another
process, has no figure.
"""
