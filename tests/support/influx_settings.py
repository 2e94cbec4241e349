"""Settings of a platform that stores its telemetry on a test's own InfluxDB."""

from pathlib import Path

from stores.influx_place import InfluxPlace


def influx_settings(place: InfluxPlace, folder: Path) -> dict[str, object]:
    """The section ``telemetry``; the secret is written to a private file in ``folder``."""
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "influx_secret"
    secret.touch(mode=0o600)
    secret.write_text(place.secret + "\n")
    return {
        "store": "influx",
        "influx": {
            "url": place.url,
            "version": place.version.value,
            "bucket": place.bucket,
            "user": place.user,
            "secret_file": str(secret),
            "timeout_s": 3.0,
        },
    }
