"""The admission register: pupils, spells, details, groups, parents, amendments."""

from datetime import date

from projections.readmodel.record import Lasting, Record, Sealed, Versioned, table


@table("pupils", ("idx",), row_id=True, indexes=("pupil",))
class Pupil(Record, frozen=True):
    """A pupil's row number, and the id that the log knows the pupil by."""

    idx: int
    pupil: str


@table("roll", ("pupil", "starts_on"))
class Spell(Versioned, frozen=True):
    """A pupil's spell on roll; ``boarder``: whether it is one as a boarder."""

    pupil: int
    starts_on: date
    leaves_on: date | None
    ground: str
    next_school: Sealed | None
    boarder: bool

    def covers(self, day: date) -> bool:
        """Tell whether the pupil is on roll by it on a day."""
        return self.starts_on <= day <= (self.leaves_on or date.max)


@table("mergers", ("pupil",), indexes=("survivor",))
class Merger(Versioned, frozen=True):
    """That a pupil's record was withdrawn in favour of another one of the same pupil."""

    pupil: int
    survivor: int


@table("details", ("pupil",))
class Details(Versioned, frozen=True):
    """A pupil's details; what is in clear survives the destruction of the pupil's keys."""

    pupil: int
    upn: Sealed
    local_id: Sealed | None
    surname: Sealed
    forename: Sealed
    name_used: Sealed | None
    dob: Sealed
    sex: Sealed | None
    address: Sealed | None
    last_school: Sealed | None
    birth_cohort: int
    compulsory_from: date


@table("detail_amendments", ("position",), since="position")
class DetailAmendment(Record, frozen=True):
    """A change of one of a pupil's details."""

    position: int
    pupil: int
    field: str
    original: Sealed | None
    amended: Sealed | None
    reason: Sealed | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
    stated: int | None


@table("admission_amendments", ("position",), indexes=("pupil", "parent"))
class AdmissionAmendment(Versioned, frozen=True):
    """A change of a pupil's details, of a parent's, or of what one is to the other."""

    position: int
    pupil: int | None
    parent: str | None
    field: str
    original: Sealed | None
    amended: Sealed | None
    reason: Sealed | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
    stated: int | None
    imported: bool


@table("memberships", ("pupil", "kind", "name", "since"))
class Membership(Versioned, Lasting, frozen=True):
    """A pupil's membership of a year, registration group or cohort; both days included."""

    pupil: int
    kind: str
    name: str
    since: date | None
    until: date | None


@table("parents", ("parent",))
class Parent(Versioned, frozen=True):
    """A parent or other contact."""

    parent: str
    title: Sealed | None
    surname: Sealed
    forename: Sealed | None
    address: Sealed | None
    phone: Sealed | None
    email: Sealed | None
    dob: Sealed | None
    address_confidential: str | None


@table("relations", ("parent", "pupil"))
class Relation(Versioned, Lasting, frozen=True):
    """What a parent is to a pupil; ``yes``, ``no`` or none for not known."""

    parent: str
    pupil: int
    relationship: Sealed | None
    lives_with: str | None
    parental_responsibility: str | None
    contact_order: int | None
    care: str | None
    no_contact: str | None
    since: date | None
    until: date | None
