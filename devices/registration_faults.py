"""Why something may not be registered, in lines for people; foreign ids in the form they arrive."""

from collections.abc import Iterable, Mapping
from dataclasses import fields

import msgspec

from devices.errors import WireError
from devices.foreign.ids import registered_id
from devices.foreign.policy import AdapterPolicy
from devices.model import Profile
from devices.topics import DEVICE_ID

ADAPTERS = tuple(field.name for field in fields(AdapterPolicy))
"""Names of foreign adapters: a device has one id in each at most."""
METER_WRAP_MAX_WH = 2**53 - 1
"""Largest counter that keeps its digits as JSON (docs/wire.md)."""
COINS_MAX = 32
"""Most amounts one coin slot can tell apart; currencies have fewer than ten coins."""
COIN_MAX_FEN = 1_000_000
"""10,000 yuan: no coin and no note is worth more."""

Claim = tuple[str, str]
"""Adapter, and the id in it."""


class RegistryError(Exception):
    """Something may not be registered; ``faults`` holds a line for each."""

    def __init__(self, faults: list[str]) -> None:
        """Keep every fault."""
        super().__init__("\n".join(faults))
        self.faults = faults


class AlreadyRegistered(RegistryError):
    """An id of something new is registered already; the lines name it."""


class ForeignIdTaken(RegistryError):
    """Another device has a foreign id of the request; the lines name it."""


class SwapRefused(RegistryError):
    """A device cannot take another's place; the line says why and what to do."""


def profile_faults(device_id: str, profile: Profile) -> list[str]:
    """Give what is wrong with a profile, a line each."""
    return arriving(device_id, profile)[1]


def arriving(device_id: str, profile: Profile) -> tuple[Profile, list[str]]:
    """Give a profile with its foreign ids in the form in which they arrive, and what is wrong."""
    ids, wrong = registered_ids(profile.foreign)
    faults = [
        *_gateway_faults(device_id, profile),
        *(
            f"{device_id}: foreign id {profile.foreign[adapter]!r} of adapter {adapter!r}: {words}"
            for adapter, words in wrong.items()
        ),
        *_money_faults(device_id, profile),
    ]
    return msgspec.structs.replace(profile, foreign=ids), faults


def faults_beside_ids(device_id: str, profile: Profile) -> list[str]:
    """The same of a profile whose foreign ids are known to be right."""
    return [*_gateway_faults(device_id, profile), *_money_faults(device_id, profile)]


def _gateway_faults(device_id: str, profile: Profile) -> Iterable[str]:
    if profile.gateway and DEVICE_ID.fullmatch(profile.gateway) is None:
        yield f"{device_id}: gateway {profile.gateway!r} is no device id (1-64 of a-z 0-9 -)"
    elif profile.gateway and profile.gateway == device_id:
        yield f"{device_id}: it cannot be its own gateway"


def registered_ids(foreign: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Give foreign ids in the form in which they arrive, and what is wrong with the others.

    Returns:
        Ids by adapter, and words by adapter that do not repeat what was given.
    """
    ids: dict[str, str] = {}
    faults: dict[str, str] = {}
    for adapter, foreign_id in foreign.items():
        if adapter not in ADAPTERS:
            faults[adapter] = f"there is no such adapter, only {', '.join(ADAPTERS)}"
            continue
        try:
            ids[adapter] = registered_id(adapter, foreign_id)
        except WireError as exc:
            faults[adapter] = exc.detail
    return ids, faults


def as_it_arrives(profile: Profile) -> Profile:
    """Give a profile without faults with its foreign ids in the form in which they arrive."""
    if not profile.foreign:
        return profile
    return msgspec.structs.replace(profile, foreign=registered_ids(profile.foreign)[0])


def _money_faults(device_id: str, profile: Profile) -> Iterable[str]:
    if not 0 <= profile.meter_wrap_wh <= METER_WRAP_MAX_WH:
        yield f"{device_id}: meter_wrap_wh {profile.meter_wrap_wh} is not 0 to 2^53 - 1"
    if not profile.coins_fen:
        return
    if len(profile.coins_fen) > COINS_MAX:
        yield f"{device_id}: coins_fen has more than {COINS_MAX} amounts"
    wrong = [coin for coin in profile.coins_fen if not 0 < coin <= COIN_MAX_FEN]
    if wrong:
        yield f"{device_id}: coins_fen {wrong[:5]} are not 1 to {COIN_MAX_FEN} fen"
    if len(set(profile.coins_fen)) != len(profile.coins_fen):
        yield f"{device_id}: an amount stands twice in coins_fen"


def claims_of(device_id: str, profile: Profile) -> dict[Claim, str]:
    """Give whose each foreign id of a profile is to be."""
    return dict.fromkeys(profile.foreign.items(), device_id)


def taken_fault(claim: Claim, device_id: str, holder: str) -> str:
    """Say that a foreign id is another device's."""
    adapter, named = claim
    return (
        f"{device_id}: {adapter} id {named!r} is {holder}'s already: revoke that device or take "
        "the id off it first"
    )


def claims_twice(wanted: Iterable[tuple[str, Profile]]) -> tuple[dict[Claim, str], list[str]]:
    """Collect the claims of several devices; faults where two of them claim the same."""
    claims: dict[Claim, str] = {}
    faults: list[str] = []
    for device_id, profile in wanted:
        for claim in claims_of(device_id, profile):
            holder = claims.setdefault(claim, device_id)
            if holder != device_id:
                faults.append(taken_fault(claim, device_id, holder))
    return claims, faults
