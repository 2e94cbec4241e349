"""The doctor's look at the curves by which false-alarm rates become thresholds."""

from collections.abc import Iterator

from alerts.detection.rates import shaping
from parkguard.detection_rates import own_path, own_rates, packaged_rates
from parkguard.doctor import Finding, Grade, Patient
from parkguard.settings import SettingsError

CHECK = "alarm_rates"


def check_rates(patient: Patient) -> Iterator[Finding]:
    """Whether the curves can be used, and were measured with the settings of now."""
    settings = patient.settings
    policy = settings.detection
    try:
        packaged, own = packaged_rates(), own_rates(settings)
    except SettingsError as exc:
        fault, _, todo = str(exc).rpartition("; ")
        yield Finding(check=CHECK, grade=Grade.FAIL, found=fault, todo=todo)
        return
    curves = packaged.under(own).curves
    others = [c for c in curves if c.settings != shaping(policy)]
    whose = f"{len(own.curves)} curves of {own_path(settings)}" if own.curves else "packaged curves"
    found = f"owner {policy.owner_rate:g}, police {policy.police_rate:g} a vehicle-day, {whose}"
    if others:
        yield Finding(
            check=CHECK,
            grade=Grade.WARN,
            found=f"{found}; {len(others)} of {len(curves)} were fitted with other settings",
            todo="see parkguard detection rates; fit them again (parkguard detection fit)",
        )
    else:
        yield Finding(check=CHECK, grade=Grade.OK, found=found)
