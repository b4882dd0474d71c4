"""The terminal twins of the commands, for the day on which Slack itself is down: a file for each noun.

Each command gives its exit code: done (or shown, left to `serve`, or done before), refused or declined, wrong words,
GitLab silent, or stopped: begun, and GitLab refused a part of it.
"""

from typing import Final

DONE, REFUSED, WRONG, SILENT, STOPPED = 0, 1, 2, 3, 4
PROGRAM: Final = ".venv/bin/python -m bot"
