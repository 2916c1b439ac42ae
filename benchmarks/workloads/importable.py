"""Things that any process with these benchmarks can import: they travel by name."""

import dataclasses
import enum
from typing import Any


class Point:
    """A plain class."""

    def __init__(self, x: float, y: float) -> None:
        self.x = x
        self.y = y


@dataclasses.dataclass
class Order:
    """A dataclass."""

    item: str
    count: int
    price: float
    tags: list[str] = dataclasses.field(default_factory=list)


class Colour(enum.Enum):
    """An enum."""

    RED = 1
    GREEN = 2
    BLUE = 3


def function(value: Any) -> Any:
    """Return the value."""
    return value
