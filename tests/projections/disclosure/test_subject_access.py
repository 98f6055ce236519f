"""attendance subject-access: everything about the pupil, and nobody else's data."""

import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentDeclined, AmendmentRequested, EvidenceGiven
from ledger.events.casework import CaseworkStepCorrected, CaseworkStepTaken
from ledger.events.disclosure import Disclosed, FieldRedacted
from ledger.events.leave import LeaveDecided, LeaveRequested
from ledger.events.penalties import (
    AlertSettled,
    NoticesConfirmed,
    NoticeStated,
    PenaltyConsidered,
)
from ledger.events.register import MarkAmended
from ledger.events.roll import (
    AdmissionAmended,
    DetailsAmended,
    ParentRecorded,
    PupilRemoved,
    RelationRecorded,
)
from ledger.sealing.keys import KeyRing
from ledger.store.facts import Fact
from ledger.store.store import Store
from policies.law.disclosure import CopyMade
from projections.disclosure import copy as copies
from projections.disclosure import sections
from projections.disclosure.subject_access import SubjectAccess
from projections.readmodel.record import Sealed
from projections.readmodel.records.all_records import RECORDS
from projections.readmodel.records.disclosure import Disclosure
from projections.readmodel.records.register import Mark, Plan
from projections.readmodel.records.roll import AdmissionAmendment, DetailAmendment
from projections.rendering import text
from tests.projections.ledgers import Book, enrolled, instant, marked, on_mark, opened, term

AT = instant(2025, 9, 12, 9)
AUTHOR = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
ON = {"on": date(2025, 9, 30)}
HELD = "[held back for review: may name others]"
OTHER = "[another person]"
GONE = "[redacted: another person]"
HIDDEN = "[confidential address]"
FREE = "her brother Fin told us"
HIS_HOME, HER_HOME = "1 Elm Row", "2 Oak Row"


def asked(**fields) -> SubjectAccess:
    return SubjectAccess(**{"who": "U-ann", "for_": "Ann Able"} | ON | fields)


def parent(book, parent_id, name, *, confidential="no", pupil="ann", **flags):
    stated = {"surname": "Able", "forename": name, "title": "Dr"}
    contacts = {"phone": f"0770-{parent_id}", "email": f"{parent_id}@example.org"}
    home = HER_HOME if parent_id == "mum" else HIS_HOME
    person = ParentRecorded(address=home, address_confidential=confidential, **stated, **contacts)
    order = flags.pop("order", None)
    relation = RelationRecorded(relationship="parent", contact_order=order, **flags)
    book.add(
        AT,
        Fact(streams.parent(parent_id), person),
        Fact(streams.relation(parent_id, pupil), relation),
    )


@pytest.fixture
def case(school):
    """Ann, whose parents Mim and Dov are on record, with everything that a case can hold."""
    parent(school, "mum", "Mim", order=1, lives_with="yes", parental_responsibility="yes")
    parent(school, "dad", "Dov", order=2, lives_with="no", parental_responsibility="yes")
    parent(school, "nan", "Nell", parental_responsibility="no")
    about = {"pupil": "ann", "session": "2025-09-08/AM"}
    amended = MarkAmended(original="N", code="I", reason="ill", batch="b", **AUTHOR)
    address = DetailsAmended(field="address", amended=HER_HOME, reason="told", **AUTHOR)
    moved = {"field": "address", "original": "0 Ash Row", "amended": HIS_HOME, "reason": FREE}
    wanted = {"batch": "r", "original": "/", "code": "O", "reason": "seen"}
    requested = AmendmentRequested(grounds=("late",), **wanted, **AUTHOR)
    counts = {"count": 1, "settled": 1, "peak": 1, "entries": (), "seen_at": 1}
    considered = PenaltyConsidered(decision="not-now", reason=FREE, **counts, **AUTHOR)
    days = {"first": "2025-09-15/AM", "last": "2025-09-16/PM", "purpose": "exceptional"}
    hers = LeaveRequested(asked_on=date(2025, 9, 1), parent="mum", asked_by="Mim", by="s1", **days)
    aunts = LeaveRequested(asked_on=date(2025, 9, 2), asked_by="aunt", by="s1", **days)
    notice = {"kind": "s444A", "issued_on": date(2025, 9, 10), "outcome": "paid"}
    step = {"by": "s2", "with_whom": "Mim Able", "outcome": FREE, "notes": FREE}
    to_family = {"kind": "letter", "to": "Mim Able", "what": "first letter"}
    left = {"on": date(2025, 9, 12), "seen_at": 1, **AUTHOR}
    to_court = {"kind": "pack", "to": "Mallow Council", "what": "pack"}
    for fact in (
        marked(*about.values(), "N", by="s1", comment=FREE),
        marked("ann", "2025-09-08/PM", "/", by="s2"),
        marked("ann", "2025-09-13/AM", "B", by="s1", nature="choir"),
        marked("ann", "2025-06-05/AM", "U", by="s1"),
        marked("ann", "2025-09-09/AM", "%%"),
        on_mark(*about.values(), amended),
        Fact(streams.pupil("ann"), address),
        Fact(streams.parent("dad"), AdmissionAmended(**moved, **AUTHOR)),
        Fact(streams.approval("ann", "2025-09-08/PM"), requested),
        Fact(streams.evidence("ann", "b"), EvidenceGiven(file="note.pdf", sha256="ab" * 32)),
        Fact(streams.casework("ann"), CaseworkStepTaken(step="call", on=date(2025, 9, 9), **step)),
        Fact(streams.casework("ann"), CaseworkStepTaken(step="visit", on=date(2025, 9, 10))),
        Fact(streams.penalty("ann"), considered),
        Fact(streams.leave("ann", "l1"), hers),
        Fact(streams.leave("ann", "l1"), LeaveDecided(granted=False, reason=FREE, **AUTHOR)),
        Fact(streams.leave("ann", "l2"), aunts),
        Fact(streams.notices("mum", "ann"), NoticeStated(**notice)),
        Fact(streams.notices("dad", "ann"), NoticeStated(**notice)),
        Fact(streams.disclosure("ann"), Disclosed(**to_family, **left)),
        Fact(streams.disclosure("ann"), Disclosed(**to_court, **left)),
        Fact(streams.disclosure("bob"), Disclosed(**to_court, **left)),
    ):
        school.add(AT, fact)
    return school


def copy(book, **fields):
    return book.ask(asked(**fields)).document


def read(book, **fields):
    """The copy as text."""
    return "\n".join(text.as_text(book.ask(asked(**fields)).blocks))


def whole(book, **fields):
    """The copy, as data and as text."""
    return json.dumps(copy(book, **fields)) + read(book, **fields)


def test_the_pupils_own_copy_names_parents_and_gives_no_contacts(case):
    """Names of parents stand, in the order of contact; where they live does not."""
    people = copy(case)["people"]
    assert [(p["name"], p["address"], p["phone"], p["email"]) for p in people] == [
        (name, OTHER, OTHER, OTHER) for name in ("Dr Mim Able", "Dr Dov Able", "Dr Nell Able")
    ]
    assert people[0]["lives_with"] == people[0]["parental_responsibility"] == "yes"


def test_a_parent_sees_themselves_and_that_there_are_others(case):
    """The other parent's name, address, telephone and e-mail appear nowhere in the copy."""
    own, *others = copy(case, parent="mum")["people"]
    assert (own["name"], own["address"], own["phone"]) == ("Dr Mim Able", HER_HOME, "0770-mum")
    assert {(p["name"], p["address"]) for p in others} == {(OTHER, OTHER)}
    said = whole(case, parent="mum", for_="Mim Able")
    for third in ("Dov", "Nell", HIS_HOME, "0 Ash Row", "0770-dad", "dad@", "Fin", "U-bob"):
        assert third not in said


def test_the_reader_is_never_another_person(case):
    """What left to whoever asks is told as such, without the id; to anybody else it is not."""
    left = {"kind": "subject-access", "what": "copy", "on": date(2025, 9, 20), "seen_at": 1}
    for to in ("Dr Mim Able (parent mum)", "Dr Dov Able (parent dad)", "Ann Able"):
        case.add(AT, Fact(streams.disclosure("ann"), Disclosed(to=to, **left, **AUTHOR)))

    def to(**fields):
        rows = copy(case, **fields)["disclosures"]
        return [row["to"] for row in rows if row["kind"] == "subject-access"]

    assert to(parent="mum", for_="Dr Mim Able") == [
        "Dr Mim Able (who asked for this copy)", OTHER, OTHER,
    ]  # fmt: skip
    assert to() == [OTHER, OTHER, "Ann Able (the pupil)"]


def test_a_copy_calls_nobody_whoever_asks(case):
    said = read(case, parent="mum", for_="Dr Mim Able")
    assert "Penalty notices to the person asking" in said
    assert "whoever" not in said


def test_a_confidential_address_never_appears(case):
    """Neither the parent's nor the pupil's, nor in amendments; also as it was known before."""
    before = case.folder.head()
    case.add(AT, Fact(streams.pupil("ann"), PupilRemoved(
        starts_on=date(2025, 6, 2), leaves_on=date(2025, 9, 30), next_school="Far School"
    )))  # fmt: skip
    parent(case, "mum", "Mim", confidential="yes", parental_responsibility="yes")
    for fields in ({}, {"parent": "dad"}, {"parent": "mum"}, {"position": before}):
        said = whole(case, include_free_text="read by H. Hope", **fields)
        assert HER_HOME not in said
        assert "Far School" not in said
        assert HIDDEN in said
        assert "one of them is confidential" in said


@pytest.mark.parametrize(
    ("flags", "asks", "words"),
    [
        ({"no_contact": "yes", "care": "yes"}, {"parent": "dad"}, "no_contact"),
        ({"parental_responsibility": "no", "care": "no"}, {"parent": "dad"}, "parental_respons"),
        ({"care": None}, {"parent": "dad"}, "parental_responsibility"),
        ({}, {"parent": "nobody", "authority": "a letter"}, "no relation is recorded"),
    ],
    ids=["no contact", "no responsibility", "nothing stated", "a stranger"],
)
def test_who_is_barred_gets_nothing_whenever_it_is_as_at(case, flags, asks, words):
    """By the newest flags, also for a copy as known before they were recorded."""
    before = case.folder.head()
    parent(case, "dad", "Dov", **flags)
    with pytest.raises(Refused, match=words) as refused:
        copy(case, position=before, **asks)
    assert refused.value.code == "parent-barred"


def test_somebody_else_s_authority_is_named(case):
    """A grandmother's copy; it is no parent's right to the educational record."""
    case.add(AT, opened(type="maintained"))
    given = {"parent": "nan", "for_": "Nell Able", "asked_on": date(2025, 9, 12)}
    found = copy(case, authority="Ann's consent", **given)
    assert found["authority"] == "Ann's consent"
    assert "UK GDPR" in found["due"]["reference"]
    shown = read(case, authority="Ann's consent", **given)
    assert "Asked for on the authority: Ann's consent" in shown


def test_what_was_corrected_of_a_step_and_words_for_few_are_told_as_such(case):
    """That it was, when, by whom; the reason waits for review; words for few are in no copy."""
    at, who = date(2025, 9, 11), {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
    stream = streams.casework("ann")
    question = CaseworkStepTaken(id="q", step="dsl-question", on=at, notes="HIDDEN", **who)
    corrected = CaseworkStepCorrected(of="q", step="dsl-question", on=at, reason="day", **who)
    case.add(AT, Fact(stream, question), Fact(stream, corrected))
    again = CaseworkStepTaken(id="r", step="dsl-question", on=at, notes="HIDDEN", **who)
    case.add(AT, Fact(stream, again))
    found = copy(case, include_free_text="s1")
    [row] = found["casework_corrections"]
    assert (row["reason"], row["by"]) == ("day", "Mrs Register, Officer")
    assert found["casework"][-1]["notes"] == "[for the safeguarding role alone]"
    assert "HIDDEN" not in str(found)


def test_free_text_waits_for_review(case):
    """Casework, comments, reasons of decisions; empty stays empty."""
    found = copy(case)
    assert found["casework"] == [
        {"on": "2025-09-09", "step": "Telephone call", "by": "Mr Teacher, Teacher",
         "with": OTHER, "outcome": HELD, "notes": HELD, "said": None, "from": None, "to": None},
        {"on": "2025-09-10", "step": "Home visit", "by": None, "with": None, "outcome": None,
         "notes": None, "said": None, "from": None, "to": None},
    ]  # fmt: skip
    assert found["considerations"][0]["reason"] == found["leave_decisions"][0]["reason"] == HELD
    assert [row["comment"] for row in found["comments"]] == [HELD, None]
    assert [row["nature"] for row in found["comments"]] == [None, HELD]
    assert [row["reason"] for row in found["requests"]] == [HELD]
    assert [row["file"] for row in found["evidence"]] == [HELD]
    assert [row["asked_by"] for row in found["leave"]] == [OTHER, OTHER]
    assert [row["to"] for row in found["disclosures"]] == [OTHER, "Mallow Council"]


@pytest.mark.parametrize("review", [None, "s1"])
def test_no_free_text_leaves_without_review_and_the_copy_counts_them(case, review):
    """Whoever asks: reasons of every kind, comments, natures, casework, names of files."""
    for parent_id in (None, "mum"):
        fields = {"parent": parent_id, "include_free_text": review}
        found = copy(case, **fields)
        held, written = found["held_back"], json.dumps(found)
        assert held == written.count(HELD)
        shown = read(case, **fields)
        assert (f"{held} texts held back" in shown) == (review is None) == (held > 8)
        for said in (FREE, '"ill"', '"told"', '"seen"', '"choir"', "note.pdf"):
            assert (said in written) == (review is not None), said


def test_what_became_of_a_warning_is_told_and_its_reason_waits_for_review(case):
    """To the pupil and to either parent: it is about the pupil's register."""
    settled = AlertSettled(alert=1, outcome="dismissed", reason=FREE, **AUTHOR)
    case.add(AT, Fact(streams.undercut("ann"), settled))
    for asks in ({}, {"parent": "mum"}):
        [told] = copy(case, **asks)["alerts"]
        who = "Mrs Register, Officer"
        shown = {"on": "2025-09-12", "outcome": "dismissed", "to": None, "reason": HELD, "by": who}
        assert told == shown
    [told] = copy(case, include_free_text="s1")["alerts"]
    assert FREE in told["reason"] or GONE in told["reason"]


def test_what_the_authority_holds_is_told_to_the_parent_whom_it_is_about(case):
    """How many notices, on which day and under which reference; to nobody else."""
    held = NoticesConfirmed(la_ref="LA 7", confirmed_on=date(2025, 9, 11), notices=1, **AUTHOR)
    case.add(AT, Fact(streams.notices("mum", "ann"), held))
    [told] = copy(case, parent="mum")["confirmations"]
    assert (told["confirmed_on"], told["notices"], told["la_ref"]) == ("2025-09-11", 1, "LA 7")
    assert told["by"] == "Mrs Register, Officer"
    assert "LA 7" not in whole(case)
    earlier = NoticesConfirmed(la_ref="LA 3", confirmed_on=date(2025, 9, 10), notices=0, **AUTHOR)
    case.add(AT + 1, Fact(streams.notices("mum", "ann"), earlier))
    both = copy(case, parent="mum")["confirmations"]
    assert [each["la_ref"] for each in both] == ["LA 7", "LA 3"]  # as they were recorded


APART = {
    Mark: "as its versions",
    Plan: "as its versions",
    DetailAmendment: "with the amendments of the admission register",
    AdmissionAmendment: "with the amendments of the admission register",
    Disclosure: "as an extract",
}
"""Records that are read by another name; what stands here is in the copy too."""


def test_every_record_about_a_pupil_that_holds_sealed_text_has_its_part_of_the_copy():
    """A table that is added is in the copy, or this says how it comes there."""
    held = [each for module in (sections, copies) for each in vars(module).values()]
    known = {each for each in held if isinstance(each, type)}
    about = {each for each in RECORDS if "pupil" in each.__struct_fields__}
    sealed = {each for each in about if Sealed in texts(each)}
    assert {each.__name__ for each in sealed - APART.keys() if each not in known} == set()
    assert sealed > APART.keys()


def texts(record) -> set[object]:
    """The types of a record's columns, of each of those that may be empty too."""
    hints = get_type_hints(record).values()
    return {kind for hint in hints for kind in (hint, *get_args(hint)) if kind is Sealed}


def test_who_reviewed_is_named(case):
    """With their title; and what was done to the text is said."""
    shown = read(case, include_free_text="s1")
    assert "as reviewed by Mrs Register, Officer." in shown
    assert "wherever they are written as recorded" in shown


TALE = (
    "BOB baker (Robert  Baker) and Cy Cole's brother came; Bobby too. Ring 0770 123-456 or "
    "DAD@example.org, he is at 1 Elm  Row, Mallow now; Dov Able said. Mim: 0770-mum, Ann Able."
)


def tell(case, told=TALE, flat="1 Elm Row\nMallow"):
    contacts = {"address": flat, "phone": "0770123456", "email": "dad@example.org"}
    person = ParentRecorded(surname="Able", forename="Dov", **contacts)
    step = CaseworkStepTaken(step="call", on=date(2025, 9, 11), notes=told)
    case.add(AT, Fact(streams.parent("dad"), person), Fact(streams.casework("ann"), step))


def notes_of(case, **fields):
    return copy(case, include_free_text="s1", **fields)["casework"][-1]["notes"]


def test_others_are_taken_out_of_what_is_included(case):
    """Full names of pupils, what leads to other parents; not the pupil, not whoever asks."""
    tell(case)
    head = f"{GONE} ({GONE}) and {GONE}'s brother came; Bobby too. Ring {GONE} or {GONE}, he is"
    tail = f" at {GONE} now; Dov Able said. Mim: {GONE}, Ann Able."
    assert notes_of(case) == head + tail
    mums = tail.replace("Dov Able", GONE).replace(f"Mim: {GONE}", "Mim: 0770-mum")
    assert notes_of(case, parent="mum") == head + mums
    dads = notes_of(case, parent="dad")
    assert "Ring 0770 123-456 or DAD@example.org, he is at 1 Elm  Row, Mallow now; Dov" in dads


def test_others_are_taken_out_however_they_are_written(case):
    """Without an accent, with another apostrophe, in two words: the same child."""
    tell(case, "Zoe O'Test-May's brother; Zo\u00eb O\u2019Test May; ZOE\u0308 OTest May; Zoes O'T")
    name = {"forename": "Zo\u00eb", "surname": "O\u2019Test\u2010May"}
    case.add(AT, enrolled("zoe", date(2025, 9, 3), **name))
    assert notes_of(case) == f"{GONE}'s brother; {GONE}; {GONE}; Zoes O'T"


def test_a_confidential_address_is_taken_out_whosever_it_is(case):
    """That of whoever asks, and that of another family."""
    tell(case, f"{HER_HOME} and 9 Fir Row and Fir")
    home = ParentRecorded(surname="Baker", address="9 Fir Row, Far", address_confidential="yes")
    case.add(AT, Fact(streams.parent("kin"), home))
    assert notes_of(case, parent="mum") == f"{HER_HOME} and {GONE} and Fir"
    parent(case, "mum", "Mim", confidential="yes", parental_responsibility="yes")
    assert notes_of(case, parent="mum") == f"{GONE} and {GONE} and Fir"


@pytest.mark.parametrize(
    ("home", "left"),
    [
        ("Fir Farm, Mallow", "Fir Farm; 12 of them; 12 Ash Row"),
        ("12, Mallow", "Fir Farm; 12 of them; 12 Ash Row"),
        ("12 Ash Row, Mallow", f"Fir Farm; 12 of them; {GONE}"),
    ],
)
def test_the_first_line_of_a_house_is_taken_out_alone_too(case, home, left):
    """A name without a number may be anything, and so may a number."""
    tell(case, f"Fir Farm; 12 of them; 12 Ash Row; {home}", flat=home)
    assert notes_of(case) == f"{left}; {GONE}"


def test_short_or_odd_contacts_and_texts_beyond_use_match_as_they_are(case):
    """Two letters are no contact; a number of few digits counts as written."""
    tell(case, "at X1, [beyond use], ext 12 and Bo Li, FAR  farm", flat="X1")
    odd = ParentRecorded(surname="Kay", phone="ext 12", email="-", address="Far Farm")
    case.add(AT, Fact(streams.parent("odd"), odd), enrolled("bo", date(2025, 9, 3),
             surname="Li", forename="Bo"))  # fmt: skip
    case.destroy("cy")
    assert notes_of(case) == f"at X1, [beyond use], {GONE} and {GONE}, {GONE}"


def test_what_whoever_asks_shares_with_another_stays(case):
    """One telephone and one home for both parents."""
    shared = {"surname": "Able", "forename": "Dov", "address": HER_HOME, "phone": "0770-mum"}
    tell(case, f"0770-mum, {HER_HOME}, 1 Elm Row")
    case.add(AT, Fact(streams.parent("dad"), ParentRecorded(**shared)))
    assert notes_of(case, parent="mum") == f"0770-mum, {HER_HOME}, {GONE}"


def test_where_nobody_else_is_on_record_nothing_is_taken_out(tmp_path):
    """No pattern matches nothing."""
    book = Book(tmp_path / "ledger")
    step = CaseworkStepTaken(step="call", on=date(2025, 9, 11), notes="Ann Able came")
    book.add(AT, enrolled("ann", date(2025, 9, 3)), Fact(streams.casework("ann"), step), by=None)
    assert notes_of(book) == "Ann Able came"


def test_free_text_that_was_reviewed_is_included(case):
    """Somebody says that they read it; parents' data stay out all the same."""
    found = copy(case, include_free_text="s1")
    assert found["casework"][0]["notes"] == FREE
    assert found["casework"][0]["with"] == "Mim Able"
    assert found["comments"][0]["comment"] == FREE
    assert [row["asked_by"] for row in found["leave"]] == ["Mim", "aunt"]
    assert found["disclosures"][0]["to"] == "Mim Able"
    assert found["people"][1]["address"] == OTHER


def test_a_parent_sees_the_leave_that_they_asked_for(case):
    """Their own name beside it; nobody else's."""
    found = copy(case, parent="mum")
    assert [row["asked_by"] for row in found["leave"]] == ["Dr Mim Able", OTHER]


def test_notices_come_by_the_day_of_their_issue(case):
    """Not in the order in which they were put on record."""
    for day in (12, 8):
        stated = NoticeStated(kind="s444A", issued_on=date(2025, 9, day))
        case.add(AT, Fact(streams.notices("mum", "ann"), stated))
    told = [notice["issued_on"] for notice in copy(case, parent="mum")["notices"]]
    assert told == ["2025-09-08", "2025-09-10", "2025-09-12"]


def test_notices_are_shown_to_whom_they_were_given(case):
    """To the pupil and the other parent it is said that some are left out."""
    [notice] = copy(case, parent="mum")["notices"]
    assert (notice["issued_on"], notice["outcome"]) == ("2025-09-10", "paid")
    assert copy(case)["notices"] == []
    assert "Notices to anybody else are about them, and are left out." in read(case)


def test_every_session_is_there_with_its_meaning(case):
    """By term and week, at weekends and outside terms too; a code of no use says so."""
    found = copy(case)
    assert [(r["session"], r["code"]) for r in found["rows"]] == [
        ("2025-06-05/AM", "U"),
        ("2025-09-08/AM", "I"),
        ("2025-09-08/PM", "/"),
        ("2025-09-09/AM", "%%"),
        ("2025-09-13/AM", "B"),
    ]
    meanings = {r["code"]: r["meaning"] for r in found["codes"]}
    assert list(meanings) == ["%%", "/", "B", "I", "U"]  # by code: whoever reads looks one up
    assert meanings["I"].startswith("Illness")
    assert meanings["%%"] == "not a code of its day"
    weeks = {w["week"]: w for w in found["weeks"]}
    assert (weeks["2025-09-08"]["Mon AM"], weeks["2025-09-08"]["Sat AM"]) == ("I", "B")


def test_the_register_is_shown_by_terms_of_a_school_year(case):
    """Also what a source states for a day in the holidays, and a term that came later."""
    case.add(AT, marked("ann", "2025-08-20/AM", "/"))
    case.add(AT, term("Spring 1", date(2026, 1, 5), date(2026, 2, 13)))
    case.add(AT, marked("ann", "2026-01-06/AM", "/"))
    shown = read(case, on=date(2026, 1, 10))
    for title in ("2024/25, Summer", "2025/26, outside terms", "2025/26, Autumn 1",
                  "2025/26, Spring 1"):  # fmt: skip
        assert f"Attendance register, {title}" in shown


def test_figures_are_those_of_rates_by_school_year(case):
    """One row a year in which a mark stands."""
    figures = copy(case)["figures"]
    days = [figure["days"] for figure in figures]
    assert days == ["2025-06-02 to 2025-09-02", "2025-09-03 to 2025-09-30"]
    assert figures[1]["unauthorised"] == 0
    assert figures[0]["unauthorised"] == 1


def test_changed_marks_are_told_from_first_to_last(case):
    """Original, amended, reason, date, name; other marks are not repeated."""
    changes = copy(case)["changes"]
    assert [(c["what"], c["was"], c["became"], c["reason"]) for c in changes] == [
        ("entry", None, "N", None),
        ("amendment", "N", "I", HELD),
    ]
    assert changes[1]["by"] == "Mrs Register, Officer"
    assert changes[1]["on"] == "2025-09-12"


def test_amendments_of_the_admission_register_are_told(case):
    """The pupil's own in full; another person's only that it was, its reason for review."""
    own, theirs = copy(case)["admission_amendments"]
    assert (own["field"], own["amended"], own["reason"]) == ("address", HER_HOME, HELD)
    assert (theirs["original"], theirs["amended"], theirs["reason"]) == (OTHER, OTHER, HELD)
    dads = copy(case, parent="dad")["admission_amendments"][1]
    assert (dads["field"], dads["amended"]) == ("address (dad)", HIS_HOME)


def test_who_amended_is_not_stated_where_a_source_does_not_say(case):
    """An import that restates a detail names nobody."""
    restated = DetailsAmended(field="sex", amended="F", stated=AT)
    case.add(AT, Fact(streams.pupil("ann"), restated), imported=True)
    assert copy(case)["admission_amendments"][-1]["by"] == "not stated"


def test_the_rest_of_what_is_held(case):
    """Roll, groups, requests, evidence by its file's name."""
    found = copy(case)
    assert found["roll"] == [
        {"from": "2025-06-02", "to": None, "ground": None, "next_school": None}
    ]
    assert {g["name"] for g in found["groups"]} == {"9A", "Y9", "FSM", "SEND"}
    assert [r["decision"] for r in found["requests"]] == ["not decided yet"]
    assert found["evidence"] == [{"on": "2025-09-12", "file": HELD, "copied": "no"}]


def test_who_decided_on_a_request_is_named(case):
    """With the title of then; the reason of the request stays held back."""
    decided = {"name": "Ms Head", "job_title": "Head", "by": "s3"}
    declined = AmendmentDeclined(batch="r", reason=FREE, **decided)
    case.add(AT, Fact(streams.approval("ann", "2025-09-08/PM"), declined))
    assert copy(case)["requests"] == [
        {"session": "2025-09-08/PM", "was": "/", "asked": "O", "reason": HELD,
         "by": "Mrs Register, Officer", "decision": "declined", "decided_by": "Ms Head, Head"}
    ]  # fmt: skip


def test_destroyed_keys_are_told(case):
    """Which kind of text is beyond use since when."""
    with closing(KeyRing(case.folder.keys)) as ring:
        ring._db.execute("INSERT INTO destroyed VALUES('ann', 'casework', ?)", [AT])
    assert copy(case)["destroyed"] == [{"texts": "casework", "on": "2025-09-12"}]


def test_redacted_texts_of_the_pupil_are_told(case):
    """Which text of what since when; those of others are not."""
    stored = {}
    with closing(Store(case.folder.log)) as store:
        for page in store.scan(0):
            stored.update({tuple(f"{r.stream}:".split(":")[:2]): r for r in page})
    for (kind, whose), field in {
        ("mark", "ann"): "comment", ("casework", "ann"): "notes", ("disclosure", "bob"): "to",
        ("parent", "mum"): "phone",
    }.items():  # fmt: skip
        event = FieldRedacted(
            position=stored[kind, whose].position, field=field, reason="wrong child", **AUTHOR
        )
        case.add(AT, Fact(streams.redaction(), event))
    session = stored["mark", "ann"].stream.split(":")[2]
    assert copy(case)["destroyed"] == [
        {"texts": f"comment (mark {session})", "on": "2025-09-12"},
        {"texts": "notes (casework)", "on": "2025-09-12"},
    ]


@pytest.mark.parametrize(
    ("kind", "parent_id", "due", "words"),
    [
        ("academy", None, "2025-10-12", "due by 2025-10-12 (UK GDPR art 12(3)"),
        ("maintained", "mum", "2025-10-03", "due by 2025-10-03 ("),
        ("maintained", None, "2025-10-12", "due by 2025-10-12 (UK GDPR"),
    ],
)
def test_when_the_copy_is_due(case, kind, parent_id, due, words):
    """Fifteen school days for a parent at a maintained school, else a month; second-hand."""
    case.add(AT, opened(type=kind))
    fields = {"asked_on": date(2025, 9, 12), "parent": parent_id}
    found = copy(case, **fields)["due"]
    assert (found["on"], found["confidence"]) == (due, "second-hand")
    assert words in read(case, **fields)


def test_a_due_day_beyond_the_calendar_is_said_to_be_so(case):
    """Not guessed."""
    case.add(AT, opened(type="maintained"))
    fields = {"asked_on": date(2025, 12, 10), "parent": "mum"}
    assert copy(case, **fields)["due"]["on"] is None
    assert "a day later than the calendar reaches" in read(case, **fields)
    assert copy(case)["due"] is None


def test_as_a_page(case, tmp_path):
    """One file, with everything escaped; on the screen only what was made."""
    amended = DetailsAmended(field="surname", amended="<Able>", reason="x", **AUTHOR)
    case.add(AT, Fact(streams.pupil("ann"), amended))
    out = tmp_path / "copy.html"
    answer = case.ask(asked(out=out, asked_on=date(2025, 9, 12)))
    [page] = answer.pages
    assert page.path == out
    assert "&lt;Able&gt;" in page.text
    assert "<Able>" not in page.text
    assert "Attendance register, 2025/26, Autumn 1" in page.text
    said = text.as_text(answer.blocks)
    assert said[-1].startswith("Read it before it leaves")
    assert len(said) < 8


def test_from_bounds_the_sessions(case):
    """What is before is not in the copy."""
    found = copy(case, from_=date(2025, 9, 8))
    assert found["rows"][0]["session"] == "2025-09-08/AM"


def test_where_nothing_was_noted_nothing_waits_for_a_person(case, school):
    waits = "a person reads it first"
    assert waits in read(case)
    assert waits not in read(school, who="U-bob")


def test_a_pupil_without_marks(school):
    """Everything is empty but details and roll; the copy begins on the first day on roll."""
    found = copy(school, who="U-bob")
    assert (found["rows"], found["weeks"], found["figures"]) == ([], [], [])
    assert "Casework about the pupil: none on record" in read(school, who="U-bob")


def test_before_the_first_event_nothing_is_known(case):
    """It says so."""
    assert case.ask(asked(position=0)).document["knows_nothing"] is True


def test_a_ledger_without_school_and_terms(tmp_path):
    """What is held is told, without a year."""
    book = Book(tmp_path / "ledger")
    book.add(AT, enrolled("ann", date(2025, 9, 3)), marked("ann", "2025-09-08/AM", "/"), by=None)
    assert copy(book, asked_on=date(2025, 9, 12))["figures"] == []
    shown = read(book, asked_on=date(2025, 9, 12))
    assert "What the register of the school holds about" in shown
    assert "Attendance register, 2025/26, outside terms" in shown


def test_before_the_details_were_known(case):
    """A position before the pupil was on record holds nothing about them."""
    found = copy(case, position=8)
    assert (found["details"], found["people"], found["rows"]) == ([], [], [])


def test_asking_is_recorded_with_all_that_was_asked():
    """What is recorded before the copy is made names everything that was said."""
    said = {"parent": "mum", "authority": "consent"}
    found = asked(position=7, include_free_text="read", **said).on_record
    about = {"pupil": "U-ann", "to": "Ann Able", "last": date(2025, 9, 30)}
    assert found == CopyMade(seen_at=7, review="read", **about, **said)


@pytest.mark.parametrize("where", ["none/copy.html", "."])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_recorded(tmp_path, where):
    """In a folder that is not there, or a folder itself."""
    with pytest.raises(Refused) as refused:
        _ = asked(out=tmp_path / where).on_record
    assert refused.value.code == "out-unwritable"
    assert asked(out=Path(tmp_path / "copy.html")).on_record.pupil == "U-ann"
