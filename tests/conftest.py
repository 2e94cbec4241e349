"""How hypothesis runs here: the same examples every time, no stopwatch (the machine is shared)."""

from hypothesis import settings

settings.register_profile("parkguard", deadline=None, derandomize=True)
settings.load_profile("parkguard")
