"""Find the patches that a payload leaves behind.

A payload refers to modules, functions and classes by name; over there these are imported, and with them the modules
that they import, and so on. Whatever of these is patched here is lost there. So from what a payload refers to, the
namespaces of modules and of the classes in them are looked through, along what they hold of one another. What was seen
is remembered per namespace (see snapshot), and read anew when the namespace has changed. How closely is looked depends
on what that costs:

1. At every dump a *glance* at what the payload itself refers to: the names that its code looks up, down to the class
   that a chain of attributes leads to. What that was is remembered in `PatchScanner.seen` once there was no patch.
2. Where a glance sees something new, `PatchScanner.find` looks at all of these namespaces, which takes microseconds.
3. What is further away is read and looked at again in slices, which take `_SHARE` of the time of the process, at once
   where the number of modules has changed. A slice begins with the sizes of all namespaces.
4. `PatchScanner.find_all` looks at everything: for ``patches="refuse"``, `pickleloaf.find_patches` and the first
   dump after something was marked or tracked.

What is here is a cache; a lock guards what writes to it.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter, process_time
from types import FunctionType, ModuleType
from typing import Any

from pickleloaf._locks import new_rlock
from pickleloaf.inspecting.anatomy import definer, space_of
from pickleloaf.inspecting.names import LookUps
from pickleloaf.patching.constants import changed_constants
from pickleloaf.patching.detect import PatchDetector
from pickleloaf.patching.explicit import EXPLICIT
from pickleloaf.patching.place import Place
from pickleloaf.patching.snapshot import NamespaceSnapshot
from pickleloaf.policy.by_value import MAIN, Registry, ValuePolicy, is_importable_module

__all__ = ["PatchScanner", "scanner_for"]

#: The share that looking at what is further away may take of the time of the process, and seconds at once.
_SHARE = 0.04
_AT_ONCE_S = 0.01

#: Seconds of a slice.
_SLICE_S = 0.001

#: Snapshots that are looked at between two looks at the clock.
_STEP = 16

#: Modules that lead nowhere, and that nothing leads to. What builtins hold is in C, which uses nothing that could be
#: patched; they are always looked at. Every module holds its loader, but the import system is no part of what it does.
_ENDS = frozenset({"builtins", "_frozen_importlib", "_frozen_importlib_external"})

#: As many names of a class and its bases are glanced at each time. Of others it is seen that they are new.
_NAMES = 40

#: Payloads that are remembered at most.
_PAYLOADS = 1000

#: Seconds for which what was seen is remembered at most.
_SEEN_S = 1.0

#: Namespaces, names in them, and their values.
_Names = tuple[tuple[Mapping[str, Any], str, Any], ...]

#: Namespaces and their sizes, since a name may be new; values in namespaces of classes.
_More = tuple[list[tuple[Mapping[str, Any], int]], list[tuple[Iterable[Any], list[Any]]]]

#: The things that a payload refers to, and what was there when it was last looked at. Most have only names.
_Seen = tuple[_Names, _More | None]

_modules = sys.modules


class _Root:
    """Something that a payload refers to by name: its own namespaces, and the modules it leads to."""

    __slots__ = ("modules", "near", "obj")

    def __init__(self, obj: Any, near: tuple[NamespaceSnapshot, ...], modules: tuple[str, ...]) -> None:
        self.obj = obj
        self.near = near
        self.modules = modules


class PatchScanner:
    """The state of the search, by one way of deciding what travels by value.

    Attributes:
        detector: tells what is a patch.
        seen: what payloads refer to behind which there was no patch, by what they use.
        due: when it is time for the next slice.
        modules: how many modules there were at the last slice.
    """

    def __init__(self, policy: ValuePolicy, names: frozenset[str]) -> None:
        self.names = names
        self.detector = PatchDetector(policy)
        self.seen: dict[tuple[Any, ...], _Seen] = {}
        self.due = 0.0
        self.modules = 0
        self._lock = new_rlock()
        self._snapshots: dict[str, NamespaceSnapshot] = {}
        #: Names of modules to be read, those nearest to a payload first.
        self._unread: dict[str, None] = {}
        #: The things that payloads have referred to so far, by id.
        self._roots: dict[int, _Root] = {}
        #: Modules in reach from one of them; forgotten when anything is read anew.
        self._reaches: dict[str, frozenset[str]] = {}
        #: Modules in which, or in classes of which, there is a patch.
        self._patched: set[str] = set()
        self._round = _Round([])
        self._credit_s = _AT_ONCE_S
        self._last = process_time()
        self._forget = perf_counter() + _SEEN_S
        self._is_behind = False
        EXPLICIT.notify(self._fall_behind)
        self._read_module("builtins")

    def find(self, uses: Iterable[Any], *, constants: bool = False) -> list[Place]:
        """Return the patches behind what a payload uses: near by all, further away those that have been seen.

        Args:
            uses: what it refers to by name, and the `LookUps` of the code it ships.
            constants: whether what is near is compared with the constants in its source, too.
        """
        if self._is_behind:
            return self.find_all(uses, constants=constants)
        began = process_time()
        with self._lock:
            near = self._near_all(uses)
            seen = _see(uses, lambda cls: self._root(cls).near)
            for snapshot in near:
                self._renew(snapshot)
            changed = _changed(near) if constants else []
            self._look_around(began)
        return self._found(uses, changed, seen)

    def find_all(self, uses: Iterable[Any], *, constants: bool = True) -> list[Place]:
        """Return the patches behind what a payload uses, having looked at everything."""
        with self._lock:
            near = self._near_all(uses)
            seen = _see(uses, lambda cls: self._root(cls).near)
            self._is_behind = False
            self._look_at_all()
        return self._found(uses, _changed(near) if constants else [], seen)

    def find_everywhere(self) -> list[Place]:
        """Return all patches of modules that have been imported, having looked at everything."""
        with self._lock:
            self._unread |= dict.fromkeys(_modules)
            self._look_at_all()
            return self._places(set(self._snapshots))

    def _found(self, uses: Iterable[Any], changed: list[Place], seen: _Seen) -> list[Place]:
        """Return changed constants and the patches that are known; remember what was seen where there are none."""
        known = self._places(self._reach(uses)) if self._patched or EXPLICIT.active else []
        places = {*known, *changed}
        if not places and not EXPLICIT.active and all(map(_is_known_by_identity, uses)):
            if len(self.seen) >= _PAYLOADS:
                self.seen.clear()
            self.seen[tuple(uses)] = seen
        return sorted(places)

    def _places(self, modules: Iterable[str]) -> list[Place]:
        """Return the patches in some modules that are known, in an order that is always the same."""
        found: set[Place] = set()
        with self._lock:
            for name in modules:
                if name in self._patched:
                    for snapshot in list(self._snapshots[name].walk()):
                        self._renew(snapshot)
                    found.update(place for each in self._snapshots[name].walk() for place in each.patched)
                if EXPLICIT.active:
                    found.update(EXPLICIT.places(name))
        return sorted(found)

    def _near_all(self, uses: Iterable[Any]) -> list[NamespaceSnapshot]:
        """Return the namespaces that what a payload uses is itself, or imports, or leads to by attributes."""
        near: dict[NamespaceSnapshot, None] = {}
        modules = [each for each in uses if type(each) is ModuleType]
        for each in uses:
            if type(each) is not LookUps:
                near |= dict.fromkeys(self._root(each).near)
                continue
            if each.builtins:
                near[self._snapshots["builtins"]] = None
            found: list[Any] = [_modules.get(name) for name in each.modules]
            found += [cls for *_, cls in _followed(each, modules) if cls is not None]
            for value in found:
                if isinstance(value, (ModuleType, type)):
                    near |= dict.fromkeys(self._root(value).near)
        return list(near)

    def _reach(self, uses: Iterable[Any]) -> set[str]:
        """Return the modules that are in reach, of those that have been read."""
        with self._lock:
            reach = set(self._reach_of("builtins"))
            for each in uses:
                for name in each.modules if type(each) is LookUps else self._root(each).modules:
                    if name not in reach:
                        reach |= self._reach_of(name)
            return reach

    def _reach_of(self, name: str) -> frozenset[str]:
        """Return the modules in reach from one of them."""
        known = self._reaches.get(name)
        if known is None:
            found, pending = {name}, [name]
            while pending:
                each = pending.pop()
                top = self._snapshots.get(each)
                for snapshot in top.walk() if top is not None and each not in _ENDS else ():
                    leads = snapshot.leads - found - _ENDS
                    pending += leads
                    found |= leads
            known = self._reaches[name] = frozenset(each for each in found if each in self._snapshots)
        return known

    def _root(self, obj: Any) -> _Root:
        root = self._roots.get(id(obj))
        return root if root is not None and root.obj is obj else self._enter(obj)

    def _enter(self, obj: Any) -> _Root:
        """Get to know something that a payload refers to."""
        classes: tuple[type, ...] = ()
        if isinstance(obj, ModuleType):
            modules: list[Any] = [obj.__name__]
        elif isinstance(obj, type):
            classes = tuple(
                cls for kind in (obj, type(obj)) for cls in kind.__mro__ if type(cls.__module__) is str
            )
            modules = [cls.__module__ for cls in classes]
        else:
            modules = [obj.__module__, getattr(obj, "__globals__", {}).get("__name__")]
        names = tuple(dict.fromkeys(name for name in modules if type(name) is str))
        with self._lock:
            for name in names:
                self._read_module(name)
            near = [self._snapshot_of(cls) for cls in classes] or [
                self._snapshots.get(name) for name in names
            ]
            root = _Root(obj, tuple(dict.fromkeys(each for each in near if each is not None)), names)
            self._roots[id(obj)] = root
        return root

    def _snapshot_of(self, cls: type) -> NamespaceSnapshot | None:
        snapshot = self._snapshots.get(cls.__module__)
        for part in cls.__qualname__.split("."):
            snapshot = None if snapshot is None else snapshot.inner.get(part)
        return snapshot if snapshot is not None and snapshot.owner is cls else None

    def _read_module(self, name: str) -> None:
        """Read a module that has not been read; those that it leads to have to wait."""
        module: Any = _modules.get(name)
        known = self._snapshots.get(name)
        self._unread.pop(name, None)
        if known is not None and known.owner is not module:
            del self._snapshots[name]
            self._patched.discard(name)
        elif known is not None:
            return
        if isinstance(module, ModuleType) and name not in MAIN and is_importable_module(name, module):
            self._snapshots[name] = snapshot = NamespaceSnapshot(module, name)
            self._read(snapshot)

    def _read(self, snapshot: NamespaceSnapshot) -> None:
        before = {*self._leads(snapshot)}
        snapshot.read(self.detector)
        top = self._snapshots[snapshot.module]
        if any(inner.patched for inner in top.walk()):
            self._patched.add(snapshot.module)
            self.seen.clear()
        else:
            self._patched.discard(snapshot.module)
        if new := {*self._leads(snapshot)} - before:
            self._reaches.clear()
            self._unread |= {name: None for name in sorted(new) if name not in self._snapshots}

    def _leads(self, snapshot: NamespaceSnapshot) -> Iterator[str]:
        for inner in snapshot.walk():
            yield from inner.leads

    def _renew(self, snapshot: NamespaceSnapshot) -> None:
        if not snapshot.is_current():
            self._read(snapshot)

    def _look_around(self, began: float) -> None:
        """Look at what is further away, for as long as that takes no more than its share of the processor's time.

        Args:
            began: the time of the processor when this dump began to look.
        """
        self._credit_s = min(_AT_ONCE_S, self._credit_s + _SHARE * (began - self._last))
        self._last = began
        is_due = perf_counter() > self.due or len(_modules) != self.modules
        if is_due:
            self.modules = len(_modules)
            self._look_at_sizes()
            while self._take_step() and process_time() < began + self._credit_s:
                pass
        self._credit_s -= process_time() - began
        if not is_due:  # dumps that look each time must not put the next slice off
            return
        now = perf_counter()
        self.due = now + max(_SLICE_S - self._credit_s, _SLICE_S) / _SHARE
        if now > self._forget:  # no value that has been replaced is kept alive
            self._forget = now + _SEEN_S
            self.seen.clear()

    def _take_step(self) -> bool:
        """Read a module, and look at some more namespaces; tell whether any is left that has not been looked at."""
        for name in [*self._unread][:1]:
            self._read_module(name)
        return not self._go_round(_STEP) or bool(self._unread)

    def _look_at_sizes(self) -> None:
        """Read namespaces again that have grown or shrunk, and those in which `unittest.mock` has started a patch."""
        for snapshot in self._round.resized():
            self._renew_in_place(snapshot)
        mock: Any = _modules.get("unittest.mock")
        for patch in mock._patch._active_patches if mock is not None else ():
            target = getattr(patch, "target", None)
            name = target.__name__ if isinstance(target, ModuleType) else getattr(target, "__module__", None)
            if name in self._snapshots:
                for snapshot in list(self._snapshots[name].walk()):
                    self._renew(snapshot)

    def _go_round(self, count: int) -> bool:
        """Look at some more snapshots; tell whether all have been looked at, and begin anew then."""
        for snapshot in self._round.take(count):
            self._renew_in_place(snapshot)
        if self._round.is_over():
            self._round = _Round([each for top in self._snapshots.values() for each in top.walk()])
            return True
        return False

    def _renew_in_place(self, snapshot: NamespaceSnapshot) -> None:
        """Look at a namespace again, if it is still that of the module."""
        top = self._snapshots.get(snapshot.module)
        if top is None or top.owner is not _modules.get(snapshot.module):
            self._read_module(snapshot.module)
        else:
            self._renew(snapshot)

    def _look_at_all(self) -> None:
        for name in list(self._snapshots):
            self._read_module(name)  # where there is another module of this name
        for top in list(self._snapshots.values()):
            for snapshot in list(top.walk()):
                self._renew(snapshot)
        while self._unread:
            self._read_module(next(iter(self._unread)))

    def _fall_behind(self) -> None:
        """Something was marked or tracked: everything is looked at in the next dump."""
        self.seen.clear()
        self._is_behind = True


class _Round:
    """One look at all snapshots, a few at a time."""

    def __init__(self, snapshots: list[NamespaceSnapshot]) -> None:
        self._snapshots = snapshots
        self._spaces = [each.space for each in snapshots]
        self._sizes = [each.size for each in snapshots]
        self._next = 0

    def is_over(self) -> bool:
        return self._next >= len(self._snapshots)

    def take(self, count: int) -> list[NamespaceSnapshot]:
        at, self._next = self._next, self._next + count
        return self._snapshots[at : at + count]

    def resized(self) -> list[NamespaceSnapshot]:
        """Return the snapshots of namespaces that have another size than when this was last asked."""
        before, self._sizes = self._sizes, [*map(len, self._spaces)]
        if before == self._sizes:
            return []
        pairs = zip(before, self._sizes, self._snapshots, strict=True)
        return [snapshot for old, new, snapshot in pairs if old != new]


def _changed(near: list[NamespaceSnapshot]) -> list[Place]:
    return [place for snapshot in near for place in changed_constants(snapshot)]


def _see(uses: Iterable[Any], namespaces: Callable[[type], Iterable[NamespaceSnapshot]]) -> _Seen:
    """Return what everything that a payload refers to is now, for a glance.

    1. The names that shipped code looks up in builtins, modules and classes, and the globals of importable functions.
    2. The values in the namespaces of classes and of their bases, up to `_NAMES` for each class. Of what is beyond, and
       of modules that lack a name, the size tells that there is something new.
    """
    names: dict[tuple[int, str], Any] = {}
    sizes: dict[int, Any] = {}
    values: dict[int, Any] = {}
    modules = [each for each in uses if type(each) is ModuleType]
    classes: dict[int, type] = {}  # a metaclass may make them unhashable
    for each in uses:
        for space, name, cls in _looked_up(each, modules):
            if name in space:
                names[id(space), name] = (space, name, space[name])
            else:
                sizes[id(space)] = (space, len(space))
            if cls is not None:
                classes[id(cls)] = cls
        if isinstance(each, type):
            classes[id(each)] = each
    for cls in classes.values():
        count = 0
        for snapshot in namespaces(cls):
            count += len(snapshot.space)
            if count <= _NAMES:
                values[id(snapshot)] = (snapshot.space.values(), list(snapshot.space.values()))
            else:
                sizes[id(snapshot)] = (snapshot.space, len(snapshot.space))
    more = ([*sizes.values()], [*values.values()]) if sizes or values else None
    return tuple(names.values()), more  # as plain tuples, which take half the time to unpack


#: A namespace, a name that is looked up there, and the class that it means, if it means one.
_Step = tuple[Mapping[str, Any], str, type | None]


def _looked_up(used: Any, modules: list[ModuleType]) -> Iterator[_Step]:
    """Yield the names that something a payload uses looks up."""
    if type(used) is FunctionType:
        yield from ((used.__globals__, name, None) for name in used.__code__.co_names)
    elif type(used) is LookUps:
        yield from ((_modules, name, None) for name in used.modules)
        yield from ((vars(builtins), name, None) for name in used.builtins)
        yield from _followed(used, modules)


def _followed(used: LookUps, modules: list[ModuleType]) -> Iterator[_Step]:
    """Yield the names of what code imports from modules, and of chains of attributes."""
    for module, name in used.members:
        if isinstance(known := _modules.get(module), ModuleType):
            yield from _steps(space_of(known), (name,))
    spaces = [space_of(each) for each in modules]
    for chain in used.chains:
        for space in [each for each in spaces if chain[0] in each] or spaces:
            yield from _steps(space, chain)


def _steps(space: Mapping[str, Any], chain: tuple[str, ...]) -> Iterator[_Step]:
    """Yield the names of a chain of attributes, as far as it leads from module to module or into a class."""
    for name, following in zip(chain, (*chain[1:], None), strict=True):
        value = space.get(name)
        cls = value if isinstance(value, type) else None
        yield space, name, cls
        if (
            cls is not None
            and following is not None
            and (base := definer(cls.__mro__, following)) is not None
        ):
            yield space_of(base), following, None
        if type(value) is not ModuleType:
            return
        space = space_of(value)


def _is_known_by_identity(used: Any) -> bool:
    """Tell whether an object is equal to nothing but itself: metaclasses may see that in another way."""
    kind: Any = type(used)
    return kind.__hash__ is object.__hash__ and kind.__eq__ is object.__eq__


def _glance_of(scanner: PatchScanner) -> Callable[[list[Any]], bool]:
    """Return what tells, at little cost, whether a closer look at what a payload uses is needed.

    It is asked about every dump. As a closure it takes a fifth of a microsecond.
    """
    seen, clock, modules = scanner.seen, perf_counter, _modules

    def glance(uses: list[Any]) -> bool:
        try:
            names, more = seen[tuple(uses)]
            for space, name, value in names:
                if space[name] is not value:
                    return True
            if more is not None:
                for growing, size in more[0]:
                    if len(growing) != size:
                        return True
                for now, before in more[1]:
                    if [*now] != before:
                        return True
        except Exception:  # noqa: BLE001 - a payload not seen yet, a name that is gone, a foreign __eq__ that fails
            return True
        return clock() > scanner.due or len(modules) != scanner.modules

    return glance


#: One scanner for each set of registered modules: what travels by value is no patch of itself.
_scanners: dict[tuple[frozenset[str], bool], PatchScanner] = {}


def scanner_for(policy: ValuePolicy) -> PatchScanner:
    """Return the scanner for a way of deciding what travels by value, and let the policy glance through it."""
    names = policy.registry._names
    scanner = _scanners.get((names, policy.local))
    if scanner is None or scanner.names is not names:
        if len(_scanners) > 16:
            _scanners.clear()
        fixed = Registry()
        fixed._names = names
        scanner = _scanners[names, policy.local] = PatchScanner(
            ValuePolicy(fixed, policy.handles, local=policy.local), names
        )
    if policy.scanner is not scanner:
        policy.scanner = scanner
        if policy.patches in ("warn", "carry"):
            policy.glance = _glance_of(scanner)
            policy.registry.notify(scanner.seen.clear)
    return scanner
