"""Which adapters are switched on."""

from devices.foreign.adapter import Adapter
from devices.foreign.frigate import Frigate
from devices.foreign.jt808 import Jt808
from devices.foreign.owntracks import OwnTracks
from devices.foreign.policy import AdapterPolicy
from devices.foreign.thingsboard import ThingsBoard
from devices.foreign.traccar import Traccar


def adapters_of(policy: AdapterPolicy) -> list[Adapter]:
    """The adapters that ``policy`` switches on, in a fixed order."""
    adapters: list[tuple[bool, Adapter]] = [
        (policy.owntracks.enabled, OwnTracks(policy.owntracks)),
        (policy.traccar.enabled, Traccar(policy.traccar)),
        (policy.jt808.enabled, Jt808(policy.jt808)),
        (policy.thingsboard.enabled, ThingsBoard(policy.thingsboard)),
        (policy.frigate.enabled, Frigate(policy.frigate)),
    ]
    return [adapter for enabled, adapter in adapters if enabled]
