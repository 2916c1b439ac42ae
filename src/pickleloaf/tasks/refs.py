"""Refs: handles on values that are stored in the cluster, once, however many tasks take them.

A ref among a task's arguments is replaced by what it refers to before the function is called; a ref in the
place of a function is called. Inside other arguments it stays a ref.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from pickleloaf.tasks.promise import Handle, receiving
from pickleloaf.wire import verb

__all__ = ["Ref", "rebuild_ref"]


class Ref(Handle):
    """A value in the cluster; made by `put` and `alloc`."""

    __slots__ = ()

    async def get(self, *, copy: bool = False) -> Any:
        """Return the value; what is large in it is a view of shared memory.

        Args:
            copy: whether arrays are to have memory of their own, that may be written.
        """
        import asyncio

        future = self._runtime.fetch_stored(self.ident, copy=copy)  # type: ignore[attr-defined]
        return await asyncio.shield(asyncio.wrap_future(future))

    def get_local(self, *, copy: bool = False) -> Any:
        """Return the value, as `get` does; block until it is here."""
        future = self._runtime.fetch_stored(self.ident, copy=copy)  # type: ignore[attr-defined]
        return self._runtime.wait(future, None)

    def __await__(self) -> Generator[Any, None, Any]:
        return self.get().__await__()

    def __reduce__(self) -> tuple[Any, ...]:
        self._mention()
        return rebuild_ref, (self.ident,)

    def __repr__(self) -> str:
        return f"<Ref {self.ident}>"


@verb
def rebuild_ref(ident: int) -> Ref:
    """Make a handle for the runtime that is unpickling.

    Raises:
        DecodeError: none is.
    """
    return Ref(receiving(ident), ident)
