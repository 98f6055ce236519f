"""Names in an audit, as a person asks for them: with a reason, on record before they are shown."""

import pytest

from ledger.store.folder import Folder
from tests.cli.shell import run

ASKED = ("audit", "--only", "absent-to-present", "--from", "2026-09-01")


def test_the_head_sees_names_and_the_look_is_recorded_first(own):
    before = Folder(own).head()
    shown = run("--ledger", own, "--as", "H01", *ASKED, "--names", "--reason", "asked", "--json")
    assert (shown.code, Folder(own).head() - before) == (0, 2)
    assert [look["reason"] for look in shown.json["names_shown"]] == ["asked"]
    assert all(row["by"][0]["job_title"] for row in shown.json["rows"])


def test_without_names_nothing_is_recorded(own):
    """And nobody has to say who asks."""
    before = Folder(own).head()
    shown = run("--ledger", own, *ASKED, "--json")
    assert (shown.code, Folder(own).head()) == (0, before)
    assert shown.json["rows"]
    assert not any("by" in row for row in shown.json["rows"])


@pytest.mark.parametrize(("who", "more", "said"), [
    (("--as", "H01"), ("--names",), "no reason is given"),
    (("--as", "H01"), ("--reason", "r"), "--names is not given"),
    ((), ("--names", "--reason", "r"), "nobody is named"),
    (("--as", "A01"), ("--names", "--reason", "r"), "none of the roles"),
])  # fmt: skip
def test_names_that_may_not_be_shown_are_not(own, who, more, said):
    before = Folder(own).head()
    shown = run("--ledger", own, *who, *ASKED, *more)
    assert (shown.code, shown.out, Folder(own).head()) == (1, "", before)
    assert said in shown.err
