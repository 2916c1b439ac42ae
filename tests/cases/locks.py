"""Locks, events, semaphores, queues and pools: they arrive free, fresh and working."""

import asyncio
import concurrent.futures
import multiprocessing
import queue
import threading

from harness import Case, drive, raises


class Lock(Case):
    """A lock, held by the sender"""

    def make():
        lock = threading.Lock()
        lock.acquire()
        return lock

    def same(obj):
        assert obj.acquire(timeout=0.1) and obj.locked()
        assert not obj.acquire(blocking=False)
        obj.release()

    def here(obj):
        assert obj.locked()


class RLock(Case):
    """An RLock, held by the sender's thread"""

    def make():
        lock = threading.RLock()
        lock.acquire()
        return lock

    def same(obj):
        import threading

        with obj, obj:
            got = []
            thread = threading.Thread(target=lambda: got.append(obj.acquire(blocking=False)))
            thread.start()
            thread.join()
            assert got == [False]
        thread = threading.Thread(target=lambda: got.append(obj.acquire(blocking=False)))
        thread.start()
        thread.join()
        assert got == [False, True]

    def here(obj):
        assert obj._is_owned()
        obj.release()


class SharedLock(Case):
    """One lock in two objects and a closure"""

    def make():
        class Part:
            pass

        lock, one, two = threading.Lock(), Part(), Part()
        one.lock = two.lock = lock
        return one, two, lambda: lock

    def same(obj):
        one, two, get = obj
        with one.lock:
            assert two.lock.locked() and get() is one.lock


class LockInMethod(Case):
    """A class of the script that guards its state with a lock"""

    def make():
        class Account:
            def __init__(self):
                self.lock = threading.Lock()
                self.total = 0

            def pay(self, n):
                with self.lock:
                    self.total += n
                return self.total

        account = Account()
        account.pay(5)
        return account

    def same(obj):
        import threading

        before = obj.total
        threads = [threading.Thread(target=obj.pay, args=(1,)) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert obj.total == before + 4


class Condition(Case):
    """A condition: a waiter is notified"""

    def make():
        return threading.Condition()

    def same(obj):
        import threading

        ready, seen = threading.Event(), []

        def wait():
            with obj:
                ready.set()
                seen.append(obj.wait(timeout=20))

        thread = threading.Thread(target=wait)
        thread.start()
        ready.wait(20)
        with obj:
            obj.notify_all()
        thread.join(20)
        assert seen == [True]


class ConditionsOfOneLock(Case):
    """Two conditions over one lock"""

    def make():
        lock = threading.Lock()
        return threading.Condition(lock), threading.Condition(lock), lock

    def same(obj):
        one, two, lock = obj
        with one:
            assert lock.locked() and not two.acquire(blocking=False)
        assert two.acquire(blocking=False)
        two.release()


class Event(Case):
    """Events, set and not set"""

    def make():
        done, waiting = threading.Event(), threading.Event()
        done.set()
        return done, waiting

    def same(obj):
        done, waiting = obj
        assert done.is_set() and done.wait(0) and not waiting.is_set()
        waiting.set()
        assert waiting.wait(0)
        waiting.clear()


class Semaphores(Case):
    """Semaphores with the value they had"""

    def make():
        free, bounded = threading.Semaphore(3), threading.BoundedSemaphore(2)
        free.acquire()
        bounded.acquire()
        return free, bounded

    def same(obj):
        free, bounded = obj
        assert [free.acquire(blocking=False) for _ in range(3)] == [True, True, False]
        assert [bounded.acquire(blocking=False) for _ in range(2)] == [True, False]
        free.release(2)
        bounded.release(2)
        with raises(ValueError):
            bounded.release()

    def here(obj):
        free, bounded = obj
        assert free._value == 2 and bounded._value == 1


class Barrier(Case):
    """A barrier with an action"""

    def make():
        log = []
        return threading.Barrier(2, action=lambda: log.append("met")), log

    def same(obj):
        import threading

        barrier, log = obj
        thread = threading.Thread(target=barrier.wait, args=(20,))
        thread.start()
        barrier.wait(20)
        thread.join(20)
        assert log[-1] == "met" and barrier.parties == 2


class Queues(Case):
    """Queues with their items and bounds"""

    def make():
        plain, last, first = queue.Queue(maxsize=3), queue.LifoQueue(), queue.PriorityQueue()
        for made in (plain, last, first):
            made.put(2)
            made.put(1)
        return plain, last, first

    def same(obj):
        import queue

        plain, last, first = obj
        plain.put(3)
        with raises(queue.Full):
            plain.put_nowait(4)
        assert [plain.get(timeout=1) for _ in range(3)] == [2, 1, 3]
        assert [last.get_nowait() for _ in range(2)] == [1, 2]
        assert [first.get_nowait() for _ in range(2)] == [1, 2]
        with raises(queue.Empty):
            first.get_nowait()


class QueueTasks(Case):
    """A queue still knows its unfinished tasks"""

    def make():
        work = queue.Queue()
        work.put("a")
        work.put("b")
        work.get()
        return work

    def same(obj):
        assert obj.unfinished_tasks == 2 and obj.get() == "b"
        obj.task_done()
        obj.task_done()
        obj.join()
        with raises(ValueError):
            obj.task_done()


class SimpleQueue(Case):
    """A SimpleQueue with its items"""

    def make():
        made = queue.SimpleQueue()
        made.put(lambda: "first")
        made.put("second")
        return made

    def same(obj):
        assert obj.get(timeout=1)() == "first" and obj.get(timeout=1) == "second" and obj.empty()

    def here(obj):
        assert obj.qsize() == 2


class QueueOfScript(Case):
    """A subclass of Queue with a method, shared by a producer and a consumer"""

    def make():
        class Inbox(queue.Queue):
            def drain(self):
                found = []
                while not self.empty():
                    found.append(self.get())
                return found

        inbox = Inbox()
        return inbox.put, inbox

    def same(obj):
        put, inbox = obj
        put(1)
        put(2)
        assert inbox.drain() == [1, 2]


class AsyncParts(Case):
    """asyncio's lock, event, semaphore and queue"""

    def make():
        waiting, done = asyncio.Queue(maxsize=2), asyncio.Event()
        waiting.put_nowait("item")
        done.set()
        return asyncio.Lock(), done, asyncio.Semaphore(2), waiting

    def same(obj):
        import asyncio

        lock, done, gate, waiting = obj

        async def main():
            async with lock, gate:
                await done.wait()
                assert lock.locked() and not gate.locked()
                waiting.put_nowait("more")
                assert waiting.full()
                return [await waiting.get(), await waiting.get()]

        assert asyncio.run(main()) == ["item", "more"]


class ThreadPool(Case):
    """A ThreadPoolExecutor: fresh, with its parameters"""

    def make():
        ready = []
        pool = concurrent.futures.ThreadPoolExecutor(
            max_workers=2, thread_name_prefix="loaf", initializer=ready.append, initargs=("up",)
        )
        return pool, ready

    def same(obj):
        import threading

        pool, ready = obj
        with pool:
            assert pool.submit(lambda: threading.current_thread().name).result(20).startswith("loaf")
            assert sorted(pool.map(abs, [-1, -2])) == [1, 2]
        assert set(ready) == {"up"} and pool._max_workers == 2

    def close(obj):
        obj[0].shutdown()


class UsedThreadPool(Case):
    """A ThreadPoolExecutor whose threads run arrives without them"""

    def make():
        pool = concurrent.futures.ThreadPoolExecutor(1)
        pool.submit(int).result()
        return pool

    def same(obj):
        assert obj.submit(len, "abc").result(20) == 3
        obj.shutdown()

    def here(obj):
        assert obj.submit(len, "abc").result(20) == 3

    def close(obj):
        obj.shutdown()


class ProcessPool(Case):
    """A ProcessPoolExecutor: fresh, with its parameters"""

    def make():
        context = multiprocessing.get_context("spawn")
        return concurrent.futures.ProcessPoolExecutor(max_workers=3, mp_context=context)

    def same(obj):
        assert obj._max_workers == 3 and obj._mp_context.get_start_method() == "spawn"
        obj.shutdown()

    def here(obj):
        assert obj._max_workers == 3

    def close(obj):
        obj.shutdown()


class FinishedFuture(Case):
    """A finished future with its result or exception"""

    def make():
        good, bad = concurrent.futures.Future(), concurrent.futures.Future()
        good.set_result(lambda: "value")
        bad.set_exception(KeyError("k"))
        return good, bad

    def same(obj):
        good, bad = obj
        assert good.done() and good.result(1)() == "value"
        assert type(bad.exception(1)) is KeyError
        called = []
        good.add_done_callback(called.append)
        assert called == [good]


class PartsOfHandles(Case):
    """A queue and an event beside locks that are parts of them, which arrive as other locks"""

    def make():
        inbox, event = queue.Queue(), threading.Event()
        inbox.put("item")
        event.set()
        return (inbox.mutex, inbox), (event._cond._lock, event)

    def same(obj):
        (mutex, inbox), (lock, event) = obj
        with mutex, lock:
            assert inbox.get(timeout=1) == "item" and event.is_set()
        inbox.put("item")

    def here(obj):
        (mutex, inbox), (lock, event) = obj
        assert inbox.mutex is mutex and event._cond._lock is lock and event.is_set()


class UnstartedThread(Case):
    """A thread that was not started, with its target, arguments and name"""

    def make():
        done = []
        return threading.Thread(target=done.append, args=("ran",), name="worker", daemon=True), done

    def same(obj):
        thread, done = obj
        assert thread.name == "worker"
        assert thread.daemon
        assert not thread.is_alive()
        thread.start()
        thread.join(20)
        assert done == ["ran"]


class Local(Case):
    """A threading.local with what the dumping thread had set"""

    def make():
        local = threading.local()
        local.user = "ann"
        local.call = lambda: local.user
        return local

    def same(obj):
        import threading

        assert obj.user == "ann" and obj.call() == "ann"
        seen = []
        thread = threading.Thread(target=lambda: seen.append(hasattr(obj, "user")))
        thread.start()
        thread.join()
        assert seen == [False]


class LocalOfScript(Case):
    """A subclass of threading.local whose __init__ runs in each thread"""

    def make():
        class State(threading.local):
            def __init__(self, start):
                self.n = start

        state = State(5)
        state.n = 6
        return state

    def same(obj):
        import threading

        assert obj.n == 6
        seen = []
        thread = threading.Thread(target=lambda: seen.append(obj.n))
        thread.start()
        thread.join()
        assert seen == [5]


class OrderedQueues(Case):
    """Queues that are no queues but in name: last in first out, and by priority, also asyncio's"""

    def make():
        last, least, waiting = queue.LifoQueue(3), queue.PriorityQueue(), asyncio.PriorityQueue()
        for n in (2, 3, 1):
            last.put(n)
            least.put((n, str(n)))
            waiting.put_nowait(n)
        return last, least, waiting

    def same(obj):
        last, least, waiting = obj
        assert last.full() and last.get() == 1 and least.get() == (1, "1") and waiting.get_nowait() == 1
        last.put(1)
        least.put((1, "1"))
        waiting.put_nowait(1)


class QueueShutDown(Case):
    """A queue that has been shut down with an item in it, and asyncio's"""

    python = (3, 13)

    def make():
        last, waiting = queue.Queue(), asyncio.Queue()
        last.put("item")
        waiting.put_nowait("item")
        last.shutdown()
        waiting.shutdown()
        return last, waiting

    def same(obj):
        import asyncio
        import queue

        last, waiting = obj
        with raises(queue.ShutDown):
            last.put("more")
        with raises(asyncio.QueueShutDown):
            waiting.put_nowait("more")
        assert last.qsize() == waiting.qsize() == 1


class Timer(Case):
    """A timer that was not started"""

    def make():
        timer = threading.Timer(0.01, print, ["up"])
        timer.name = "egg"
        return timer

    def same(obj):
        assert (obj.interval, obj.function, obj.args, obj.name) == (0.01, print, ["up"], "egg")
        assert not obj.finished.is_set()


class AsyncioBounds(Case):
    """asyncio's condition, barrier and bounded semaphore"""

    def make():
        return asyncio.Condition(), asyncio.Barrier(2), asyncio.BoundedSemaphore(1)

    def same(obj):
        import asyncio

        condition, barrier, gate = obj

        async def main():
            async with condition, gate:
                condition.notify_all()
            return sorted(await asyncio.gather(barrier.wait(), barrier.wait()))

        assert asyncio.run(main()) == [0, 1]
        with raises(ValueError):
            gate.release()


if __name__ == "__main__":
    drive()
