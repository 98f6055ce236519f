"""`rebuild`: the read models dropped and made anew."""

from projections import catch_up, rebuild


def test_a_rebuild_says_how_far_it_came_and_reports_progress(school):
    """The words name the log's head; progress is reported in events."""
    seen = []
    said = rebuild.carry_out(school.folder, lambda done, of: seen.append((done, of)))
    head = school.folder.head()
    assert str(head) in said
    assert seen == [(head, head)]


def test_a_rebuild_equals_what_there_was(school):
    """Byte for byte, and again."""
    catch_up.catch_up(school.folder)
    before = list(catch_up.content(school.folder))
    rebuild.carry_out(school.folder, lambda *_: None)
    assert list(catch_up.content(school.folder)) == before
