"""attendance witness trust and drop: whose signatures count."""

import io

import pytest

from commands.proof.witnesses import DropWitness, TrustWitness
from ledger.errors import Refused
from ledger.events.proof import WitnessDropped, WitnessTrusted
from ledger.tlog.note import COSIGNATURE, new_signer
from tests.ledger.outsiders import LOG, OTHER, WITNESS

KEY = WITNESS.verifier.vkey
BY = {"by": "mm", "name": "Mo Marsh", "job_title": "Attendance Officer"}


def test_a_witness_is_trusted_by_a_named_person(desk):
    """The key, and who decided."""
    expected = [("witness:school", WitnessTrusted(key=KEY, **BY))]
    assert desk.recorded(TrustWitness(key=KEY)) == expected


def test_trusting_twice_records_nothing(desk):
    """It says so."""
    desk.do(TrustWitness(key=KEY))
    outcome = desk.do(TrustWitness(key=KEY))
    assert outcome.header is None
    assert "already" in outcome.says[0]


@pytest.mark.parametrize("named", [WITNESS.name, WITNESS.verifier.key_id.hex(), KEY])
def test_a_witness_is_dropped_by_name_id_or_key(desk, named):
    """By a named person, and may be trusted again."""
    desk.do(TrustWitness(key=OTHER.verifier.vkey))
    desk.do(TrustWitness(key=KEY))
    expected = [("witness:school", WitnessDropped(key=KEY, **BY))]
    assert desk.recorded(DropWitness(witness=named)) == expected
    assert desk.refused(DropWitness(witness=named)).code == "witness-unknown"
    assert desk.do(TrustWitness(key=KEY)).header is not None


def test_a_name_of_two_keys_needs_the_id(desk):
    """A witness that changed its key has the same name."""
    new = new_signer(WITNESS.name, b"\7" * 32, COSIGNATURE).verifier
    desk.do(TrustWitness(key=KEY))
    desk.do(TrustWitness(key=new.vkey))
    assert "several" in desk.refused(DropWitness(witness=WITNESS.name)).what
    assert desk.do(DropWitness(witness=new.key_id.hex())).header is not None


def test_somebody_must_be_named(desk):
    """For either."""
    desk.do(TrustWitness(key=KEY))
    desk.staff_id = None
    assert desk.refused(TrustWitness(key=OTHER.verifier.vkey)).code == "author-missing"
    assert desk.refused(DropWitness(witness=WITNESS.name)).code == "author-missing"


def test_the_key_of_a_ledger_is_refused(desk):
    """It would make the school its own witness."""
    assert desk.refused(TrustWitness(key=LOG.verifier.vkey)).code == "key-kind"


def test_the_key_is_read_from_a_file(tmp_path):
    """As witness new printed it; a file of two is refused."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n# a remark\n")
    assert TrustWitness(key=str(path)).load(io.StringIO()).key == KEY
    path.write_text(f"{KEY}\n{OTHER.verifier.vkey}\n")
    with pytest.raises(Refused) as refused:
        TrustWitness(key=str(path)).load(io.StringIO())
    assert refused.value.code == "keys-many"
