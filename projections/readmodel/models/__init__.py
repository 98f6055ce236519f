"""What each event leaves in the tables: one model for each module of `ledger.events`.

Imported by what writes the tables, never by a question: all events of the log come with it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from ledger.events.base import Event
from projections.readmodel.models import (
    amending,
    backup,
    calendar,
    casework,
    disclosure,
    leave,
    log,
    penalties,
    proof,
    register,
    returns,
    roll,
    school,
)
from projections.readmodel.tables import Handler, Handlers


class Model(Protocol):
    """What a module of this folder shows: who takes which event."""

    @property
    def HANDLERS(self) -> Handlers:  # noqa: N802 - a constant of a module
        """Event class -> the function that writes it."""


MODELS: tuple[Model, ...] = (
    amending,
    backup,
    calendar,
    casework,
    disclosure,
    leave,
    log,
    penalties,
    proof,
    register,
    returns,
    roll,
    school,
)


@cache
def handlers() -> Mapping[type[Event], tuple[Handler, ...]]:
    """Return the functions that take each class of event."""
    takers: dict[type[Event], tuple[Handler, ...]] = {}
    for model in MODELS:
        for event_class, handler in model.HANDLERS.items():
            takers[event_class] = (*takers.get(event_class, ()), handler)
    return takers
