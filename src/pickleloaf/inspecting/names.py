"""Find the names that a code object looks up outside itself.

Read off the instructions of the code and of all code nested in it: names that are only attributes
(``x.token``) or locals are not among them, so that nothing unrelated is shipped.

1. Globals: what LOAD_GLOBAL, LOAD_NAME and their kin name. Class bodies use LOAD_NAME.
2. Chains: attributes read straight off a name, ``xml.dom.minidom`` as ("xml", "dom", "minidom"). The
   first name may be a global or a closure variable. They tell which submodules are used.
3. Imports inside the body, as (level, module name, names).
4. Code that calls ``eval``, ``exec``, ``globals`` or ``vars`` may look up any name that its string
   constants spell, so those count as globals where they exist.

Every code object that travels is read once, so the instructions are read as bytes, by a regular expression
that passes over what looks nothing up: a fiftieth of the time that `dis` takes, which is only asked about code
that imports. A test holds the two to each other.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection
from functools import lru_cache
from opcode import opmap
from types import CodeType
from typing import NamedTuple

from pickleloaf._compat import NAME_SHIFTS

__all__ = [
    "NOTHING",
    "Import",
    "LookUps",
    "Names",
    "find_names",
    "identifiers",
    "look_ups_of",
    "only_looks_up",
    "resolved",
]

#: Roles of instructions, as far as names are concerned. Whatever is not listed ends a chain of attributes.
_ROLES = {
    "passed": "CACHE PUSH_NULL",
    "global": "LOAD_GLOBAL LOAD_NAME LOAD_FROM_DICT_OR_GLOBALS",
    "assigns": "STORE_GLOBAL DELETE_GLOBAL",
    "closure": "LOAD_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF",
    "attribute": "LOAD_ATTR LOAD_METHOD",
    "extends": "EXTENDED_ARG",
}
#: The instructions of each role; pseudo instructions of the compiler have higher numbers.
_OPS = {
    role: bytes(opmap[name] for name in names.split() if opmap.get(name, 256) < 256)
    for role, names in _ROLES.items()
}
#: By how many bits the number of a name is shifted in an instruction.
_SHIFTS = bytearray(256)
for _name, _bits in NAME_SHIFTS.items():
    _SHIFTS[opmap[_name]] = _bits
_PASSED, _ASSIGNS, _CLOSURE, _EXTENDS = (
    frozenset(_OPS[role]) for role in ("passed", "assigns", "closure", "extends")
)
_IMPORT = opmap["IMPORT_NAME"]


def _steps() -> re.Pattern[bytes]:
    """Return what finds instructions that look something up, each with the attributes read off that.

    It takes two bytes at a time, from the first on and to the last, so that no argument is taken for an
    instruction: what it finds at the very end is empty.
    """
    one = {role: b"[" + re.escape(ops) + b"]." for role, ops in _OPS.items()}
    starts = re.escape(_OPS["global"] + _OPS["assigns"] + _OPS["closure"])
    extended = b"(?:%b)*+" % one["extends"]
    other = b"(?:%b[^%b%b].)*+" % (extended, starts, re.escape(_OPS["extends"]))
    attribute = b"(?:%b)*+%b%b" % (one["passed"], extended, one["attribute"])
    return re.compile(b"(?s)%b(?:(%b[%b].(?:%b)*+)|\\Z)" % (other, extended, starts, attribute))


_find_steps = _steps().findall

_BUILTINS = vars(builtins)
_CONSTANT = frozenset({"LOAD_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"})
_REFLECTIVE = frozenset({"eval", "exec", "globals", "vars", "locals"})
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


class LookUps:
    """Names that code looks up in builtins and in modules, where patches may change what they mean.

    Attributes:
        builtins: globals that builtins has under such a name.
        chains: attributes that are read straight off a name, one off the other.
        modules: what is imported, and the parents of that.
        members: what is imported from modules, as (module, name).
    """

    __slots__ = ("builtins", "chains", "members", "modules")

    def __init__(
        self,
        builtins: tuple[str, ...],
        chains: tuple[tuple[str, ...], ...] = (),
        modules: tuple[str, ...] = (),
        members: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.builtins = builtins
        self.chains = chains
        self.modules = modules
        self.members = members


#: Code that looks up the same names shares one, so that whoever has seen what these are need not look again.
look_ups_of = lru_cache(maxsize=4096)(LookUps)


#: An import statement in a body: level, module name, names.
Import = tuple[int, str, tuple[str, ...]]


class Names(NamedTuple):
    """The names that one code object uses; each part in the order of first use."""

    globals: tuple[str, ...]
    chains: tuple[tuple[str, ...], ...]
    imports: tuple[Import, ...]
    #: True if it assigns to globals, or may do so through eval and the like.
    touches_scope: bool
    #: The names among these that patches of builtins and modules may change; None for none.
    look_ups: LookUps | None


#: The names that most short functions use: none.
NOTHING = Names((), (), (), touches_scope=False, look_ups=None)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def resolved(name: str, level: int, package: str | None) -> str:
    """Resolve the name of a relative import as the import statement does."""
    if not level:
        return name
    base = (package or "").rsplit(".", level - 1)[0]
    return f"{base}.{name}" if name else base


@lru_cache(maxsize=4096)
def identifiers(text: str) -> tuple[str, ...]:
    """Return the identifiers in a piece of text, once each: those of an annotation, say."""
    return tuple(dict.fromkeys(_IDENTIFIER.findall(text)))


def find_names(code: CodeType) -> Names:
    """Analyse a code object and all code nested in it."""
    names: dict[str, None] = {}
    chains: dict[tuple[str, ...], None] = {}
    imports: dict[Import, None] = {}
    touches_scope = _collect(code, names, chains, imports)
    if not (names or chains or imports):
        return NOTHING
    if not _REFLECTIVE.isdisjoint(names):
        touches_scope = True
        names.update(dict.fromkeys(_spelled(code)))
    if imports and any(level for level, _, _ in imports):  # what a relative import is relative to
        names.update(dict.fromkeys(("__package__", "__path__")))
    return Names(
        tuple(names), tuple(chains), tuple(imports), touches_scope, _find_look_ups(names, chains, imports)
    )


def _find_look_ups(
    names: Collection[str],
    chains: Collection[tuple[str, ...]],
    imports: Collection[Import],
) -> LookUps | None:
    held = tuple([name for name in names if name in _BUILTINS])
    if not (chains or imports):
        return look_ups_of(held) if held else None
    absolute = [(module, members) for level, module, members in imports if not level]
    found = look_ups_of(
        held,
        tuple(dict.fromkeys([chain[1:] for chain in chains])),
        tuple(dict.fromkeys([each for module, _ in absolute for each in _with_parents(module)])),
        tuple(dict.fromkeys([(module, name) for module, members in absolute for name in members])),
    )
    return found if held or chains or found.modules else None


def _collect(
    code: CodeType,
    names: dict[str, None],
    chains: dict[tuple[str, ...], None],
    imports: dict[Import, None],
) -> bool:
    """Add what a code object and those nested in it use; tell whether they assign to globals."""
    raw = code.co_code
    assigns = False
    for steps in _find_steps(raw):
        if len(steps) > 2:
            assigns |= _follow(code, steps, names, chains)
        elif steps and steps[0] not in _CLOSURE:
            names[code.co_names[steps[1] >> _SHIFTS[steps[0]]]] = None
            assigns |= steps[0] in _ASSIGNS
    if _IMPORT in raw and _IMPORT in raw[::2]:
        _collect_imports(code, imports)
    for constant in code.co_consts:
        if type(constant) is CodeType:
            assigns |= _collect(constant, names, chains, imports)
    return assigns


def _follow(
    code: CodeType, steps: bytes, names: dict[str, None], chains: dict[tuple[str, ...], None]
) -> bool:
    """Add one name and the attributes that are read off it; tell whether it is assigned to."""
    chain: list[str] = []
    high = 0
    assigns = False
    for op, low in zip(steps[::2], steps[1::2], strict=True):
        if op in _PASSED:
            continue
        argument = high | low
        if op in _EXTENDS:
            high = argument << 8
            continue
        high = 0
        if op in _CLOSURE:
            chain.append(code._varname_from_oparg(argument))  # type: ignore[attr-defined]  # as dis does
            continue
        name = code.co_names[argument >> _SHIFTS[op]]
        if not chain:
            names[name] = None
            assigns = op in _ASSIGNS
        chain.append(name)
    if len(chain) > 1:
        chains[tuple(chain)] = None
    return assigns


def _collect_imports(code: CodeType, imports: dict[Import, None]) -> None:
    import dis

    constants: list[object] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname in _CONSTANT:
            constants = [*constants[-1:], instruction.argval]
        elif instruction.opname == "IMPORT_NAME":
            level, wanted = ([*constants, 0, None])[:2] if len(constants) < 2 else constants
            imports[_import(instruction.argval, level, wanted)] = None


def _import(module: str, level: object, wanted: object) -> Import:
    return (
        level if isinstance(level, int) else 0,
        module,
        tuple(name for name in wanted if isinstance(name, str)) if isinstance(wanted, tuple) else (),
    )


def _spelled(code: CodeType) -> list[str]:
    """Return the identifiers that the string constants of a code object and its inner code spell."""
    spelled: list[str] = []
    for constant in code.co_consts:
        if isinstance(constant, str):
            spelled.extend(identifiers(constant))
        elif isinstance(constant, CodeType):
            spelled.extend(_spelled(constant))
    return spelled


def only_looks_up(code: CodeType) -> bool:
    """Tell whether code does nothing but find something: it stores nothing, and calls `get` or `getattr` at most."""
    used = code.co_code[::2]
    if not _STORES.isdisjoint(used):
        return False
    return sum(map(used.count, _CALLS)) <= sum(name in _FINDERS for name in code.co_names)


_CALLS = frozenset(code for name, code in opmap.items() if name.startswith("CALL"))
_STORES = frozenset(
    opmap[name]
    for name in (
        "STORE_ATTR",
        "STORE_SUBSCR",
        "STORE_GLOBAL",
        "DELETE_ATTR",
        "DELETE_SUBSCR",
        "DELETE_GLOBAL",
    )
)
_FINDERS = frozenset({"get", "getattr", "__getitem__"})
