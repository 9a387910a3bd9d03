"""Executes the runbooks in docs/runbooks on real servers; see ../check-runbooks.py."""
