"""RFC 3161 timestamps of checkpoints, by a local authority made with openssl."""

import sqlite3
from contextlib import closing

import pytest

from ledger.clock import SECOND, now
from ledger.errors import Refused
from ledger.store.store import Store
from ledger.transparency.timestamps import (
    check_timestamps,
    check_token,
    note_of,
    read_roots,
    request_for,
)
from ledger.transparency.witnesses import notes_newest_first
from ledger.verification.verify import Fault, verify
from tests.ledger.outsiders import Authority

TEXT = "attendance-ledger/one\n5\nAAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def roots(authority):
    return read_roots([authority.root])


@pytest.fixture(scope="module")
def token(authority):
    return authority.answer(request_for(TEXT).query)


def code(function, *given, **more):
    with pytest.raises(Refused) as refused:
        function(*given, **more)
    return refused.value.code


def test_a_timestamp_says_when_and_by_whom(token, roots):
    """The name on the certificate that signed."""
    at, by = check_token(TEXT, token, roots)
    assert abs(at - now()) < 600 * SECOND
    assert by == "Example Timestamps"


def test_openssl_verifies_what_is_kept(authority, token, tmp_path):
    """The whole response, against the text of the note."""
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "r.tsr").write_bytes(token)
    line = f"ts -verify -data {tmp_path / 'text'} -in {tmp_path / 'r.tsr'} -CAfile ca.pem"
    assert "Verification: OK" in authority.openssl(line)


def test_another_text_is_refused(token, roots):
    assert code(check_token, TEXT.replace("5", "6"), token, roots) == "timestamp-not-verified"


def test_the_number_of_the_request_is_repeated(authority, roots):
    """A token of another request is refused where the request is known."""
    first, second = request_for(TEXT), request_for(TEXT)
    answer = authority.answer(first.query)
    assert check_token(TEXT, answer, roots, first.nonce)[1] == "Example Timestamps"
    assert code(check_token, TEXT, answer, roots, second.nonce) == "timestamp-not-verified"


def test_a_changed_token_is_refused(token, roots):
    changed = token[:-1] + bytes([token[-1] ^ 1])
    assert code(check_token, TEXT, changed, roots) == "timestamp-not-verified"


def test_an_authority_that_was_not_given_is_refused_as_such(token, tmp_path):
    """Its root has another name; one of the same name does not verify either."""
    other = Authority(tmp_path / "two")
    other.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout b.key -out b.pem",
        "-subj",
        "/CN=Other Root",
    )
    stranger, same = read_roots([other.place / "b.pem"]), read_roots([other.root])
    assert code(check_token, TEXT, token, stranger) == "timestamp-of-another-authority"
    assert code(check_token, TEXT, token, same) == "timestamp-not-verified"


def test_a_name_without_a_common_name_is_given_whole(tmp_path):
    """Some authorities have none."""
    one = Authority(tmp_path / "two", subject="/O=Example/OU=Stamps")
    token = one.answer(request_for(TEXT).query)
    assert check_token(TEXT, token, read_roots([one.root]))[1] == "OU=Stamps,O=Example"


def test_what_is_no_timestamp_is_refused(authority, roots):
    """Other bytes, and an answer that gives none, with its reason."""
    assert code(check_token, TEXT, b"no", roots) == "timestamp-unreadable"
    rejected = authority.answer(request_for(TEXT).query[:20])
    with pytest.raises(Refused, match="Bad request format"):
        check_token(TEXT, rejected, roots)


def test_what_is_no_certificate_is_refused(tmp_path):
    (tmp_path / "x.pem").write_text("no")
    assert code(read_roots, [tmp_path / "x.pem"]) == "certificate"
    assert code(read_roots, [tmp_path / "none.pem"]) == "storage"


def keep(folder, size, token):
    with closing(Store(folder.log)) as store:
        store.keep_timestamp(size, token, lambda _: True)


def test_what_is_kept_is_seen(folder, authority, roots):
    """Up to the checkpoint's size, at the token's time."""
    size, note = next(notes_newest_first(folder))
    token = authority.answer(request_for(note.text).query)
    assert note_of(folder, token) == note
    keep(folder, size, token)
    found = check_timestamps(folder, roots)
    assert found.newest[0::2] == (size, "Example Timestamps")
    assert (found.faults, found.others) == ([], 0)


def test_what_is_wrong_is_a_fault_what_is_of_others_is_counted(folder, token, roots, tmp_path):
    """Of another text, of no checkpoint, of an authority that was not given."""
    size, note = next(notes_newest_first(folder))
    other = Authority(tmp_path / "two")
    text = (tmp_path / "two" / "tsa.cnf").read_text()
    assert "one" in text
    other.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem",
        "-subj",
        "/CN=Other Root",
    )
    other.openssl(
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 "
        "-extfile tsa.cnf -extensions ext -out tsa.pem"
    )
    keep(folder, size, other.answer(request_for(note.text).query))
    keep(folder, size, token)
    with closing(sqlite3.connect(folder.log)) as db, db:
        db.execute("INSERT INTO timestamps VALUES(?,?)", [size + 1, token])
    found = check_timestamps(folder, roots)
    assert found.newest is None
    assert [fault.position for fault in found.faults] == [size]
    what = "a timestamp is of no checkpoint that is kept here"
    assert [*verify(folder).faults] == [Fault(size, what), Fault(size + 1, what)]
    assert found.others == 1


def test_a_timestamp_of_nothing_here_is_refused(folder, token):
    """It is of another ledger, or of no checkpoint."""
    assert code(note_of, folder, token) == "timestamp-of-another"


def test_a_log_without_the_table_is_a_fault(folder, roots):
    with closing(sqlite3.connect(folder.log)) as db, db:
        db.execute("DROP TABLE timestamps")
    newest, (fault,), others = check_timestamps(folder, roots)
    assert (newest, others) == (None, 0)
    assert "cannot be read" in fault.what
