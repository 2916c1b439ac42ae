"""Ray: all that it pickles goes through ``dumps`` of its copy of cloudpickle, ``ray.cloudpickle``.

The copy's pickler keeps, beside cloudpickle's own entries, what Ray and the user registered: object refs, actor
handles, exceptions, `ray.util.register_serializer`. Those reducers are Ray's business and are asked as before;
cloudpickle's own are not. Workers are told by Ray's setup hook, which runs before their first task.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.integrations._framework import settle_patches, take_the_place

__all__ = ["use_in_ray"]


def use_in_ray(*, patches: str | None = None) -> dict[str, Any]:
    """Let Ray pickle with pickleloaf, here, and in the workers of a job that is given what this returns.

    ``ray.init(runtime_env=use_in_ray())``; merge it with a ``runtime_env`` of your own.

    Args:
        patches: see `settle_patches`; the workers do the same.

    Raises:
        ImportError: Ray is not installed.
    """
    take_the_place("ray.cloudpickle")
    settle_patches(patches)
    environment = {} if patches is None else {"env_vars": {"PICKLELOAF_PATCHES": patches}}
    return {"worker_process_setup_hook": "pickleloaf.integrations.use_in_ray", **environment}
