"""How far parked fixes leap: learnt per vehicle, and known of a site's class beforehand.

What came back to the anchor was noise. A vehicle that leapt 60 m yesterday is not on its way when
it is seen 65 m away today; one that never did may be.
"""

import numpy as np
from numpy.typing import NDArray

from alerts.detection.anchor import F8, I8, AnchorArrays
from alerts.policy import DetectionPolicy
from devices.model import SiteClass

B1 = NDArray[np.bool_]
_SITE_M: dict[SiteClass, float] = {
    SiteClass.OPEN: 0.0,
    SiteClass.STREET: 115.0,
    SiteClass.CANYON: 150.0,
    SiteClass.GARAGE: 180.0,
    SiteClass.INDOOR: 180.0,
}
"""Within this distance no fix of such a site tells the owner by itself, metres. Source:
docs/detection.md, Figures: excursions in streets reach 110 m (scenario 2)."""
SITE_M = np.array([_SITE_M[site_class] for site_class in SiteClass])


def reach_m(arrays: AnchorArrays, i: I8, policy: DetectionPolicy) -> F8:
    """How far noise may take these vehicles by what was learnt of them, metres."""
    result: F8 = np.minimum(policy.leap_share * arrays.leap_m[i], policy.leap_max_m)
    return result


def alone_m(arrays: AnchorArrays, i: I8, reach: F8, policy: DetectionPolicy) -> F8:
    """From here on the position tells the owner without a witness, metres."""
    site_m = np.maximum(arrays.site_m[i], policy.owner_alone_m)
    result: F8 = np.maximum(site_m, reach)
    return result


def learn(
    arrays: AnchorArrays, i: I8, at_anchor: B1, scored: B1, dt: F8, policy: DetectionPolicy
) -> None:
    """Remember how far it had been when it is back at its anchor; forget slowly."""
    s = i[scored]
    faded = arrays.leap_m[s] * np.maximum(0.0, 1.0 - dt[scored] / policy.leap_tau_s)
    back = at_anchor[scored]
    arrays.leap_m[s] = np.where(back, np.maximum(faded, arrays.farthest[s]), faded)
