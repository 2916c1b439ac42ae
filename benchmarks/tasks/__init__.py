"""Benchmarks of the tasks: pickleloaf's workers against others', on the same work.

    python -m benchmarks.tasks                     everything that is installed; writes docs/benchmarks-tasks.md
    python -m benchmarks.tasks --quick             a smoke run; prints only
    python -m benchmarks.tasks --only 'latency' --rivals 'loky|pickleloaf'

How it is measured:

1. Every figure is of a driver process of its own (`driver.py`), with two workers, in wall time. Rivals take
   turns (A B C A B C ...), so that a noisy moment hits all of them; a figure is the median of the rounds.
2. The functions are the driver's, in its `__main__`, as in a user's script. Who sends functions by name only
   gets by with forking; the closures it cannot send are a plain function and its argument for it, which is
   less work. Its name carries a star in the tables.
3. `rivals/` has a file for each. It uses what the library offers for the work at hand: `map` with chunks for
   the many small arguments, its store for the array that ten tasks read.
4. As limits: 500 bytes to another process and back over a bare socket pair, and a copy in memory.
"""
