"""A pupil by name, and who did something, as answers tell them: opened when they are read."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from ledger.sealing.keys import BEYOND_USE
from projections.readmodel.record import Sealed
from projections.readmodel.records.roll import Details

AS_STATED = "as stated by its source"
SECOND_HAND = "as the school's former system states"


class Person:
    """A pupil as known: row number, what stays without keys, and details opened when read."""

    def __init__(self, details: Details, open_text: Callable[[Sealed], str]) -> None:
        self.index = details.pupil
        self.birth_cohort, self.compulsory_from = details.birth_cohort, details.compulsory_from
        self._details, self._open = details, open_text

    def _text(self, sealed: Sealed | None) -> str:
        return self._open(sealed) if sealed else ""

    @cached_property
    def upn(self) -> str:
        """The unique pupil number."""
        return self._text(self._details.upn)

    @cached_property
    def local_id(self) -> str:
        """The school's own number."""
        return self._text(self._details.local_id)

    @cached_property
    def surname(self) -> str:
        """The surname."""
        return self._text(self._details.surname)

    @cached_property
    def forename(self) -> str:
        """The forename."""
        return self._text(self._details.forename)

    @cached_property
    def name_used(self) -> str:
        """The forename used at school; empty: the forename."""
        return self._text(self._details.name_used)

    @property
    def name(self) -> str:
        """The name as shown to staff; `[beyond use]` once the keys are destroyed."""
        if self.surname == BEYOND_USE:
            return BEYOND_USE
        return f"{self.name_used or self.forename} {self.surname}"


class Author(NamedTuple):
    """Who did something, with the job title of then; a name of none: nobody is named."""

    name: str | None
    job_title: str | None

    @property
    def words(self) -> str:
        """Name and title."""
        return ", ".join(filter(None, self)) or "not stated"

    @property
    def titled(self) -> str:
        """The name with the title in brackets."""
        return f"{self.name} ({self.job_title})"


class StatedAuthor(Author):
    """Who did something, as another system states it."""

    __slots__ = ()

    @property
    def words(self) -> str:
        """Name and title, and that it is second-hand."""
        return f"{super().words} ({SECOND_HAND})"

    @property
    def titled(self) -> str:
        """The name with the title, and that it is second-hand, in brackets."""
        return f"{self.name} ({self.job_title}, {SECOND_HAND})"

    def _asdict(self) -> dict[str, Any]:
        return {**super()._asdict(), "authenticated": AS_STATED}


class Signed(Protocol):
    """A record that keeps its author's name and title of then."""

    @property
    def name(self) -> Sealed | None:
        """The name, sealed."""

    @property
    def job_title(self) -> Sealed | None:
        """The title, sealed."""
