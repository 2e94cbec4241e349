"""How a command ends: what may pass is a line and 1, a bug is a trace and 70."""

import pytest

from devices.errors import StoreError
from parkguard.cli_shared import exit_code_of
from parkguard.ports import free_ports
from parkguard.wiring.shared import registered
from stores.records import open_records


def test_database_that_goes_away_while_a_part_starts_is_no_bug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Found by chaos, seed 17: the server was there for the schema and gone for the registry."""
    (port,) = free_ports(1)
    engine = open_records(f"postgresql+psycopg://parkguard:secret@127.0.0.1:{port}/parkguard")

    with pytest.raises(StoreError) as away:
        registered(engine)
    engine.dispose()

    assert exit_code_of(away.value) == 1
    assert "start again" in capsys.readouterr().err


def test_store_error_that_does_not_pass_is_a_bug() -> None:
    """Its trace goes to the log."""
    assert exit_code_of(StoreError("no such table", may_pass=False)) is None
