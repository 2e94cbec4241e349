"""The MQTT shell: broker to journal, journal to decisions, journal to telemetry."""
