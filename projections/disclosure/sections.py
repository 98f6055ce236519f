"""What a copy for the family says, part by part, but for the weeks of the register.

A record class is a section: which of its rows concern the pupil, and what is said of each. A
sealed text is free text, which waits for review, unless its cell says otherwise.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import dated, parse_instant
from ledger.events import streams
from ledger.store.store import Store
from policies.packs.kinds import RESTRICTED, kinds
from projections.disclosure.copy import FOR_REVIEW, THIRD_PARTY, Cell, Copy, Section
from projections.disclosure.disclosures import Extract, extracts
from projections.queries.people import AS_STATED
from projections.queries.versions import named, version_in_words
from projections.queries.wording import by_in_words, mark_by_in_words, recorded
from projections.readmodel.accessors.marks import Version
from projections.readmodel.record import V
from projections.readmodel.records.amending import Evidence, Request, TakenBack
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.penalties import (
    AlertSettlement,
    CaseworkCorrection,
    CaseworkStep,
    Confirmation,
    Consideration,
    Notice,
)
from projections.readmodel.records.register import Uncounted
from projections.readmodel.records.roll import Details, Membership, Relation, Spell
from projections.roll import admission_rows

_DETAILS = {
    "surname": "Surname",
    "forename": "Forename",
    "name_used": "Name used",
    "upn": "UPN",
    "local_id": "Local id",
    "dob": "Date of birth",
    "sex": "Sex",
    "address": "Address",
    "last_school": "Last school",
}
_OF_SESSIONS = (streams.MARK, streams.PLAN, streams.APPROVAL)
_TO_FAMILIES = ("letter", "subject-access", "other")
_NEVER_CHANGED = ("entry", "plan")


def _held(record: type[V], order: Callable[[V], Any]) -> Callable[[Copy], list[V]]:
    """Return what finds the records about the pupil, in order."""

    def about(copy: Copy) -> list[V]:
        return sorted(copy.view.standing(record, pupil=copy.pupil), key=order)

    return about


_BY: Cell[Any] = Cell("by", "By", lambda copy, each: copy.view.decider(each, each.kf).words)
_RECORDED: Cell[Any] = Cell("on", "Date", lambda copy, each: copy.day_of(each.line, each.sf))


# -- the admission register ----------------------------------------------------------------------


class Stated(NamedTuple):
    """A detail of the pupil."""

    detail: str
    stated: str | None


def _details(copy: Copy) -> Iterator[Stated]:
    for details in copy.view.standing(Details, pupil=copy.pupil):
        for field, heading in _DETAILS.items():
            if text := getattr(details, field):
                yield Stated(heading, copy.without_place(field, copy.view.open(text)))


def _contact(field: str, heading: str) -> Cell[Relation]:
    """Return a cell of what parents see of themselves; of others, that it is on record."""

    def contact(copy: Copy, each: Relation) -> str | None:
        stated = copy.of_parent(each.parent, field) or None
        own = each.parent == copy.parent
        return copy.without_place(field, stated) if own else stated and THIRD_PARTY

    return Cell(field, heading, contact)


def _parent(copy: Copy, each: Relation) -> str:
    """Name a parent to the pupil and to themselves; another only sees that there are others."""
    return copy.name_of(each.parent) if copy.parent in (None, each.parent) else THIRD_PARTY


def _is_of_another(copy: Copy, row: dict[str, Any]) -> bool:
    return row["parent_id"] not in (None, copy.parent)


def _amended_field(copy: Copy, row: dict[str, Any]) -> str:
    field, parent = row["field"], row["parent_id"]
    whose = THIRD_PARTY if _is_of_another(copy, row) else parent
    return field if parent is None else f"{field} ({whose})"


def _amended(key: str, heading: str) -> Cell[dict[str, Any]]:
    """Return a cell of an amendment; of another person's it is said only that there was one."""

    def amended(copy: Copy, row: dict[str, Any]) -> str | None:
        if _is_of_another(copy, row):
            return row[key] and THIRD_PARTY
        return copy.without_place(row["field"], row[key])

    return Cell(key, heading, amended)


def _own_notices(copy: Copy) -> list[Notice]:
    known = copy.view.standing(Notice, pupil=copy.pupil, parent=copy.parent)
    return sorted(known, key=lambda each: each.issued_on)


def _own_confirmations(copy: Copy) -> list[Confirmation]:
    known = copy.view.standing(Confirmation, pupil=copy.pupil, parent=copy.parent)
    return sorted(known, key=lambda each: each.line)


def _notices_left_out(copy: Copy, own: Sequence[object]) -> list[str]:
    others = len(copy.view.standing(Notice, pupil=copy.pupil)) > len(own)
    return ["Notices to anybody else are about them, and are left out."] if others else []


ADMISSION: tuple[Section[Any], ...] = (
    Section[Stated]("details", "Details on the admission register", _details, (
        Cell("detail", "Detail"),
        Cell("stated", "As it stands"),
    )),
    Section[Spell]("roll", "On roll", _held(Spell, lambda each: each.starts_on), (
        Cell("from", "First day", "starts_on"),
        Cell("to", "Last day", "leaves_on"),
        Cell("ground", "Ground", lambda _, each: each.ground or None),
        Cell("next_school", "Next", lambda copy, each: copy.without_place(
            "next_school", copy.view.open(each.next_school)
        )),
    )),
    Section[Membership](
        "groups", "Years, registration groups and cohorts",
        _held(Membership, lambda each: (each.kind, each.since or date.min, each.name)), (
        Cell("kind", "Kind"),
        Cell("name", "Group"),
        Cell("from", "From", "since"),
        Cell("to", "To", "until"),
    )),
    Section[Relation](
        "people", "Parents and contacts",
        _held(Relation, lambda r: (r.contact_order is None, r.contact_order or 0, r.parent)), (
        Cell("name", "Name", _parent),
        Cell("relationship", "Is", lambda copy, each: copy.view.open(each.relationship)),
        Cell("lives_with", "Lives with"),
        Cell("parental_responsibility", "Parental responsibility"),
        Cell("care", "Care"),
        _contact("address", "Address"),
        _contact("phone", "Telephone"),
        _contact("email", "E-mail"),
    )),
    Section[dict[str, Any]](
        "admission_amendments", "Amendments of these",
        lambda copy: admission_rows.amendments(copy.view, copy.describer, [copy.pupil]), (
        Cell("field", "Detail", _amended_field),
        _amended("original", "Was"),
        _amended("amended", "Became"),
        Cell("reason", "Why", lambda copy, row: copy.release(row["reason"])),
        Cell("on", "When", lambda _, row: _amended_on(row)),
        Cell("by", "By", lambda _, row: by_in_words(row["by"])),
    )),
    Section[Notice]("notices", "Penalty notices to the person asking", _own_notices, (
        Cell("parent", ""),
        Cell("kind", "Kind"),
        Cell("issued_on", "Issued"),
        Cell("offence_first", "From"),
        Cell("offence_last", "To"),
        Cell("paid_on", "Paid"),
        Cell("withdrawn_on", "Withdrawn"),
        Cell("withdrawn_ground", "Ground"),
        Cell("outcome", "Outcome"),
    ), _notices_left_out),
    Section[Confirmation](
        "confirmations", "Notices to that person that the authority holds", _own_confirmations, (
        _RECORDED,
        Cell("confirmed_on", "Confirmed on"),
        Cell("notices", "Notices"),
        Cell("la_ref", "Its reference"),
        _BY,
    )),
)  # fmt: skip


# -- changes of the register ---------------------------------------------------------------------


def _changed(copy: Copy) -> Iterator[Version]:
    """Yield every version of each mark that was changed."""
    changed = {v.session for v in copy.versions if v.kind not in _NEVER_CHANGED}
    return (v for v in copy.versions if v.session in changed and v.kind != "plan")


def _amended_on(row: Mapping[str, Any]) -> str:
    stated = row["stated_at"]
    return dated(recorded(row) if stated is None else parse_instant(stated))


def _changed_on(copy: Copy, version: Version) -> str:
    describer = copy.describer
    return dated(describer.made_at(version) or describer.recorded_at(version))


def _what(_: Copy, version: Version) -> str:
    words = version_in_words(version)
    stated = version.imported and version.kind != "restated"
    return f"{words}, {AS_STATED}" if stated else words


def _changed_by(copy: Copy, version: Version) -> str:
    """Name who made a version; of what a source states, who imported it and when."""
    row = copy.describer.version(0, version)
    by = mark_by_in_words(row.by and named(row.by), version.kind)
    if row.imported_by is None:
        return by
    known = f"{AS_STATED}; imported {dated(row.recorded)} by {row.imported_by.words}"
    return f"{by} ({known})"


_NOT_JUDGED = (
    "Whether an amendment that its source states needed approval, or had it, was decided there, "
    "and is not on record here."
)


def _not_judged_here(copy: Copy, _: Sequence[Sequence[Any]]) -> list[str]:
    stated = any(v.imported and v.kind == "amendment" for v in copy.versions)
    return [_NOT_JUDGED] if stated else []


def _first_for_review(_: Copy, rows: Sequence[Sequence[Any]]) -> list[str]:
    held = any(FOR_REVIEW in row for row in rows)
    return [f"{FOR_REVIEW}: a person reads it first."] if held else []


CHANGES: tuple[Section[Any], ...] = (
    # Original, amended, reason, date and name: the five of SI 2024/208 reg 6(1).
    Section[Version]("changes", "Marks that were changed, from first to last", _changed, (
        Cell("session", "Session"),
        Cell("what", "What", _what),
        Cell("was", "Was", "replaced"),
        Cell("became", "Became", "code"),
        Cell("reason", "Reason"),
        Cell("on", "When", _changed_on),
        Cell("by", "By", _changed_by),
    ), _not_judged_here),
    Section[Version](
        "comments", "What was noted with marks and plans",
        lambda copy: (each for each in copy.versions if each.comment or each.nature), (
        Cell("session", "Session"),
        Cell("nature", "Activity or cause"),
        Cell("comment", "Comment"),
    ), _first_for_review),
)  # fmt: skip


# -- what was done about the pupil, and what left ------------------------------------------------


def _decided_by(copy: Copy, request: Request) -> str | None:
    if request.decided_name is None:
        return None
    *_, decided = request.steps
    return copy.view.decider(decided, decided.position).words


def _caseworker(copy: Copy, step: CaseworkStep) -> str | None:
    return step.by and copy.describer.name_and_title(step.by, step.on_date).words


def _kind_of_step(copy: Copy, step: CaseworkStep) -> str | None:
    """Say which kind of step it was; words that are of no kind are free text."""
    kind, more = kinds().find(copy.view.open(step.step) or "")
    return kind.label if kind and not more else copy.release_sealed(step.step)


def _notes_of_step(copy: Copy, step: CaseworkStep) -> str | None:
    """Return what was noted; words for the safeguarding role alone are in no copy."""
    kind, _ = kinds().find(copy.view.open(step.step) or "")
    if kind is not None and kind.restricted:
        return step.notes and RESTRICTED
    return copy.release_sealed(step.notes)


def _with_whom(copy: Copy, step: CaseworkStep) -> str | None:
    if copy.review is None:
        return step.with_whom and THIRD_PARTY
    return copy.release_sealed(step.with_whom)


def _asked_by(copy: Copy, asked: LeaveAsked) -> str | None:
    if copy.review is not None:
        return copy.release_sealed(asked.asked_by)
    if asked.parent and asked.parent == copy.parent:
        return copy.name_of(asked.parent)
    return asked.asked_by and THIRD_PARTY


def _recipient(copy: Copy, each: Extract) -> str | None:
    """Name to whom data went (art 15(1)(c)), but no other member of the family than the reader."""
    if each.to and (reader := copy.reader_in(each.to)):
        return reader
    if each.kind in _TO_FAMILIES and copy.review is None:
        return THIRD_PARTY
    return each.to and copy.mask(each.to)


class BeyondUse(NamedTuple):
    """Texts that nobody can read any more, since when."""

    texts: str
    on: str


def _beyond_use(copy: Copy) -> Iterator[BeyondUse]:
    """Yield kinds of texts whose key was destroyed, then single texts that were redacted."""
    pupil = copy.view.pupil_id(copy.pupil)
    for purpose, at in copy.view.ring.destructions(pupil):
        yield BeyondUse(purpose, dated(at))
    redacted = sorted(copy.view.standing(Redaction), key=lambda each: each.line)
    with closing(Store(copy.view.folder.log)) as store:
        for each in redacted:
            event = store.at(each.position)
            kind, *keys = streams.parts(event.stream if event else "")
            if keys[:1] == [pupil]:
                of = f"{kind} {keys[1]}" if f"{kind}:" in _OF_SESSIONS else kind
                yield BeyondUse(f"{each.field} ({of})", copy.day_of(each.line))


CASE: tuple[Section[Any], ...] = (
    Section[Request](
        "requests", "Amendments that needed approval",
        _held(Request, lambda each: each.session), (
        Cell("session", "Session"),
        Cell("was", "Stood as", "original"),
        Cell("asked", "Asked for", "code"),
        Cell("reason", "Reason"),
        _BY,
        Cell("decision", "Decision", lambda _, each: each.decision or "not decided yet"),
        Cell("decided_by", "Decided by", _decided_by),
    )),
    Section[CaseworkStep](
        "casework", "Casework about the pupil",
        _held(CaseworkStep, lambda each: (each.on_date, each.sf, each.line)), (
        Cell("on", "Date", "on_date"),
        Cell("step", "Step", _kind_of_step),
        Cell("by", "By", _caseworker),
        Cell("with", "With", _with_whom),
        Cell("outcome", "Outcome"),
        Cell("notes", "Notes", _notes_of_step),
        Cell("said", "Asked and answered"),
        Cell("from", "From", "first"),
        Cell("to", "To", "last"),
    )),
    Section[CaseworkCorrection](
        "casework_corrections", "What was recorded wrongly of that, and corrected",
        _held(CaseworkCorrection, lambda each: each.position), (
        Cell("on", "Date", lambda copy, each: copy.day_of(each.position, each.sf)),
        Cell("reason", "Reason"),
        _BY,
    )),
    Section[Consideration](
        "considerations", "Penalty notices considered",
        _held(Consideration, lambda each: each.line), (
        _RECORDED,
        Cell("decision", "Decision"),
        Cell("sessions", "Sessions counted", "counted"),
        Cell("reason", "Reason"),
        _BY,
    )),
    Section[AlertSettlement](
        "alerts", "What became of warnings that a change had undercut a paper",
        _held(AlertSettlement, lambda each: each.kf), (
        Cell("on", "Date", lambda copy, each: copy.day_of(each.kf, each.sf)),
        Cell("outcome", "Outcome"),
        Cell("to", "To", "to_whom"),
        Cell("reason", "Reason"),
        _BY,
    )),
    Section[Uncounted](
        "stopped_counting", "Marks that stand and that a change stopped from counting",
        _held(Uncounted, lambda each: each.alert), (
        Cell("on", "Date", lambda copy, each: copy.day_of(each.alert)),
        Cell("marks", "Marks", lambda _, each: ", ".join((*each.sessions, *each.of_age))),
        Cell("reason", "Reason"),
        _BY,
    )),
    Section[LeaveAsked](
        "leave", "Leave asked for",
        _held(LeaveAsked, lambda each: (each.asked_on, each.first, each.last)), (
        Cell("asked_on", "Asked on"),
        Cell("first", "From"),
        Cell("last", "To"),
        Cell("purpose", "Purpose"),
        Cell("asked_by", "Asked by", _asked_by),
        Cell("reason", "Reason given"),
    )),
    Section[LeaveStep](
        "leave_decisions", "What became of it", _held(LeaveStep, lambda each: each.line), (
        _RECORDED,
        Cell("step", "Decision"),
        Cell("first", "From"),
        Cell("last", "To"),
        Cell("code", "Code"),
        Cell("reason", "Reason"),
        Cell("letter_on", "Letter of"),
        _BY,
    )),
    Section[Evidence](
        "evidence", "Evidence that amendments rest on",
        _held(Evidence, lambda each: each.line), (
        Cell("on", "Recorded", lambda copy, each: copy.day_of(each.line, each.sf)),
        Cell("file", "File"),
        Cell("copied", "Copy kept", lambda _, each: "yes" if each.copy_key else "no"),
    ), lambda _, rows: ["The files themselves are asked for apart."] if rows else []),
    Section[Extract](
        "disclosures", "What left the school about the pupil",
        lambda copy: (each for each in extracts(copy.view) if copy.pupil in each.pupils), (
        Cell("on", "Left on"),
        Cell("kind", "What"),
        Cell("to", "To", _recipient),
        Cell("first", "Covers from"),
        Cell("last", "To day"),
        Cell("by", "By", lambda _, each: each.by.words),
    )),
    Section[TakenBack](
        "taken_back", "Recorded wrongly and taken back",
        _held(TakenBack, lambda each: each.line), (
        _RECORDED,
        Cell("entry", "Entry"),
        Cell("reason", "Why it was wrong"),
        _BY,
    )),
    Section[BeyondUse]("destroyed", "Texts beyond use", _beyond_use, (
        Cell("texts", "Texts"),
        Cell("on", "Key destroyed on"),
    )),
)  # fmt: skip
