"""Connections to databases of sqlite3 that are in memory; those to files are refused.

Takes apart: the database, as ``serialize`` writes it. Travels as: wire.database.
Keeps: tables, indexes, triggers; the isolation level, the row and text factories.
Loses: functions, aggregates and collations that were created on the connection, and ``detect_types``, which it does
not tell. Refused: a connection in a transaction, and one with temporary tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.reducers.handles._parts import refusal
from pickleloaf.wire import verb

_HINT = "send the path of the database, and connect there"


def reduce_database(connection: Any, dump: Dump) -> Any:
    from sqlite3 import ProgrammingError

    if not hasattr(connection, "serialize"):
        raise refusal(connection, "this SQLite cannot serialize it", _HINT)
    try:
        files = {name: file for _, name, file in connection.cursor().execute("PRAGMA database_list")}
    except ProgrammingError as error:
        raise refusal(connection, str(error), "dump it in its own thread, before it is closed") from error
    # one that was serialized has a name, but no path
    if list(files) not in (["main"], ["main", "temp"]) or Path(files["main"]).is_absolute():
        raise refusal(connection, "it is open on a file", _HINT)
    if connection.in_transaction:
        raise refusal(connection, "it is in a transaction", "commit before you dump it")
    if connection.cursor().execute("SELECT name FROM sqlite_temp_master").fetchone():
        raise refusal(connection, "it has temporary tables", "drop them, or send what they hold")
    settings = (connection.isolation_level, connection.row_factory, connection.text_factory)
    return rebuild_database, (type(connection), connection.serialize(), *settings)


@verb
def rebuild_database(
    kind: Any, data: bytes, isolation_level: Any, row_factory: Any, text_factory: Any
) -> Any:
    """Make a database in memory of what another one has serialized, and connect to it."""
    connection = kind(":memory:", isolation_level=isolation_level)
    connection.deserialize(data)
    connection.row_factory, connection.text_factory = row_factory, text_factory
    return connection
