"""`rebuild`: the read models dropped and made anew."""

from projections.readmodel import catch_up
from projections.school.status import Rebuild


def test_a_rebuild_says_how_far_it_came_and_reports_progress(school):
    """The words name the log's head; progress is reported in events."""
    seen = []
    said = Rebuild().inspect(school.folder, lambda done, of: seen.append((done, of)))
    head = school.folder.head()
    assert said.document == {"events": head}
    assert str(head) in said.blocks[0].lines[0]
    assert seen == [(head, head)]


def test_a_rebuild_equals_what_there_was(school):
    """Byte for byte, and again."""
    catch_up.catch_up(school.folder)
    before = list(catch_up.content(school.folder))
    Rebuild().inspect(school.folder, lambda *_: None)
    assert list(catch_up.content(school.folder)) == before
