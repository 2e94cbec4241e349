"""What a device is and says. Pure: no clock, no logger, no I/O."""
