"""What belongs to code that has arrived goes when it goes."""

import gc
import inspect
import linecache
import weakref

import pickleloaf
from pickleloaf.code import codec, source

FACTORY = """def factory(word):
    def inner():
        return word  # {n}
    return inner
"""


def arrived(n):
    """A function that has come from elsewhere, with its source."""
    name = f"<cell of forgetting {n}>"
    text = FACTORY.format(n=n)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), scope)
    function = pickleloaf.loads(pickleloaf.dumps(scope["factory"]))
    del linecache.cache[name]
    return function


def forget():
    """Let go of what is kept for a while."""
    codec.decode.cache_clear()
    gc.collect()


def test_sources_go_with_their_code():
    """Neither linecache nor we keep a text that no code uses, nor the code itself."""
    forget()
    before = len(source._arrived), len(source._uses), len(codec._decoded)
    functions = [arrived(n) for n in range(20)]
    assert all("# 7" in inspect.getsource(each) for each in functions[7:8])
    assert len(source._arrived) == before[0] + 20
    names = {each.__code__.co_filename for each in functions}
    assert names <= linecache.cache.keys()
    codes = [weakref.ref(each.__code__) for each in functions]
    del functions
    forget()
    assert (len(source._arrived), len(source._uses), len(codec._decoded)) == before
    assert not names & linecache.cache.keys()
    assert not any(code() for code in codes)


def test_inner_functions_keep_the_source():
    """A function whose factory is gone still has its lines."""
    inner = arrived("outlives")("x")
    forget()
    assert "# outlives" in inspect.getsource(inner)


def test_code_is_shared_while_it_lives():
    """Functions of one payload that arrive one after the other share their code."""
    one, other = arrived("shared"), arrived("shared")
    codec.decode.cache_clear()
    assert arrived("shared").__code__ is one.__code__ is other.__code__
