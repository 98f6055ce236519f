"""A second person's approval from the shell: adopt, ask, look, approve; and what is refused."""

import pytest

from tests.cli.shell import done, refused, run

OWN = """
[[rule]]
name = "amending.approval_after_school_days"
value = 0
from = 2026-09-01
reference = "our policy, 1"
confidence = "verified"
"""


@pytest.mark.usefixtures("small")
def test_from_the_policy_to_the_amendment(at, tmp_path):
    """The question and the commands share their first word; each answers for itself."""
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    at("2026-11-19T08:50")
    done("mark", "P1", "2026-11-19/AM", "I")
    at("2026-11-20T16:00")
    done("staff", "add", "hh", "--name", "Hal Hope", "--job-title", "Head", "--role", "head")
    said = run("policy", "adopt", path, "--from", "2026-11-20")
    assert said.out == "the policy own applies from 2026-11-20\n"
    assert "our policy, 1" in run("policy").out
    assert run("policy", "list", "--json").json["rows"][0]["policy"] == "own"
    ask = ("amend", "--pupil", "P1", "--session", "2026-11-19/AM", "--code", "O", "--reason", "x")
    done(*ask)
    row = run("approvals", "--json").json["rows"][0]
    assert (row["original"], row["code"], row["grounds"]) == ("I", "O", ["late"])
    assert "a second person decides" in refused("approvals", "give", row["batch"])
    given = run("--as", "hh", "approvals", "give", row["batch"], "--session", "2026-11-19/AM")
    assert given.out.startswith("Ada Quill 2026-11-19/AM: I -> O, asked for by Mo Marsh")
    assert run("approvals", "--json").json["rows"] == []
    assert "approved by Hal Hope (Head)" in run("approvals", "--all").out
    table = run("approvals", "--all", "--csv").out.splitlines()
    assert table[0].startswith("batch,upn,name,session,original,code,grounds")
    assert ",late,x," in table[1]


@pytest.mark.usefixtures("small")
def test_a_policy_that_is_not_one_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("approval_after", "approve_after"))
    assert refused("policy", "adopt", path, "--from", "2026-11-20").startswith(
        "refused: own.toml: amending.approve_after_school_days: unknown key"
    )
    late = run("policy", "adopt", "second-person", "--from", "2026-11-19")
    assert "that day is past" in late.err
    assert run("policy", "list", "--json").json["rows"] == []
