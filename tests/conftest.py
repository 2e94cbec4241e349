"""How hypothesis runs here: the same examples every time, no stopwatch (the machine is shared)."""

from hypothesis import settings

settings.register_profile("parkguard", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("parkguard")
