"""Kinds of steps with a family, as data: what each needs, who may record it, what is support.

One file of ``policies/casework`` a group, named as the group; a school's policy may add kinds of
its own in the same form. No kind has Python of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from ledger.errors import Refused
from policies.packs import files
from policies.packs.rows import Sheet

Counts = Literal["support", "offered", "not-appropriate", "no"]
"""Support given; offered, and not taken; recorded as not the right step; no support."""
FIELDS = ("at", "with", "outcome", "notes", "next-review", "from", "to", "sessions")
"""What a step may hold besides its kind and its day."""
RESTRICTED = "[for the safeguarding role alone]"
"""What stands in an answer for the words of a kind that is restricted."""
OUTCOMES = "outcomes"
_FOLDER = "casework"
_REMEDY = "policies/casework/README.md explains the keys of a kind"
_SPAN = ("with", "from", "to", "sessions", "next-review")


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of step.

    ``group``: the name of its file. ``needs``: fields, or keys of ``asks``, without which it is
    refused; ``needs_when``: more of them, by outcome. ``asks``: what it is asked besides, by key.
    ``outcomes``: what may come of it, each with what it counts as; ``counts``: as what it counts
    where no outcome is known; ``agreeing``: an occasion, support where its outcome says that
    something was agreed. ``opens``: the kind of the review that it opens, at the latest after
    ``review_within_days``. ``adjusts``: an agreed plan that adjusts attendance, for no more than
    ``longest_weeks``. ``attempts``: each try is a step, reached or not. ``restricted``: its words
    are for the safeguarding role alone. ``on_word_of``: recorded on their word alone, by its
    document. ``apart``: never counted with the rest. ``words``: what other systems call it.
    """

    name: str
    label: str
    group: str
    reference: str
    needs: tuple[str, ...] = ()
    needs_when: Mapping[str, tuple[str, ...]] = {}
    asks: Mapping[str, str] = {}
    outcomes: Mapping[str, Counts] = {}
    counts: Counts = "no"
    agreeing: bool = False
    may: tuple[str, ...] = ("staff",)
    restricted: bool = False
    attempts: bool = False
    apart: bool = False
    adjusts: bool = False
    longest_weeks: int | None = None
    opens: str | None = None
    review_within_days: int | None = None
    on_word_of: str | None = None
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        for fault in _faults(self):
            raise ValueError(fault)

    def needed(self, outcome: str | None) -> tuple[str, ...]:
        """Return the fields and keys that a step with an outcome needs."""
        return self.needs + tuple(self.needs_when.get(outcome or "", ()))


def _faults(kind: Kind) -> Iterator[str]:
    known = {*FIELDS, *kind.asks}
    needed = [each for needs in (kind.needs, *kind.needs_when.values()) for each in needs]
    yield from (
        f"'needs' names {each!r}, which it does not ask" for each in needed if each not in known
    )
    yield from (
        f"'asks' has {each!r}, which every step has" for each in kind.asks if each in FIELDS
    )
    for each in kind.needs_when:
        if each not in kind.outcomes:
            yield f"'needs_when' names {each!r}, which is none of its outcomes"
    if not kind.may:
        yield "'may' names nobody"
    if kind.adjusts != (kind.longest_weeks is not None):
        yield "'adjusts' and 'longest_weeks' go together"
    if kind.adjusts and not set(_SPAN) <= set(kind.needs):
        yield f"a plan that adjusts what counts needs {', '.join(_SPAN)}"
    if kind.review_within_days is not None and kind.opens is None:
        yield "'review_within_days' is of no review: 'opens' names none"


class Synonyms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for an outcome as other systems write it, and what it counts as."""

    name: str
    counts: Counts
    reference: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds, by name; ``outcomes``: words for outcomes, by what is looked at first."""

    by_name: Mapping[str, Kind]
    outcomes: tuple[Synonyms, ...]

    def get(self, name: str) -> Kind:
        """Return a kind; refused as ``kind-unknown``, with those that look alike."""
        found, more = self.find(name)
        if found is None or more:
            words = set(plain(name).split())
            alike = [each for each in self.by_name if words & set(each.split("-"))]
            listed = f"did you mean {', '.join(alike)}? " if alike else ""
            raise Refused(
                "kind-unknown",
                f"there is no kind of step {name!r}",
                f"{listed}attendance casework kinds lists all",
            )
        return found

    def find(self, step: str) -> tuple[Kind | None, str]:
        """Return the kind that somebody's words for a step begin with, and the rest of them.

        The longest word of all kinds counts; none where no kind knows it.
        """
        text = plain(step)
        named = ((plain(word), kind) for kind in self.by_name.values() for word in _names(kind))
        begun = [each for each in named if f"{text} ".startswith(f"{each[0]} ")]
        word, kind = max(begun, key=lambda each: len(each[0]), default=("", None))
        return kind, text[len(word) :].strip()


def _names(kind: Kind) -> tuple[str, ...]:
    return (kind.name, *kind.words)


def plain(text: str) -> str:
    """Return a text in small letters, its words apart by one space."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def read_kinds(text: str, group: str) -> list[Kind]:
    """Read the kinds of a file; refused as ``pack-invalid`` with file, kind and key."""
    return Sheet(f"{group}.toml", "kind", "name", _REMEDY).read(text, Kind, group=group)


def laid_together(kinds: Iterable[Kind], outcomes: Iterable[Synonyms]) -> Kinds:
    """Return kinds as one table.

    Refused as ``pack-invalid`` where two have a name or word in common, or one opens the review
    of a kind that does not exist.
    """
    by_name: dict[str, Kind] = {}
    owner: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    for kind in kinds:
        for word in dict.fromkeys(map(plain, _names(kind))):
            first = owner.setdefault(word, kind.name)
            if first != kind.name or kind.name in by_name:
                faults.append((kind.name, f"{word!r} is a word of {first} already"))
        by_name.setdefault(kind.name, kind)
    faults += [
        (each.name, f"'opens' names {each.opens!r}, which is no kind")
        for each in by_name.values()
        if each.opens not in (None, *by_name)
    ]
    Sheet("casework", "kind", "name", _REMEDY).refuse_faults(faults)
    return Kinds(by_name, tuple(outcomes))


@cache
def kinds() -> Kinds:
    """Return the kinds that are shipped, read from the bytes that ``files.digest`` names."""
    paths = [PurePosixPath(name) for name, _ in files.every() if name.startswith(f"{_FOLDER}/")]
    texts = {path.stem: files.content(str(path)).decode() for path in paths}
    outcomes = Sheet(f"{OUTCOMES}.toml", "outcome", "name", _REMEDY).read(
        texts.pop(OUTCOMES), Synonyms
    )
    return laid_together(
        (kind for group, text in texts.items() for kind in read_kinds(text, group)), outcomes
    )
