"""Nested scopes drawn at random compute the same after the trip.

The drawn programs nest functions, lambdas, classes and comprehensions; each level binds some
names, changes some names of outer levels and reads others, so that every way in which code
reaches a name (local, cell, global, class body, default, builtin) is mixed with the others.
"""

import textwrap

from harness import define, loaf
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ["a", "b", "c", "d"]
names = st.sampled_from(NAMES)


def expression(kind, name, other):
    """Source of an expression that reads two names."""
    return {
        "name": name,
        "sum": f"({name} + {other})",
        "list": f"sum([{name} + x for x in (1, {other})])",
        "dict": f"sum({{x: {name} for x in range(3)}}.values()) + {other}",
        "generator": f"max({name} * x for x in ({other}, 2))",
        "lambda": f"(lambda x={other}: x + {name})()",
        "nested": f"(lambda: [({name}, {other})[i] for i in (0, 1)])()[1]",
        "builtin": f"abs({name}) - len(str({other}))",
    }[kind]


expressions = st.builds(
    expression,
    st.sampled_from(["name", "sum", "list", "dict", "generator", "lambda", "nested", "builtin"]),
    names,
    names,
)


def statement(kind, name, value, body):
    """Source of a statement, given the block inside."""
    inner = textwrap.indent(body or "pass", "    ")
    return {
        "assign": f"{name} = {value}\n",
        "function": f"def f({name}={value}):\n{inner}\n    return {name}\nlog.append(f())\n",
        "reader": f"def g():\n    return {value}\nlog.append(g())\n",
        "class": f"class K:\n    field = {value}\n    def m(self, n={value}):\n"
        f"        return self.field + n + {name}\nlog.append(K().m())\n",
        "writer": f"def up():\n    SCOPE {name}\n    {name} = {name} + 1\n    return {name}\n"
        f"up()\nlog.append({name})\n",
    }[kind]


def block(children):
    """Strategy for blocks around others."""
    kinds = st.sampled_from(["assign", "function", "reader", "class", "writer"])
    statements = st.builds(statement, kinds, names, expressions, children)
    return st.lists(statements, min_size=1, max_size=3).map("".join)


blocks = st.recursive(st.just(""), block, max_leaves=5)


def program(body, depth):
    """A function that binds every name somewhere: the last `depth` ones as its own."""
    own = NAMES[-depth:] if depth else []
    scope = "global" if depth == 0 else "nonlocal"
    lines = [f"{name} = {i + 10}" for i, name in enumerate(own)]
    work = textwrap.indent(body.replace("SCOPE", scope), "    ") or "    pass\n"
    inner = f"def work(log):\n{work}    return log, a + b + c + d\n"
    source = "\n".join([*lines, inner, "return work"])
    return f"def outer():\n{textwrap.indent(source, '    ')}\nwork = outer()\n"


def outcome(work):
    """What a program computes, or which error it ends in."""
    try:
        return work([])
    except Exception as error:
        return type(error), str(error)


@settings(max_examples=200)
@given(blocks, st.sampled_from([0, 2, 4]))
def test_scopes(body, depth):
    """A function computes the same from its copy as from itself, twice in a row."""
    source = program(body, depth)
    try:
        compile(source, "<drawn>", "exec")
    except SyntaxError:  # a nonlocal without a binding, say
        return
    work = define(source, "work", **{name: i + 1 for i, name in enumerate(NAMES)})
    copy = loaf.loads(loaf.dumps(work))
    assert [outcome(work), outcome(work)] == [outcome(copy), outcome(copy)]
