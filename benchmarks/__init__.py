"""Baton measured beside what somebody would take instead, and beside the limit: `make bench` writes RESULTS.md."""
