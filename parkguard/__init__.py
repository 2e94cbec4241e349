"""Composition root: settings, wiring, command line. Imported by nobody."""

__version__ = "0.1.0"
