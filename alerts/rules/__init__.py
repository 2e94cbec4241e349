"""Rules beside the movement statistic: fences, chargers, cameras."""
