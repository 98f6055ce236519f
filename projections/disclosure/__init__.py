"""What left the school, copies for a subject, retention and redactions."""
