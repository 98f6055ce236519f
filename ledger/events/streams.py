"""Names of streams. They are deterministic, so that a double entry is a key conflict."""

import secrets

from ledger.values import Session

COMMITS = "commits"
LEDGER = "ledger"
CALENDAR = "calendar"
IMPORTS = "imports"
WITNESSES = "witness:school"
BACKUPS = "backups"

STAFF = "staff:"
PUPIL = "pupil:"
PARENT = "parent:"
RELATION = "relation:"
MARK = "mark:"
PLAN = "plan:"
REGISTER = "register:"
NOTICES = "notices:"
CASEWORK = "casework:"
RULES = "rules:"
PENALTY = "penalty:"
RETURNS = "returns:"
POLICY = "policy:"
APPROVAL = "approval:"
EVIDENCE = "evidence:"
UNDERCUT = "undercut:"
UNCOUNTED = "uncounted:"
LEAVE = "leave:"
DISCLOSURE = "disclosure:"
AUDIT = "audit:"
REDACTION = "redaction:"
CLOCK = "clock:"

WHOLE_SCHOOL = "school"
"""The subject of texts that are about nobody in particular."""

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 11


def new_id() -> str:
    """Return a fresh random id of 55 bits: it says nothing of whom or what it names."""
    number = secrets.randbits(5 * _ID_LENGTH)
    return "".join(_ALPHABET[number >> (5 * place) & 31] for place in range(_ID_LENGTH))


def staff(staff_id: str) -> str:
    """Return the stream of one member of staff."""
    return STAFF + staff_id


def pupil(pupil_id: str) -> str:
    """Return a pupil's stream of roll, groups and admission-register details."""
    return PUPIL + pupil_id


def parent(parent_id: str) -> str:
    """Return the stream of one parent's details."""
    return PARENT + parent_id


def relation(parent_id: str, pupil_id: str) -> str:
    """Return the stream of what one parent is to one pupil."""
    return f"{RELATION}{pupil_id}:{parent_id}"


def mark(pupil_id: str, session: Session | str) -> str:
    """Return the stream of one pupil's mark for one session; event 0 is the entry."""
    return f"{MARK}{pupil_id}:{session}"


def plan(pupil_id: str, session: Session | str) -> str:
    """Return the stream of what is planned for one pupil and session."""
    return f"{PLAN}{pupil_id}:{session}"


def register(group: str, session: Session) -> str:
    """Return the stream of one group's register-taking."""
    return f"{REGISTER}{session}:{group}"


def notices(parent_id: str, pupil_id: str) -> str:
    """Return the stream of penalty notices to one parent for one child."""
    return f"{NOTICES}{pupil_id}:{parent_id}"


def penalty(pupil_id: str) -> str:
    """Return the stream of what was considered about penalty notices for one pupil."""
    return PENALTY + pupil_id


def returns(kind: str) -> str:
    """Return the stream of the returns of one kind that were made to the authority."""
    return RETURNS + kind


def policy() -> str:
    """Return the stream of the policies that the school adopted."""
    return POLICY + WHOLE_SCHOOL


def approval(pupil_id: str, session: Session | str) -> str:
    """Return the stream of requested amendments of one pupil's mark for one session."""
    return f"{APPROVAL}{pupil_id}:{session}"


def evidence(pupil_id: str, batch: str) -> str:
    """Return the stream of what one batch of amendments rests on, for one pupil."""
    return f"{EVIDENCE}{pupil_id}:{batch}"


def undercut(pupil_id: str) -> str:
    """Return the stream of one pupil's cases that a change undercut."""
    return UNDERCUT + pupil_id


def uncounted(pupil_id: str) -> str:
    """Return the stream of one pupil's marks that stand and stopped counting."""
    return UNCOUNTED + pupil_id


def leave(pupil_id: str, request: str) -> str:
    """Return the stream of one request for leave."""
    return f"{LEAVE}{pupil_id}:{request}"


def disclosure(pupil_id: str | None) -> str:
    """Return the stream of what left the school about one pupil, or about many."""
    return DISCLOSURE + (pupil_id or WHOLE_SCHOOL)


def audit() -> str:
    """Return the stream of the names that were looked up in audits."""
    return AUDIT + WHOLE_SCHOOL


def redaction() -> str:
    """Return the stream of the fields that were put beyond use."""
    return REDACTION + WHOLE_SCHOOL


def clock() -> str:
    """Return the stream of what was recorded of the clocks that stamp the log."""
    return CLOCK + WHOLE_SCHOOL


def casework(pupil_id: str) -> str:
    """Return a pupil's intervention chronology."""
    return CASEWORK + pupil_id


def rules(digest: str) -> str:
    """Return the stream that keeps the bytes of one set of rule packs."""
    return RULES + digest


def parts(stream: str) -> list[str]:
    """Split a stream's name into its kind and its keys (at most three pieces)."""
    return stream.split(":", 2)


def subject(stream: str) -> str:
    """Return whose personal data the facts of a stream are: a pupil, ``parent:…``, ``staff:…``."""
    if stream.startswith((STAFF, PARENT)):
        return stream
    return parts(stream)[1]
