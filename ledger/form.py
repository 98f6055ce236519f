"""What may be commanded or asked, as fields: a command line or a page makes its form of them.

A form is a class: a command (its fields are declared with pydantic, since people's input enters
there) or a question (a dataclass, since importing pydantic would cost each answer a tenth of a
second). Both say the same of a field, and both are read here.
"""

import dataclasses
import os
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

_SAYS = re.compile(rb'(?m)^class (\w+)\([^)]*\):\n    """attendance ([a-z -]+): ([^\n"]+)')


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


def fields(form: Any) -> list[Field]:  # noqa: ANN401 - a model or a dataclass
    """Return the fields of a form that are for people to fill in."""
    found = _of_dataclass(form) if dataclasses.is_dataclass(form) else _of_model(form)
    return list(found)


def _of_model(form: Any) -> Iterator[Field]:  # noqa: ANN401
    for name, info in form.model_fields.items():
        said = dict(info.json_schema_extra or {})
        if said.get("hidden"):
            continue
        for bound in info.metadata:
            said["minimum"] = getattr(bound, "ge", said.get("minimum"))
            said["maximum"] = getattr(bound, "le", said.get("maximum"))
        said |= {"help": info.description or "", "required": info.is_required()}
        yield _field(name, info.annotation, said)


def _of_dataclass(form: Any) -> Iterator[Field]:  # noqa: ANN401
    hints = get_type_hints(form)
    for f in dataclasses.fields(form):
        yield _field(f.name, hints[f.name], f.metadata)


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
    """Return the type of one value, and whether there may be several."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return hint, False
