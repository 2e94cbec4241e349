"""Foreign payloads in the words of wire.md: one file a protocol, each a switchable adapter."""
