"""A small world that all tests of the mock feed share, and servers of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from demo.server import Served, serving
from demo.world import World

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)

Start = Callable[..., Served]


@pytest.fixture(scope="package")
def world() -> World:
    """Ten days with sixty ads a day, across no change of the clocks."""
    return World(seed=7, days=10, ads_a_day=60, until=UNTIL)


@pytest.fixture
def start(world: World) -> Iterator[Start]:
    """Starts a server of the small world; options as of `serving`."""
    with ExitStack() as stack:

        def _start(source: Any = world, **options: Any) -> Served:
            return stack.enter_context(serving(source, **options))

        yield _start
