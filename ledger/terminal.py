"""The one way by which anything reaches the program's outputs, and how far something is.

What only the terminal itself can do (ask, clear, page) is the command line's.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from textwrap import wrap
from typing import TextIO
from unicodedata import category

from ledger.errors import StorageRefused

_DEEPEST = 9
"""So far at most is set in what follows the first line of a long one."""
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_KEPT = "\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{SOFT HYPHEN}"

Progress = Callable[[int, int], None]
"""Called now and then with how many of how many steps are done."""
ShowsProgress = Callable[[str], AbstractContextManager[Progress]]
"""Shows, while something is done, how far it is; `progress` does, on a terminal."""


def say(*lines: str, err: bool = False) -> None:
    """Print lines, each on one line and with all it holds seen; ``err``: beside the answer.

    At a terminal they are wrapped to its width.
    """
    shown = [on_one_line(line) for line in lines]
    if (sys.stderr if err else sys.stdout).isatty():
        width = shutil.get_terminal_size().columns
        shown = [wrapped(line, width) for line in shown]
    write("".join(f"{line}\n" for line in shown), err=err)


_COMMAND = re.compile(
    r"attendance(?: --(?:ledger|as) \S+)*(?: [a-z-]+){1,2}"
    r"(?: --[a-z-]+(?: \"[^\"]*\"| '[^']*'| (?!-)[^\s;,()]+)?| [A-Z][A-Z_-]+\b"
    r"| [^\s;,()]*\d[^\s;,()]*)*"
)
"""A command as a text suggests it, with its options: whoever copies it copies all of it."""
_GLUE = "\N{NO-BREAK SPACE}"
_LABEL = re.compile(r"\s*(?:do:\s+|note:\s+|\S+:\d+:\s+)?")


def wrapped(text: str, width: int) -> str:
    """Return a text whose lines are no longer than a width, where they can be broken.

    What follows the first line of one is set in; a command that may be copied is not broken, nor
    is a word.
    """
    return "\n".join(line for each in text.split("\n") for line in _wrapped(each, width))


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    whole = _COMMAND.sub(lambda found: found[0].replace(" ", _GLUE), line)
    label = _LABEL.match(line)
    indent = " " * (min(label.end(), _DEEPEST) if label and label.end() else 2)
    lines = wrap(
        whole,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [each.replace(_GLUE, " ") for each in lines]


def write(text: str, *, err: bool = False) -> None:
    """Write a document, or a table that is drawn already, as it is.

    Raises `StorageRefused` where it has nowhere to go; nothing more of it is tried then.
    """
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(stream)
        what = f"what there is to tell cannot be written: {error.strerror}"
        raise StorageRefused("unsaid", what, "let it go to a place with room") from None


def silence(stream: TextIO | None = None) -> None:
    """Let whatever is still to be written to an output, stdout if none is named, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def visible(text: str) -> str:
    """Return a text whose control characters, and marks that turn its reading round, are seen.

    A reason may hold what rings a bell, or shows a sentence backwards; a reader of evidence must
    see that it does.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if category(character) not in _UNSEEN or character in _KEPT
        else f"\\u{ord(character):04x}"
        for character in text
    )


def on_one_line(text: str) -> str:
    """Return a text as `visible` does, line ends too: a name cannot write a line of its own."""
    return visible(text).replace("\n", "\\u000a")


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Show a bar on a terminal while something is done, nothing elsewhere."""
    if not sys.stderr.isatty():
        with no_progress(what) as silent:
            yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.progress import Progress as Bar  # noqa: PLC0415 - as above

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def no_progress(_what: str) -> Iterator[Progress]:
    """Show nothing: nobody looks."""
    yield lambda _done, _all: None
