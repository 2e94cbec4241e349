"""The HTTP shell (FastAPI)."""
