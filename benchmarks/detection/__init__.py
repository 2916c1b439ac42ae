"""What it costs to look for patches.

    python -m benchmarks.detection [--quick] [--only REGEX]

Two tables: the workloads of the benchmark at the default, ``patches="warn"``, and code that names large libraries. The
median of several runs counts, and the command fails if that is above a limit in any row.
"""
