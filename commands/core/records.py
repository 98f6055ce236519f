"""Facts that state a record whole: what is not given again stays as it was."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ledger.events.base import Event, sealed_fields

_OF_THE_LOG = ("nonce", "stated", "row")


def plain(event: Event, open_text: Callable[[str], str] = str) -> dict[str, Any]:
    """Return what an event states, without what the log adds, its sealed texts opened."""
    sealed = {name for name, _ in sealed_fields(type(event))}
    stated = {f.name: getattr(event, f.name) for f in fields(event) if f.name not in _OF_THE_LOG}
    return {
        name: open_text(value) if name in sealed and value is not None else value
        for name, value in stated.items()
    }


def renewed(previous: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what is given: none keeps what was there, an empty text clears it."""
    stated = {name: value for name, value in given.items() if value is not None}
    return {**previous, **{name: None if value == "" else value for name, value in stated.items()}}
