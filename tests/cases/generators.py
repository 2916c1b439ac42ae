"""Generators and coroutines: unstarted ones travel, suspended ones are refused."""

import asyncio
import itertools

from harness import Case, drive


def upto(n, step=1):
    i = 0
    while i < n:
        yield i
        i += step


async def answer(n):
    await asyncio.sleep(0)
    return n


class Unstarted(Case):
    """An unstarted generator with arguments and defaults"""

    def make():
        return upto(6, step=2)

    def same(obj):
        assert list(obj) == [0, 2, 4] and obj.__name__ == "upto"


class Varargs(Case):
    """An unstarted generator with every sort of argument"""

    def make():
        def gen(a, /, b, *rest, c, **more):
            yield a, b
            yield rest
            yield c, more

        return gen(1, 2, 3, 4, c=5, d=6)

    def same(obj):
        assert list(obj) == [(1, 2), (3, 4), (5, {"d": 6})]


class OverClosure(Case):
    """An unstarted generator that writes a variable it shares"""

    def make():
        last = None

        def gen(items):
            nonlocal last
            for last in items:
                yield last

        return gen("ab"), lambda: last

    def same(obj):
        gen, last = obj
        assert last() is None and next(gen) == "a" and last() == "a"


class OfMethod(Case):
    """An unstarted generator of a method, next to its instance"""

    def make():
        class Box:
            items = [1, 2]

            def __iter__(self):
                yield self
                yield from self.items

        box = Box()
        return iter(box), box

    def same(obj):
        gen, box = obj
        assert next(gen) is box and list(gen) == [1, 2]


class Expression(Case):
    """An unstarted generator expression"""

    def make():
        factor = 3
        return (n * factor for n in [1, 2, 3])

    def same(obj):
        assert list(obj) == [3, 6, 9]


class BareIterator(Case):
    """An unstarted generator expression over an iterator that is no iterable"""

    def make():
        class Next:
            def __next__(self):
                raise StopIteration

        class Start:
            def __iter__(self):
                return Next()

        return (n for n in Start())

    def same(obj):
        assert list(obj) == []


class CellArgument(Case):
    """An unstarted generator whose argument is a closure's variable"""

    def make():
        def gen(n):
            add = lambda k: n + k  # noqa: E731
            n *= 10
            yield add(1)

        return gen(2)

    def same(obj):
        assert list(obj) == [21]


class SendAndThrow(Case):
    """An unstarted generator that is sent to, thrown into and closed"""

    def make():
        def gen(log):
            try:
                while True:
                    try:
                        log.append((yield len(log)))
                    except KeyError:
                        log.append("caught")
            finally:
                log.append("closed")

        log = []
        return gen(log), log

    def same(obj):
        gen, log = obj
        assert next(gen) == 0 and gen.send("a") == 1 and gen.throw(KeyError()) == 2
        gen.close()
        assert log == ["a", "caught", "closed"]


class AsyncGenerator(Case):
    """An unstarted async generator"""

    def make():
        async def ticks(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i

        return ticks(3)

    def same(obj):
        import asyncio

        async def collect():
            return [i async for i in obj]

        assert asyncio.run(collect()) == [0, 1, 2]


class Coroutine(Case):
    """An unstarted coroutine, which awaits others"""

    def make():
        async def both(a, b=2):
            return await answer(a), await answer(b)

        return both(1)

    def same(obj):
        import asyncio

        assert asyncio.run(obj) == (1, 2)

    def close(obj):
        obj.close()


class CoroutineOfCoroutine(Case):
    """An unstarted coroutine that has another for an argument"""

    def make():
        async def outer(inner):
            return 1 + await inner

        return outer(answer(4))

    def same(obj):
        import asyncio

        assert asyncio.run(obj) == 5

    def close(obj):
        if obj.cr_frame:
            obj.cr_frame.f_locals["inner"].close()
        obj.close()


class InPipeline(Case):
    """Unstarted generators inside map, zip and each other"""

    def make():
        def double(items):
            for item in items:
                yield 2 * item

        return map(str, double(upto(3))), zip(upto(2), double([5, 6]))

    def same(obj):
        texts, pairs = obj
        assert list(texts) == ["0", "2", "4"] and list(pairs) == [(0, 10), (1, 12)]


class Suspended(Case):
    """A suspended generator"""

    refused = True
    path = "['gen']"

    def make():
        gen = upto(3)
        next(gen)
        return {"gen": gen}

    def same(obj):
        assert list(obj["gen"]) == [1, 2]


class SuspendedExpression(Case):
    """A suspended generator expression in a closure"""

    refused = True
    path = "lines"

    def make():
        lines = (n for n in range(3))
        next(lines)
        return lambda: next(lines)

    def same(obj):
        assert obj() == 1


class SuspendedCoroutine(Case):
    """A suspended coroutine"""

    refused = True
    path = ".work"

    def make():
        class Job:
            pass

        job = Job()
        job.work = answer(1)
        job.work.send(None)
        return job

    def same(obj):
        assert obj.work.cr_running is False and obj.work.cr_frame is not None

    def close(obj):
        obj.work.close()


class SuspendedAsyncGenerator(Case):
    """A suspended async generator"""

    refused = True
    path = "[0]"

    def make():
        async def ticks():
            yield 1
            yield 2

        gen = ticks()
        try:
            gen.__anext__().send(None)
        except StopIteration:
            pass
        return [gen]

    def same(obj):
        with raises(StopIteration) as stop:
            obj[0].__anext__().send(None)
        assert stop.value.value == 2


class Running(Case):
    """A generator that runs at this moment"""

    refused = True
    path = "[1]"

    def make():
        def stuck():
            yield from itertools.repeat(gen)

        gen = stuck()
        return [0, next(gen)]

    def same(obj):
        assert next(obj[1]) is obj[1]


if __name__ == "__main__":
    drive()
