"""The admission register's amendments, and pupils found by name."""
