"""State snapshots as files: written aside, synced, renamed; each with its checksum.

A torn or damaged file is passed over: an older one, or the journal alone, gives the same state.
"""

from hashlib import blake2b
from pathlib import Path

from stores.files import replace_file

DIGEST = 16
"""Bytes of the checksum that stands before the state."""


class FileCheckpoints:
    """Snapshots of one reader, ``{name}-{seq}.ckpt`` in a folder."""

    def __init__(self, folder: Path, name: str, keep: int = 2) -> None:
        """``keep`` newest files stay, at least one."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._keep = folder, name, max(keep, 1)
        for torn in folder.glob(f".{name}-*.tmp"):
            torn.unlink(missing_ok=True)  # of a process that was killed while it saved

    def save(self, seq: int, blob: bytes) -> None:
        """Keep ``blob`` as the state after entry ``seq``; durable when this returns.

        States after later entries go: they are of a history that was taken back.

        Raises:
            OSError: It could not be stored; the older ones are untouched.
        """
        path = self._folder / f"{self._name}-{seq:015d}.ckpt"
        replace_file(path, blake2b(blob, digest_size=DIGEST).digest() + blob)
        files = self._files()
        place = files.index(path)
        for old in files[: max(0, place + 1 - self._keep)] + files[place + 1 :]:
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
        """Snapshots of this reader, ascending by number."""
        return sorted(self._folder.glob(f"{self._name}-{'[0-9]' * 15}.ckpt"))
