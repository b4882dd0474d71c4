"""An emulated Slack: one workspace with one app in it, robot people who use it, and Slack's Web API as its mouth.

`SlackWorld` is the workspace, `app(world)` its HTTP mouth, `world.person("U1")` somebody's eyes and hands.
"""

from bot.sandbox.slack.http import app
from bot.sandbox.slack.world import SlackWorld

__all__ = ["SlackWorld", "app"]
