"""What most code and its source text contain, so that it need not travel each time.

zlib finds repetitions, and in a short function there are few. So it is told beforehand what code is full of
(RFC 1950, "preset dictionary"): how marshal writes names and the heads of code objects, and how people write
Python. That takes a sixth off the bytes of the functions of the standard library, and more off shorter ones.

These bytes are part of the format, as the verbs are: payloads can only be read with the very same ones. They
are never changed; another dictionary would be another kind of envelope (see envelope).
"""

from __future__ import annotations

__all__ = ["PHRASES"]


def _text(text: str) -> bytes:
    """Return a string as marshal writes it."""
    return b"u" + len(text).to_bytes(4, "little") + text.encode()


def _texts(words: str) -> bytes:
    return b"".join(map(_text, words.split()))


_WORDS = (
    "import from class with as while True: try: except Exception as error: yield await async def "
    "not in and or is not None else: elif False break continue pass assert global lambda x: x del "
    "print(str(int(len(isinstance(range(enumerate(zip(sorted(sum(min(max(open(super().__init__(append(items()"
    "values()keys()get(join(split(strip(format(update( += 1 -= == != = [] = {} "
    'f"{}" % "TypeErrorKeyErrorIndexErrorRuntimeErrorNotImplementedErrorAttributeErrorValueError'
)
_NAMES = (
    "args kwargs path data text line key index other result start end size items append get join len isinstance "
    "__class__ print str int range super name cls"
)
_LINES = '''
    for  in range(len(
        for  in self._:
            if  is None:
                raise ValueError(
            else:
                return None
        self. = \n        return \n    @property
    @staticmethod
    @classmethod
    """
    def __init__(self, name, value=None, *args, **kwargs):
        return self.'''
_LAMBDA = _texts("<lambda> <lambda>") + b"\1\0\0\0s\x0c\0\0\0\x80\0" + _text("<pickleloaf>")

_TRIPLE = b"(\3\0\0\0"
#: Classes that are sealed whole; see reducers/_closed.
_CLASSES = _TRIPLE.join(
    [
        b"",
        _texts("__static_attributes__ value") + b"(\1\0\0\0",
        _texts("__doc__ value"),
        _texts("__module__ value __main__"),
        *map(_text, ("staticmethod", "classmethod", "property")),
        b"",
    ]
)
#: Argument counts, stack size and flags of a function, and the start of its bytecode.
_HEAD = b"c%b\0\0\0\0\0\0\0\0\0\0\0\0%b\0\0\0\3\0\0\0s%b\0\0\0"
_CODE = (
    b"s\0\0\0\0NN" + _TRIPLE + _texts("__init__ function") + _TRIPLE
    + _HEAD % (b"\2", b"\3", b"\x1c") + b"\x95\0" + bytes(18) + _HEAD % (b"\1", b"\2", b"\x12")
    + b"$\0(\2\0\0\0Ni\0\0\0\0i\1\0\0\0(\1\0\0\0N(\0\0\0\0(\1\0\0\0" + _text("x")
    + b"(\2\0\0\0" + _texts("self value") + b"s\3\0\0\0   s\2\0\0\0  "
    + b"u\x16\0\0\0make.<locals>.u\x15\0\0\0<pickleloaf "
)  # fmt: skip

#: What is likeliest comes last, where it is found with the shortest references.
PHRASES = _WORDS.encode() + _texts(_NAMES) + _LAMBDA + _LINES.encode() + _CLASSES + _CODE
