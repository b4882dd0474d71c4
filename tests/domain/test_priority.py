"""What comes first, the AP matrix, and how often a goal has moved on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.priority import DEFAULT_ORDER, ap_label, moved, moved_labels, order_of, rank
from bot.domain.team import Labels

HANDBOOK = (
    "(perceived) data loss",
    "critical",
    "SL1",
    "unblocks others",
    "outage",
    "goal",
    "blocked",
    "oncall",
)


def test_the_handbook_s_order_is_kept_and_sl1_and_sl2_share_a_rank() -> None:
    ranks = [rank([label]) for label in HANDBOOK]

    assert ranks == sorted(set(ranks))
    assert rank(["SL2"]) == rank(["SL1"])
    assert set(DEFAULT_ORDER) == {*HANDBOOK, "SL2"}


def test_the_best_label_counts_and_none_comes_last() -> None:
    assert rank(["oncall", "goal", "backend"]) == rank(["goal"])
    assert rank(["backend"]) == rank([]) > rank(["oncall"])


def test_a_project_s_own_order_wins_and_includes_zero() -> None:
    order = order_of({"oncall": 0, "critical": 5, "backend": None}, Labels())

    assert rank(["oncall"], order) < rank(["critical"], order) < rank(["backend"], order)
    assert rank(["goal"], order) == rank(["backend"], order)


def test_a_project_that_orders_nothing_gets_the_handbook_s_order() -> None:
    assert order_of({"critical": None}, Labels()) == DEFAULT_ORDER
    assert order_of({}, Labels()) == DEFAULT_ORDER


def test_the_handbook_s_order_is_that_of_the_team_s_own_names() -> None:
    order = order_of({}, Labels(outage="incident", data_loss="loss"))

    assert [rank([label], order) for label in ("loss", "incident", "SL2")] == [1, 5, 3]
    assert rank(["outage"], order) == rank(["(perceived) data loss"], order) == rank(["backend"], order)


@pytest.mark.parametrize(
    ("urgency", "labels"), [(1, ("AP1", "AP1", "AP2")), (2, ("AP1", "AP2", "AP3")), (3, ("AP2", "AP3", "AP3"))]
)
def test_the_ap_label_is_read_from_the_matrix(urgency: int, labels: tuple[str, ...]) -> None:
    assert tuple(ap_label(urgency, impact) for impact in (1, 2, 3)) == labels


@pytest.mark.parametrize(("urgency", "impact"), [(0, 1), (1, 0), (4, 1), (1, 4), (-1, -1)])
def test_there_is_no_ap_label_outside_the_matrix(urgency: int, impact: int) -> None:
    with pytest.raises(KeyError):
        ap_label(urgency, impact)


@given(st.integers(0, 10**17))
def test_a_count_is_read_from_its_label(count: int) -> None:
    assert moved([f"moved {count}", "goal"]) == count


@pytest.mark.parametrize("label", ["moved", "moved x", "moved  2", "Moved 2", "removed 2", "moved 2 times", "moved ٣"])
def test_other_labels_count_nothing(label: str) -> None:
    assert moved([label]) == 0
    assert moved_labels([label]) == ()


def test_of_several_counts_the_highest_is_believed() -> None:
    assert moved(["moved 1", "moved 3"]) == 3
    assert moved_labels(["moved 1", "goal", "moved 3"]) == ("moved 1", "moved 3")
