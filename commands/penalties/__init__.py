"""The duty to consider a penalty notice, notices, and alerts on undercut papers."""
