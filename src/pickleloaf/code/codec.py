"""Code objects to bytes and back.

A code object travels in an envelope (see envelope) that holds four bytes with the length of what follows,
the code marshalled, and its source text in UTF-8, which may be empty. In a portable envelope, the length of
a recipe and the recipe (see portable) come before all of that.

1. marshal writes references in versions 3 and up wherever an object's reference count is not 1, so
   the same code gives other bytes from one run to the next. Version 2 writes none.
2. Version 2 knows no slices, which are constants from Python 3.14 on: they travel as marked tuples.
3. No path, and line numbers counted from the code's own first line (see source).
4. Both directions are remembered for as long as the code object lives, and of what arrived the last 256 different
   ones. Functions that share code there share it here.
"""

from __future__ import annotations

import marshal
import operator
import sys
import weakref
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from pickleloaf._compat import DOCSTRING_FLAG, HAS_LAZY_ANNOTATIONS, HAS_SLICE_CONSTANTS
from pickleloaf.code.envelope import is_of_this_python, is_portable, seal, unseal
from pickleloaf.code.source import file_name, find_source, find_source_around, register_source
from pickleloaf.errors import EncodeError
from pickleloaf.inspecting.caches import IdentityCache
from pickleloaf.inspecting.kinds import WRITTEN
from pickleloaf.inspecting.names import Names, find_names

__all__ = [
    "FACETS",
    "WRITE_NO_REFERENCES",
    "CodeFacts",
    "decode",
    "facts_of",
    "load_code",
    "restore",
    "settle_together",
]

#: Version of marshal's format; see rule 1.
WRITE_NO_REFERENCES = 2
_MADE_WITH_CLASS = frozenset({"__class__", "__classdict__"})
_SLICE = "pickleloaf:slice"


class CodeFacts:
    """Facts about one code object.

    Attributes:
        contents: its code and source text, as bytes, encoded when they are first asked for.
        blob: the envelope with these in which it travels, sealed when it is first asked for; and beside it the source
            text, where code of the same payload may well stand in the same text.
        names: what it looks up outside itself.
        look_ups: the names among these that patches of builtins and modules may change.
        has_plain_cells: whether no closure cell is one that making a class fills.
        may_be_method: whether a function made from it may be one of a class.
        name, qualname, doc: what a function made from it is called, and its docstring.
        plain: the `FACETS` of a function made from it, as long as it is given nothing but defaults.
    """

    __slots__ = (
        *("_alive", "_portable", "blob", "contents", "doc", "has_plain_cells", "look_ups", "may_be_method"),
        *("name", "names", "plain", "qualname"),
    )

    blob: bytes | tuple[bytes, str]
    contents: bytes

    def __init__(self, code: CodeType) -> None:
        self.names: Names = find_names(code)
        self.look_ups = self.names.look_ups
        self.name = code.co_name
        self.qualname = code.co_qualname
        self.doc: str | None = _doc(code)
        self.has_plain_cells = _MADE_WITH_CLASS.isdisjoint(code.co_freevars)
        self.may_be_method = self.name != self.qualname
        self.plain = (self.name, self.qualname, self.doc, {}, *_PLAIN.values())
        self._alive = weakref.ref(code)
        self._portable: bytes | None = None

    def portable(self, *, required: bool) -> bytes | tuple[bytes, str]:
        """Return bytes from which every Python gets the code, or those for this Python unless that is required.

        Raises:
            EncodeError: its source is not certain.
        """
        if self._portable is None:
            try:
                self._portable = _encode_portable(self._code())
            except EncodeError:
                if required:
                    raise
                return self.blob
        return self._portable

    def _code(self) -> CodeType:
        code = self._alive()
        if code is None:
            raise AssertionError("whoever asks about a code object has it")
        return code

    def __getattr__(self, name: str) -> Any:
        """Encode the contents, seal the envelope: a slot that is still empty gets here."""
        if name == "blob":
            contents = self.contents
            at = 4 + int.from_bytes(contents[:4], "little")
            if self.name == "<lambda>" and contents.count(b"lambda", at) > _FEW:
                self.blob = seal(contents[:at]), sys.intern(contents[at:].decode(*_UTF_8))
            else:
                self.blob = seal(contents)
            return self.blob
        if name == "contents":
            code = self._code()
            self.contents = _encode(code, find_source(code))
            return self.contents
        raise AttributeError(name)


#: So many lambdas on one line may each bring that line along.
_FEW = 3

#: Further attributes that a function may have been given, as they are when it has not.
_PLAIN: dict[str, Any] = {"__annotate__": None} if HAS_LAZY_ANNOTATIONS else {"__annotations__": {}}
if hasattr(FunctionType, "__type_params__"):
    _PLAIN["__type_params__"] = ()

#: Reads in one step what a function has besides code, globals, closure and defaults.
FACETS = operator.attrgetter("__name__", "__qualname__", "__doc__", "__dict__", *_PLAIN)


_facts: IdentityCache[CodeFacts] = IdentityCache()


def facts_of(code: CodeType) -> CodeFacts:
    """Return the facts about a code object, analysing it once."""
    facts = _facts.get(id(code))
    return _facts.keep(code, CodeFacts(code)) if facts is None else facts


def _encode_portable(code: CodeType) -> bytes:
    from pickleloaf.code.portable import packed, recipe_of

    recipe, source = recipe_of(code)
    how = packed(recipe)
    return seal(len(how).to_bytes(4, "little") + how + _encode(code, source), portable=True)


def _encode(code: CodeType, source: str) -> bytes:
    settled = _settle(code, file_name(source), code.co_firstlineno - 1)
    body = marshal.dumps(settled, WRITE_NO_REFERENCES)
    return len(body).to_bytes(4, "little") + body + source.encode(*_UTF_8)


#: How source text is encoded, and what becomes of surrogates in it.
_UTF_8 = ("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def decode(blob: bytes | tuple[bytes, str]) -> CodeType:
    """Return the code object in some bytes, which may have its source text beside them.

    Raises:
        DecodeError: the bytes are of another Python version and not portable, or damaged.
    """
    code = _decoded.get(blob)
    if code is None:
        code = _decoded[blob] = _decode(blob)
    return code


#: Code that has been decoded, for as long as it lives: functions that share code share it again.
_decoded: weakref.WeakValueDictionary[bytes | tuple[bytes, str], CodeType] = weakref.WeakValueDictionary()


def _decode(blob: bytes | tuple[bytes, str]) -> CodeType:
    if isinstance(blob, tuple):
        sealed, text = blob
        return load_code(unseal(sealed) + text.encode(*_UTF_8))
    if not is_portable(blob):
        return load_code(unseal(blob))
    contents = unseal(blob, of_any_python=True)
    end = 4 + int.from_bytes(contents[:4], "little")
    if is_of_this_python(blob):
        return load_code(contents[end:])
    return _compile(contents[4:end], contents[end:])


def _compile(how: bytes, contents: bytes) -> CodeType:
    """Compile what another Python has sent; its bytecode is passed over."""
    from pickleloaf.code.portable import compile_recipe, unpacked

    start = 4 + int.from_bytes(contents[:4], "little")
    source = contents[start:].decode(*_UTF_8)
    code = compile_recipe(unpacked(how), source)
    register_source(code.co_filename, source, code)
    return code


def load_code(contents: bytes) -> CodeType:
    """Return the code object in the contents of an envelope that has been found right."""
    end = 4 + int.from_bytes(contents[:4], "little")
    source = contents[end:].decode(*_UTF_8)
    return restore(marshal.loads(contents[4:end]), source)


def settle_together(codes: list[CodeType]) -> tuple[list[CodeType], str]:
    """Return copies of code objects of one file that marshal can write, and the source text that they share."""
    source, lines_above = find_source_around(codes)
    name = file_name(source)
    return [_settle(code, name, lines_above) for code in codes], source


def restore(code: CodeType, source: str) -> CodeType:
    """Return the code object behind a copy that has arrived, with the source text that it stands in."""
    if HAS_SLICE_CONSTANTS:
        code = _restore_slices(code)
    register_source(code.co_filename, source, code)
    return code


def _settle(code: CodeType, filename: str, lines_above: int) -> CodeType:
    """Return a copy without path, absolute lines and constants that marshal cannot write."""
    line = code.co_firstlineno - lines_above
    constants = code.co_consts
    if WRITTEN.issuperset(map(type, constants)):
        return code.replace(co_filename=filename, co_firstlineno=line)
    settled = tuple(_settle_constant(value, filename, lines_above) for value in constants)
    return code.replace(co_filename=filename, co_firstlineno=line, co_consts=settled)


def _settle_constant(value: Any, filename: str, lines_above: int) -> Any:
    if isinstance(value, CodeType):
        return _settle(value, filename, lines_above)
    if isinstance(value, slice):
        return (_SLICE, value.start, value.stop, value.step)
    if HAS_SLICE_CONSTANTS and type(value) is tuple:
        return tuple(_settle_constant(part, filename, lines_above) for part in value)
    return value


def _restore_slices(value: Any) -> Any:
    """Undo what _settle_constant did to slices, in a code object or in a constant of it."""
    if isinstance(value, CodeType):
        constants = tuple(map(_restore_slices, value.co_consts))
        if all(map(operator.is_, constants, value.co_consts)):
            return value
        return value.replace(co_consts=constants)
    if type(value) is tuple:
        if len(value) == 4 and value[0] == _SLICE:
            return slice(*value[1:])
        parts = tuple(map(_restore_slices, value))
        return value if all(map(operator.is_, parts, value)) else parts
    return value


def _doc(code: CodeType) -> str | None:
    if not code.co_consts or code.co_flags & DOCSTRING_FLAG != DOCSTRING_FLAG:
        return None
    first = code.co_consts[0]
    return first if type(first) is str else None
