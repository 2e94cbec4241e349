"""Telling people: the dispatcher and one file per channel. The only part of alerts with I/O."""
