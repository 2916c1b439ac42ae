"""How the time of `dumps` grows with an object: pickleloaf against cloudpickle, at several sizes.

    python -m benchmarks.growth [--quick] [--only REGEX]

Every size has a process of its own. *first*: each dump is of definitions that nobody has seen. *again*: the same
object once more. *slope*: by what factor the time grows faster than the size, between the two sizes where that is
worst; where the size should not matter, by what factor the time grows.
"""
