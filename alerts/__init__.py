"""From readings to police: detection, levels, incidents. Pure but for ``alerts.delivery``."""
