"""Builds every part from frozen settings and hands it its adapters by name. One file a part."""
