"""Who else said what the vehicle's tracker said: a group is counted wherever its members stand.

"12 vehicles near each other are jammed" counts members that are linked one by one, so they may
stand in other areas than the vehicle. Which they are, their events tell: few messages are events.
"""

from collections.abc import Collection

from alerts.detection.signs import SIGN_OF, Sign
from devices.codec import EVENT, read
from devices.encoding import open_payload
from devices.entry import Entry
from devices.errors import WireError
from devices.readings import EventType
from parkguard.explain.story import Story
from parkguard.explain.window import Window

GROUPED = frozenset({Sign.JAMMING, Sign.POWER_CUT, Sign.REMOVED})
"""Signs that other vehicles' same signs explain, or that two vehicles make together
(``alerts.groups``, ``alerts.identity``)."""
_READ = 2_000


def grouped_signs(story: Story) -> frozenset[Sign]:
    """Those the vehicle showed, by its events and by what lived at its fixes."""
    events = {one.code for one in story.happenings if one.kind == "event"}
    spans = {span.code.upper() for span in story.signs}
    said = {sign for kind, sign in SIGN_OF.items() if kind.value in events}
    return GROUPED & (said | {sign for sign in Sign if sign.name in spans})


def claimants(
    events: Window, signs: Collection[Sign], *, until_ms: int, besides: Collection[str]
) -> list[str]:
    """Trackers that said one of these, the first to speak first, without those ``besides``.

    Args:
        events: A window that holds the events of all trackers.
        signs: As ``grouped_signs``.
        until_ms: What was received later is not looked at, ms UTC.
        besides: Ids.

    Raises:
        JournalError: A segment cannot be read.
        OutOfTime: The window's deadline has passed.
    """
    kinds = {kind for kind, sign in SIGN_OF.items() if sign in signs}
    found: dict[str, None] = {}
    after_seq = events.begin_seq() - 1
    while entries := events.read(after_seq, _READ):
        after_seq = entries[-1].seq
        for entry in entries:
            device_id = entry.topic.split("/")[-2]
            if device_id not in besides and _kind_of(entry, device_id) in kinds:
                found[device_id] = None
        if entries[-1].recv_ms > until_ms:
            break
    return list(found)


def _kind_of(entry: Entry, device_id: str) -> EventType | None:
    """What happened by this event; None when it is over, or cannot be read."""
    try:
        message, _, _ = read(EVENT, open_payload(entry.payload), device_id, ".")
    except WireError:
        return None
    return message.type if message.on else None
