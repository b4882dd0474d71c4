"""Baton: turns the week in GitLab, hands over the pager, and keeps the event log, from Slack."""
