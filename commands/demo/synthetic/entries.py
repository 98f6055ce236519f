"""First entries and amendments: what a row of the register held before its final marks."""

from dataclasses import dataclass, field

from commands.demo.synthetic.instants import Instant

TEACHER, OFFICER, HEAD = "teacher", "officer", "head"


@dataclass(frozen=True, slots=True)
class Change:
    """One amendment of one mark; ``role`` says who made it."""

    at: Instant
    original: str
    amended: str
    reason: str
    role: str = OFFICER
    minutes_late: int | None = None


@dataclass
class Entries:
    """By session number: first entries that differ from what finally stands, their changes."""

    first: dict[int, str] = field(default_factory=dict)
    changes: dict[int, tuple[Change, ...]] = field(default_factory=dict)

    def add(self, number: int, *changes: Change) -> None:
        """Record how one session's mark changed, in order of time."""
        self.first[number] = changes[0].original
        self.changes[number] = changes
