"""Wrong rules at the broker never come into force, and a broker without rules is told."""

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parkguard.broker_login import BrokerLogin, RulesNotInForce
from parkguard.device_hashes import DeviceHashes
from support.broker import Mosquitto, wait_until
from support.broker_running import BIKE, WORD, FixedUsers, Running, a_registry, register, running

pytestmark = pytest.mark.broker

OTHER, OTHER_WORD = "trk-000002", "another-long-word-2"
WRONG_RULES = {
    "empty": "",
    "a comment": "# none\n",
    "no syntax": "user pg-ingest\nnonsense here\n",
    "cut off": "user pg-ingest\ntopic read pg/v1/up/#\ntopi",
    "everything": "pattern readwrite #\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    with a_registry(tmp_path) as made:
        register(made, BIKE, WORD)
        yield made


def keeps_its_rules(broker: Running) -> bool:
    """Whether a device is heard under its own name, and under no other."""
    with broker.login("pg-ingest") as ingest, broker.login() as bike:
        ingest.subscribe("pg/v1/up/#")
        bike.publish(f"pg/v1/up/trk/{OTHER}/fix", b"forged")
        bike.publish(f"pg/v1/up/trk/{BIKE}/fix", b"own")
        bike.subscribe("#")
        with broker.login("pg-doctor") as doctor:
            doctor.publish("pg/v1/up/x/pg-doctor/end", b"end")
        wait_until(lambda: b"end" in {payload for _, payload, _ in ingest.got})
        return [payload for _, payload, _ in ingest.got] == [b"own", b"end"] and not bike.got


@pytest.mark.fault(22)
@pytest.mark.parametrize("wrong", WRONG_RULES)
def test_wrong_rules_are_put_right_before_the_broker_reads_them(
    tmp_path: Path, engine: sa.Engine, wrong: str
) -> None:
    """A reload with a garbled ACL file would let everybody do everything (mosquitto 2.0.11)."""
    with running(tmp_path, DeviceHashes(engine)) as broker:
        acl = broker.folder / "acl"
        right = acl.read_text()
        acl.write_text(WRONG_RULES[wrong])

        register(engine, OTHER, OTHER_WORD)
        wait_until(lambda: not broker.login(OTHER, OTHER_WORD).connect().refused)

        assert acl.read_text() == right
        assert keeps_its_rules(broker)


@pytest.mark.fault(22)
def test_rules_that_somebody_put_in_force_are_put_right(tmp_path: Path) -> None:
    """A hand that edits the file and sends SIGHUP opens the broker for about a second."""
    with running(tmp_path, FixedUsers()) as broker:
        (broker.folder / "acl").write_text(WRONG_RULES["no syntax"])
        os.kill(broker.runner.pid, signal.SIGHUP)

        wait_until(lambda: keeps_its_rules(broker), what="the rules are in force again")


@pytest.mark.fault(22)
def test_rules_spoilt_while_it_was_down_are_made_anew(tmp_path: Path) -> None:
    """All files are written before the broker starts."""
    with running(tmp_path, FixedUsers()) as broker:
        pass
    for name in ("acl", "passwd", "mosquitto.conf"):
        (broker.folder / name).write_text(WRONG_RULES["no syntax"])

    with running(tmp_path, FixedUsers()) as broker:
        assert keeps_its_rules(broker)


@pytest.mark.fault(22)
@pytest.mark.parametrize("wrong", ["no syntax", "everything"])
def test_the_doctor_tells_of_a_broker_without_rules(tmp_path: Path, wrong: str) -> None:
    """One that somebody else runs is not ours to mend."""
    with Mosquitto(tmp_path, {BIKE: WORD}) as broker:
        assert _echo(broker) == ""
        (broker.files.folder / "acl").write_text(WRONG_RULES[wrong])
        assert broker.process is not None
        broker.process.send_signal(signal.SIGHUP)

        with pytest.raises(RulesNotInForce):
            wait_until(lambda: _echo(broker))


def _echo(broker: Mosquitto) -> str:
    """What the doctor finds."""
    login = BrokerLogin(
        host=broker.host,
        port=broker.port,
        user="pg-doctor",
        password=broker.passwords["pg-doctor"],
    )
    echo = login.echo("pg/v1/sys/doctor", b"1", forbidden="pg/v1/sys/other", within_s=5)
    return asyncio.run(echo)


def test_the_broker_may_have_as_many_connections_as_the_kernel_allows(tmp_path: Path) -> None:
    """Debian's soft limit of 1,024 open files would be used up by a few idle strangers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    try:
        with running(tmp_path, FixedUsers()) as broker:
            limits = Path(f"/proc/{broker.runner.pid}/limits").read_text().splitlines()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    (files,) = (line.split() for line in limits if line.startswith("Max open files"))
    assert files[3] == files[4] == str(hard)
