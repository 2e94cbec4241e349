"""Measurements; the only place speed and memory claims come from."""
