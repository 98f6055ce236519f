"""Kinds of steps with a family: the data that is shipped, and what is refused."""

import pytest

from policies.packs import kinds as table
from policies.packs.kinds import kinds, laid_together, read_kinds
from policies.packs.roles import acts
from tests.ledger.refusals import refused_with
from tests.policies.answers import cases

ROW = """
[[kind]]
name = "home-reading"
label = "Reading at home"
reference = "a school's own policy"
"""
TWIN = """
words = ["Home Reading"]
[[kind]]
name = "reading"
label = "Reading"
reference = "a school's own policy"
words = ["home reading"]
"""


def read(text, group="own"):
    return laid_together(read_kinds(text, group), ())


@pytest.mark.cases("casework/support")
def test_a_kind_counts_as_the_framework_says(case):
    """Plans and provision by themselves, occasions by what was agreed there."""
    kind = kinds().get(case["given"]["kind"])
    counted = {name: counts for name, counts in kind.outcomes.items() if counts != "no"}
    assert {"alone": kind.counts, "outcomes": counted} == case["expect"]


def test_no_other_kind_counts_as_anything():
    named = {case["given"]["kind"] for case in cases("casework/support")}
    silent = [each for each in kinds().by_name.values() if each.name not in named]
    assert {(each.counts, *each.outcomes.values()) for each in silent} <= {
        ("no",) * n for n in range(12)
    }
    assert "letter" in {each.name for each in silent}


def test_every_kind_is_found_by_its_name_and_by_each_of_its_words():
    """However it is written; what follows is what is said besides."""
    for kind in kinds().by_name.values():
        for word in (kind.name, *kind.words):
            assert kinds().find(f" {word.upper()}: sent.") == (kind, "sent")


def test_the_words_of_the_data_are_written_as_they_are_compared():
    words = [word for each in kinds().by_name.values() for word in each.words]
    words += [word for each in kinds().outcomes for word in each.words]
    assert [word for word in words if table.plain(word) != word] == []


def test_whoever_may_record_a_kind_is_a_role_that_exists():
    roles = {"staff", "safeguarding", *acts().opening}
    assert {who for each in kinds().by_name.values() for who in each.may} <= roles


@pytest.mark.parametrize(
    ("step", "name", "rest"),
    [
        ("Letter 2", "letter-2", ""),
        ("letter 22", "letter", "22"),
        ("penalty notice warning sent", "warning", "sent"),
        ("Penalty Notice", "penalty-notice-asked", ""),
        ("home visit - agreed", "home-visit", "agreed"),
        ("clinic", None, "clinic"),
        ("", None, ""),
    ],
)
def test_the_longest_word_says_which_kind_it_is(step, name, rest):
    found, after = kinds().find(step)
    assert (found and found.name, after) == (name, rest)


def test_a_step_needs_what_its_kind_and_its_outcome_need():
    call = kinds().get("first-day-call")
    assert call.needed("no answer") == call.needed(None) == ("at", "with", "outcome")
    assert call.needed("reached") == ("at", "with", "outcome", "whereabouts", "seen")


def test_a_kind_is_known_by_another_word_too():
    assert kinds().get("wake up call").name == "call"


def test_an_unknown_kind_is_refused_with_those_that_look_alike():
    with refused_with("kind-unknown", match="no kind of step 'support-group'") as refused:
        kinds().get("support-group")
    assert "support-plan" in refused.value.remedy
    with refused_with("kind-unknown") as refused:
        kinds().get("zebra")
    assert refused.value.remedy == "attendance casework kinds lists all"


def test_a_kind_needs_only_a_name_a_label_and_where_it_is_from():
    (kind,) = read(ROW).by_name.values()
    assert (kind.group, kind.may, kind.counts, kind.needed("done")) == (
        "own",
        ("staff",),
        "no",
        (),
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('needs = ["colour"]', "'needs' names 'colour', which it does not ask"),
        ('outcomes = { "seen" = "no" }\nneeds_when = { "seen" = ["who"] }',
         "'needs' names 'who', which it does not ask"),
        ('needs_when = { "seen" = ["notes"] }', "'needs_when' names 'seen', which is none"),
        ('asks = { notes = "what was said" }', "'asks' has 'notes', which every step has"),
        ("may = []", "'may' names nobody"),
        ("adjusts = true", "'adjusts' and 'longest_weeks' go together"),
        ("longest_weeks = 6", "'adjusts' and 'longest_weeks' go together"),
        ('adjusts = true\nlongest_weeks = 6\nneeds = ["with"]',
         "a plan that adjusts what counts needs with, from, to, sessions, next-review"),
        ("review_within_days = 5", "'review_within_days' is of no review"),
        ('opens = "nothing"', "'opens' names 'nothing', which is no kind"),
        ('outcomes = { "kept" = "yes" }', "'outcomes' is not"),
        ('colour = "red"', "unknown key 'colour'"),
        (TWIN, "kind reading: 'home reading' is a word of home-reading already"),
        (ROW, "kind home-reading: 'home reading' is a word of home-reading already"),
    ],
)  # fmt: skip
def test_a_faulty_kind_is_refused_by_file_name_and_key(more, fault):
    with refused_with("pack-invalid") as refused:
        read(ROW + more)
    assert fault in refused.value.what
    assert "policies/casework/README.md" in refused.value.remedy
