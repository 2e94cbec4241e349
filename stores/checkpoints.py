"""State snapshots as files: written aside, synced, renamed; each with its checksum.

A torn or damaged file is passed over: an older one, or the journal alone, gives the same state.
"""

import os
from hashlib import blake2b
from pathlib import Path

DIGEST = 16


class FileCheckpoints:
    """Snapshots of one reader, ``{name}-{seq}.ckpt`` in a folder."""

    def __init__(self, folder: Path, name: str, keep: int = 2) -> None:
        """``keep`` newest files stay."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._keep = folder, name, keep

    def save(self, seq: int, blob: bytes) -> None:
        """Keep ``blob`` as the state after entry ``seq``; durable when this returns."""
        path = self._folder / f"{self._name}-{seq:015d}.ckpt"
        aside = path.with_suffix(".tmp")
        with aside.open("wb") as file:
            file.write(blake2b(blob, digest_size=DIGEST).digest())
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync(self._folder)
        for old in self._files()[: -self._keep]:
            old.unlink(missing_ok=True)

    def newest(self, upto_seq: int) -> tuple[int, bytes] | None:
        """The newest intact snapshot with a number of at most ``upto_seq``."""
        for path in reversed(self._files()):
            seq = int(path.stem.rsplit("-", 1)[1])
            if seq <= upto_seq:
                raw = path.read_bytes()
                blob = raw[DIGEST:]
                if blake2b(blob, digest_size=DIGEST).digest() == raw[:DIGEST]:
                    return seq, blob
        return None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-*.ckpt"))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
