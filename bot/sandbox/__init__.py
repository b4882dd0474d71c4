"""The outside world in a box: an emulated Slack and GitLab, reached over HTTP only; imports nothing of the bot."""
