"""MQTT topic filters: whose a topic is, and what stands in its wildcards."""

from collections.abc import Sequence


class Filters:
    """Topic filters of one adapter."""

    def __init__(self, filters: Sequence[str]) -> None:
        """Split the filters once; most topics are told by their first letters."""
        self._filters = [one.split("/") for one in filters]
        self._prefixes = tuple(one.split("+", 1)[0].split("#", 1)[0] for one in filters)

    def match(self, topic: str) -> list[str] | None:
        """The levels that stand for ``+``, in order; None when no filter matches."""
        if not topic.startswith(self._prefixes):
            return None
        levels = topic.split("/")
        for words in self._filters:
            found = _match(words, levels)
            if found is not None:
                return found
        return None


def _match(words: list[str], levels: list[str]) -> list[str] | None:
    found: list[str] = []
    for number, word in enumerate(words):
        if word == "#":
            return found
        if number >= len(levels):
            return None
        if word == "+":
            found.append(levels[number])
        elif word != levels[number]:
            return None
    return found if len(words) == len(levels) else None
