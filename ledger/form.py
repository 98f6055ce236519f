"""What may be commanded or asked, as fields: a command line or a page makes its form of them.

A form is a dataclass: a command or a question. What a field may hold is its type; what more is to
be said of it is its metadata, and both are read here.
"""

import dataclasses
import os
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

_SAYS = re.compile(rb'\nclass (\w+)\([^)]*\):\n    """attendance ([a-z -]+): ([^\n"]+)')


class Place(NamedTuple):
    """Where a form is found: its words on the command line, its class, what it does in a line."""

    words: tuple[str, ...]
    module: str
    name: str
    help: str

    def load(self) -> type:
        """Import the class."""
        found: type = getattr(import_module(self.module), self.name)
        return found


def places(home: Path, packages: Iterable[str]) -> list[Place]:
    """Return every form of some packages, by the first lines of the docstrings of classes.

    Read from the text of their modules, none of which is imported for it.
    """
    return sorted(_places(home, packages))


def _places(home: Path, packages: Iterable[str]) -> Iterator[Place]:
    # Every start reads every module: plain strings and unbuffered files take half the time.
    root = len(str(home)) + 1
    for folder, _, names in chain.from_iterable(os.walk(home / each) for each in packages):
        for path in (f"{folder}/{name}" for name in names if name.endswith(".py")):
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
                text = file.read()
            if b'"""attendance ' in text:
                module = path[root:-3].replace(os.sep, "/").replace("/", ".")
                for found in _SAYS.findall(text):
                    name, words, line = (each.decode() for each in found)
                    yield Place(tuple(words.split()), module, name, line)


PERSONAL = frozenset(
    (
        "address", "asked_by", "authority", "comment", "dob", "email", "evidence_note", "for_",
        "forename", "issuer", "job_title", "last_school", "local_id", "name", "name_used",
        "nature", "next_school", "notes", "phone", "pupil", "reason", "say", "surname", "text",
        "title", "to", "upn", "what", "who", "with_",
    )
)  # fmt: skip
"""The fields whose texts may say something of a person."""
_BIRTH = "dob"


class Field(NamedTuple):
    """A field of a form.

    ``kind``: the type of one value; ``many``: it may be given several times; ``argument``: it is
    given by its place; ``minimum``, ``maximum``: of a number, both inclusive; ``metavar``: what
    stands for an argument in the help.
    """

    name: str
    kind: Any
    help: str
    required: bool
    many: bool = False
    argument: bool = False
    minimum: int | None = None
    maximum: int | None = None
    metavar: str = ""

    @property
    def is_personal(self) -> bool:
        """Whether it may hold something of a person, so that it had better not be typed openly."""
        return self.name in PERSONAL and (self.kind is str or self.name == _BIRTH)


_hints = cache(get_type_hints)


def fields(form: Any) -> list[Field]:  # noqa: ANN401 - any dataclass
    """Return the fields of a form that are for people to fill in."""
    hints = _hints(form)
    shown = (f for f in dataclasses.fields(form) if not f.metadata.get("hidden"))
    return [_field(f.name, hints[f.name], f.metadata) for f in shown]


def check(form: Any) -> None:  # noqa: ANN401 - any dataclass
    """Raise a `ValueError` that names every field whose value it may not hold.

    No value is made to fit: whoever reads what people typed has made it a date or number.
    """
    if wrong := [*_wrong(form)]:
        raise ValueError("; ".join(wrong))


def _wrong(form: Any) -> Iterator[str]:  # noqa: ANN401
    hints = _hints(form.__class__)
    for f in dataclasses.fields(form):
        value = getattr(form, f.name)
        if not _fits(value, hints[f.name]):
            yield f"{f.name}: not a value of the kind that it holds"
        elif value is not None:
            least, most = f.metadata.get("minimum"), f.metadata.get("maximum")
            if least is not None and value < least:
                yield f"{f.name}: less than {least}"
            if most is not None and value > most:
                yield f"{f.name}: more than {most}"


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, each) for each in args)
    if origin is Literal:
        return value in args
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(each, args[0]) for each in value)
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))


def _field(name: str, hint: Any, said: Mapping[str, Any]) -> Field:  # noqa: ANN401
    kind, many = _value_type(hint)
    return Field(
        name,
        kind,
        said["help"],
        bool(said.get("required")),
        many,
        bool(said.get("argument")),
        said.get("minimum"),
        said.get("maximum"),
        said.get("metavar") or name.strip("_").upper(),
    )


def _value_type(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return hint, False
