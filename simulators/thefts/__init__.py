"""The 44 scenarios of docs/detection.md as pure functions of a seed, with what is right to say.

``table`` names them; a ``Story`` is the lines of a replay file (docs/replay.md) and what is
expected as data. Nothing here is run by itself: ``benchmarks.scenarios`` and the tests do it.
"""
