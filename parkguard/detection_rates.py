"""The curves that turn a false-alarm rate into a threshold: ours, and the city's own over them.

Ours come with the package (``alerts/detection/rates.json``, made by ``python -m
benchmarks.fit_rates`` on simulated noise). A curve in ``data_dir/rates.json`` (made by
``parkguard detection fit`` on the city's own journal) stands in place of ours of the same class
and level.
"""

from importlib import resources
from pathlib import Path

import msgspec

from alerts.detection.rates import Rates
from alerts.detection.thresholds import Thresholds
from parkguard.settings import Settings, SettingsError

PACKAGE, FILE = "alerts.detection", "rates.json"


def packaged_rates() -> Rates:
    """The curves of this version.

    Raises:
        SettingsError: The installed file is damaged, or lacks a class.
    """
    raw = resources.files(PACKAGE).joinpath(FILE).read_bytes()
    rates = _decoded(raw, f"{PACKAGE}/{FILE}", "install ParkGuard again")
    if missing := rates.missing():
        lacks = f"{PACKAGE}/{FILE} has no curve of {', '.join(missing)}"
        raise SettingsError([f"{lacks}; install ParkGuard again"])
    return rates


def own_path(settings: Settings) -> Path:
    """Where the city's own curves are, when it has some."""
    return settings.data_dir / FILE


def own_rates(settings: Settings) -> Rates:
    """The city's own curves, perhaps none.

    Raises:
        SettingsError: The file is there and cannot be used.
    """
    path = own_path(settings)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Rates()
    except OSError as exc:
        raise SettingsError([f"{path}: {exc.strerror}; make it readable or remove it"]) from exc
    return _decoded(raw, str(path), "fit it again (parkguard detection fit), or remove it")


def rates_of(settings: Settings) -> Rates:
    """The curves in effect.

    Raises:
        SettingsError: A file of them cannot be used.
    """
    return packaged_rates().under(own_rates(settings))


def thresholds_of(settings: Settings) -> Thresholds:
    """Nats at every site class for the rates that are set.

    Raises:
        SettingsError: A file of curves cannot be used.
    """
    return Thresholds.looked_up(rates_of(settings), settings.detection)


def as_text(rates: Rates) -> str:
    """A file of curves as JSON that people can read: sorted, the points of a curve on one line."""
    texts = []
    for curve in sorted(rates.curves, key=lambda one: (one.site_class, one.level)):
        body = msgspec.to_builtins(curve)
        head = ",\n   ".join(
            f'"{key}": {_json(value)}' for key, value in body.items() if key != "points"
        )
        points = ", ".join(map(_json, body["points"]))
        texts.append(f'  {{{head},\n   "points": [{points}]}}')
    return '{"v": 1,\n "curves": [\n' + ",\n".join(texts) + "\n ]}\n"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(raw: bytes, name: str, remedy: str) -> Rates:
    try:
        return msgspec.json.decode(raw, type=Rates)
    except msgspec.DecodeError as exc:
        raise SettingsError([f"{name} cannot be used: {exc}; {remedy}"]) from exc
