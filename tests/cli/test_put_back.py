"""A cancellation of the wrong day, found out and put back: the figures are as before."""

import re

import pytest

from tests.cli.shell import done, run

THURSDAY = "2026-11-19"
DAY = ("--from", THURSDAY, "--on", THURSDAY)


@pytest.fixture
def _taught(small):  # noqa: ARG001 - the ledger of the environment
    """Thursday was taught: three pupils with codes of their own."""
    for pupil, am, pm in (("P1", "/", "\\"), ("P2", "N", "N"), ("P3", "L", "\\")):
        done("mark", pupil, f"{THURSDAY}/AM", am)
        done("mark", pupil, f"{THURSDAY}/PM", pm)


def figures():
    return run("rates", *DAY, "--json").json["rows"]


@pytest.mark.usefixtures("_taught")
def test_a_cancellation_of_the_wrong_day_is_put_back():
    """What every command says leads to the next, and the figures are those of before."""
    before = figures()
    cancelled = done("session", "cancel", THURSDAY, "--reason", "Snow").out
    assert "6 amended: 2 of N, 2 of \\, 1 of /, 1 of L to Y4" in cancelled
    assert figures() != before
    withdrawn = done("closures", "withdraw", THURSDAY, "--reason", "Wrong day").out
    assert "6 marks still stand as Y4" in withdrawn
    [command] = re.findall(r"attendance (put-back \d+) --reason", withdrawn)
    alerts = run("alerts").out
    assert alerts.startswith("6 marks say Y4 (not held) of a session recorded as held")
    assert command.split()[1] in alerts
    assert run("today", "--on", THURSDAY, "--json").json["not_held"] == 6
    said = done(*command.split(), "--reason", "Wrong day").out
    assert "6 amended: 2 of Y4 to N, 2 of Y4 to \\, 1 of Y4 to /, 1 of Y4 to L" in said
    assert figures() == before
    assert "Nothing waits." in run("alerts").out
    rows = run("changes", *DAY, "--batch", command.split()[1], "--json").json["rows"]
    assert [row["code"] for row in rows] == ["Y4"] * 6
    page = run("history", "P3", f"{THURSDAY}/AM").out
    assert "put back to what stood before batch" in page
    assert f"in batch {command.split()[1]}" in page


@pytest.mark.usefixtures("_taught")
def test_a_cancellation_is_withdrawn_and_put_back_at_once():
    """By one command, which a dry run shows first."""
    before = figures()
    done("session", "cancel", THURSDAY, "--reason", "Snow")
    withdraw = ("closures", "withdraw", THURSDAY, "--reason", "Wrong day", "--put-back")
    assert "Cat Stone 2026-11-19/AM: Y4 -> L (amendment)" in run(*withdraw, "--dry-run").out
    assert figures() != before
    done(*withdraw)
    assert figures() == before
