"""``parkguard replay``: messages through the live code on a simulated clock (docs/replay.md)."""
