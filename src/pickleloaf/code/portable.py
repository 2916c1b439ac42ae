"""Code that every Python can run: its source, proved at the sender and compiled at the receiver.

Bytecode holds for one Python. What holds for all of them is the source, as long as it is certain that it
is the source of this very code. A *recipe* says how to get the code from its source text, and is only
given out when following it here gives the same instructions, names and constants again.

1. The text is what `source.find_source` finds: whole lines. The recipe says which definition in them it is,
   by name and number, since a line may hold several lambdas.
2. A definition is compiled inside of functions and classes of the names of those that it stood in, which
   bind its free variables (see matching). So private names, ``__class__`` and qualified names come right.
3. Decorators have run, defaults and annotations are objects that travel on their own. Each leaves something
   harmless in its place: they would bring other code with them, or names that are not to be had.
4. A receiver compiles once for each recipe. It is asked first whether it knows the syntax: see needs.
5. A text is also taken from the payload itself: what has arrived is known under a file name made from it.
"""

from __future__ import annotations

import ast
import copy
import marshal
import warnings
from types import CodeType
from typing import Any, NamedTuple

from pickleloaf._compat import VERSION
from pickleloaf.code.matching import (
    VARIABLES,
    Piece,
    definitions,
    enclosed,
    first_line,
    imported_names,
    is_same,
    scopes_of,
)
from pickleloaf.code.needs import what_needs
from pickleloaf.code.source import file_name, find_block, find_source
from pickleloaf.errors import DecodeError, EncodeError

__all__ = ["Recipe", "compile_recipe", "packed", "recipe_of", "unpacked"]

#: What the compiler may make of a text.
_REFUSALS = (SyntaxError, ValueError, MemoryError, RecursionError)
_MARSHAL_VERSION = 2  # the same bytes in every Python from 3.11 on; a recipe holds only text and numbers
#: What ``types.coroutine`` adds to the flags of a function's code: inspect.CO_ITERABLE_COROUTINE.
_ITERABLE_COROUTINE = 0x100


class Recipe(NamedTuple):
    """How to get a code object from its source text.

    Attributes:
        name: what the definition is called.
        qualname: its qualified name.
        number: which of the definitions of this name in the text it is.
        free: its free variables, in the order of the code's cells.
        imported: names that its module has bound by imports.
        flags: those of the code.
        construct: the newest syntax in the text.
        since: the first Python that has it, (3, 11) for all.
    """

    name: str
    qualname: str
    number: int
    free: tuple[str, ...]
    imported: tuple[str, ...]
    flags: int
    construct: str
    since: tuple[int, int]


def recipe_of(code: CodeType) -> tuple[Recipe, str]:
    """Return the recipe for a code object, and the source text that it is for.

    Raises:
        EncodeError: there is none, with the reason.
    """
    block = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given when the file was compiled
        found = _find(code, find_source(code)) or _find(code, block := find_block(code))
    if found is None and not block:
        raise _refused(code, f"no source text is to be had for it (its file is {code.co_filename!r})")
    if found is None:
        raise _refused(code, "its source text does not give the code that it has; the file may have changed")
    return found


def _find(code: CodeType, text: str) -> tuple[Recipe, str] | None:
    """Return the recipe that makes the code of a text, rather one that gives its positions as well."""
    alike = None
    imported = tuple(imported_names(code))
    for number, definition in enumerate(definitions(text, code.co_name, first_line(code)) if text else ()):
        for names in dict.fromkeys([(), imported]):
            recipe = _recipe(code, number, names, ("", (3, 11)))
            made = _try(definition, recipe)
            if made is None or not is_same(made, code):
                continue
            construct, since = what_needs(text, definition)
            found = recipe._replace(construct=construct, since=since), text
            if _positions(made) == _positions(code):
                return found
            alike = alike or found
    return alike


def _recipe(code: CodeType, number: int, imported: tuple[str, ...], needed: tuple[str, Any]) -> Recipe:
    return Recipe(code.co_name, code.co_qualname, number, code.co_freevars, imported, code.co_flags, *needed)


def _refused(code: CodeType, reason: str) -> EncodeError:
    msg = f"cannot pickle {_title(code.co_qualname)} for other Pythons: {reason}"
    hint = (
        'define it in a file, a notebook or a module; or dump with portable="prefer", which sends it for '
        "Python {}.{} alone".format(*VERSION)
    )
    return EncodeError(msg, hint=hint)


def _title(qualname: str) -> str:
    return f"the function {qualname}"


def compile_recipe(recipe: Recipe, text: str) -> CodeType:
    """Return the code object that a recipe makes of a text.

    Raises:
        DecodeError: this Python lacks syntax that the text uses, or makes something else of it.
    """
    ours = ".".join(map(str, VERSION))
    if recipe.since > VERSION:
        needed = ".".join(map(str, recipe.since))
        msg = f"{_title(recipe.qualname)} uses {recipe.construct}, which needs Python {needed}; this is Python {ours}"
        raise DecodeError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, definition in enumerate(definitions(text, recipe.name, 1)):
            if number == recipe.number:
                made = _try(definition, recipe)
                if made is not None and made.co_freevars == recipe.free:
                    return _named(made, recipe.qualname, file_name(text))
    msg = f"Python {ours} cannot compile the source of {_title(recipe.qualname)} in this payload"
    raise DecodeError(msg)


def _try(definition: Piece, recipe: Recipe) -> CodeType | None:
    """Compile a definition where it stood, and take out its code; None where the compiler refuses."""
    try:
        code = enclosed(_bare(definition), recipe.qualname, recipe.free, recipe.imported, recipe.flags)
    except _REFUSALS:
        return None
    code = _skip(code, recipe.qualname)
    for name in [*(name for name, _ in scopes_of(recipe.qualname)), recipe.name]:
        inner = [part for part in code.co_consts if isinstance(part, CodeType) and part.co_name == name]
        if len(inner) != 1:
            return None
        code = inner[0]
    return code.replace(co_flags=code.co_flags | recipe.flags & _ITERABLE_COROUTINE)


def _skip(code: CodeType, qualname: str) -> CodeType:
    """Go into the function that was put around everything to have the free variables, if there is one."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    first = (*qualname.split("."), "")[0]
    return inner[0] if len(inner) == 1 and inner[0].co_name == VARIABLES != first else code


def _bare(definition: Piece) -> Piece:
    """Return a definition without what has been evaluated when it was made; see rule 3."""
    definition = copy.copy(definition)
    if isinstance(definition, ast.GeneratorExp):  # what it goes through is given to its code as an argument
        first, *others = definition.generators
        definition.generators = [copy.copy(first), *others]
        definition.generators[0].iter = ast.copy_location(ast.Tuple([], ast.Load()), first.iter)
        return definition
    definition.args = arguments = copy.copy(definition.args)
    arguments.defaults = [_nothing(each) for each in arguments.defaults]
    arguments.kw_defaults = [each and _nothing(each) for each in arguments.kw_defaults]
    for kind in ("posonlyargs", "args", "kwonlyargs"):
        setattr(arguments, kind, [_unannotated(each) for each in getattr(arguments, kind)])
    arguments.vararg = arguments.vararg and _unannotated(arguments.vararg)
    arguments.kwarg = arguments.kwarg and _unannotated(arguments.kwarg)
    if not isinstance(definition, ast.Lambda):
        # The first line of a decorated function is that of its first decorator.
        definition.decorator_list = [_nothing(each) for each in definition.decorator_list[:1]]
        definition.returns = None
        if "type_params" in definition._fields:  # PEP 695
            definition.__dict__["type_params"] = []
    return definition


def _nothing(expression: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(None), expression)


def _unannotated(argument: ast.arg) -> ast.arg:
    argument = copy.copy(argument)
    argument.annotation = None
    return argument


def _positions(code: CodeType) -> list[Any]:
    return list(code.co_positions())


def _named(code: CodeType, qualname: str, file: str) -> CodeType:
    """Return code, and what is nested in it, with the right file name and qualified names."""
    consts = tuple(
        _named(part, qualname + part.co_qualname[len(code.co_qualname) :], file)
        if isinstance(part, CodeType) and part.co_qualname.startswith(code.co_qualname)
        else part
        for part in code.co_consts
    )
    return code.replace(co_qualname=qualname, co_filename=file, co_consts=consts)


def packed(recipe: Recipe) -> bytes:
    """Return a recipe as bytes that every Python reads."""
    return marshal.dumps(tuple(recipe), _MARSHAL_VERSION)


def unpacked(data: bytes) -> Recipe:
    """Undo `packed`; the bytes have been found whole."""
    return Recipe(*marshal.loads(data))
