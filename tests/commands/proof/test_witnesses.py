"""Witnesses: whom the school trusts; signatures asked for, checked, judged and kept."""

import io
import shutil

import pytest

from commands.proof.witnesses import AskWitness, DropWitness, TakeAnswer, TrustWitness, judge
from commands.school.staff import AddStaff
from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.events.proof import WitnessDropped, WitnessTrusted
from ledger.store.folder import Folder
from ledger.tlog.note import COSIGNATURE, new_signer
from ledger.tlog.signing import load
from ledger.transparency.cosigning import Reply, Witness
from ledger.transparency.requests import Requests
from ledger.transparency.witnesses import (
    Sighting,
    hear_witnesses,
    newest_sighting,
    trusted_witnesses,
)
from tests.commands.conftest import HAL
from tests.commands.meanwhile import tries
from tests.ledger.outsiders import LOG, NOON, OTHER, WITNESS, answering, serving

KEY = WITNESS.verifier.vkey


@pytest.fixture
def desk(desk):
    """The head, in front of the ledger."""
    return desk.by("head")


def test_a_witness_is_trusted_by_a_named_person(desk):
    expected = [("witness:school", WitnessTrusted(key=KEY, **HAL))]
    assert desk.recorded(TrustWitness(key=KEY)) == expected


def test_trusting_twice_records_nothing(desk):
    desk.do(TrustWitness(key=KEY))
    outcome = desk.do(TrustWitness(key=KEY))
    assert (outcome.header, "already" in outcome.says[0]) == (None, True)


@pytest.mark.parametrize("named", [WITNESS.name, WITNESS.verifier.key_id.hex(), KEY])
def test_a_witness_is_dropped_by_name_id_or_key(desk, named):
    desk.do(TrustWitness(key=OTHER.verifier.vkey))
    desk.do(TrustWitness(key=KEY))
    expected = [("witness:school", WitnessDropped(key=KEY, **HAL))]
    assert desk.recorded(DropWitness(witness=named)) == expected
    assert desk.refused(DropWitness(witness=named)).code == "witness-unknown"
    assert desk.do(TrustWitness(key=KEY)).header is not None


def test_what_others_record_does_not_meet_the_trust_in_a_witness(desk):
    """Somebody else joins the staff; another witness trusted meanwhile does."""
    clerk = AddStaff(staff_id="x1", name="Ida Ink", job_title="Clerk")
    assert tries(desk, TrustWitness(key=KEY), clerk) == 1
    assert tries(desk, DropWitness(witness=KEY), TrustWitness(key=OTHER.verifier.vkey)) == 2


def test_a_name_of_two_keys_needs_the_id(desk):
    """A witness that changed its key has the same name."""
    new = new_signer(WITNESS.name, b"\7" * 32, COSIGNATURE).verifier
    desk.do(TrustWitness(key=KEY))
    desk.do(TrustWitness(key=new.vkey))
    assert "several" in desk.refused(DropWitness(witness=WITNESS.name)).what
    assert desk.do(DropWitness(witness=new.key_id.hex())).header is not None


def test_somebody_must_be_named(desk):
    desk.do(TrustWitness(key=KEY))
    desk.staff_id = None
    for command in (TrustWitness(key=OTHER.verifier.vkey), DropWitness(witness=WITNESS.name)):
        assert desk.refused(command).code == "author-missing"


def test_the_key_of_a_ledger_is_refused(desk):
    """It would make the school its own witness."""
    assert desk.refused(TrustWitness(key=LOG.verifier.vkey)).code == "key-kind"


def test_the_key_is_read_from_a_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n# a remark\n")
    assert TrustWitness(key=str(path)).load(io.StringIO()).key == KEY
    path.write_text(f"{KEY}\n{OTHER.verifier.vkey}\n")
    with pytest.raises(Refused) as refused:
        TrustWitness(key=str(path)).load(io.StringIO())
    assert refused.value.code == "keys-many"


@pytest.fixture
def school(desk):
    desk.now = NOON * SECOND
    desk.do(TrustWitness(key=WITNESS.verifier.vkey))
    return desk


def looking_at(desk, state, key=WITNESS):
    return Witness(key, [load(desk.folder.signing_key).verifier], state)


@pytest.fixture
def service(school, tmp_path):
    with serving(looking_at(school, tmp_path / "state"), lambda: school.now) as running:
        yield running


def ask(desk, url):
    return AskWitness(url=url).carry_out(desk.context)


def refused(carry_out, *given):
    with pytest.raises(Refused) as caught:
        carry_out(*given)
    return caught.value


def grow(desk, staff_id="zz"):
    desk.do(AddStaff(staff_id=staff_id, name="Bo Reed", job_title="Teacher"))


def seen(desk):
    return newest_sighting(desk.folder, trusted_witnesses(desk.folder))


def test_what_is_asked_is_kept(school, service):
    head = school.folder.head()
    when = "2026-11-20 12:00:00 London"
    says = f"entries 1 to {head} were seen by {WITNESS.name} at {when}"
    assert ask(school, service.url).says == (says,)
    assert seen(school) == Sighting(head, NOON * SECOND, WITNESS.name)
    assert school.folder.head() == head  # it is about the log, outside it
    assert "already" in ask(school, service.url + "/").says[0]
    grow(school)
    assert school.folder.head() > head
    ask(school, service.url)
    assert seen(school).position == school.folder.head()
    assert not ask(school, service.url).differs


def test_a_witness_that_saw_more_recently_than_we_kept_is_asked_from_there(school, service):
    service.witness.add(Requests(school.folder).since(0).written.encode(), NOON)
    grow(school)
    assert "were seen" in ask(school, service.url).says[0]
    log = service.log.getvalue()
    assert log.index("POST 409") < log.index("POST 200")


@pytest.mark.parametrize(
    ("others", "what"), [(0, "rolled back"), (1, "rewritten"), (2, "rewritten")]
)
def test_another_history_is_an_alarm(school, service, tmp_path, others, what):
    """Shorter than what it saw, as long or longer, by the ledger's own key; nothing is kept."""
    shutil.copytree(school.folder.path, tmp_path / "old")
    grow(school)
    ask(school, service.url)
    school.folder = Folder(tmp_path / "old")
    for n in range(others):
        grow(school, f"other{n}")
    outcome = ask(school, service.url)
    assert outcome.differs
    assert what in outcome.says[0]
    assert seen(school) is None


def test_a_witness_that_is_not_trusted_does_not_count(school, tmp_path):
    with serving(looking_at(school, tmp_path / "s", OTHER), lambda: school.now) as running:
        caught = refused(ask, school, running.url)
    assert (caught.code, OTHER.name in caught.what) == ("witness-not-trusted", True)
    school.do(DropWitness(witness=WITNESS.name))
    with serving(looking_at(school, tmp_path / "t"), lambda: school.now) as running:
        assert refused(ask, school, running.url).code == "witness-not-trusted"
    assert seen(school) is None


def test_a_witness_that_does_not_know_the_ledger_says_so(school, tmp_path):
    stranger = Witness(WITNESS, [OTHER.verifier], tmp_path / "s")
    with serving(stranger, lambda: school.now) as running:
        caught = refused(ask, school, running.url)
    assert (caught.code, "404" in caught.what) == ("witness-refused", True)


def test_a_clock_that_is_ahead_is_refused(school, tmp_path):
    """An hour is forgiven, more is not."""
    witness = looking_at(school, tmp_path / "s")
    with serving(witness, lambda: school.now + 3601 * SECOND) as running:
        assert refused(ask, school, running.url).code == "witness-clock"
    with serving(witness, lambda: school.now + 3600 * SECOND) as running:
        says = ask(school, running.url).says[0]
    assert "13:00:00 London (its clock is ahead" in says


def test_an_answer_that_is_none_is_refused(school):
    for body, code in (
        (b"", "answer-empty"),
        (b"hello", "note-unreadable"),
        (b"\xff", "note-unreadable"),
        (WITNESS.sign("else", NOON).line.encode(), "signature-of-another"),
    ):
        with answering(200, lambda _, body=body: body) as url:
            assert refused(ask, school, url).code == code
    assert hear_witnesses(school.folder, trusted_witnesses(school.folder)) == (None, [])


def test_a_witness_that_keeps_changing_its_mind_is_refused(school):
    sizes = iter(range(1, 9))
    with answering(409, lambda _: b"%d\n" % next(sizes)) as url:
        assert refused(ask, school, url).code == "witness-moving"


def test_what_cannot_be_reached_is_refused(school):
    for url in ("", "ftp://x", "http://", "http://[x", "http://x:0", "http://x:99999999"):
        assert refused(ask, school, url).code == "url"
    assert refused(ask, school, "http://127.0.0.1:1").code == "not-reached"
    with answering(409, lambda _: b"9" * 6000) as url:  # no size: more digits than any has
        assert refused(ask, school, url).code == "witness-refused"


@pytest.mark.parametrize("text", ["", "x", "\x1b[31m", "409"])
def test_a_refusal_without_a_size_is_told_without_tricks(school, text):
    """What the other side wrote is shown, without what a terminal would obey."""
    request = Requests(school.folder).since(0)
    caught = refused(judge, request, Reply(409 if text != "409" else 500, text))
    assert caught.code == "witness-refused"
    assert caught.what.isprintable()


def test_an_answer_in_a_file_is_of_the_checkpoint_that_was_asked_for(school, tmp_path):
    size = school.folder.head()
    request = Requests(school.folder).since(0).written.encode()
    (tmp_path / "answer").write_text(looking_at(school, tmp_path / "s").add(request, NOON).text)
    grow(school)
    outcome = TakeAnswer(answer=tmp_path / "answer").carry_out(school.context)
    assert f"entries 1 to {size} were seen" in outcome.says[0]
    assert seen(school).position == size


def test_an_answer_in_a_file_by_a_witness_that_was_dropped_is_nobodys(school, tmp_path):
    """Who is named, is named in order."""
    note = Requests(school.folder).note.text
    third = new_signer("a.example/third", b"\3" * 32, COSIGNATURE)
    lines = [each.sign(note, NOON).line for each in (WITNESS, OTHER, third)]
    school.do(DropWitness(witness=WITNESS.name))
    (tmp_path / "answer").write_text("\n".join(lines) + "\n")
    caught = refused(TakeAnswer(answer=tmp_path / "answer").carry_out, school.context)
    names = ", ".join(sorted((WITNESS.name, OTHER.name, third.name)))
    assert caught.code == "witness-not-trusted"
    assert caught.what == f"the answer is by {names}, which this ledger does not trust"


def test_of_an_answer_every_signature_is_of_the_checkpoint(school, tmp_path):
    """One that is, lends the other nothing."""
    school.do(TrustWitness(key=OTHER.verifier.vkey))
    note = Requests(school.folder).note.text
    answer = tmp_path / "answer"
    answer.write_text(f"{WITNESS.sign(note, NOON).line}\n{OTHER.sign('else', NOON).line}\n")
    take = TakeAnswer(answer=answer)
    assert refused(take.carry_out, school.context).code == "signature-of-another"
    assert seen(school) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (WITNESS.sign("else", NOON).line, "signature-of-another"),
        (OTHER.sign("else", NOON).line, "witness-not-trusted"),
        ("", "answer-empty"),
        (None, "storage"),
    ],
)
def test_an_answer_that_fits_nothing_is_refused(school, tmp_path, text, code):
    if text is not None:
        (tmp_path / "answer").write_text(text)
    take = TakeAnswer(answer=tmp_path / "answer")
    assert refused(take.carry_out, school.context).code == code
