"""What became of deliveries, written down: results, refusals, other attempts, plans, and what services make of it.

All that ended together is written as one group. Where something in it breaks, it is written again one by one, each in
a savepoint of its own, so that one defect holds up nobody else.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.domain.errors import Rejected, Unavailable, UserError
from bot.domain.journal import Batch, Delivery
from bot.domain.operations import Plan, Stages
from bot.store import StoreError, Tx
from bot.telemetry import log


@dataclass(frozen=True)
class Planner:
    """How a Plan is made: `read` asks the outside world, `decide` turns the answer into the stages that follow.

    `decide` runs in the transaction that marks the plan as delivered, so a plan is made once and then fixed.
    """

    read: Callable[[str], Awaitable[Any]]
    decide: Callable[[Tx, str, Any, datetime], Stages]


Follow = Callable[[Tx, Batch, Delivery | None, str, datetime], None]
"""What a service does when a delivery of its batch is delivered, rejected or waiting, or the batch stopped, and then,
once for all that ended together, when the batch progressed or is done."""


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed delivery, until it is written down."""

    delivery: Delivery
    kind: Literal["delivered", "refused", "later", "unsent"]
    at: datetime
    result: Any = None
    reason: str = ""
    due: datetime | None = None
    strikes: int = 0


class Settling:
    """Writes outcomes into the journal, for the holder of the leases."""

    def __init__(self, planners: Mapping[str, Planner], follow: Mapping[str, Follow], holder: str) -> None:
        self.planners, self.follow, self.holder = planners, follow, holder

    def write_down(self, tx: Tx, ended: Iterable[Outcome], at: datetime) -> None:
        """Settle what has ended, and let the batches that it belongs to go on."""
        careful = _Writing(self, tx, careful=True)
        try:
            with tx.apart():
                moved = [_Writing(self, tx, careful=False).settle(outcome) for outcome in ended]
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - which one it was shows one by one, and is logged there
            moved = [careful.settle_apart(outcome) for outcome in ended]
        for batch in dict.fromkeys(moved):
            if batch:
                careful.tell(batch, None, "done" if tx.advance(batch, at) else "progressed", at)


@dataclass(frozen=True)
class _Writing:
    """One transaction of a settling. When `careful`, what a service breaks is taken back alone."""

    settling: Settling
    tx: Tx
    careful: bool

    def settle_apart(self, outcome: Outcome) -> str | None:
        """Settle it in a savepoint of its own."""
        try:
            with self.tx.apart():
                return self.settle(outcome)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - it stays leased, so it comes again; the others are not held up
            log.exception("outbox.settling_broke", delivery=outcome.delivery.id)
            return None

    def settle(self, outcome: Outcome) -> str | None:
        """Settle it, unless somebody else has it now, and has looked; give the batch that it moved."""
        tx, delivery = self.tx, outcome.delivery
        if not tx.hold(delivery, self.settling.holder):
            return None
        if outcome.kind == "delivered" and isinstance(delivery.operation, Plan):
            self._plan(outcome, delivery.operation)
        elif outcome.kind == "delivered":
            tx.delivered(delivery, outcome.result, outcome.at)
            self.tell(delivery.batch, replace(delivery, result=outcome.result), "delivered", outcome.at)
        elif outcome.kind == "refused":
            self._refuse(delivery, outcome.reason, outcome.at)
        elif outcome.kind == "unsent":
            tx.give_back(delivery)
        elif tx.is_undone(delivery):
            tx.dropped(delivery, outcome.at)
        else:
            tx.put_back(delivery, outcome.due or outcome.at, error=outcome.reason, strikes=outcome.strikes)
            self.tell(delivery.batch, delivery, "waiting", outcome.at)
        return delivery.batch

    def _plan(self, outcome: Outcome, plan: Plan) -> None:
        tx, delivery, at = self.tx, outcome.delivery, outcome.at
        if tx.is_undone(delivery):
            tx.dropped(delivery, at)
            return
        try:
            with tx.apart():
                stages = self.settling.planners[plan.kind].decide(tx, plan.about, outcome.result, at)
                tx.delivered(delivery, {}, at)
                if delivery.batch:
                    tx.insert_stages(delivery.batch, stages, at)
                    if any(stages):  # begun at once: what is decided next must see it
                        tx.advance(delivery.batch, at)
        except Unavailable as later:
            tx.put_back(delivery, at + timedelta(seconds=later.retry_after or 1.0), error=later.reason)
        except (Rejected, UserError) as refusal:
            self._refuse(delivery, str(refusal), at)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the plan is refused, and said
            log.exception("outbox.plan_broke", delivery=delivery.id)
            self._refuse(delivery, defect(error), at)
        else:
            self.tell(delivery.batch, delivery, "delivered", at)

    def _refuse(self, delivery: Delivery, reason: str, at: datetime) -> None:
        stopped = self.tx.rejected(delivery, reason, at)
        self.tell(delivery.batch, replace(delivery, error=reason), "stopped" if stopped else "rejected", at)

    def tell(self, batch: str | None, delivery: Delivery | None, outcome: str, at: datetime) -> None:
        """Tell the service whose batch it is; what breaks there does not undo what is a fact."""
        found = self.tx.batch(batch) if batch else None
        if found is None or found.kind not in self.settling.follow:
            return
        follow = self.settling.follow[found.kind]
        if not self.careful:
            follow(self.tx, found, delivery, outcome, at)
            return
        try:
            with self.tx.apart():
                follow(self.tx, found, delivery, outcome, at)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - the operation is through all the same
            log.exception("outbox.follow_broke", batch=batch, outcome=outcome)


def defect(error: Exception) -> str:
    """Name an error of our own as the reason of a refusal."""
    return f"an error in Baton itself ({type(error).__name__})"
