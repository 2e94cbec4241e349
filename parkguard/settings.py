"""Every setting, its unit and its source. The only module that reads the environment.

Sources, first wins: arguments, environment (``PARKGUARD_BROKER__PORT``), ``.env``,
``parkguard.toml``, the defaults here. All faults are reported at once.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from alerts.notice_policy import NoticePolicy
from alerts.policy import DetectionPolicy, DispatchPolicy
from alerts.witness_policy import WitnessPolicy
from api.login_policy import LoginPolicy
from devices.downlink_policy import DownlinkPolicy
from devices.fire import FirePolicy
from devices.foreign.policy import AdapterPolicy
from devices.presence import PresencePolicy
from devices.quarantine_bound import QuarantinePolicy
from parkguard.settings_explain import ExplainSettings
from parkguard.settings_lists import with_lists
from parkguard.settings_web import WebSettings
from stores.records_policy import RecordsPolicy

CONFIG_VARIABLE = "PARKGUARD_CONFIG"
"""Names the TOML file when it is not ``parkguard.toml`` in the working folder."""
MIN_DEMO_S = 45.0
"""The shortest demo: anchors are learnt in 15 s, a theft and its answer need 30."""
_MIB = 1_048_576

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[float, Field(gt=0)]


class SettingsError(Exception):
    """Wrong settings; ``faults`` holds one line per fault and what to do."""

    def __init__(self, faults: list[str]) -> None:
        """Keep every fault."""
        super().__init__("\n".join(faults))
        self.faults = faults


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSettings(_Section):
    """The MQTT broker: ours (``auto``) or one that already runs (``url``)."""

    kind: Literal["auto", "mosquitto", "embedded", "external"] = Field(
        "auto", description="auto = mosquitto when installed, else the embedded one for trying out"
    )
    host: str = Field("127.0.0.1", description="Address of our listener, or of the external broker")
    port: Port = Field(1883, description="Port of the broker; TCP")
    root: str = Field("pg/v1", description="First levels of every topic (wire.md)")
    tls_cert: Path | None = Field(None, description="PEM certificate of the device listener")
    tls_key: Path | None = Field(None, description="PEM key of the device listener")
    tls_host: str = Field("0.0.0.0", description="Address of the TLS device listener")  # noqa: S104 - only with a certificate
    tls_port: Port = Field(8883, description="Port of the TLS device listener")
    max_inflight: int = Field(2000, gt=0, description="Unacknowledged messages for us (decisions)")
    max_queued: int = Field(
        1_000_000, gt=0, description="Messages kept for us while we are away; 60 s of fleet peak"
    )
    queue_alarm: float = Field(
        0.5, gt=0, le=1, description="Share of max_queued from which it is an alarm (decisions)"
    )
    reserve_mb: Positive = Field(
        64.0, description="Less free space for the broker's files is an alarm, MiB; as the journal"
    )
    save_late_s: Positive = Field(
        30.0, description="A broker that has not saved for so long cannot, s; 15 times autosave_s"
    )
    autosave_s: int = Field(2, ge=1, le=5, description="mosquitto autosave_interval, seconds")
    max_packet_bytes: int = Field(98_304, description="Broker's packet limit, bytes (decisions 13)")


class IngestSettings(_Section):
    """Broker to journal."""

    batch_max: int = Field(2000, gt=0, description="Most messages in one group commit")
    linger_ms: float = Field(10.0, ge=0, description="Wait this long to fill a group commit, ms")
    echo_s: Positive = Field(4.0, description="Send ourselves an echo this often, seconds")
    silent_s: Positive = Field(
        12.0,
        description="No echo for so long: resubscribe and say so, s (readiness tells within 15 s)",
    )
    wedged_s: Positive = Field(
        8.0,
        description="Our own network thread stands still for so long: end, to be started again, "
        "seconds",
    )
    control_poll_ms: Positive = Field(50.0, description="Look for new control rows, ms")


class JournalSettings(_Section):
    """The journal's segments."""

    segment_mb: Positive = Field(256.0, description="Start a new segment past this size, MiB")
    retention_h: Positive = Field(720.0, description="Keep segments this long, hours (<= 30 d)")
    reserve_mb: Positive = Field(64.0, description="Stop intake below this free space, MiB")
    alarm_mb: Positive = Field(
        640.0,
        description="Alarm below this free space, MiB: ten times the reserve; 1,000 messages a "
        "second take some 20 min for it (ours)",
    )

    @property
    def reserve_bytes(self) -> int:
        """``reserve_mb`` in bytes."""
        return int(self.reserve_mb * _MIB)

    @property
    def alarm_bytes(self) -> int:
        """``alarm_mb`` in bytes, never below the reserve."""
        return max(int(self.alarm_mb * _MIB), self.reserve_bytes)


class ProcessSettings(_Section):
    """Journal to decisions."""

    batch_max: int = Field(2000, gt=0, description="Most entries taken at once")
    poll_ms: Positive = Field(25.0, description="Wait when the journal is read out, ms")
    commit_ms: Positive = Field(250.0, description="Commit offset and books at least this often")
    checkpoint_s: Positive = Field(60.0, description="Write a state checkpoint this often, s")


class ProjectSettings(_Section):
    """Journal to telemetry store."""

    batch_max: int = Field(5000, gt=0, description="Most entries taken at once")
    poll_ms: Positive = Field(
        250.0,
        description="Wait when the journal is read out, ms (each round syncs two files)",
    )
    checkpoint_s: Positive = Field(60.0, description="Write a state checkpoint this often, s")
    parked_row_s: float = Field(
        300.0,
        ge=0,
        description="A parked vehicle inside its noise gets one row per this, seconds; 0 = all",
    )
    parked_radius_m: Positive = Field(
        25.0, description="What counts as inside its noise, metres (detection.md: sd 1.3-10.8 m)"
    )
    status_row_s: float = Field(
        300.0,
        ge=0,
        description="A charger, camera, state or description that says nothing new gets one row "
        "per this, seconds (as parked_row_s); 0 = all",
    )


class InfluxSettings(_Section):
    """InfluxDB, when ``telemetry.store`` is ``influx``. Its secret is a file."""

    url: str = Field(
        "http://127.0.0.1:8086", pattern=r"^https?://[^/\s]+$", description="Address with port"
    )
    version: Literal["1", "2", "3"] = Field(
        "1", description="Generation; 1 needs `user`, 2 needs `org`; 1.6 and 1.7 need a proxy"
    )
    bucket: str = Field(
        "parkguard",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Database (1.x); buckets (2.x) and databases (3.x) are named `bucket/class`",
    )
    user: str = Field("", pattern=r"^[^:\s]*$", description="User (1.x)")
    org: str = Field("", description="Organization (2.x)")
    secret_file: str = Field(
        "", description="File of the password (1.x) or token; empty = secrets/influx"
    )
    timeout_s: Positive = Field(10.0, description="A request may take so long, seconds")
    keep_track_days: int = Field(90, ge=0, description="Keep fixes and events, days; 0 = for ever")
    keep_health_days: int = Field(
        400, ge=0, description="Keep chargers', cameras' and devices' state, days; 0 = for ever"
    )
    keep_money_days: int = Field(
        0, ge=0, description="Keep charging sessions and coins, days; 0 = for ever"
    )


class TelemetrySettings(_Section):
    """Where tracks and measurements are stored (docs/stores.md)."""

    store: Literal["sqlite", "influx"] = Field(
        "sqlite", description="sqlite = telemetry.db below data_dir; influx = an InfluxDB"
    )
    influx: InfluxSettings = InfluxSettings()

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        influx = self.influx
        if self.store == "influx" and influx.version == "1" and not influx.user:
            raise ValueError("InfluxDB 1.x needs telemetry.influx.user")
        if self.store == "influx" and influx.version == "2" and not influx.org:
            raise ValueError("InfluxDB 2.x needs telemetry.influx.org")
        return self


class WebhookTarget(_Section):
    """One signed webhook. The key file is made at the first start when missing."""

    url: str = Field(description="http(s) address that takes POST")
    key_file: str = Field("", description="File of the HMAC key; empty = secrets/webhook_NAME.key")


class DispatchSettings(_Section):
    """Outbox to people."""

    poll_ms: Positive = Field(50.0, description="Look for due rows, ms")
    timeout_s: Positive = Field(5.0, description="A channel may take this long, seconds")
    retry_first_s: Positive = Field(1.0, description="First retry after about this, seconds")
    retry_max_s: Positive = Field(
        600.0, le=3600, description="Longest wait between retries, seconds"
    )
    webhooks: dict[str, WebhookTarget] = Field(
        default_factory=dict, description="Receiver name (police, owner) -> target"
    )
    allow_hosts: list[str] = Field(
        default_factory=list,
        description="Private or loopback hosts that webhooks may reach (SSRF wall)",
    )
    mqtt: bool = Field(True, description="Publish incidents to out/incident/{grid}")


class ApiSettings(_Section):
    """HTTP."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(8000, description="Port to listen on")
    feed_poll_ms: Positive = Field(100.0, description="Tail the feed this often, ms (decisions 7)")
    live_poll_ms: Positive = Field(200.0, description="Look for moved live positions, ms")
    page_max: int = Field(1000, gt=0, description="Most rows a page may ask for")
    track_max_days: Positive = Field(31.0, description="Longest track period, days")
    sse_queue: int = Field(256, gt=0, description="Events a slow stream reader may lag behind")


class SyntheticSettings(_Section):
    """A theft played through the whole chain again and again (docs/operate.md, Watching)."""

    on: bool = Field(False, description="Whether `parkguard up` plays it")
    every_s: float = Field(300.0, ge=2, description="Play it this often, seconds")
    within_s: Positive = Field(
        60.0, description="It fails when its alert is not in the feed within so long, seconds"
    )
    heartbeat_file: str = Field(
        "",
        description="File that holds the address of the outside heartbeat; empty = "
        "secrets/heartbeat_url; none at all when that is missing",
    )
    timeout_s: Positive = Field(10.0, description="The heartbeat may take this long, seconds")


class SuperviseSettings(_Section):
    """Parts under ``parkguard up``."""

    stuck_s: Positive = Field(
        25.0,
        description="A part whose working loop says nothing for so long is killed and started "
        "again, seconds (above the 15 s of readiness, below a blocked loop of 30 s)",
    )


class LogSettings(_Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level")
    json_lines: bool | None = Field(None, description="JSON lines; default: unless a terminal")


class Settings(BaseSettings):
    """All settings of all parts."""

    model_config = SettingsConfigDict(
        env_prefix="PARKGUARD_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="forbid",
        frozen=True,
    )

    data_dir: Path = Field(Path("var"), description="Everything we store lives below this folder")
    timezone: str = Field("Asia/Shanghai", description="City's zone: days of bulletins (decisions)")
    broker: BrokerSettings = BrokerSettings()
    ingest: IngestSettings = IngestSettings()
    journal: JournalSettings = JournalSettings()
    process: ProcessSettings = ProcessSettings()
    project: ProjectSettings = ProjectSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    records: RecordsPolicy = RecordsPolicy()
    dispatch: DispatchSettings = DispatchSettings()
    api: ApiSettings = ApiSettings()
    web: WebSettings = WebSettings()
    explain: ExplainSettings = ExplainSettings()
    login: LoginPolicy = LoginPolicy()
    synthetic: SyntheticSettings = SyntheticSettings()
    supervise: SuperviseSettings = SuperviseSettings()
    log: LogSettings = LogSettings()
    detection: DetectionPolicy = DetectionPolicy()
    witness: WitnessPolicy = WitnessPolicy()
    policy: DispatchPolicy = DispatchPolicy()
    presence: PresencePolicy = PresencePolicy()
    quarantine: QuarantinePolicy = QuarantinePolicy()
    downlinks: DownlinkPolicy = DownlinkPolicy()
    adapters: AdapterPolicy = AdapterPolicy()
    fire: FirePolicy = FirePolicy()
    notices: NoticePolicy = NoticePolicy()

    @model_validator(mode="before")
    @classmethod
    def _read_lists(cls, values: dict[str, object]) -> dict[str, object]:
        kinds = {name: field.annotation for name, field in cls.model_fields.items()}
        return with_lists(kinds, values)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, ``.env``, TOML; secrets are files of their own."""
        toml = TomlConfigSettingsSource(
            settings_cls, Path(os.environ.get(CONFIG_VARIABLE, "parkguard.toml"))
        )
        return init_settings, env_settings, dotenv_settings, toml


def load_settings() -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: With every fault: which setting, what is wrong, how to set it.
    """
    try:
        settings = Settings()
    except tomllib.TOMLDecodeError as exc:
        file = os.environ.get(CONFIG_VARIABLE, "parkguard.toml")
        raise SettingsError([f"{file} is not valid TOML: {exc}"]) from exc
    except ValidationError as exc:
        faults = []
        for error in exc.errors():
            path = [str(part) for part in error["loc"]]
            variable = "PARKGUARD_" + "__".join(part.upper() for part in path)
            faults.append(f"{'.'.join(path)}: {error['msg']} (set {variable}, or in TOML)")
        raise SettingsError(faults + _unknown_variables()) from exc
    if unknown := _unknown_variables():
        raise SettingsError(unknown)
    return settings


def demo_seconds() -> float | None:
    """``DEMO_SECONDS``: the demo ends by itself after so long; None = it stays up.

    Raises:
        SettingsError: It is not a number above 20.
    """
    text = os.environ.get("DEMO_SECONDS")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds >= MIN_DEMO_S:
        raise SettingsError([f"DEMO_SECONDS: {text!r} is not a number of at least {MIN_DEMO_S}"])
    return seconds


def _unknown_variables() -> list[str]:
    """Variables with our prefix that are no setting: a typing error must not pass silently."""
    known = {f"PARKGUARD_{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE}
    return [
        f"{name}: there is no such setting (see docs/settings.md)"
        for name in sorted(os.environ)
        if name.startswith("PARKGUARD_") and name.split("__", 1)[0] not in known
    ]
