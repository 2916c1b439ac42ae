"""What patches have been applied in this process, and what was there before.

1. Each patched place has *layers*: the patch that loading a payload applied, at most one, and above it
   those that hold for a block. What stands there is the topmost; below them all lies the original.
2. Patches are applied together or not at all: first each is checked, then each is set; when one cannot
   be set, those before it are taken back.
3. A patch that is there already is left as it is. One of another content takes its place; so does one of
   the same content that shares state with the rest of its payload, which would otherwise look at state
   that the patch does not change.
4. What this process has patched by itself comes back on reverting. What a wrapper that arrives wraps is
   the function that was there before that, too.
5. What went out from here comes back as itself: a place that still has the very object that was sent is
   left alone.
6. Where something else stands than the registry has put there, this process has patched it since. That is
   left alone, whatever ends, and what arrives later is put above it.

The registry is the process's own, since patches act on modules and classes, of which there is one each.
"""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pickleloaf._locks import new_rlock
from pickleloaf.code.baseline import MISSING, describe
from pickleloaf.errors import PatchError
from pickleloaf.inspecting.anatomy import inner
from pickleloaf.patching.detect import PatchDetector, find_original
from pickleloaf.patching.patch import REMOVED, Patch
from pickleloaf.patching.place import Place, held, is_same, owner_of, put
from pickleloaf.policy.by_value import Registry, ValuePolicy
from pickleloaf.policy.handles import Handles

__all__ = ["REGISTRY", "PatchRegistry"]

#: Tells what this process has patched by itself.
_DETECTOR = PatchDetector(ValuePolicy(Registry(), Handles()))


#: Digests of one patch that are remembered at most: one that counts has another each time.
_REMEMBERED = 1000


class _Entry:
    """One patched place."""

    def __init__(self, owner: Any, restored: Any, original: Any) -> None:
        self.owner = owner
        #: What is put back when no patch is in force any more.
        self.restored = restored
        #: What wrappers that arrive wrap.
        self.original = original
        self.loaded: Patch | None = None
        self.block: list[Patch] = []

    def layers(self) -> list[Patch]:
        return [*([self.loaded] if self.loaded else ()), *self.block]

    def top(self) -> Any:
        """Return what has to stand at the place, MISSING for nothing."""
        layers = self.layers()
        value = layers[-1].value if layers else self.restored
        return MISSING if value is REMOVED else value

    def stands(self, name: str) -> bool:
        """Tell whether what stands at the place is what the registry has put there."""
        return is_same(held(self.owner, name), self.top())

    def is_taken(self, name: str) -> bool:
        """Tell whether it is something else, and not what was there before either."""
        return not self.stands(name) and not is_same(held(self.owner, name), self.restored)


class PatchRegistry:
    """The patches applied in this process; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = new_rlock()
        self._entries: dict[Place, _Entry] = {}
        #: What stood at a place when it was sent, and the last digests that it had.
        self._sent: dict[Place, tuple[Callable[[], Any], frozenset[bytes]]] = {}

    def patches(self) -> list[Patch]:
        """Return the patches in force, in the order of their places."""
        with self._lock:
            entries = sorted(self._entries.items(), key=_place)
            return [patch for place, entry in entries if entry.stands(place.name) for patch in entry.layers()]

    def applied(self, place: Place) -> Patch | None:
        """Return the patch that stands at a place, if it was applied here and nobody has touched it since."""
        entry = self._entries.get(place)
        if entry is None or not entry.stands(place.name):
            return None
        layers = entry.layers()
        return layers[-1] if layers else None

    def note_sent(self, patch: Patch) -> None:
        """Remember that a patch of this process's own goes out."""
        try:
            value: Any = weakref.ref(patch.value)
        except TypeError:

            def value(value: Any = patch.value) -> Any:
                return value

        known, digests = self._sent.get(patch.place, (value, frozenset()))
        if not is_same(known(), patch.value) or len(digests) > _REMEMBERED:
            digests = frozenset()
        self._sent[patch.place] = (value, digests | {patch.digest})

    def apply(self, patches: Iterable[Patch]) -> None:
        """Apply the patches that a payload brings.

        Raises:
            PatchError: one of them cannot be applied; none is.
        """
        with self._lock:
            self._set(
                [(patch, entry) for patch in patches if (entry := self._entry(patch)) is not None], self._load
            )

    @contextmanager
    def block(self, patches: Iterable[Patch]) -> Iterator[None]:
        """Apply patches for a block.

        Raises:
            PatchError: one of them cannot be applied; none is.
        """
        with self._lock:
            steps = [(patch, self._entry(patch, block=True)) for patch in patches]
            self._set(steps, lambda patch, entry: entry.block.append(patch))
        try:
            yield
        finally:
            with self._lock:
                for patch, entry in reversed(steps):
                    with self._shown(patch.place, entry):
                        entry.block.remove(patch)

    def revert(self) -> list[Place]:
        """Take back what payloads have applied; return where this process has patched since, which is left."""
        with self._lock:
            entries = [(place, entry) for place, entry in self._entries.items() if entry.loaded is not None]
            left = [place for place, entry in entries if entry.is_taken(place.name)]
            for place, entry in entries:
                with self._shown(place, entry):
                    entry.loaded = None
            return left

    def original(self, module: str, qualname: str, kind: str | None, digest: bytes | None) -> Any:
        """Return what this process had under a name before it was patched.

        Raises:
            PatchError: it has no such name.
        """
        found: Any = _import(module, Place(module, "", qualname))
        path: list[str] = []
        for part in qualname.split("."):
            place = Place(module, ".".join(path), part)
            found = self._original_at(place, found)
            path.append(part)
            if found is MISSING:
                raise PatchError(
                    f"this process has no {place}, which a patch in this payload wraps", str(place)
                )
        return _choose(found, kind, digest, module, qualname)

    def _original_at(self, place: Place, owner: Any) -> Any:
        entry = self._entries.get(place)
        if entry is not None and entry.owner is owner:
            return entry.original
        value = held(owner, place.name)
        if value is MISSING:
            return getattr(owner, place.name, MISSING)
        return find_original(value, place, _DETECTOR) if _DETECTOR.is_patch(value, place) else value

    def _entry(self, patch: Patch, *, block: bool = False) -> Any:
        """Return the entry that a patch belongs into, or None where it is there already."""
        place = patch.place
        _import(place.module, place)
        owner = owner_of(place)
        if owner is None:
            raise PatchError(
                f"this process has no {place.module}.{place.path}, of which {place.name} is to be patched",
                str(place),
            )
        live = held(owner, place.name)
        entry = self._entries.get(place)
        if entry is not None and entry.owner is owner:
            if not entry.stands(place.name):
                known = find_original(live, place, _DETECTOR)
                return _Entry(owner, live, entry.original if known is MISSING else known)
            same = entry.loaded is not None and entry.loaded.digest == patch.digest
            return None if same and not block and not patch.shares else entry
        if not block and self._is_sent(patch, live):
            return None
        if _DETECTOR.is_patch(live, place):
            return _Entry(owner, live, find_original(live, place, _DETECTOR))
        _check(patch, live)
        return _Entry(owner, live, live)

    def _is_sent(self, patch: Patch, live: Any) -> bool:
        value, digests = self._sent.get(patch.place, (lambda: None, frozenset()))
        return patch.digest in digests and is_same(value(), REMOVED if live is MISSING else live)

    def _load(self, patch: Patch, entry: _Entry) -> None:
        entry.loaded = patch

    def _set(self, steps: list[tuple[Patch, Any]], enter: Any) -> None:
        done: list[tuple[Patch, _Entry, tuple[Any, list[Patch]]]] = []
        for patch, entry in steps:
            done.append((patch, entry, (entry.loaded, list(entry.block))))
            try:
                with self._shown(patch.place, entry):
                    enter(patch, entry)
            except Exception as error:
                for earlier, its_entry, before in reversed(done):
                    with suppress(Exception), self._shown(earlier.place, its_entry):
                        its_entry.loaded, its_entry.block = before
                message = f"{patch.place} cannot be patched in this process: {type(error).__name__}: {error}"
                raise PatchError(message, str(patch.place)) from error

    @contextmanager
    def _shown(self, place: Place, entry: _Entry) -> Iterator[None]:
        """Let the layers of a place be changed, put what has to stand there, and keep or forget its entry."""
        stood = entry.stands(place.name)
        yield
        if entry.layers():
            if stood:
                self._entries[place] = entry
        elif self._entries.get(place) is entry:
            del self._entries[place]
        if stood:
            put(entry.owner, place.name, entry.top())


def _place(item: tuple[Place, _Entry]) -> Place:
    return item[0]


def _import(module: str, place: Place) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PatchError(
            f"{place} cannot be patched: no module {module!r} can be imported here", str(place)
        ) from error


#: More than any sane stack of decorators.
_PARTS = 20


def _check(patch: Patch, live: Any) -> None:
    """Compare what this process has with what the sender of a patch had.

    Raises:
        PatchError: it is missing, of another kind, or of other code.
    """
    theirs, place = patch.before, patch.place
    if theirs is None:
        return
    if live is MISSING:
        raise PatchError(f"this process has no {place}, which a patch in this payload replaces", str(place))
    ours = [describe(each, place.module, place.qualname) for each in _inside(live)]
    alike = [each for each in ours if theirs.kind in (None, each.kind)]
    if not alike:
        message = (
            f"{place} is a {theirs.kind} at the sender of this patch, and a {ours[0].kind} in this process"
        )
        raise PatchError(message, str(place))
    if theirs.python == ours[0].python and (
        _differ(theirs.written, ours[0].written) or all(_differ(theirs.live, each.live) for each in alike)
    ):
        message = f"{place} is another one in this process than at the sender of this patch: its code differs"
        raise PatchError(message, str(place))


def _differ(theirs: bytes | None, ours: bytes | None) -> bool:
    return theirs is not None and ours is not None and theirs != ours


def _inside(value: Any) -> list[Any]:
    """Return all that one name may stand for: a descriptor's functions, the parts of a property, what is wrapped."""
    found = [value, inner(value)]
    for each in found:
        if not issubclass(type(each), type):
            parts = [getattr(each, name, None) for name in ("fget", "fset", "fdel", "func", "__wrapped__")]
            found += [part for part in parts if part is not None and len(found) < _PARTS]
    return found


def _choose(value: Any, kind: str | None, digest: bytes | None, module: str, qualname: str) -> Any:
    """Return what a wrapper wraps, of all that one name stands for."""

    def likeness(each: Any) -> int:
        if issubclass(type(each), (staticmethod, classmethod)):
            return 0
        about = describe(each, module, qualname)
        return 1 + (about.kind == kind) + (about.kind == kind and about.live == digest)

    return max(_inside(value), key=likeness)


#: The patches of this process.
REGISTRY = PatchRegistry()
