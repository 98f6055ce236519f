"""Names of streams: deterministic, and readable back into their keys."""

from datetime import date

from ledger.events import streams
from ledger.values import Session

SESSION = Session(date(2026, 11, 20), "AM")

NAMES = {
    "staff:S1": streams.staff("S1"),
    "pupil:p": streams.pupil("p"),
    "parent:A1": streams.parent("A1"),
    "relation:p:A1": streams.relation("A1", "p"),
    "mark:p:2026-11-20/AM": streams.mark("p", SESSION),
    "plan:p:2026-11-20/AM": streams.plan("p", SESSION),
    "register:2026-11-20/AM:7B": streams.register("7B", SESSION),
    "notices:p:A1": streams.notices("A1", "p"),
    "casework:p": streams.casework("p"),
    "policy:school": streams.policy(),
    "approval:p:2026-11-20/AM": streams.approval("p", SESSION),
    "evidence:p:b": streams.evidence("p", "b"),
    "undercut:p": streams.undercut("p"),
    "uncounted:p": streams.uncounted("p"),
    "leave:p:r": streams.leave("p", "r"),
    "disclosure:p": streams.disclosure("p"),
    "disclosure:school": streams.disclosure(None),
    "audit:school": streams.audit(),
    "redaction:school": streams.redaction(),
    "rules:abc": streams.rules("abc"),
}


def test_names_are_as_promised():
    """A name never changes: stored events would no longer be found."""
    assert list(NAMES) == list(NAMES.values())


def test_a_name_splits_into_its_keys():
    """At most three pieces, so that the last may hold a colon."""
    assert streams.parts("mark:p:2026-11-20/AM") == ["mark", "p", "2026-11-20/AM"]
    assert streams.parts("register:2026-11-20/AM:7B: French") == [
        "register",
        "2026-11-20/AM",
        "7B: French",
    ]


def test_the_subject_is_whose_data_the_facts_are():
    """Staff and parents stand for themselves; everything else is about a pupil."""
    about_pupil = [name for name in NAMES if name.split(":")[1] == "p"]
    assert {streams.subject(name) for name in about_pupil} == {"p"}
    assert len(about_pupil) == 12
    about_nobody = [name for name in NAMES if name.endswith(":school")]
    assert {streams.subject(name) for name in about_nobody} == {"school"}
    assert streams.subject("staff:S1") == "staff:S1"
    assert streams.subject("parent:A1") == "parent:A1"


def test_pupil_ids_say_nothing_and_never_repeat():
    """Eleven of thirty-two characters that cannot be mistaken for each other."""
    made = {streams.new_id() for _ in range(3000)}
    assert len(made) == 3000
    assert {len(pupil_id) for pupil_id in made} == {11}
    assert set("".join(made)) == set("abcdefghijkmnpqrstuvwxyz23456789")
    assert not set("lo01") & set("".join(made))
