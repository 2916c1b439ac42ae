"""Context: variables by name, contexts with their values, arithmetic settings."""

import contextvars
import decimal

from harness import Case, drive

user = contextvars.ContextVar("user", default="nobody")


class Variable(Case):
    """A context variable is the variable of that name, with its default"""

    def make():
        return user, user

    def same(obj):
        one, two = obj
        assert one is two and one.name == "user" and one.get() == "nobody"
        token = one.set("ann")
        assert one.get() == "ann"
        one.reset(token)


class VariableInFunction(Case):
    """Functions that set and read one context variable"""

    def make():
        def enter(name):
            return user.set(name)

        def current():
            return user.get()

        return enter, current, user

    def same(obj):
        enter, current, variable = obj
        token = enter("bob")
        assert current() == "bob" == variable.get()
        variable.reset(token)


class WithoutDefault(Case):
    """A context variable without a default"""

    def make():
        return contextvars.ContextVar("bare")

    def same(obj):
        with raises(LookupError):
            obj.get()


class Context(Case):
    """A context with what was set in it, next to its variable"""

    def make():
        request = contextvars.ContextVar("request")
        context = contextvars.Context()
        context.run(request.set, {"path": "/"})
        return context, request

    def same(obj):
        context, request = obj
        assert context[request] == {"path": "/"} and context.run(request.get) == {"path": "/"}
        with raises(LookupError):
            request.get()


class Decimals(Case):
    """A decimal context with precision, traps and flags"""

    def make():
        context = decimal.Context(prec=5, rounding=decimal.ROUND_UP, traps=[decimal.Overflow])
        context.flags[decimal.Inexact] = True
        return context

    def same(obj):
        import decimal

        assert str(obj.divide(1, 3)) == "0.33334" and obj.traps[decimal.Overflow]
        assert obj.divide(1, 0).is_infinite() and obj.flags[decimal.Inexact]


if __name__ == "__main__":
    drive()
