"""The Slack edge: payloads in, requests out; the one error boundary; answers back; and what the outbox must say there.

https://docs.slack.dev
"""
