"""What a decision looked at of the school, held against what its use case said that it reads.

A use case that looks at something which it does not name would not notice that somebody changed
it meanwhile. So every decision that the tests of commands make is made over a school that notes
which streams were looked at; what is recorded must rest on no others than the named ones.
"""

from collections.abc import Callable, Iterator
from typing import Any

from commands.core.command import UseCase
from commands.core.ranges import CALENDAR, POLICIES, ROLL, STAFF, Range, one, starting
from ledger.events import streams
from ledger.state.school import School

Seen = set[Range]


class NotedDict(dict):
    """A mapping that notes the stream of each key looked up, and all of them when walked."""

    def __init__(self, content: dict, seen: Seen, stream: Callable[[Any], Range], whole: Range):
        super().__init__(content)
        self._seen, self._stream, self._whole = seen, stream, whole

    def _all(self) -> None:
        self._seen.add(self._whole)

    def _one(self, key) -> None:
        if key:  # a name that nobody has leads to no stream; that is guarded by itself
            self._seen.add(self._stream(key))

    def __bool__(self):
        """Note it where nobody is there: streams never go, so that somebody is stays true."""
        if not super().__len__():
            self._all()
        return bool(super().__len__())


def _noting(name: str, note: Callable[..., None]) -> Callable[..., Any]:
    """Return a method of `dict` that notes first what is looked at."""
    method = getattr(dict, name)

    def noting(self, *given):
        note(self, *given[:1])
        return method(self, *given)

    return noting


for _name in ("__getitem__", "get", "__contains__"):
    setattr(NotedDict, _name, _noting(_name, NotedDict._one))
for _name in ("__iter__", "__len__", "keys", "values", "items"):
    setattr(NotedDict, _name, _noting(_name, NotedDict._all))

_ATTRIBUTES = {"opened": CALENDAR, "policies": POLICIES}


class NotedSchool(School):
    """A school that notes what of it was looked at."""

    __slots__ = ("seen",)

    def __getattribute__(self, name):
        if name in _ATTRIBUTES and (seen := getattr(self, "seen", None)) is not None:
            seen.add(_ATTRIBUTES[name])
        return object.__getattribute__(self, name)


def noted(school: School) -> NotedSchool:
    """Return a copy of a school that notes what is looked at, on its ``seen``."""
    seen: Seen = set()
    ways = {
        **dict.fromkeys(("terms", "times", "closures"), (lambda _: CALENDAR, CALENDAR)),
        "staff": (lambda key: one(streams.staff(key)), STAFF),
        "pupils": (lambda key: one(streams.pupil(key)), ROLL),
        "groups": (lambda key: ROLL._replace(joining=key), ROLL),
        "parents": (lambda key: one(streams.parent(key)), starting(streams.PARENT)),
        "relations": (lambda key: one(streams.relation(*key)), starting(streams.RELATION)),
        "notices": (one, starting(streams.NOTICES)),
        "casework": (one, starting(streams.CASEWORK)),
    }
    found = NotedSchool.__new__(NotedSchool)
    found.seen = seen
    for name in School.__slots__:
        value = getattr(school, name)
        setattr(found, name, NotedDict(value, seen, *ways[name]) if name in ways else value)
    seen.clear()
    return found


def not_named(seen: Seen, named: list[Range]) -> list[Range]:
    """Return what was looked at outside the ranges that were named."""
    return [each for each in seen if not any(_holds(other, each) for other in named)]


def _holds(named: Range, seen: Range) -> bool:
    inside = named.first <= seen.first and seen.last <= named.last
    return named.rests and inside and named.joining in (None, seen.joining)


def use_cases(kind: type[UseCase] = UseCase) -> Iterator[type[UseCase]]:
    """Yield every use case that has been imported."""
    for each in kind.__subclasses__():
        yield each
        yield from use_cases(each)


class Noting:
    """Lets every use case read and decide over a school that notes what is looked at."""

    def __init__(self, monkeypatch) -> None:
        self._patch = monkeypatch
        self._noted: dict[int, tuple[Any, School, NotedSchool]] = {}

    def begin(self) -> None:
        """Begin with all use cases imported so far."""
        for kind in (UseCase, *use_cases()):
            for name in ("reads", "decide"):
                method = kind.__dict__.get(name)
                if method is not None and not getattr(method, "__isabstractmethod__", False):
                    self._patch.setattr(kind, name, getattr(self, "_" + name)(method))

    def _enter(self, state) -> None:
        if id(state) not in self._noted:
            self._noted[id(state)] = (state, state.school, noted(state.school))
        state.school = self._noted[id(state)][2]

    def _reads(self, method):
        def reads(command, state):
            self._enter(state)
            yield from method(command, state)

        return reads

    def _decide(self, method):
        def decide(command, state, rules, now):
            if state is None:  # a test that decides by hand
                return method(command, state, rules, now)
            self._enter(state)
            try:
                return method(command, state, rules, now)
            finally:
                state.school = self._noted[id(state)][1]

        return decide

    def check(self, state, named: list[Range]) -> None:
        """Fail where a decision that is to be recorded looked at what was not named."""
        _, _, school = self._noted.pop(id(state))
        looked_at = not_named(school.seen, named)
        assert looked_at == [], f"looked at, and not named: {looked_at}"
