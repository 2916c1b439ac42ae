"""An importable module to be patched, and code of a script to patch it with."""

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from situations import BIRDS

import pickleloaf
from pickleloaf.patching.explicit import EXPLICIT

_count = 0


@pytest.fixture
def birds(tmp_path, monkeypatch):
    """A module that can be imported, of a name of its own, with a function ``reset`` that makes it new."""
    global _count  # noqa: PLW0603 - each test gets a module of its own
    _count += 1
    name = f"birds_{_count}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(BIRDS))
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module(name)


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    """No patch, mark or default outlives its test."""
    monkeypatch.delenv("PICKLELOAF_PATCHES", raising=False)
    yield
    pickleloaf.revert_patches()
    EXPLICIT.forget()


@pytest.fixture
def script():
    """Run source text as the code of a script; return its globals."""

    def run(source, **given):
        namespace = {"__name__": "__main__", **given}
        exec(compile(textwrap.dedent(source), "<script>", "exec"), namespace)
        return namespace

    return run


@pytest.fixture
def patched(birds, script):
    """A module with ``feed`` replaced by code of a script, a function that uses it, and the original."""
    original = birds.feed
    scope = script(
        "def feed(bird):\n    return bird + ' is fasting'\ndef use():\n    return birds.feed('tom')",
        birds=birds,
    )
    birds.feed = scope["feed"]
    scope["original"] = original
    return scope
