"""Loading: plain pickle, with errors that say what is missing and who wanted it."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Iterable
from typing import Any

from pickleloaf.errors import DecodeError, MissingModuleError, MissingNameError, PickleloafError
from pickleloaf.wire import FINDER

__all__ = ["Unpickler", "load", "loads", "loads_by"]


def loads(
    data: Any,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = None,
    patches: str = "apply",
) -> Any:
    """Make the object in a payload.

    Args:
        data: bytes, or anything with the buffer protocol.
        fix_imports: whether names of modules of Python 2 in a pickle of protocol 0 to 2 mean those of Python 3.
        encoding: how texts of a pickle that Python 2 has made are decoded; see `pickle.loads`.
        errors: what happens when they cannot be.
        buffers: the buffers that went out of band, in order.
        patches: what becomes of patches that the payload carries: ``"apply"``, ``"refuse"``, or
            ``"collect"``, which applies none and returns (object, patches); see `pickleloaf.applied`.

    Raises:
        MissingModuleError: a module is not here; says which function or class wanted it.
        MissingNameError: a module here lacks a name; says which function or class wanted it.
        PatchError: a patch in the payload cannot be applied, or is refused.
        DecodeError: the bytes are damaged, cut short, or of another Python version.
        TypeError: ``data`` or ``buffers`` is nothing to load from.
        ValueError: ``patches`` is another string.
    """
    make = pickle.loads if patches == "apply" else _treating(patches, pickle.loads)
    try:
        return make(data, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers)
    except Exception as error:
        if _is_nothing_to_load(data, buffers) or (translated := _translate(error, data)) is None:
            raise
        raise translated from error


def load(
    file: Any,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = None,
    patches: str = "apply",
) -> Any:
    """Make the next object in a file; see `loads`.

    Raises:
        DecodeError: as `loads` does.
        ValueError: ``patches`` is no such string.
    """
    unpickler = Unpickler(
        file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers, patches=patches
    )
    return unpickler.load()


class Unpickler(pickle.Unpickler):
    """An unpickler of live objects; a drop-in for ``pickle.Unpickler``.

    ``find_class`` and ``persistent_load`` may be overridden as pickle documents. Verbs of our own that import a
    module, or take something out of one, ask the same ``find_class``: for a module as such, for its ``__name__``.
    Whoever allows ``pickleloaf.wire.function`` or ``image`` allows code of the sender's, and so everything.
    """

    # For a subclass that forgets to call ``__init__``, of which pickle complains in `load`.
    _loaf_file: Any = None
    _patches = "apply"

    def __init__(
        self,
        file: Any,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = None,
        patches: str = "apply",
    ) -> None:
        """Set up an unpickler that reads from a file; the other arguments are those of `loads`.

        Raises:
            ValueError: ``patches`` is no string that `loads` takes.
        """
        super().__init__(file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers)
        _check_treatment(patches)
        self._loaf_file, self._patches = file, patches

    def load(self) -> Any:
        """Make the next object in the file.

        Raises:
            DecodeError: as `loads` does.
        """
        start = _position(self._loaf_file)
        make = super().load if self._patches == "apply" else _treating(self._patches, super().load)
        has_own = type(self).find_class is not pickle.Unpickler.find_class
        finding = FINDER.set(self.find_class) if has_own else None
        try:
            return make()
        except Exception as error:
            if (translated := _translate(error, _read_again(self._loaf_file, start))) is None:
                raise
            raise translated from error
        finally:
            if finding is not None:
                FINDER.reset(finding)


def loads_by(find_class: Callable[[str, str], Any], data: bytes) -> Any:
    """Make the object in a payload that lies in another one, by the ``find_class`` of whoever loads that."""

    class Inner(Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return find_class(module, name)

    return Inner(io.BytesIO(data)).load()


#: Bytes of a file that are read once more to explain an error.
_EXPLAINED = 1 << 24


def _position(file: Any) -> int | None:
    """Return where a file stands, or None if it cannot be read again."""
    try:
        return int(file.tell()) if file.seekable() else None
    except Exception:  # noqa: BLE001 - whatever a file of the user's raises
        return None


def _read_again(file: Any, start: int | None) -> bytes:
    """Return what was read of a file, to find out who wanted what is missing; the file is left where it stands."""
    if start is None:
        return b""
    try:
        end = file.tell()
        file.seek(start)
        data: bytes = file.read(_EXPLAINED)
        file.seek(end)
    except Exception:  # noqa: BLE001 - whatever a file of the user's raises
        return b""
    return data


def _check_treatment(patches: str) -> None:
    if patches not in ("apply", "refuse", "collect"):
        msg = f"patches is 'apply', 'refuse' or 'collect', not {patches!r}"
        raise ValueError(msg)


def _is_nothing_to_load(data: Any, buffers: Any) -> bool:
    """Tell whether arguments of `loads` are of wrong types, so that it has not begun to load."""
    try:
        memoryview(data)
        iter(() if buffers is None else buffers)
    except TypeError:
        return True
    return False


def _treating(patches: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """Return what loads as ``make`` does, and treats patches in another way than by default."""
    _check_treatment(patches)
    from pickleloaf.patching.api import Loaded
    from pickleloaf.patching.payload import ARRIVAL, Arrival

    def load_treating(*source: Any, **arguments: Any) -> Any:
        arrival = Arrival(patches)
        token = ARRIVAL.set(arrival)
        try:
            obj = make(*source, **arguments)
        finally:
            ARRIVAL.reset(token)
        return Loaded(obj, tuple(arrival.collected)) if patches == "collect" else obj

    return load_treating


def _translate(error: Exception, data: Any) -> DecodeError | None:
    """Return our own error for one that pickle raised, or None for one that says enough or is the user's."""
    is_end = (
        isinstance(error, EOFError) and not data
    )  # readers of a file of several pickles loop until they see it
    is_in_use = type(error) is RuntimeError and str(error) == _IN_USE
    if isinstance(error, PickleloafError) or is_end or is_in_use:
        return None
    if isinstance(error, ModuleNotFoundError) and error.name:
        msg = f"no module named {error.name!r} here{_provider(data, error.name)}{_blame(data, error.name)}"
        return MissingModuleError(msg, name=error.name)
    if _is_of_user_code(error):
        return None
    if isinstance(error, AttributeError):
        name = str(error.name or "") or str(error).partition("'")[2].partition("'")[0]
        module = str(error).partition("module '")[2].partition("'")[0]
        return MissingNameError(f"{error}{_provider(data, module)}{_blame(data, name)}")
    if isinstance(error, TypeError):
        return DecodeError(f"an object of this payload cannot be made here: {error}")
    forgot_init = "__init__() was not called" in str(error)
    about = "" if forgot_init else f"the payload is damaged or cut short: {type(error).__name__}: "
    return DecodeError(f"{about}{error}")


def _is_of_user_code(error: Exception) -> bool:
    """Tell whether an error came out of Python code that the unpickler called and that is none of ours.

    What our own verbs raise, or the standard library when they call it, says that the payload is damaged; but what
    the operating system says is nobody's fault here.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") != __name__:
        trace = trace.tb_next  # whoever called us
    names = []
    while trace is not None:
        names.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    called = [name.partition(".")[0] for name in names if name != __name__]
    if not called:
        return False
    is_ours = called[0] == _PACKAGE and all(
        top == _PACKAGE or top in sys.stdlib_module_names for top in called
    )
    return not is_ours or isinstance(error, OSError)


_IN_USE = "Unpickler object is already used"  # as pickle says from 3.14 on to whoever loads while it loads

_PACKAGE = __name__.partition(".")[0]


def _provider(data: Any, module: str) -> str:
    from pickleloaf.provided import provider_of

    provider = provider_of(data, module) if module else ""
    return f"; {module} is of {provider} where the payload was made" if provider else ""


def _blame(data: Any, missing: str) -> str:
    from pickleloaf.blame import wanted_by

    wanted = wanted_by(data, missing)
    return f"; wanted by {', '.join(wanted)}" if wanted else ""
