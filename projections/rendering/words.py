"""Letters, drafts and notes, written from files of words that a school may lay its own over.

A file of words is text with placeholders (Jinja2), in the folder ``words``. It is given the
fields of one class of `Words`, plain values that are written already; it may print them, leave a
sentence out (``if``) and repeat one (``for``), and nothing else.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_args, get_type_hints

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ledger.errors import Refused
from ledger.store.folder import Folder

SHIPPED = Path(__file__).parent / "words"
_PARTS_OF_A_SENTENCE = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.If, nodes.For,
    nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip
# A tag that has a line for itself makes no line in the letter; one that ends a line of words keeps
# that line's end, which Jinja's own trim_blocks would take away.
_TAG_ALONE = re.compile(r"(?ms)^[ \t]*(\{([%#])(?:(?!\2\}).)*)(\2\})[ \t]*\n")
_HELD = "\ud800"
"""Stands for a line break within a value: half a character, which no text on record can hold."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What one file of words is given: each field is a placeholder of ``file``.

    A field is a text, a number, a yes or no, or a tuple of texts or of dataclasses of such;
    what is missing is empty, never None.
    """

    file: ClassVar[str]

    def lines(self, folder: Folder) -> list[str]:
        """Return the lines of the file, filled in; a line break within a value makes no new one.

        The file is the school's own where ``words/`` in its ledger's folder has one of that name.
        Raises `Refused` (``words-broken``), with file and line, where that cannot be used.
        """
        path, raw = _read(folder.words, self.file)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return _File(path, tuple(values), _parts(type(self))).filled(raw, values)


def _parts(given: type) -> frozenset[str]:
    """Return the names that stand after a dot: the fields of the classes within the fields."""
    within = {part for hint in get_type_hints(given).values() for part in get_args(hint)}
    found: frozenset[str] = frozenset()
    for part in within:
        if is_dataclass(part) and isinstance(part, type):
            found |= {field.name for field in fields(part)} | _parts(part)
    return found


def _read(own: Path, file: str) -> tuple[Path, bytes]:
    """Return the file that counts; refuse a school's own of a name that none of ours has."""
    names = {path.name for path in SHIPPED.glob("*.txt")}
    for path in sorted(own.glob("*.txt")):
        if path.name not in names:
            raise Refused(
                "words-unknown",
                f"nothing is written from {path}",
                f"name it as the file that it is to replace: {', '.join(sorted(names))}",
            )
    path = own / file
    try:
        return path, path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return SHIPPED / file, (SHIPPED / file).read_bytes()
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
        raise Refused("words-broken", what, "let it be a file that you may read") from error


@dataclass(frozen=True, slots=True)
class _File:
    """A file of words, and the names of what it is given: placeholders, and parts of some."""

    path: Path
    placeholders: tuple[str, ...]
    parts: frozenset[str]

    def filled(self, raw: bytes, values: Mapping[str, Any]) -> list[str]:
        """Return its lines with the values in them."""
        source = self._source(raw)
        try:
            written = _template(self, source).render(values)
        except Refused:
            raise
        except Exception as error:  # the values are plain: whatever fails, it is the file
            raise self.broken(_line_of(error, str(self.path)), str(error)) from error
        return [line.replace(_HELD, "\n") for line in written.split("\n")[:-1]]

    def _source(self, raw: bytes) -> str:
        try:
            text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
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


@cache
def _template(file: _File, source: str) -> Template:
    # The line's end goes into the tag: nothing of it is printed, and lines keep their numbers.
    tree = _environment().parse(_TAG_ALONE.sub(r"\1\n\3", source))
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
