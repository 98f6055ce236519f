"""A cancellation that came by an import with the marks that it replaced: one answer everywhere.

What stood before the code of a cancelled session is the version that it replaced, even one that
the same command recorded.
"""

import pytest

from tests.cli.shell import ROOT, done, run

SESSION = "2026-11-18/PM"
DAY = ("--from", "2026-11-18", "--on", "2026-11-18")
PUT_BACK = "2 amended: 2 of Y4 to \\"
FIRST_MARKS = "5 left as they are, where nothing stood before: a mark is never blanked"


@pytest.fixture
def number(tmp_path, monkeypatch, at):
    """The example school, and the batch in which its marks came; Wednesday's boiler failed."""
    at("2026-11-23T12:00")
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "imported"))
    done("init", "--staff", "H01", "--name", "Hope Headworth", "--job-title", "Headteacher")
    done("import", "portable", ROOT / "fixtures" / "portable")
    monkeypatch.setenv("ATTENDANCE_AS", "H01")
    page = run("history", "1001", SESSION).out
    assert "Stated before    \\: Present, afternoon" in page
    return page.split("in batch ")[-1].split()[0]


def standing():
    """Return the figures of the day: who was there, and who has no mark that counts."""
    total = run("rates", *DAY, "--json").json["rows"]
    return [(row["upn"], row["attended"]) for row in total]


def alert():
    """Return of each row of the alert: marks, first marks and batches."""
    rows = run("alerts", "--json").json["rows"]
    return [(row["marks"], row["nothing_before"], row["batches"]) for row in rows]


@pytest.mark.usefixtures("number")
def test_a_withdrawal_puts_back_what_the_cancellation_replaced():
    """At once, of the two whose mark the same import restated; the reason says so."""
    withdraw = ("closures", "withdraw", "2026-11-18", "--put-back", "--reason", "Wrong day")
    dry = run(*withdraw, "--dry-run").out
    assert f"Ada Testerby {SESSION}: Y4 -> \\ (amendment)" in dry
    said = done(*withdraw).out
    for out in (dry, said):
        assert PUT_BACK in out
        assert FIRST_MARKS in out
        assert f"  Ada Testerby {SESSION}\n" not in out
    page = run("history", "1001", SESSION).out
    assert "put back to what stood before the cancellation in batch" in page
    assert sum(marks for marks, *_ in alert()) == 5


def test_alerts_withdrawal_and_put_back_say_the_same(number):
    """Two had another code before, five are first marks; put-back mends the two and no other."""
    refused = run("put-back", number, "--reason", "Wrong day")
    assert "2 left, session 2026-11-18/PM was cancelled" in refused.err
    said = done("closures", "withdraw", "2026-11-18", "--reason", "Wrong day").out
    assert f"2 had another code before: attendance put-back {number} --reason" in said
    assert "5 are first marks: attendance amend" in said
    assert alert() == [(4, 2, [int(number)]), (3, 3, [])]
    said = done("put-back", number, "--reason", "Wrong day").out
    assert PUT_BACK in said
    assert "128 left as they are, where nothing stood before" in said
    assert "6 left as they are, entered and changed by the same command" in said
    assert alert() == [(2, 2, []), (3, 3, [])]
    assert "I: Illness" in run("history", "N999200018003", "2026-11-09/AM").out


def test_what_an_import_entered_and_amended_is_never_put_back(number):
    """Its amendments are the source's own history, although first marks came with them."""
    done("closures", "withdraw", "2026-11-18", "--put-back", "--reason", "Wrong day")
    refused = run("put-back", number, "--reason", "Wrong day")
    assert refused.code == 1
    assert "6 left, entered and changed by the same command" in refused.err
    assert "2 left, as before already" in refused.err
