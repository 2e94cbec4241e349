"""A synthetic city that meets ParkGuard only on the wire, with its own encoder."""
