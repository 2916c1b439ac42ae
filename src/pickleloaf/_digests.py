"""Where ``hashlib`` has its BLAKE2 from, without what else it brings along.

`hashlib` loads OpenSSL, which takes a megabyte in every process, and milliseconds of the first dump.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # a Python that was built in another way
    from hashlib import blake2b

__all__ = ["blake2b"]
