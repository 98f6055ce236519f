"""What was ever stored can be read for good: one file of stored bytes for every event name."""

import json
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from ledger.events import codec
from ledger.events.base import sealed_fields
from ledger.events.registry import EVENTS, UPCASTS
from ledger.sealing.keys import BEYOND_USE, KeyRing, parse_box

FOLDER = Path(__file__).parents[3] / "fixtures" / "events"
NAMES = sorted({*EVENTS, *UPCASTS})


class GoldenKeys(KeyRing):
    """The keys of the golden files: the SHA-256 of subject and purpose."""

    def _subject_key(self, subject, purpose):
        return sha256(f"{subject}/{purpose}".encode()).digest()


def golden(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def test_every_event_name_has_one_golden_file():
    """No name without its bytes, no bytes without their name."""
    assert sorted(path.name for path in FOLDER.iterdir()) == [f"{name}.json" for name in NAMES]


@pytest.mark.parametrize("name", EVENTS)
def test_golden_bytes_are_rewritten_byte_for_byte(name):
    """Reading stored bytes and writing the event again gives the same name and bytes."""
    nonce = json.loads(golden(name))["nonce"]
    assert codec.encode(codec.Decoder().decode(name, golden(name)), nonce) == (name, golden(name))


@pytest.mark.parametrize("name", EVENTS)
def test_golden_file_fills_every_field(name):
    """Nothing is at its default, so that no field can change without the file failing."""
    assert list(json.loads(golden(name))) == [*EVENTS[name].__struct_fields__, "nonce"]


@pytest.mark.parametrize("name", EVENTS)
def test_golden_event_passes_the_validation_of_new_events(name):
    """What reading accepts can be made anew from its values."""
    event = codec.Decoder().decode(name, golden(name))
    assert EVENTS[name](**msgspec.structs.asdict(event)) == event


@pytest.mark.parametrize("name", [name for name in EVENTS if sealed_fields(EVENTS[name])])
def test_sealed_fields_of_a_golden_event_open(name, tmp_path):
    """The form of a sealed field is a promise as the event's is."""
    KeyRing.create(tmp_path / "keys.db")
    event = codec.Decoder().decode(name, golden(name))
    with closing(GoldenKeys(tmp_path / "keys.db")) as ring:
        for field, seal in sealed_fields(type(event)):
            texts = getattr(event, field)
            for sealed in [texts] if isinstance(texts, str) else texts:
                assert parse_box(sealed).purpose.startswith(seal.purpose)
                assert ring.open(sealed) not in (BEYOND_USE, "")


@pytest.mark.parametrize("name", UPCASTS)
def test_golden_bytes_of_an_old_name_are_read_as_the_event_of_today(name, tmp_path):
    """Every field that the old shape had says what it said; what came since is at its default.

    A text that is sealed since and was in clear opens as itself.
    """
    newest = name
    while newest in UPCASTS:
        newest, _ = UPCASTS[newest]
    event = codec.Decoder().decode(name, golden(name))
    assert type(event) is EVENTS[newest]
    kept = json.loads(golden(name))
    written = json.loads(codec.encode(event, kept["nonce"])[1])
    KeyRing.create(tmp_path / "keys.db")
    with closing(GoldenKeys(tmp_path / "keys.db")) as ring:
        for field, _ in sealed_fields(type(event)):
            if not kept.get(field, "~").startswith("~"):
                written[field] = ring.open(written[field])
    assert written == kept
    assert codec.is_canonical(name, golden(name))


def test_golden_amendment_says_what_was_written():
    """One golden file is read word by word: the meaning of the fields stays, too."""
    event = codec.Decoder().decode("MarkAmended.v1", golden("MarkAmended.v1"))
    assert (event.original, event.code, event.minutes_late, event.by) == ("N", "L", 12, "M.Marsh")
    assert (event.job_title, event.batch, event.row) == ("=Attendance officer", "b3f1", 42)
    assert event.stated == 1_795_165_500_000_000
