"""Letters, drafts and notes, written from files of words that a school may lay its own over.

A file of words is text with placeholders, in the folder ``words``. It is given the fields of one
class of `Words`, plain values that are written already; `templates` fills them in.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

from ledger.errors import Refused
from ledger.store.folder import Folder

SHIPPED = Path(__file__).parent / "words"


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
        if strange := strangers(folder):
            raise Refused(
                "words-unknown",
                f"nothing is written from {strange[0]}",
                f"name it as the file that it is to replace: {', '.join(names())}",
            )
        from projections.rendering.templates import counting  # noqa: PLC0415 - slow to import

        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(counting(folder, self.file), placeholders=tuple(values)).filled(values)


def names() -> list[str]:
    """Return the names of our files, which a school's own have too."""
    return sorted(path.name for path in SHIPPED.glob("*.txt"))


def strangers(folder: Folder) -> list[Path]:
    """Return the school's own files that have no name of ours: nobody would notice them unused."""
    ours = names()
    # A hidden one is no file of the school's: macOS writes ._leave-letter.txt beside each.
    own = [path for path in folder.words.glob("*.txt") if not path.name.startswith(".")]
    return sorted(path for path in own if path.name not in ours)
