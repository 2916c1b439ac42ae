"""What `benchmarks.changes` changes: a script with objects of four kinds, and digests of them.

Run with a job, JSON, on standard input: {"do": "hash" | "dump" | "arrive", "payloads": ...}. The text of
this file is edited before it runs, so each line that is named in `changes.CHANGES` occurs once.
"""

import base64
import hashlib
import importlib
import json
import sys

RATE = 3
NAME = "alpha"
OTHER = "alpha"
LIMITS = {"low": 1, "high": 9}


def scale(amount):
    return amount * RATE


def price(amount, discount=5):
    total = scale(amount) - discount
    return min(total, LIMITS["high"]), NAME


class Cart:
    currency = "euro"

    def __init__(self, items):
        self.items = items
        self.names = [NAME, OTHER]

    def add(self, item, discount=5):
        total = scale(item) - discount
        self.items.append(total)
        return self

    def sum(self):
        return sum(self.items, LIMITS["low"])


def subjects():
    """One object of each kind."""
    data = {
        "limits": LIMITS,
        "names": [NAME, OTHER],
        "tags": {"x", "y", "z", "longer"},
        "numbers": [1, 2.5, None],
    }
    return {"function": price, "class": Cart, "instance": Cart([1, 2]), "data": data}


def digests_of_bytes(module):
    """A digest of what a serializer makes of an object."""
    return lambda obj: hashlib.sha256(importlib.import_module(module).dumps(obj)).hexdigest()


def function(module, name):
    """A function of a module that is imported when it is called."""
    return lambda obj: str(getattr(importlib.import_module(module), name)(obj))


#: Column of the table: what makes a digest, and what carries the object to another process.
RIVALS = {
    "cloudpickle bytes": (digests_of_bytes("cloudpickle"), "cloudpickle"),
    "dill bytes": (digests_of_bytes("dill"), "dill"),
    "joblib.hash": (function("joblib", "hash"), "cloudpickle"),
    "dask tokenize": (function("dask.base", "tokenize"), "cloudpickle"),
    "our bytes": (digests_of_bytes("pickleloaf"), "pickleloaf"),
    "our fingerprint": (function("pickleloaf", "fingerprint"), "pickleloaf"),
}


def attempt(work, *arguments):
    """What a function returns, or None where it cannot: a rival that is not installed, too."""
    try:
        return work(*arguments)
    except Exception:
        return None


def dumped(carrier, obj):
    """An object as text."""
    return base64.b64encode(importlib.import_module(carrier).dumps(obj)).decode()


def hash_of_payload(digest, carrier, payload):
    """A digest of an object that has just arrived."""
    return digest(importlib.import_module(carrier).loads(base64.b64decode(payload)))


def main():
    """Do one job."""
    job = json.load(sys.stdin)
    found = {}
    for rival, (digest, carrier) in RIVALS.items():
        if job["do"] == "hash":
            found[rival] = {kind: attempt(digest, obj) for kind, obj in subjects().items()}
        elif job["do"] == "dump":
            found[rival] = {kind: attempt(dumped, carrier, obj) for kind, obj in subjects().items()}
        else:
            payloads = job["payloads"][rival]
            found[rival] = {
                kind: attempt(hash_of_payload, digest, carrier, each) for kind, each in payloads.items()
            }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
