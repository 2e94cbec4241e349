"""The answer key: what was planted, apart from the data. Words are those of docs/operations.md."""

import msgspec


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that staff must see, once.

    Attributes:
        fault: What was planted.
        devices: Where.
        from_t: Since when, ms UTC.
        until_t: Until when, ms UTC; the end of the day when nobody mends it.
        causes: Causes that each of the devices must show, each in one episode.
        events: Kinds of health events that must be told of it, each once.
        differences: Codes of docs/charging.md: open differences that its station's books must
            have, each on one day.
        within_s: The last of it is seen at the latest so long after ``from_t``, seconds.
        also: Causes that may come with it, and say nothing wrong.
        also_events: Kinds of events that may come with it.
    """

    fault: str
    devices: list[str]
    from_t: int
    until_t: int
    causes: list[str]
    events: list[str] = []
    differences: list[str] = []
    within_s: float
    also: list[str] = []
    also_events: list[str] = []


def answer_json(planted: tuple[Planted, ...], *, seed: int) -> bytes:
    """One JSON object: ``seed`` and ``planted``."""
    return msgspec.json.encode({"seed": seed, "planted": list(planted)})
