"""Foreign payloads in the words of wire.md."""
