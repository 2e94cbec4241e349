"""``parkguard import``: registry files in, faults out by row and column, the rest written."""
