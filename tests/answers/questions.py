"""The questions, found from the command tree: each option alone, in pairs, and by chance.

A question is a command that answers as JSON. A new one, or a new option, is asked by itself; where
its values are not in ``values.toml`` it is asked with whatever its type allows, and `unlisted`
names it.
"""

import random
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import click

from tests.answers import packed, program

VALUES = Path(__file__).with_name("values.toml")
FORMATS = ((), ("--json",), ("--csv",))
_OUTPUT = {"--json", "--csv"}
_FURTHER = 3


@dataclass(frozen=True)
class Option:
    """One option or argument, what it may be given, and whether a question needs it."""

    name: str
    argument: bool
    required: bool
    good: tuple[tuple[str, ...], ...]
    bad: tuple[tuple[str, ...], ...] = ()


Line = tuple[str, ...]


@cache
def _values() -> dict[str, dict[str, list[Any]]]:
    return tomllib.loads(packed.with_ids(VALUES.read_text("utf-8")))


def commands(*, questions: bool) -> list[tuple[str, click.Command]]:
    """Return the commands that answer as JSON, or all others."""
    return [
        (words, command)
        for words, command in program.commands()
        if any("--json" in p.opts for p in command.params) == questions
    ]


def plain(ledger: str) -> list[Line]:
    """Return every question with the least that may be given, in each form."""
    found = []
    for words, command in commands(questions=True):
        options = [option(ledger, words, p) for p in command.params if _asked(p)]
        least = _written(options, {o: o.good[0] for o in options if o.required and o.good})
        found += [(*words.split(), *least, *form) for form in FORMATS]
    return found


def lines(ledger: str, *, chance: int, bad: bool = False, seed: int = 2026) -> list[Line]:
    """Return every command line to be asked of a ledger, in an order that stays."""
    found: dict[Line, None] = {}
    for words, command in commands(questions=True):
        options = [option(ledger, words, p, bad=bad) for p in command.params if _asked(p)]
        always = _values()["always"].get(words, [])
        options = [replace(o, required=o.required or o.name in always) for o in options]
        for n, asked in enumerate(_combinations(options, chance, f"{seed} {ledger} {words}")):
            for form in FORMATS if n == 0 else [FORMATS[n % 3]]:
                found[(*words.split(), *asked, *form)] = None
    return list(found)


def helps() -> list[Line]:
    """Return the lines that ask for help, of every command and group."""
    words = {tuple(words.split()[:n]) for words, _ in program.commands() for n in (1, 2, 3)}
    return [(*w, "--help") for w in sorted({(), *words})]


def _asked(parameter: click.Parameter) -> bool:
    return not _OUTPUT & set(parameter.opts)


def _combinations(options: list[Option], chance: int, seed: str) -> Iterator[Line]:
    """Yield the least that may be given, each value alone, what belongs together, and chance."""
    dice = random.Random(seed)  # noqa: S311
    needed = {o: o.good[0] for o in options if o.required and o.good}
    by_name = {o.name: o for o in options}
    yield _written(options, needed)
    for o in options:
        for value in (*o.good, *dice.sample(o.bad, min(1, len(o.bad)))):
            yield _written(options, needed | {o: value})
    for name in needed:
        yield _written(options, {o: v for o, v in needed.items() if o is not name})
    for names in _values()["together"]["options"]:
        if all(name in by_name for name in names):
            together = [by_name[name] for name in names]
            for _ in range(2):
                values = [dice.choice(o.good) for o in together]
                yield _written(options, needed | dict(zip(together, values, strict=True)))
    yield from _by_chance(options, needed, chance, dice)


def _by_chance(
    options: list[Option], needed: dict[Option, Line], chance: int, dice: random.Random
) -> Iterator[Line]:
    optional = [o for o in options if o.good]
    for _ in range(chance if len(optional) > 1 else 0):
        some = dice.sample(optional, min(len(optional), dice.randint(2, 5)))
        yield _written(options, needed | {o: dice.choice(o.good) for o in some})


def _written(options: Iterable[Option], given: dict[Option, Line]) -> Line:
    """Write the options first and the arguments behind them, in the order of the command."""
    named = [w for o in options if o in given and not o.argument for w in given[o]]
    placed = [w for o in options if o in given and o.argument for w in given[o]]
    return (*named, *placed)


def option(ledger: str, words: str, parameter: click.Parameter, *, bad: bool = False) -> Option:
    """Return an option with what it may be given of a ledger."""
    name = _name(parameter)
    argument = isinstance(parameter, click.Argument)
    good = _good(ledger, words, parameter)
    wrong = (_listed("bad", words, name) or []) if bad else []
    if getattr(parameter, "is_flag", False):
        return Option(name, argument, parameter.required, ((name,),))
    return Option(
        name,
        argument,
        parameter.required,
        tuple(_given(name, value, argument=argument) for value in good),
        tuple(_given(name, value, argument=argument) for value in wrong),
    )


def _name(parameter: click.Parameter) -> str:
    """Return the name of an option as it is typed, or of an argument as it is shown."""
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(click.Context(click.Command("x"))).strip("[].{}|")
    return parameter.opts[0]


def _given(name: str, value: Any, *, argument: bool) -> Line:
    several = value if isinstance(value, list) else [value]
    return tuple(w for v in several for w in ((str(v),) if argument else (name, str(v))))


def _good(ledger: str, words: str, parameter: click.Parameter) -> list[Any]:
    name = _name(parameter)
    listed = _listed(ledger, words, name)
    if listed is None:
        listed = _listed("all", words, name)
    return _by_type(parameter) if listed is None else listed


def _listed(section: str, words: str, name: str) -> list[Any] | None:
    """Return the values listed for an option of one command, or of all."""
    values = _values().get(section, {})
    return values.get(f"{words} {name}", values.get(name))


def _by_type(parameter: click.Parameter) -> list[Any]:
    kind = parameter.type
    if isinstance(kind, click.Choice):
        several = [list(kind.choices)[:2]] if getattr(parameter, "multiple", False) else []
        return [*kind.choices, *several]
    if isinstance(kind, click.IntRange):
        least = int(kind.min or 0)
        return [least, least + _FURTHER]
    return ["2026-11-13"] if kind.name in ("date", "session") else ["x"]


def unlisted() -> list[str]:
    """Return the options that no value is listed for, and whose type lists none."""
    return [
        f"{words} {_name(p)}"
        for words, command in commands(questions=True)
        for p in command.params
        if _asked(p)
        and not getattr(p, "is_flag", False)
        and not isinstance(p.type, click.Choice | click.IntRange)
        and _listed("everything", words, _name(p)) is None
        and _listed("all", words, _name(p)) is None
    ]
