"""loky, and joblib, which vendors it: `set_loky_pickler` takes the name of a module that has a `Pickler`.

loky tells its workers the name, so that results come back by the same pickler.
"""

from __future__ import annotations

import importlib

from pickleloaf.integrations._framework import FrameworkPickler, settle_patches

__all__ = ["Pickler", "use_in_joblib", "use_in_loky"]

#: The name that loky looks for in this module.
Pickler = FrameworkPickler


def use_in_loky(*, patches: str | None = None) -> None:
    """Let loky pickle with pickleloaf, here and in the workers that are started from now on.

    Args:
        patches: see `settle_patches`.

    Raises:
        ImportError: loky is not installed.
    """
    importlib.import_module("loky").set_loky_pickler(__name__)
    settle_patches(patches)


def use_in_joblib(*, patches: str | None = None) -> None:
    """Let joblib's default backend pickle with pickleloaf, here and in workers started from now on.

    Args:
        patches: see `settle_patches`.

    Raises:
        ImportError: joblib is not installed.
    """
    importlib.import_module("joblib.externals.loky").set_loky_pickler(__name__)
    settle_patches(patches)
