"""Handles of the operating system: reopened, found by name, or refused."""

import asyncio
import contextvars
import hashlib
import io
import mmap
import multiprocessing
import os
import select
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import zlib

from harness import Case, drive

FOLDER = tempfile.gettempdir()


def scratch(content=b"one\ntwo\nthree\n"):
    """Path of a file that this process and its receivers can read; the same in each process."""
    path = os.path.join(FOLDER, f"loaf-{os.getuid()}-{zlib.crc32(content):08x}.txt")
    if not os.path.exists(path):
        with open(path + str(os.getpid()), "wb") as file:
            file.write(content)
        os.replace(path + str(os.getpid()), path)
    return path


class Closing(Case):
    """A base of cases whose object is closed at the end"""

    def close(obj):
        found = obj if isinstance(obj, (list, tuple)) else [obj]
        for thing in found:
            if hasattr(thing, "close"):
                thing.close()


del Case.known[Closing.__module__]["Closing"]


class StandardStreams(Case):
    """sys.stdin, sys.stdout and sys.stderr are the receiver's"""

    def make():
        return sys.stdout, sys.stderr, sys.stdin, lambda: print("hi", file=sys.stderr)

    def same(obj):
        import sys

        out, err, into, speak = obj
        assert out is sys.stdout and err is sys.stderr and into is sys.stdin
        assert speak() is None


class StreamAttribute(Case):
    """An object of the script that writes to sys.stdout, kept as an attribute"""

    def make():
        class Report:
            def __init__(self, stream=sys.stdout):
                self.stream = stream

            def write(self):
                return self.stream.write("")

        return Report()

    def same(obj):
        import sys

        assert obj.stream is sys.stdout and obj.write() == 0


class TextFile(Closing):
    """A text file open for reading, at its position"""

    def make():
        file = open(scratch(), encoding="ascii", newline="")
        file.readline()
        return file

    def same(obj):
        assert obj.readline() == "two\n" and obj.readline() == "three\n" and obj.read() == ""
        assert obj.encoding == "ascii" and obj.mode == "r"
        obj.seek(0)
        assert obj.read(3) == "one"
        with raises(OSError):
            obj.write("x")
        obj.close()

    def here(obj):
        assert obj.readline() == "two\n"


class BinaryFile(Closing):
    """Binary files open for reading: buffered and raw"""

    def make():
        buffered, raw = open(scratch(), "rb"), open(scratch(), "rb", buffering=0)
        buffered.read(4)
        raw.seek(8)
        return buffered, raw

    def same(obj):
        buffered, raw = obj
        assert buffered.readline() == b"two\n" and raw.read() == b"three\n"
        assert type(raw).__name__ == "FileIO" and type(buffered).__name__ == "BufferedReader"
        buffered.close()
        raw.close()

    def here(obj):
        assert obj[0].tell() == 4 and obj[1].tell() == 8


class SharedFile(Closing):
    """One open file in two places"""

    def make():
        file = open(scratch(b"ab"), "rb")
        return [file, file]

    def same(obj):
        one, two = obj
        assert one is two and two.read(2) == b"ab"
        one.close()

    def here(obj):
        assert obj[0] is obj[1]


class ClosedFile(Case):
    """A closed file arrives closed"""

    def make():
        file = open(scratch())
        file.close()
        return file

    def same(obj):
        assert obj.closed
        with raises(ValueError, "closed"):
            obj.read()


class ForWriting(Closing):
    """A file open for writing"""

    refused = True
    path = ".log"

    def make():
        class App:
            def close(self):
                self.log.close()

        app = App()
        app.log = open(os.path.join(tempfile.mkdtemp(), "log"), "w")
        app.log.write("precious")
        app.log.flush()
        return app

    def same(obj):
        with open(obj.log.name) as file:
            assert file.read() == "precious"
        assert obj.log.write("!") == 1


class ForAppending(Closing):
    """A binary file open for appending"""

    refused = True
    path = "[0]"

    def make():
        return [open(os.path.join(tempfile.mkdtemp(), "log"), "ab")]

    def same(obj):
        assert obj[0].write(b"x") == 1


class ForUpdating(Closing):
    """A file open for reading and writing"""

    refused = True
    path = "[1]"

    def make():
        return 0, open(os.path.join(tempfile.mkdtemp(), "data"), "w+b")

    def same(obj):
        assert obj[1].write(b"x") == 1 and obj[1].seek(0) == 0 and obj[1].read() == b"x"


class TemporaryFile(Closing):
    """A temporary file"""

    refused = True
    path = "['spool']"

    def make():
        return {"spool": tempfile.TemporaryFile()}

    def same(obj):
        assert obj["spool"].write(b"x") == 1


class Socket(Closing):
    """A socket"""

    refused = True
    path = ".connection"

    def make():
        class Client:
            def close(self):
                self.connection.close()
                self.other.close()

        client = Client()
        client.connection, client.other = socket.socketpair()
        return client

    def same(obj):
        obj.connection.sendall(b"x")
        assert obj.other.recv(1) == b"x"


class Pipe(Closing):
    """A pipe's end"""

    refused = True
    path = "[0]"

    def make():
        return multiprocessing.Pipe()

    def same(obj):
        obj[0].send(1)
        assert obj[1].recv() == 1


class Popen(Case):
    """A child process"""

    refused = True
    path = "[0]"

    def make():
        return [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)]

    def same(obj):
        assert obj[0].poll() is None

    def close(obj):
        obj[0].communicate(b"\n")


class Process(Case):
    """A started multiprocessing.Process"""

    refused = True
    path = "['child']"

    def make():
        context = multiprocessing.get_context("fork")
        child = context.Process(target=int)
        child.start()
        return {"child": child}

    def same(obj):
        assert obj["child"].pid

    def close(obj):
        obj["child"].join(20)


class Thread(Case):
    """A running thread"""

    refused = True
    path = "[1]"

    def make():
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait, args=(20,))
        thread.start()
        return stop, thread

    def same(obj):
        assert obj[1].is_alive()

    def close(obj):
        obj[0].set()
        obj[1].join(20)


class SharedBetweenProcesses(Case):
    """A multiprocessing queue, outside of a start of a process"""

    refused = True
    path = "['queue']"

    def make():
        return {"queue": multiprocessing.get_context("fork").Queue()}

    def same(obj):
        obj["queue"].put(1)
        assert obj["queue"].get(timeout=20) == 1

    def close(obj):
        obj["queue"].close()


class MemoryMap(Closing):
    """A memory map"""

    refused = True
    path = "[0]"

    def make():
        return [mmap.mmap(-1, 16)]

    def same(obj):
        obj[0][:2] = b"ab"
        assert obj[0].read(2) == b"ab"


class Cursor(Case):
    """A database cursor in a closure"""

    refused = True
    path = "cursor"

    def make():
        cursor = sqlite3.connect(":memory:").cursor()
        return lambda: cursor.execute("select 1").fetchone()

    def same(obj):
        assert obj() == (1,)


class Selector(Closing):
    """An epoll or poll object"""

    refused = True
    path = "[0]"

    def make():
        return [select.poll()]

    def same(obj):
        assert obj[0].poll(0) == []


class Hash(Case):
    """A hash in progress"""

    refused = True
    path = "['sha']"

    def make():
        return {"sha": hashlib.sha256(b"a")}

    def same(obj):
        assert obj["sha"].hexdigest().startswith("ca978112")


class Compressor(Case):
    """A compressor in progress"""

    refused = True
    path = "[0]"

    def make():
        return [zlib.compressobj()]

    def same(obj):
        assert obj[0].compress(b"a") + obj[0].flush()


class TlsContext(Case):
    """A TLS context"""

    refused = True
    path = ".tls"

    def make():
        class Client:
            pass

        client = Client()
        client.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return client

    def same(obj):
        assert obj.tls.verify_mode


class ScanDirectory(Closing):
    """A directory that is being scanned"""

    refused = True
    path = "[0]"

    def make():
        return [os.scandir(tempfile.mkdtemp())]

    def same(obj):
        assert list(obj[0]) == []


class Frame(Case):
    """A stack frame"""

    refused = True
    path = "['frame']"

    def make():
        return {"frame": sys._getframe()}

    def same(obj):
        assert obj["frame"].f_code.co_name == "make"


class EventLoop(Closing):
    """An event loop"""

    refused = True
    path = "[0]"

    def make():
        return [asyncio.new_event_loop()]

    def same(obj):
        assert not obj[0].is_running()


class Task(Case):
    """A pending asyncio future"""

    refused = True
    path = ".future"

    def make():
        class Client:
            pass

        client = Client()
        client.loop = asyncio.new_event_loop()
        client.loop.close()
        client.future = asyncio.Future(loop=client.loop)
        del client.loop
        return client

    def same(obj):
        assert not obj.future.done()


class ContextToken(Case):
    """A token of a context variable"""

    refused = True
    path = "[0]"

    def make():
        return [contextvars.ContextVar("v").set(1)]

    def same(obj):
        assert obj[0].var.name == "v"


class PendingFuture(Case):
    """A pending future of a pool"""

    refused = True
    path = "[0]"

    def make():
        import concurrent.futures

        return [concurrent.futures.Future()]

    def same(obj):
        assert not obj[0].done()


class MatchIterator(Case):
    """The iterator of a regular expression"""

    refused = True
    path = ".matches"

    def make():
        import re

        class Lexer:
            pass

        lexer = Lexer()
        lexer.matches = re.finditer("[a-z]", "ab")
        next(lexer.matches)
        return lexer

    def same(obj):
        assert next(obj.matches)[0] == "b"


class TextOverBytes(Case):
    """Readers and writers over a BytesIO that travels as well"""

    def make():
        text, data, raw = io.BytesIO(b"one\ntwo\n"), io.BytesIO(b"0123456789"), io.BytesIO()
        reader, buffered = io.TextIOWrapper(text, encoding="utf-8"), io.BufferedReader(data)
        writer = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        reader.readline()
        buffered.read(3)
        return reader, text, buffered, data, writer, raw

    def same(obj):
        reader, text, buffered, data, writer, raw = obj
        assert reader.buffer is text and buffered.raw is data and writer.buffer is raw
        position = buffered.tell()
        assert reader.readline() in ("two\n", "") and buffered.read(2) == b"34"
        buffered.seek(position)
        writer.write("x")
        assert raw.getvalue().endswith(b"x")


class RowsUnderWay(Case):
    """A csv.reader in an instance"""

    refused = True
    path = ".reader"

    def make():
        import csv

        return csv.DictReader(io.StringIO("a,b\n1,2\n"))

    def same(obj):
        assert obj.fieldnames == ["a", "b"]


class RowOfDatabase(Case):
    """A sqlite3.Row"""

    refused = True

    def make():
        connection = sqlite3.connect(":memory:")
        connection.row_factory = sqlite3.Row
        return [connection.execute("select 1 as a").fetchone()]

    def same(obj):
        assert obj[0]["a"] == 1


class DumbDatabase(Case):
    """A database of dbm.dumb behind a shelf"""

    refused = True
    path = ".dict"

    def make():
        import dbm.dumb
        import shelve
        import tempfile

        return shelve.Shelf(dbm.dumb.open(os.path.join(tempfile.mkdtemp(), "shelf"), "n"))

    def same(obj):
        obj["a"] = [1]
        assert obj["a"] == [1]

    def close(obj):
        obj.close()


class Interpreter(Case):
    """An interpreter of its own in this process"""

    refused = True
    python = (3, 14)

    def make():
        from concurrent import interpreters

        return [interpreters.create()]

    def same(obj):
        assert obj[0].call(len, "abc") == 3

    def close(obj):
        obj[0].close()


class InterpreterQueue(Case):
    """A queue between interpreters"""

    refused = True
    python = (3, 14)

    def make():
        from concurrent import interpreters

        return [interpreters.create_queue()]

    def same(obj):
        obj[0].put(1)
        assert obj[0].get() == 1


class Database(Case):
    """A connection to a database of sqlite3 in memory"""

    def make():
        connection = sqlite3.connect(":memory:")
        connection.row_factory = sqlite3.Row
        connection.execute("CREATE TABLE part (name TEXT, weight REAL)")
        connection.execute("INSERT INTO part VALUES ('wheel', 2.5)")
        connection.commit()
        return connection

    def same(obj):
        (row,) = obj.execute("SELECT * FROM part").fetchall()
        assert dict(row) == {"name": "wheel", "weight": 2.5} and obj.isolation_level == ""

    def close(obj):
        obj.close()


class DatabaseInTransaction(Case):
    """A connection to a database of sqlite3 in memory, with what was not committed"""

    refused = True
    path = "['db']"

    def make():
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE part (name TEXT)")
        connection.execute("INSERT INTO part VALUES ('wheel')")
        return {"db": connection}

    def same(obj):
        assert obj["db"].execute("SELECT * FROM part").fetchall() == [("wheel",)]

    def close(obj):
        obj["db"].close()


class DatabaseOfFile(Case):
    """A connection to a database of sqlite3 in a file"""

    refused = True
    path = "['db']"

    def make():
        import tempfile

        return {"db": sqlite3.connect(tempfile.mkdtemp() + "/parts.db")}

    def same(obj):
        assert obj["db"].execute("SELECT 1").fetchall() == [(1,)]

    def close(obj):
        obj["db"].close()


if __name__ == "__main__":
    drive()
