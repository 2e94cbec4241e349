"""Adapters behind the ports of ingest, alerts.delivery and api."""
