"""The root of a payload in which dicts travel that are the globals of functions in it, too."""

from __future__ import annotations

from typing import Any

from pickleloaf.wire import verb

__all__ = ["Sharing"]


class Sharing:
    """Stands in a payload for its object, behind such dicts: a class has methods of theirs before it exists."""

    __slots__ = ("obj", "scopes")

    def __init__(self, scopes: list[dict[str, Any]], obj: Any) -> None:
        self.scopes = scopes
        self.obj = obj

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild_sharing, (self.scopes, self.obj)


@verb
def rebuild_sharing(scopes: list[dict[str, Any]], obj: Any) -> Any:
    return obj
