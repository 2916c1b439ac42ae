"""Benchmarks: pickleloaf against pickle, cloudpickle and dill, on the same work.

    python -m benchmarks                    everything; writes docs/benchmarks.md, .svg and results.json
    python -m benchmarks --quick            a smoke run; prints only
    python -m benchmarks --only 'lambda|import'
    python -m benchmarks.everyday           everyday code alone
    python -m benchmarks.growth             how the time of dumps grows, alone
    python -m benchmarks.changes            the table of what changes a digest

How it is measured:

1. All rivals run in one process on one interpreter, in turns (A B C D A B C D ...), so that a noisy
   moment hits all of them. A figure is the median of several rounds, in time of the processor. The garbage
   collector is off.
2. The same work for all: `workloads/` says what, `rivals/` has one file a rival. What a rival cannot do,
   or does so that the copy does not work, has no figure.
3. *dumps* and *loads* repeat one object: code and classes have been seen before. *first dump* and *first
   load* take another definition each time: a new class, or code that was never dumped here; the payloads of
   first loads come from another process.
4. What changes the process (thousands of modules, of classes) is measured in a process of its own.
"""
