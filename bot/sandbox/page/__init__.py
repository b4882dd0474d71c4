"""The page of the sandbox: a small Slack beside a plain GitLab, and a panel for the weather, in a browser.

`application(slack, gitlab, controls)` is all of it, to be served by `Server` on a port of its own. The page acts on
the worlds as the robot people do, so that a browser, the terminal tour and the stories do the very same things.
"""

from bot.sandbox.page.guide_side import Guide, Step
from bot.sandbox.page.server import application
from bot.sandbox.page.weather_side import Controls

__all__ = ["Controls", "Guide", "Step", "application"]
