"""What the edges' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.outbox_bench import Bench


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(tmp_path)
    yield opened
    opened.store.close()
