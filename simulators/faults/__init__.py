"""A simulated city day with planted faults among ordinary noise, as a replay file."""
