"""`policy adopt`: the school's own policy, word for word, from a day on."""

import io
from datetime import date

import pytest

from commands.amending.policy import AdoptPolicy
from commands.core.execute import look
from commands.school.staff import AddStaff
from ledger.events.amending import PolicyAdopted
from policies.packs import school as school_packs
from tests.commands.conftest import HAL, policy, refusal

TODAY = date(2026, 11, 20)
OWN = policy(approval_more_than=3, approver_roles=["head"])


def adopt(name="second-person", since=TODAY):
    """Adopt a shipped policy, or a file."""
    return AdoptPolicy(policy=str(name), from_=since).load(io.StringIO())


@pytest.fixture
def desk(desk):
    """The head is at the desk: whom a policy restrains does not adopt one."""
    return desk.by("head")


@pytest.fixture
def own(tmp_path):
    """Write a policy of the school's own to a file."""
    path = tmp_path / "our-policy.toml"
    path.write_text(OWN, encoding="utf-8-sig")
    return path


def test_a_shipped_policy_is_recorded_word_for_word(desk):
    """With who adopted it; from today on."""
    ((stream, event),) = desk.recorded(adopt())
    assert stream == "policy:school"
    text = school_packs.shipped("second-person")
    assert event == PolicyAdopted(policy="second-person", since=TODAY, text=text, **HAL)


def test_a_file_is_adopted_by_its_name(desk, own):
    """Its text without the mark that some editors put first."""
    [event] = desk.events(adopt(own))
    assert (event.policy, event.text) == ("our-policy", OWN)


def test_the_policy_before_ends_on_the_day_before(desk, own):
    """So it is told, and so the school holds it; one of the same day is replaced."""
    assert desk.do(adopt()).says == ("the policy second-person applies from 2026-11-20",)
    said = desk.do(adopt(own, date(2026, 11, 23))).says
    assert said[1:] == ("the policy before it, second-person, ends on 2026-11-22",)
    said = desk.do(adopt("statute-only", date(2026, 11, 23))).says
    assert said[1:] == ("the policy before it, our-policy, is replaced on 2026-11-23",)
    on = look(desk.context, lambda state: state.school.policy_on)
    assert [on(date(2026, 11, d)) and on(date(2026, 11, d)).policy for d in (19, 20, 22, 23)] == [
        None, "second-person", "second-person", "statute-only",
    ]  # fmt: skip


def test_the_same_again_records_nothing(desk):
    """Nor does it from a later day, while it applies."""
    desk.do(adopt())
    assert desk.recorded(adopt(since=date(2026, 11, 25))) == []


def test_roles_that_nobody_holds_are_told(desk, own):
    """Such a policy is adopted all the same: somebody may be given the role later."""
    own.write_text(OWN.replace('["head"]', '["trust", "auditor"]'))
    assert desk.do(adopt(own)).says[1:] == (
        "note: nobody on the staff is trust or auditor on 2026-11-20 (amending.approver_roles)",
    )


def test_a_policy_does_not_apply_backwards(desk):
    """Not from yesterday: what was amended since was amended without it."""
    desk.refused(adopt(since=date(2026, 11, 19)), "policy-backwards")


def test_a_policy_adopted_for_a_far_day_stands_in_the_way_of_none(desk):
    """A mistyped year does not close the door: the earlier one applies until that day."""
    desk.do(adopt(since=date(2099, 1, 1)))
    desk.do(adopt("statute-only", date(2026, 11, 30)))
    days = (date(2026, 11, 29), date(2026, 11, 30), date(2098, 12, 31), date(2099, 1, 1))
    found = [look(desk.context, lambda state, d=day: state.school.policy_on(d)) for day in days]
    names = [each and each.policy for each in found]
    assert names == [None, "statute-only", "statute-only", "second-person"]
    desk.do(adopt("statute-only", date(2099, 1, 1)))
    after = look(desk.context, lambda state: state.school.policy_on(date(2099, 1, 1)))
    assert after.policy == "statute-only"


def test_a_policy_that_is_not_valid_is_refused_with_every_fault(desk, own):
    """The file and the key are named."""
    own.write_text(OWN.replace("value = 3", "value = -3").replace("approver_roles", "approver"))
    found = desk.refused(adopt(own), "policy-invalid")
    assert found.what.startswith("our-policy.toml: amending.approval_more_than from 2024-08-19: ")
    assert "amending.approver: unknown key" in found.what


def test_a_role_that_does_not_exist_is_refused(desk, own):
    """It would be nobody's: the roles that there are follow."""
    own.write_text(OWN.replace('["head"]', '["heads"]'))
    found = desk.refused(adopt(own))
    assert found.what == (
        "our-policy.toml: amending.approver_roles from 2024-08-19: 'heads' is not a role"
    )
    assert "attendance_officer" in found.remedy


def test_what_cannot_be_read_is_refused(tmp_path):
    """No such policy or file, a folder, bytes that are no text."""
    for name in ("nothing", tmp_path):
        found = refusal(adopt, name)
        assert found.code == "policy-unknown"
        assert "second-person, statute-only" in found.remedy
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# caf\xe9")
    assert refusal(adopt, path).what == "latin.toml: is not UTF-8"


def test_only_the_head_or_whom_the_head_authorises_adopts_one(desk):
    """An attendance officer whom the policy restrains does not lift it; an authoriser may."""
    desk.do(adopt())
    desk.do(AddStaff(staff_id="aa", name="Al Aske", job_title="Deputy", role=("authoriser",)))
    found = desk.by("mm").refused(adopt("statute-only"), "not-authorised")
    assert found.what == (
        "Mo Marsh holds none of the roles that may adopt a policy: head, authoriser"
    )
    assert len(desk.by("aa").recorded(adopt("statute-only"))) == 1


def test_whoever_adopts_it_is_named(desk):
    """Nobody's policy is none."""
    desk.by(None).refused(adopt(), "author-missing")
    assert AdoptPolicy.__doc__.startswith("attendance policy adopt:")
