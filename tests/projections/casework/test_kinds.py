"""`casework kinds`: what can be recorded of a family, and what it counts as."""

import pytest

from policies.packs.kinds import kinds
from projections.casework.kinds import KindsOfSteps
from projections.rendering.text import as_csv, as_text
from tests.ledger.refusals import refused_with

WORKING_TOGETHER = "Working together to improve school attendance, August 2024"


def ask(school, **asked):
    return school.ask(KindsOfSteps(**asked))


def read(answer):
    return list(as_text(answer.blocks))


def test_every_kind_is_listed_with_what_it_needs_and_counts_as(school):
    """In a table for reading, in full for a script."""
    answer = ask(school)
    rows = {row["kind"]: row for row in answer.rows()}
    assert rows.keys() == kinds().by_name.keys()
    assert rows["support-plan"] | {"outcomes": None} == {
        "kind": "support-plan", "label": "Attendance support plan", "group": "plan",
        "needs": ["with", "next-review"], "outcomes": None, "counts": "support",
        "may": ["staff"],
        "reference": f"{WORKING_TOGETHER}, facilitate support",
    }  # fmt: skip
    assert rows["support-plan"]["outcomes"]["declined"] == "offered"
    assert rows["home-visit"]["counts"] == "support where agreed"
    assert rows["letter-1"]["counts"] == ""
    assert read(answer)[0] == f"{len(rows)} kinds of steps"


def test_a_csv_has_lists_in_one_cell(school):
    lines = as_csv(ask(school, which="letter")).splitlines()
    assert lines[0] == "kind,label,group,needs,outcomes,counts,may,reference"
    assert lines[1].startswith("letter,Letter,letter,with,sent; came back,,staff,")


def test_a_group_is_listed_alone(school):
    assert {row["group"] for row in ask(school, which="meeting").rows()} == {"meeting"}


@pytest.mark.parametrize("word", ["first-day-call", "First day call", "absence call"])
def test_one_kind_is_told_in_full(school, word):
    """By its name, or any word for it."""
    assert read(ask(school, which=word))[:9] == [
        "First-day call (first-day-call), contact-out",
        "  needs      at, with, outcome",
        "  asks       whereabouts: whereabouts confirmed by whom",
        "  asks       seen: child seen or spoken to, by whom",
        "  asks       expected-back: when the child is expected back",
        "  outcome    reached (needs whereabouts, seen)",
        "  outcome    no answer",
        "  outcome    message left",
        "  outcome    wrong number",
    ]


def test_what_is_on_somebody_elses_word_or_for_few_says_so(school):
    told = read(ask(school, which="proceedings"))
    assert "  who may    head, authoriser, attendance_officer" in told
    assert "  only on the word of the local authority" in told
    assert "  its words are for the safeguarding role alone" in read(
        ask(school, which="dsl-question")
    )
    assert "  outcome    declined (offered, not taken)" in read(ask(school, which="support-plan"))
    assert not any("needs" in line for line in read(ask(school, which="attend-factors"))[2:])


def test_a_kind_that_does_not_exist_is_refused(school):
    with refused_with("kind-unknown", match="no kind of step 'zebra'"):
        ask(school, which="zebra")
