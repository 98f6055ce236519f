"""What must be true of a ledger whatever happened to whoever wrote to it."""

from collections import Counter
from contextlib import closing

from ledger.events.base import each_sealed
from ledger.events.log import Committed
from ledger.sealing.keys import BEYOND_USE, KeyRing
from ledger.store.facts import Recorded
from ledger.store.folder import Folder
from ledger.store.store import Store
from projections.readmodel import catch_up


def recorded(folder: Folder) -> list[Recorded]:
    with closing(Store(folder.log)) as store:
        return [r for page in store.scan(0) for r in page]


def assert_whole(events: list[Recorded]) -> int:
    """Check that headers count their facts and nothing is missing; return how many there are."""
    assert [r.position for r in events] == list(range(1, len(events) + 1))
    versions: Counter[str] = Counter()
    headers = last = 0
    for r in events:
        assert r.version == versions[r.stream]
        versions[r.stream] += 1
        if type(r.event) is Committed:
            assert r.position == last + 1
            headers, last = headers + 1, r.position + r.event.count
    assert last == len(events)
    return headers


def assert_keys_are_there(folder: Folder, events: list[Recorded]) -> None:
    """Check that every sealed text opens."""
    opened = []
    with closing(KeyRing(folder.keys)) as ring:
        for r in events:
            each_sealed(r.event, lambda text: opened.append(ring.open(text)) or text)
    assert opened
    assert BEYOND_USE not in opened


def assert_views_agree(folder: Folder) -> None:
    """Check that the views brought forward are those made anew."""
    catch_up.catch_up(folder)
    incremental = list(catch_up.content(folder))
    catch_up.rebuild(folder)
    assert list(catch_up.content(folder)) == incremental
