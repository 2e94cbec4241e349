"""The doctor's look at the broker: its disk, its saving and its queue."""

from collections.abc import Iterator

from parkguard.broker_state import Trouble
from parkguard.doctor import Finding, Grade, Patient
from parkguard.status_files import read_all
from parkguard.supervisor import FRESH_MS


def check_broker_state(patient: Patient) -> Iterator[Finding]:
    """What its part says of it; nothing while that is away."""
    status = read_all(patient.run_dir).get("broker")
    if status is None or patient.now_ms - status.at_ms > FRESH_MS:
        return
    troubles = [each for each in Trouble if status.metrics.get(f"broker_{each}")]
    for trouble in troubles:
        yield Finding(
            check=f"broker_{trouble}",
            grade=Grade.FAIL if trouble.is_fatal or trouble is Trouble.DROPPED else Grade.WARN,
            found=trouble.words,
            todo=trouble.todo,
        )
    if not troubles:
        queued = status.metrics.get("broker_queued_messages", 0.0)
        yield Finding(
            check="broker_state", grade=Grade.OK, found=f"saves, {queued:,.0f} messages wait in it"
        )
