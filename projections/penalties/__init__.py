"""The penalty notice threshold, notices, and alerts on undercut papers."""
