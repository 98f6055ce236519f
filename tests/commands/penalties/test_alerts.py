"""`alerts sent` and `alerts dismiss`: who may, what is kept, what is refused."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.penalties.alerts import DismissAlert, SendAlert
from ledger.events import streams
from ledger.events.penalties import AlertSettled
from ledger.events.school import StaffChanged
from ledger.store.facts import Fact
from ledger.values import parse_session
from tests.commands.conftest import taken_back_by
from tests.commands.meanwhile import tries
from tests.commands.penalties.undercut_changes import BY, Facts, disclosed, founded, notice
from tests.projections import ledgers

SESSION = "2026-09-07/AM"
ON = date(2026, 11, 20)


@pytest.fixture
def desk(tmp_path):
    """The head, with one alert on record."""
    found = founded(tmp_path / "ledger", ledgers.marked("ann", SESSION, "O"), notice())
    found.do(amend("I"))
    return found


def amend(code):
    return AmendMarks(pupil="U-ann", session=parse_session(SESSION), code=code, reason="r")


def number(desk):
    """The number of the newest alert: the position of its event."""
    return desk.log()[-1][0]


def sent(alert, **more):
    return SendAlert(alert=alert, **{"to": " Marsh Council ", "on": ON} | more)


def test_what_was_sent_is_kept_with_to_whom_and_by_whom(desk):
    """On the pupil's stream, the recipient sealed."""
    alert = number(desk)
    ((stream, event),) = desk.recorded(sent(alert))
    assert stream == "undercut:ann"
    assert event == AlertSettled(alert=alert, outcome="sent", to="Marsh Council", on=ON, **BY)


def test_an_alert_is_dismissed_with_a_reason(desk):
    """Nothing is sent, and why is kept; the answer names the pupil."""
    alert = number(desk)
    outcome = desk.do(DismissAlert(alert=alert, reason="the notice was withdrawn by telephone"))
    entry, _, event = desk.log()[-1]
    assert outcome.says == (
        f"alert {alert} (ann Quill): recorded as dismissed",
        taken_back_by("settlement of an alert", entry),
    )
    assert event == AlertSettled(
        alert=alert, outcome="dismissed", reason="the notice was withdrawn by telephone", **BY
    )


def test_an_alert_is_settled_once(desk):
    """Either way; another alert of the same pupil is open still."""
    first = number(desk)
    desk.do(amend("O"))
    second = number(desk)
    desk.do(sent(first))
    for again in (sent(first), DismissAlert(alert=first, reason="r")):
        refused = desk.refused(again, "alert-settled")
        assert refused.what == f"alert {first} is settled already: sent"
    assert len(desk.recorded(sent(second))) == 1


@pytest.mark.parametrize("alert", [-1, 0, 1, 10_000])
def test_a_number_that_is_of_no_alert_is_refused(desk, alert):
    """Of another event, or beyond the log."""
    assert "attendance alerts" in desk.refused(sent(alert), "alert-unknown").remedy


def test_what_is_missing_or_ahead_is_refused(desk):
    """A recipient, a reason, a day that has come, a name."""
    alert = number(desk)
    desk.refused(sent(alert, to=" "), "to-missing")
    desk.refused(sent(alert, on=date(2026, 11, 21)), "future")
    desk.refused(DismissAlert(alert=alert, reason=""), "reason-missing")
    desk.by(None).refused(sent(alert), "author-missing")


def test_only_who_is_authorised_may_settle(desk):
    """The teacher is refused, and everybody where no role is on record at all."""
    alert, teacher = number(desk), desk.by("s2")
    teacher.refused(sent(alert), "not-authorised", "Ola Reed")
    plain = StaffChanged(name="Mo Marsh", job_title="Head")
    desk.do(Facts(facts=tuple(Fact(streams.staff(who), plain) for who in ("s1", "s2"))))
    for who in ("s1", "s2"):
        found = desk.by(who).refused(sent(alert), "not-authorised")
        assert "(s1), the first member of staff, may give it" in found.remedy


def test_alerts_of_two_pupils_do_not_meet(tmp_path):
    """Two of one pupil do."""
    marks = (ledgers.marked(pupil, SESSION, "O") for pupil in ("ann", "bob"))
    disclosures = (disclosed(pupil) for pupil in ("ann", "bob"))
    desk = founded(tmp_path / "ledger", *marks, *disclosures)
    alerts = []
    for pupil, code in (("ann", "I"), ("bob", "I"), ("ann", "M"), ("ann", "O")):
        session = parse_session(SESSION)
        desk.do(AmendMarks(pupil=f"U-{pupil}", session=session, code=code, reason="r"))
        alerts.append(number(desk))
    ann, bob, again, last = alerts
    assert tries(desk, sent(ann), sent(bob)) == 1
    assert tries(desk, sent(again), sent(last)) == 2
