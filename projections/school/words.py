"""Letters and notes in a school's own words: which files there are, and ours to be changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import Refused
from ledger.files import translated, write_new
from ledger.store.folder import Folder
from ledger.terminal import Progress
from projections.queries.blocks import Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Inspection, argument
from projections.rendering import templates, words


@dataclass(frozen=True, slots=True)
class Usable:
    """A name that a file of words may have; ``own``: whether the school has one of its own.

    ``problem``: why nothing can be written from the school's own.
    """

    file: str
    about: str = ""
    placeholders: Sequence[str] = ()
    own: bool = True
    problem: str | None = None


COLUMNS: tuple[Column[Usable], ...] = (
    Column("file", "File"),
    Column("about", "What it is for"),
    Column("own", "Whose", text=lambda row: "the school's own" if row.own else "ours"),
    Column("problem", "What is wrong with it", free=True),
    Column("placeholders", csv=lambda row: " ".join(row.placeholders)),
)


@dataclass(frozen=True, kw_only=True)
class ListWords(Inspection):
    """attendance words: list the letters and notes that a school may say in its own words.

    Where it does, what is wrong with a file of its own is told before a letter is due.
    """

    doing = "reading"

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with each file of ours, and each of the school's own that has another name."""
        found = Listing(COLUMNS, [*_found(folder.required())])
        notes = [
            f"The school's own are in {folder.words}, and count instead of ours.",
            "To change one: attendance words copy NAME. To go back to ours, take it away.",
        ]
        fields = {"folder": str(folder.words), "rows": found}
        return Answer(fields, blocks=[found.grid("Files of words", notes=notes)])


def _found(folder: Folder) -> Iterator[Usable]:
    for name in words.names():
        ours, own, problem = templates.shipped(name), True, None
        try:
            counting = templates.counting(folder, name)
            own = counting is not ours
            counting.check()
        except Refused as refused:
            problem = refused.what
        yield Usable(name, ours.note[0], ours.placeholders, own, problem)
    for path in words.strangers(folder):
        yield Usable(path.name, problem="no letter or note is written from a file of this name")


@dataclass(frozen=True, kw_only=True)
class CopyWords(Inspection):
    """attendance words copy: copy one of our files of words into the ledger's folder.

    It is changed there, and counts at once. A file of the school's own is never written over.
    """

    doing = "copying"
    name: str = argument("the file, as attendance words lists it")

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Copy it; answer with where it is and what each placeholder holds."""
        if self.name not in words.names():
            raise Refused(
                "words-unknown",
                f"no letter or note is written from {self.name}",
                f"name one of {', '.join(words.names())}",
            )
        ours, place = templates.shipped(self.name), folder.required().words
        path = place / self.name
        with translated(place):
            place.mkdir(mode=0o700, exist_ok=True)
            try:
                write_new(path, ours.raw)
            except FileExistsError:
                raise Refused(
                    "already-there",
                    f"the school has its own at {path}",
                    "change that one; or take it away, and copy ours again",
                ) from None
        fields = {"file": self.name, "path": str(path), "placeholders": ours.placeholders}
        note = [f"  {line}".rstrip() for line in ours.note]
        return Answer(
            fields, blocks=[Lines([f"copied to {path}", *note, "", *_HOW], suggests=True)]
        )


_HOW = (
    "{{ name }} prints what a placeholder holds; {% if name %} ... {% endif %} says words only",
    "where it holds something; {% for each in name %} ... {% endfor %} says them for each of",
    "several, which {{ each }} prints. attendance words tells whether the file can be used.",
)
