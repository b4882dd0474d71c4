"""The demo as a page: a browser's view of the worlds, on an address of its own. It plays nothing by itself."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bot.demo.steps import steps
from bot.demo.worlds import Worlds
from bot.sandbox import seed
from bot.sandbox.page import Controls, Guide, application
from bot.sandbox.server import Server

PORT = 8642


@contextmanager
def opened(worlds: Worlds, port: int) -> Iterator[str]:
    """Serve the page of these worlds; gives its address, and if the port is taken, that of a free one, and says so."""
    taken = port != 0 and not _is_free(port)
    controls = Controls(
        slack=worlds.slack_weather,
        gitlab=worlds.weather,
        bot=worlds,
        now=worlds.now,
        people={real_name: zone for _, _, real_name, zone in seed.PEOPLE},
        guide=Guide(steps(worlds)),
    )
    with Server(application(worlds.slack, worlds.gitlab, controls), 0 if taken else port, keep=0) as server:
        yield f"{server.url} (port {port} is taken)" if taken else server.url


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
