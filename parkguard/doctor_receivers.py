"""The doctor's look at whom fires and health notices are for: a webhook that is there."""

from collections.abc import Iterator

from parkguard.doctor import Finding, Grade, Patient


def check_receivers(patient: Patient) -> Iterator[Finding]:
    """Whether every receiver has a webhook; the feed hears of everything all the same."""
    settings = patient.settings
    fire = (*settings.fire.receivers, *settings.fire.escalate_to)
    yield _finding(patient, "fire_receivers", fire, setting="fire.receivers")
    if settings.notices.receivers:
        named = settings.notices.receivers
        yield _finding(patient, "notice_receivers", named, setting="notices.receivers")


def _finding(patient: Patient, check: str, named: tuple[str, ...], *, setting: str) -> Finding:
    there = patient.settings.dispatch.webhooks
    missing = [name for name in named if name not in there]
    if not missing:
        return Finding(check=check, grade=Grade.OK, found=", ".join(named) or "the feed alone")
    first = missing[0]
    return Finding(
        check=check,
        grade=Grade.WARN,
        found=f"no webhook {', '.join(missing)}: there the feed alone tells",
        todo=f"set dispatch.webhooks.{first}.url, or take it out of {setting} (docs/dispatch.md)",
    )
