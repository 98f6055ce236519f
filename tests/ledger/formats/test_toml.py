"""What only a program would write is told in words, and costs nothing."""

from tomllib import TOMLDecodeError

import pytest

from ledger.formats.toml import read_toml

MANY = 100_000


def test_what_people_write_is_read():
    text = '[a."b c"]\nd.e = 1\nreason = "e.g. this. And that. Etc."'
    assert read_toml(text) == {
        "a": {"b c": {"d": {"e": 1}, "reason": "e.g. this. And that. Etc."}}
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n" + ".".join(["a"] * MANY) + " = 1", "a name of more than 100 parts .at line 2,"),
        ("[" + " . ".join(['"a"'] * MANY) + "]", "a name of more than 100 parts .at line 1,"),
        ("a = " + "9" * 5_000, "a number of more digits than can be read"),
        ("a = " + "[" * MANY, "lists or tables nested too deeply"),
        ("a =", "Invalid value"),
    ],
    ids=["long key", "long header", "many digits", "nested", "no toml"],
)
def test_what_cannot_be_read_is_no_traceback(text, says):
    with pytest.raises(TOMLDecodeError, match=says):
        read_toml(text)
