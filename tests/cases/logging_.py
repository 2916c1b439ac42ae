"""Logging: loggers are found by name, their levels belong to the receiver."""

import io
import logging

from harness import Case, drive

log = logging.getLogger("loaf.test")


class Loggers(Case):
    """Loggers by name, and the root logger"""

    old_protocols = True

    def make():
        return log, logging.getLogger(), log.getChild("sub")

    def same(obj):
        import logging

        ours, root, child = obj
        assert ours is logging.getLogger("loaf.test") and root is logging.getLogger()
        assert child is logging.getLogger("loaf.test.sub")


class LevelStays(Case):
    """A logger whose level the sender changed leaves the receiver's alone"""

    def make():
        noisy = logging.getLogger("loaf.noisy")
        noisy.setLevel(logging.DEBUG)
        noisy.addHandler(logging.NullHandler())
        return noisy

    def same(obj):
        assert obj.level == 0 and obj.handlers == []

    def here(obj):
        assert obj.level == 10 and len(obj.handlers) >= 1

    exempt = {"round_trip": "sender and receiver are one process, so the level is the sender's"}


class InFunction(Case):
    """A function and a class of the script that log"""

    def make():
        def work():
            log.warning("working")
            return log.name

        class Service:
            log = log

            def run(self):
                self.log.error("run")

        return work, Service()

    def same(obj):
        import logging

        work, service = obj
        seen = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(record.getMessage())
        logger = logging.getLogger("loaf.test")
        logger.addHandler(handler)
        logger.propagate = False
        assert work() == "loaf.test"
        service.run()
        logger.removeHandler(handler)
        assert seen == ["working", "run"]


class Record(Case):
    """A log record with arguments and an exception"""

    def make():
        try:
            int("x")
        except ValueError as error:
            info = (type(error), error, error.__traceback__)
        return logging.LogRecord("n", 30, "file.py", 5, "%s is %d", ("a", 2), info)

    def same(obj):
        import logging

        assert obj.getMessage() == "a is 2" and obj.levelname == "WARNING"
        assert "invalid literal" in logging.Formatter().format(obj)

    exempt = {"same_bytes_elsewhere": "knows its time, process and file"}


class Formatter(Case):
    """Formatters, filters and adapters of the script"""

    def make():
        class Short(logging.Formatter):
            def format(self, record):
                return "short " + super().format(record)

        class Only(logging.Filter):
            def filter(self, record):
                return "yes" in record.msg

        return Short("%(message)s"), Only(), logging.LoggerAdapter(log, {"k": "v"})

    def same(obj):
        import logging

        short, only, adapter = obj
        record = logging.LogRecord("n", 20, "", 1, "yes", (), None)
        assert short.format(record) == "short yes" and only.filter(record)
        assert adapter.logger is logging.getLogger("loaf.test") and adapter.extra == {"k": "v"}


class Handler(Case):
    """A stream handler of the script over a memory stream"""

    def make():
        class Loud(logging.StreamHandler):
            def format(self, record):
                return super().format(record).upper()

        stream = io.StringIO()
        handler = Loud(stream)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        return handler, stream

    def same(obj):
        import logging

        handler, stream = obj
        handler.handle(logging.LogRecord("n", 40, "", 1, "bad", (), None))
        assert stream.getvalue().endswith("ERROR BAD\n")


if __name__ == "__main__":
    drive()
