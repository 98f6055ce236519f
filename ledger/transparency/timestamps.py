"""RFC 3161 timestamps of checkpoints: the text of a checkpoint's note, signed by an authority.

What is kept is the whole response, so that ``openssl ts -verify`` checks it as well.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificates
from cryptography.x509.oid import NameOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from ledger.clock import to_instant
from ledger.errors import Refused
from ledger.files import Database, translated
from ledger.store.folder import Folder
from ledger.tlog.note import Note, read_note
from ledger.transparency.witnesses import Sighting, heard, notes_newest_first
from ledger.verification.keys import Fault
from ledger.verification.verify import DIGESTS

_OTHER = "timestamp-of-another-authority"
_BAD = "timestamp-not-verified"
_AGAIN = "check what was sent and received, and ask the authority again"


class TimestampRequest(NamedTuple):
    """A request for a timestamp (DER), and the number that its answer must repeat."""

    query: bytes
    nonce: int | None


class Timestamps(NamedTuple):
    """The newest that an authority saw, what is wrong, how many are of authorities not given."""

    newest: Sighting | None
    faults: Sequence[Fault]
    others: int


def request_for(text: str) -> TimestampRequest:
    """Return the request for a timestamp of a checkpoint's text."""
    builder = TimestampRequestBuilder().data(text.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.cert_request(cert_request=True).nonce(nonce=True).build()
    return TimestampRequest(request.as_bytes(), request.nonce)


def read_roots(paths: Sequence[Path]) -> list[Certificate]:
    """Read the certificates (PEM) that timestamps must lead to, or refuse them."""
    found: list[Certificate] = []
    for path in paths:
        with translated(path):
            pem = path.read_bytes()
        try:
            found += load_pem_x509_certificates(pem)
        except ValueError:
            what = f"{path} holds no certificate in PEM form"
            raise Refused("certificate", what, "ask the authority for its root") from None
    return found


class Stamp(NamedTuple):
    """When and by whom a text was timestamped."""

    at: int
    by: str


def check_token(
    text: str, token: bytes, roots: Sequence[Certificate], nonce: int | None = None
) -> Stamp:
    """Return when and by whom a text was timestamped, or refuse the token.

    ``timestamp-of-another-authority`` where none of the roots issued its certificates.
    """
    response = _read(token)
    try:
        certificates = [load_der_x509_certificate(c) for c in response.signed_data.certificates]
        if not {each.issuer for each in certificates} & {root.subject for root in roots}:
            what = "the timestamp is by an authority whose root certificate was not given"
            raise Refused(_OTHER, what, "give its root certificate with --tsa-root")
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify_message(response, text.encode())
        return Stamp(to_instant(response.tst_info.gen_time), _name(response, certificates))
    except (VerificationError, ValueError) as error:
        raise Refused(_BAD, f"the timestamp does not hold: {error}", _AGAIN) from None


def note_of(folder: Folder, token: bytes) -> Note:
    """Return the checkpoint that a token is of, or refuse it."""
    response = _read(token)
    imprint = response.tst_info.message_imprint.message
    for _, note in notes_newest_first(folder):
        if any(hashed(note.text.encode()).digest() == imprint for hashed in DIGESTS):
            return note
    raise Refused(
        "timestamp-of-another",
        "the timestamp is of no checkpoint of this ledger",
        "check that it answers a request of this ledger",
    )


def check_timestamps(folder: Folder, roots: Sequence[Certificate]) -> Timestamps:
    """Return what authorities with these root certificates saw; every token is checked."""
    return Timestamps(*heard(folder, "timestamps", lambda db: _sightings(db, roots)))


def _sightings(db: Database, roots: Sequence[Certificate]) -> Iterator[Sighting | Fault | None]:
    """Yield what was seen and what is wrong; none for an authority that was not given."""
    rows = db.execute(
        "SELECT t.size, t.token, p.note FROM timestamps t "
        "LEFT JOIN checkpoints p ON p.size = t.size ORDER BY t.size"
    )
    for size, token, note in rows:
        if note is None:  # the log's own check tells of it
            continue
        try:
            yield Sighting(size, *check_token(read_note(note).text, token, roots))
        except Refused as refused:
            other = refused.code == _OTHER
            yield None if other else Fault(size, f"of its checkpoint, {refused.what}")


def _read(token: bytes) -> TimeStampResponse:
    why = "it cannot be read"
    try:
        response = decode_timestamp_response(token)
        why = "; ".join(response.status_string) or "the authority gave none"
        _ = response.tst_info.gen_time
    except ValueError:
        raise Refused("timestamp-unreadable", f"this is no timestamp: {why}", _AGAIN) from None
    return response


def _name(response: TimeStampResponse, certificates: Sequence[Certificate]) -> str:
    """Return the name on the certificate that signed; it was checked before."""
    (signer,) = response.signed_data.signer_infos
    subject = next(
        each.subject
        for each in certificates
        if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number)
    )
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject.rfc4514_string()
