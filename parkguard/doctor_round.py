"""The list of everything the doctor looks at, in the order of the table."""

from parkguard.clock import wall_ms
from parkguard.doctor import Finding, admit, examine
from parkguard.doctor_broker import check_broker_state
from parkguard.doctor_influx import check_influx, check_refused
from parkguard.doctor_machine import (
    check_broker_kind,
    check_clock,
    check_disk,
    check_ports,
    check_python,
    check_secrets,
)
from parkguard.doctor_parts import check_api, check_broker_login, check_parts
from parkguard.doctor_rates import check_rates
from parkguard.doctor_receivers import check_receivers
from parkguard.doctor_stores import check_journal, check_latest, check_records, check_telemetry
from parkguard.doctor_web import check_base_map, check_owner_links
from parkguard.settings import Settings

CHECKS = (
    check_python,
    check_disk,
    check_clock,
    check_secrets,
    check_broker_kind,
    check_ports,
    check_journal,
    check_records,
    check_telemetry,
    check_influx,
    check_refused,
    check_latest,
    check_rates,
    check_receivers,
    check_owner_links,
    check_parts,
    check_broker_state,
)
SLOW_CHECKS = (check_broker_login, check_api, check_base_map)


def make_round(settings: Settings) -> list[Finding]:
    """Look at everything."""
    return examine(admit(settings, now_ms=wall_ms()), CHECKS, SLOW_CHECKS)
