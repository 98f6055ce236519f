"""`approvals` and `policy`: what waits, who decided, what applies; and where a wait is shown."""

from datetime import date

import pytest

from ledger.clock import iso, local
from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    PolicyAdopted,
    RequestWithdrawn,
)
from ledger.events.register import MarkAmended
from ledger.sealing.keys import is_sealed
from ledger.store.facts import Fact
from policies.packs import school as school_packs
from projections.amending.approvals import Approvals
from projections.amending.policy import PoliciesAdopted, PolicyInForce
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.penalties.penalties import Penalties
from projections.queries import view
from projections.queries.pending import pending_amendments
from projections.queries.question import PointInTime
from projections.readmodel.records.amending import Request
from projections.school.status import Status
from projections.school.today import Today
from tests.projections.ledgers import NOW, instant, marked, on_mark

ON = date(2025, 9, 12)
MONDAY = "2025-09-08/AM"
TUESDAY = "2025-09-09/AM"
MARKED, ASKED, DECIDED = (instant(2025, 9, day, 9) for day in (10, 11, 12))
WHO = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
SECOND = {"by": "s2", "name": "Mr Teacher", "job_title": "Teacher"}


def asked(pupil, session, code="O", batch="b1", **more):
    """A request."""
    event = AmendmentRequested(
        batch=batch, original="I", code=code, reason="seen in town",
        **{"grounds": ("late", "many"), **WHO, **more},
    )  # fmt: skip
    return Fact(streams.approval(pupil, session), event)


def decided(kind, pupil, session, **more):
    """A decision on a request."""
    return Fact(streams.approval(pupil, session), kind(batch="b1", **{**SECOND, **more}))


@pytest.fixture
def office(school):
    """Ann and Bob were ill on Monday and Tuesday; both mornings of both are asked about."""
    places = [(pupil, session) for pupil in ("bob", "ann") for session in (TUESDAY, MONDAY)]
    school.add(MARKED, *[marked(pupil, session, "I") for pupil, session in places])
    school.add(ASKED, *[asked(pupil, session) for pupil, session in places])
    return school


def rows(book, **given):
    """The rows by pupil and day of the month."""
    found = book.ask(Approvals(**given)).rows()
    return {(r["upn"][2:], r["session"][8:10]): r for r in found}


def decide(book):
    """Approve one, decline one, withdraw one; one waits."""
    amended = MarkAmended(original="I", code="O", reason="seen in town", batch="b1", **WHO)
    return book.add(
        DECIDED,
        decided(AmendmentApproved, "ann", MONDAY),
        on_mark("ann", MONDAY, amended),
        decided(AmendmentDeclined, "ann", TUESDAY, reason="no proof"),
        decided(RequestWithdrawn, "bob", MONDAY, **WHO, reason="wrong day"),
    )


def test_what_waits_is_listed_with_all_that_was_asked(office):
    """By session and then pupil, whatever the order in which it was recorded."""
    answer = office.ask(Approvals())
    assert answer.document["pending"] == 4
    row = rows(office)["ann", "08"]
    shown = {key: row[key] for key in answer.listing.header}
    assert shown == {
        "batch": "b1", "upn": "U-ann", "name": "Ann Able", "session": MONDAY, "original": "I",
        "code": "O", "grounds": ["late", "many"], "reason": "seen in town",
        "requested_at": "2025-09-11T09:00:00Z", "requested_by": "Mrs Register",
        "requested_title": "Officer", "stands": "I", "stale": False, "decision": None,
        "decided_at": None, "decided_by": None, "decided_title": None, "decided_reason": None,
    }  # fmt: skip
    assert answer.listing.flat()[0]["grounds"] == "late many"


def test_what_was_decided_is_listed_on_request(office):
    """With who decided, when and why; what waits no longer is not listed without it."""
    decide(office)
    assert set(rows(office)) == {("bob", "09")}
    found = rows(office, all_=True)
    told = ("decision", "decided_by", "decided_reason")
    assert {key: tuple(row[name] for name in told) for key, row in found.items()} == {
        ("ann", "08"): ("approved", "Mr Teacher", None),
        ("ann", "09"): ("declined", "Mr Teacher", "no proof"),
        ("bob", "08"): ("withdrawn", "Mrs Register", "wrong day"),
        ("bob", "09"): (None, None, None),
    }
    assert found["ann", "08"]["decided_at"] == "2025-09-12T09:00:00Z"
    assert found["ann", "08"]["stands"] == "O"
    assert not found["ann", "08"]["stale"]


def test_every_answer_is_as_known(office):
    """Before the request, after it, after the decision; by position as by time."""
    head = decide(office)
    times = ("2025-09-10T12:00Z", "2025-09-11T12:00Z", "2025-09-12T12:00Z")
    assert [len(rows(office, known_at=at, all_=True)) for at in times] == [0, 4, 4]
    assert [len(rows(office, known_at=at)) for at in times] == [0, 4, 1]
    assert [len(rows(office, position=head - n)) for n in (0, 1, 2, 4)] == [1, 2, 3, 4]


def test_one_batch_or_pupil_may_be_asked_for(office):
    """A request may follow one that was declined: both are there, each with its own end."""
    decide(office)
    office.add(DECIDED, asked("ann", TUESDAY, "G", "b2"))
    assert set(rows(office, batch="b2")) == {("ann", "09")}
    assert set(rows(office, pupil="U-bob", all_=True)) == {("bob", "08"), ("bob", "09")}
    found = office.ask(Approvals(pupil="U-ann", all_=True)).rows()
    ends = [(r["batch"], r["decision"]) for r in found if r["session"] == TUESDAY]
    assert ends == [("b1", "declined"), ("b2", None)]


def test_a_request_about_a_mark_that_changed_since_is_marked(office):
    """In words, with what stands now; one of no mark at all too."""
    changed = MarkAmended(original="I", code="M", reason="letter", **WHO)
    office.add(DECIDED, on_mark("ann", MONDAY, changed), asked("cy", "2025-09-08/PM"))
    assert rows(office)["ann", "08"]["stale"]
    text = said(office, Approvals())
    assert "I -> O * (M stands now)" in text
    assert "I -> O * (no mark stands now)" in text
    assert "* The mark has changed since" in text


def said(book, question):
    """All that is to be read of an answer."""
    found = []
    for block in book.ask(question).blocks:
        if hasattr(block, "lines"):
            found += block.lines
        else:
            found += [block.title, *map(" | ".join, block.rows), *block.notes]
    return "\n".join(found)


def test_the_words_say_who_asked_why_and_what_became_of_it(office):
    """One table a batch and reason."""
    assert "4 amendments wait for approval" in said(office, Approvals())
    decide(office)
    text = said(office, Approvals(all_=True))
    assert "1 amendment waits for approval" in text
    title = "Batch b1, asked for by Mrs Register (Officer), 2025-09-11 10:00: seen in town"
    assert text.count(title) == 1
    held = "I -> O | late, many at once"
    assert f"{held} | approved by Mr Teacher (Teacher), 2025-09-12 10:00" in text
    assert "declined by Mr Teacher (Teacher), 2025-09-12 10:00: no proof" in text
    assert f"{held} | waits" in text
    assert "what is asked for does not count; what stands does." in text


def test_nothing_asked_is_said_so(school, empty):
    """Nothing waits; nothing was ever asked; nothing is known."""
    assert "no amendment waits for approval" in said(school, Approvals())
    assert "nothing was requested" in said(school, Approvals(all_=True))
    assert empty.ask(Approvals()).document["knows_nothing"] is True


def test_decided_alone_needs_no_warning(office):
    """Once nothing waits, nothing is said about what counts until then."""
    decide(office)
    office.add(DECIDED, decided(AmendmentDeclined, "bob", TUESDAY))
    text = said(office, Approvals(all_=True))
    assert "0 amendments wait for approval" in text
    assert "Until it is approved" not in text


# -- where a wait is shown --------------------------------------------------------------------


def waiting(book, **given):
    """What `pending` returns."""
    with view.open_view(book.folder, PointInTime(**given), lambda: NOW) as opened:
        found = pending_amendments(opened)
        return found, [(opened.open(p.reason), opened.open(p.job_title)) for p in found]


def test_pending_gives_what_other_answers_need(office):
    """Sealed texts stay sealed; in order of session."""
    found, said = waiting(office)
    assert [p.session for p in found] == [MONDAY, MONDAY, TUESDAY, TUESDAY]
    assert [p.pupil for p in found] == sorted(p.pupil for p in found[:2]) * 2
    first = found[0]
    assert isinstance(first, Request)
    assert (first.batch, first.original, first.code, first.by) == ("b1", "I", "O", "s1")
    assert first.grounds == ("late", "many")
    assert (first.minutes_late, first.nature, first.position > 0) == (None, None, True)
    assert said == [("seen in town", "Officer")] * 4
    assert is_sealed(first.reason)
    assert is_sealed(first.job_title)
    decide(office)
    assert [p.session for p in waiting(office)[0]] == [TUESDAY]


WAITS = "requested amendments wait for approval; what is asked for does not count yet"


FIGURES = (
    Rates(on=ON), Rates(on=ON, by="code"), Rates(on=ON, by="registration"),
    PersistentAbsence(on=ON), Today(on=ON),
)  # fmt: skip


@pytest.mark.parametrize("question", FIGURES)
def test_a_wait_is_shown_beside_figures(office, question):
    """As a number in the document and a line beneath; none where nothing waits."""
    assert office.ask(question).document["pending"] == 4
    assert f"4 {WAITS}" in said(office, question)
    decide(office)
    assert office.ask(question).document["pending"] == 1
    assert "1 requested amendment waits for approval" in said(office, question)
    office.add(DECIDED, decided(AmendmentDeclined, "bob", TUESDAY))
    assert "pending" not in office.ask(question).document
    assert "for approval" not in said(office, question)


@pytest.mark.parametrize(
    ("question", "number"),
    [
        (Rates(on=ON, pupil="U-ann"), 2),
        (Rates(on=ON, group="9B"), 0),
        (Rates(on=date(2025, 9, 8)), 2),
        (Rates(on=ON, from_=date(2025, 9, 9)), 2),
        (Rates(on=ON, from_=date(2025, 9, 10)), 0),
        (Today(on=ON, pupil="U-ann"), 2),
        (Today(on=ON, group="9B"), 0),
        (Today(on=date(2025, 9, 14)), 4),
    ],
)
def test_waits_of_those_asked_about_are_counted(office, question, number):
    """Figures: on their own cells only; today: of any day, and on a Sunday those of everybody."""
    assert office.ask(question).document.get("pending", 0) == number


def test_status_says_how_many_wait(office):
    """A line more, and a number more."""
    assert office.ask(Status(on=ON)).document["pending"] == 4
    assert "Pending      4 amendments to approve or decline" in said(office, Status(on=ON))


def test_a_wait_in_the_window_is_an_obstacle(school):
    """Outside it, it is none; once declined, it is none."""
    week = [f"2025-09-{day:02}/{half}" for day in range(8, 13) for half in ("AM", "PM")]
    school.add(MARKED, *[marked("ann", session, "O") for session in week])

    def blockers():
        found = {r["upn"]: r for r in school.ask(Penalties(on=ON)).rows()}
        return [b for b in found["U-ann"]["blockers"] if b.startswith("pending")]

    school.add(ASKED, asked("bob", MONDAY))
    assert blockers() == []
    school.add(ASKED, asked("ann", MONDAY), asked("ann", TUESDAY))
    assert blockers() == ["pending: an amendment of 2 sessions of the window waits for approval"]
    school.add(DECIDED, decided(AmendmentDeclined, "ann", MONDAY))
    assert blockers() == ["pending: an amendment of 1 session of the window waits for approval"]


# -- policies ---------------------------------------------------------------------------------


def rule(name, value, dates="from = 2024-09-01"):
    """A rule of the school's own."""
    written = 'reference = "our policy"\nconfidence = "verified"\n'
    return f'[[rule]]\nname = "amending.{name}"\nvalue = {value}\n{dates}\n{written}'


OWN = "\n".join([
    rule("approval_more_than", "3", "from = 2025-09-10\nuntil = 2025-12-19"),
    rule("approval_when_relied_on", "true"),
    rule("approver_roles", '["head", "authoriser"]'),
])  # fmt: skip


def adopted(name, since, text):
    """An adoption."""
    return Fact(streams.policy(), PolicyAdopted(policy=name, since=since, text=text, **WHO))


@pytest.fixture
def governed(school):
    """A policy from 9 September, the statute alone from 1 October, and the model from then on."""
    school.add(MARKED, adopted("own", date(2025, 9, 9), OWN))
    text = school_packs.shipped("second-person")
    school.add(
        ASKED,
        adopted("statute-only", date(2025, 10, 1), "# nothing"),
        adopted("second-person", date(2025, 10, 1), text),
    )
    return school


def in_force(book, **given):
    """The policy and its values on a day."""
    found = book.ask(PolicyInForce(**given)).document
    return found["policy"], {r["key"].split(".")[1]: r["value"] for r in found["rows"]}


def test_what_applies_on_a_day(governed):
    """The day before the first, the first, the last, and the day after; a rule's own first day."""
    rest = {"approval_when_relied_on": True, "approver_roles": ["head", "authoriser"]}
    assert in_force(governed, on=date(2025, 9, 8)) == (None, {})
    assert in_force(governed, on=date(2025, 9, 9)) == ("own", rest)
    whole = ("own", {"approval_more_than": 3, **rest})
    assert in_force(governed, on=date(2025, 9, 10)) == whole
    assert in_force(governed, on=date(2025, 9, 30)) == whole
    assert in_force(governed, on=date(2025, 10, 1))[0] == "second-person"


def test_what_applies_is_as_known(governed):
    """Before the second adoption was recorded, the first had no end."""
    early = {"on": date(2025, 10, 1), "known_at": "2025-09-10T12:00Z"}
    assert in_force(governed, **early)[0] == "own"
    found = governed.ask(PolicyInForce(**early)).rows()
    assert {r["until"] for r in found} == {"2025-12-19", None}


def test_a_rule_has_the_days_on_which_it_applies(governed):
    """Within those of the policy: from its adoption, to the day before the next one."""
    document = governed.ask(PolicyInForce(on=ON)).document
    days = [(r["from"], r["until"]) for r in document["rows"]]
    assert days == [("2025-09-10", "2025-09-30")] + [("2025-09-09", "2025-09-30")] * 2
    assert document["adopted_by"] == {"staff": "s1", "name": "Mrs Register", "title": "Officer"}
    assert (document["text"], document["since"]) == (OWN, "2025-09-09")
    text = said(governed, PolicyInForce(on=ON))
    assert "Policy own, from 2025-09-09, adopted by Mrs Register (Officer)" in text
    assert "approval_when_relied_on | yes | a second person approves where a notice" in text
    assert "approver_roles | head, authoriser | who may approve | from 2025-09-09 to" in text
    assert "approval_more_than | 3 |" in text


def test_an_open_rule_has_no_end(governed):
    """Of the policy that applies still."""
    text = said(governed, PolicyInForce(on=date(2025, 10, 1)))
    assert "| from 2025-10-01 | model policy" in text


def test_no_policy_is_said_so(school, empty):
    """The statute restricts nobody, where its words are; before them, none are named."""
    on = PolicyInForce(on=ON)
    words = "no policy: the statute restricts nobody (SI 2024/208 reg 6(1)), and all applies"
    assert words in said(school, on)
    old = PolicyInForce(on=date(2000, 1, 1), from_=date(2000, 1, 1))
    assert "the statute restricts nobody, and all applies" in said(school, old)
    assert empty.ask(on).document["knows_nothing"] is True
    assert "it knows nothing" in said(empty, on)
    assert words in said(school, PoliciesAdopted(on=ON))
    assert empty.ask(PoliciesAdopted(on=ON)).document["knows_nothing"] is True


def test_an_empty_policy_is_no_less_a_policy(school):
    """It has no rule; all that the statute allows applies at once."""
    school.add(MARKED, adopted("own", date(2025, 9, 9), "# nothing"))
    assert in_force(school, on=ON) == ("own", {})
    assert "It has no rule in force" in said(school, PolicyInForce(on=ON))
    school.add(MARKED, adopted("off", date(2025, 9, 10), OWN.replace("= true", "= false")))
    assert in_force(school, on=ON)[1]["approval_when_relied_on"] is False
    assert "approval_when_relied_on | no |" in said(school, PolicyInForce(on=ON))


def test_every_adoption_is_listed(governed):
    """From when to when, by whom; one that another took the place of from the same day."""
    found = governed.ask(PoliciesAdopted(on=ON)).rows()
    assert [(r["policy"], r["from"], r["until"], r["replaced"]) for r in found] == [
        ("own", "2025-09-09", "2025-09-30", False),
        ("statute-only", "2025-10-01", None, True),
        ("second-person", "2025-10-01", None, False),
    ]
    text = said(governed, PoliciesAdopted(on=ON))
    assert "3 adoptions of a policy" in text
    assert [(r["recorded_at"], r["name"]) for r in found[:1]] == [(iso(MARKED), "Mrs Register")]
    when = f"{local(MARKED):%Y-%m-%d %H:%M}"
    assert f"own | 2025-09-09 | 2025-09-30 | {when} | Mrs Register (Officer)" in text
    assert "statute-only | 2025-10-01 | replaced from the same day | 2025-" in text
    assert "Shipped, to adopt or to copy: second-person, statute-only." in text
