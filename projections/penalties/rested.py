"""The sessions that a penalty notice rests on: those it names, else the relevant at its issue."""

from collections.abc import Sequence
from functools import partial

from ledger.clock import local_date
from ledger.values import parse_session
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions
from projections.readmodel.known import Between
from projections.readmodel.records.penalties import Notice

_CHANGES = ("amendment", "restated", "late_entry")


class Resting:
    """What notices rest on, by the register as it is known."""

    def __init__(self, view: View, describer: Describer) -> None:
        self.view, self._describer = view, describer

    def versions(self, notice: Notice) -> list[Version]:
        """Return the versions of the marks of the sessions that a notice names, or of its days."""
        if notice.span is None:
            return []
        found = versions(self.view, pupil=notice.pupil, session=Between(*notice.span))
        named = set(notice.sessions)
        return [v for v in found if v.kind != "plan" and (not named or v.session in named)]

    def sessions(self, notice: Notice, found: Sequence[Version] | None = None) -> Sequence[str]:
        """Return the sessions: those named, else those with a relevant entry at the issue."""
        if notice.sessions:
            return notice.sessions
        stood = dict[str, str | None]()
        first = self.first(notice)
        for version in self.versions(notice) if found is None else found:
            if not self.after_issue(notice, version, first):
                stood[version.session] = version.code
        return sorted(session for session, code in stood.items() if self.relevant(session, code))

    def changes(self, notice: Notice, found: Sequence[Version]) -> list[Version]:
        """Return the changes since the issue.

        Where the notice names no session, those only that a relevant entry was or became.
        """
        since = partial(self.after_issue, notice, first=self.first(notice))
        return [v for v in found if since(v) and (notice.sessions or self._touches(v))]

    def _touches(self, version: Version) -> bool:
        return any(self.relevant(version.session, c) for c in (version.replaced, version.code))

    def relevant(self, session: str, code: str | None) -> bool:
        """Tell whether a notice may rest on a code of a session."""
        on = parse_session(session).date
        return code is not None and self.view.rules.codes.notice_rests_on(code, on)

    def first(self, notice: Notice) -> Notice:
        """Return the notice as it was recorded here first: a source may restate it."""
        return self.view.first_version(Notice, **notice.identity)

    def after_issue(self, notice: Notice, version: Version, first: Notice) -> bool:
        """Tell whether a version is a change since the issue.

        What was recorded here after the notice was is one, whatever time its source states; a
        first entry only where the notice names its session. What came with it or before goes by
        the time stated: after the day of issue, or after its source recorded the notice.
        """
        if version.position > self.view.commits.of(first.kf).last:
            return version.kind != "entry" or (bool(notice.sessions) and version.imported)
        when = self.when(version)
        later = local_date(when) > notice.issued_on or 0 < first.sf < when
        return version.kind in _CHANGES and later

    def when(self, version: Version) -> int:
        """Return when a change was made: as its source states, else as it was recorded."""
        return self._describer.made_at(version) or self._describer.recorded_at(version)
