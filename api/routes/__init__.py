"""One file per resource; routes are thin."""
