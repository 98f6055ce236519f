"""The read models in tables: one file a subject, found by what is in this folder.

Each module has ``TABLES`` (name -> `Table`) and ``HANDLERS`` (event class -> function of
`Writer`, `Moment`, stream and event).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from ledger.events.base import Event
from projections.readmodel.tables import Moment, Table, Writer

Handler = Callable[[Writer, Moment, str, Any], None]


def _modules() -> Iterator[Any]:
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        yield import_module(f"{__name__}.{module.name}")


@cache
def tables() -> Mapping[str, Table]:
    """Return every table of every model."""
    return {name: table for module in _modules() for name, table in module.TABLES.items()}


@cache
def handlers() -> Mapping[type[Event], tuple[Handler, ...]]:
    """Return the functions that take each class of event."""
    found: dict[type[Event], tuple[Handler, ...]] = {}
    for module in _modules():
        for event_class, handler in module.HANDLERS.items():
            found[event_class] = (*found.get(event_class, ()), handler)
    return found
