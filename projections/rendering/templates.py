"""Files of words as Jinja2 reads them: what one may hold, and how its placeholders are filled.

It may print the values that it is given, leave a sentence out (``if``) and repeat one (``for``),
and nothing else.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ledger.errors import Refused
from ledger.store.folder import Folder
from projections.rendering.words import SHIPPED

_PARTS_OF_A_SENTENCE = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.If, nodes.For,
    nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip
# A tag that has a line for itself makes no line in the letter; one that ends a line of words keeps
# that line's end, which Jinja's own trim_blocks would take away.
_TAG_ALONE = re.compile(r"(?ms)^[ \t]*(\{([%#])(?:(?!\2\}).)*)(\2\})[ \t]*\n")
_HELD = "\ud800"
"""Stands for a line break within a value: half a character, which no text on record can hold."""


@dataclass(frozen=True, slots=True)
class FileOfWords:
    """A file of words, and the names of what it is given: placeholders, and parts of some."""

    path: Path
    raw: bytes
    placeholders: tuple[str, ...]
    parts: frozenset[str]

    @property
    def note(self) -> list[str]:
        """What stands at its head: what it is for, then what each placeholder holds."""
        first, *rest = self.raw.decode().partition("#}")[0].removeprefix("{#").splitlines()
        return [first.strip(), *dedent("\n".join(rest)).strip("\n").splitlines()]

    def check(self) -> None:
        """Refuse a file that no letter can be written from, without the values of one.

        Only these show the rest: a list where there is none, a part of a text.
        """
        with self._explained():
            _template(self)

    def filled(self, values: Mapping[str, Any]) -> list[str]:
        """Return its lines with the values in them."""
        with self._explained():
            written = _template(self).render(values)
        return [line.replace(_HELD, "\n") for line in written.split("\n")[:-1]]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Refused:
            raise
        except Exception as error:  # the values are plain: whatever fails, it is the file
            raise self.broken(_line_of(error, str(self.path)), str(error)) from error

    def source(self) -> str:
        """Return its text, however an editor began it and ended its lines."""
        try:
            text = self.raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = self.raw[: error.start].count(b"\n") + 1
            raise self.broken(line, "this is not UTF-8: save the file as such") from error
        return f"{text}\n" if text and not text.endswith("\n") else text

    def faults(self, tree: nodes.Template) -> Iterator[tuple[int, str]]:
        """Yield what it may not hold with the line, also where that would not be printed."""
        unknown = meta.find_undeclared_variables(tree) - set(self.placeholders)
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, _PARTS_OF_A_SENTENCE):
                yield node.lineno, "more than a placeholder, an if or a for"
            elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name in unknown:
                yield node.lineno, f"no placeholder has the name {node.name}"
            elif isinstance(node, nodes.Getattr) and node.attr not in self.parts:
                yield node.lineno, f"no part of a placeholder has the name {node.attr}"

    def broken(self, line: int, what: str) -> Refused:
        """Return the refusal of a line, with what may be done."""
        return Refused(
            "words-broken",
            f"{self.path}:{line}: {what}",
            "correct that line, or take the file away: then the words that came with the program "
            f"are used; its placeholders are {', '.join(self.placeholders)}",
        )


def counting(folder: Folder, name: str) -> FileOfWords:
    """Return the file of a name that counts: the school's own, or ours. Raises `Refused`."""
    ours, path = shipped(name), folder.words / name
    try:
        return replace(ours, path=path, raw=path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ours
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
        raise Refused("words-broken", what, "let it be a file that you may read") from error


@cache
def shipped(name: str) -> FileOfWords:
    """Return our file of a name; all that its letter is given is printed there, so it tells it."""
    path = SHIPPED / name
    raw = path.read_bytes()
    tree = _environment().parse(raw.decode())
    given = meta.find_undeclared_variables(tree)
    printed = sorted(tree.find_all(nodes.Name), key=lambda node: node.lineno)
    placeholders = dict.fromkeys(node.name for node in printed if node.name in given)
    parts = frozenset(node.attr for node in tree.find_all(nodes.Getattr))
    return FileOfWords(path, raw, tuple(placeholders), parts)


@cache
def _template(file: FileOfWords) -> Template:
    # The line's end goes into the tag: nothing of it is printed, and lines keep their numbers.
    tree = _environment().parse(_TAG_ALONE.sub(r"\1\n\3", file.source()))
    if faults := sorted(file.faults(tree)):
        raise file.broken(*faults[0])
    code = _environment().compile(tree, file.path.name, str(file.path))
    return Template.from_code(_environment(), code, {})


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=lambda value: str(value).replace("\n", _HELD),
        keep_trailing_newline=True,
    )


def _line_of(error: Exception, path: str) -> int:
    """Return the line of a file at which something failed."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return max((frame.lineno or 1 for frame in frames if frame.filename == path), default=1)
