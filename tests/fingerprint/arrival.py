"""Prints the fingerprints of objects that arrive in a file; knows nothing of where they come from."""

import json
import sys
from pathlib import Path

import pickleloaf

found = pickleloaf.loads(Path(sys.argv[1]).read_bytes())
print(json.dumps({name: pickleloaf.fingerprint(each) for name, each in found.items()}))
