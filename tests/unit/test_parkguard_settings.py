"""Settings: every one documented, all faults at once, the same for every part."""

import inspect
import socket
from contextlib import closing
from pathlib import Path

import pytest

from parkguard import settings_doc
from parkguard.parts import PART_NAMES, build_parts
from parkguard.ports import is_free, resolve_ports
from parkguard.settings import Settings, SettingsError
from parkguard.settings_doc import effective, format_markdown, list_settings
from parkguard.settings_file import read_settings, write_settings

DOCS = Path(inspect.getfile(settings_doc)).parents[1] / "docs"


def test_the_settings_page_is_the_settings() -> None:
    """Make it anew with: parkguard settings --markdown > docs/settings.md."""
    assert (DOCS / "settings.md").read_text() == format_markdown()


def test_every_setting_says_what_it_means() -> None:
    """No name without a meaning, no variable twice."""
    rows = list_settings()

    assert [row.name for row in rows if not row.text] == []
    assert len({row.variable for row in rows}) == len(rows) > 60


def test_lists_of_policies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON, one level down and two; what is none is refused by name."""
    monkeypatch.setenv("PARKGUARD_FIRE__ESCALATE_TO", '["police","command"]')
    monkeypatch.setenv("PARKGUARD_ADAPTERS__OWNTRACKS__TOPICS", '["own/+/+"]')

    settings = Settings()

    assert settings.fire.escalate_to == ("police", "command")
    assert settings.adapters.owntracks.topics == ("own/+/+",)
    monkeypatch.setenv("PARKGUARD_FIRE__ESCALATE_TO", "police")
    with pytest.raises(ValueError, match=r"fire\.escalate_to"):
        Settings()


def test_the_settings_in_effect_hold_no_secret(tmp_path: Path) -> None:
    """Secrets are files; what is printed is every setting once."""
    rows = effective(Settings.model_validate({"data_dir": tmp_path}))

    assert {"setting": "data_dir", "value": tmp_path, "variable": "PARKGUARD_DATA_DIR"} in rows
    assert len(rows) == len([row for row in list_settings() if "NAME" not in row.path])


def test_every_part_reads_what_up_has(tmp_path: Path) -> None:
    """Written and read again: equal, whatever the environment says."""
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "broker": {"port": 1999},
            "dispatch": {"webhooks": {"police": {"url": "https://police.example/in"}}},
        }
    )

    write_settings(settings, tmp_path / "settings.json")

    assert read_settings(tmp_path / "settings.json") == settings


@pytest.mark.parametrize("content", ["", "[]", "{", '{"broker": {"port": -1}}'])
def test_a_wrong_settings_file_is_told(tmp_path: Path, content: str) -> None:
    """With its name, as any wrong setting."""
    path = tmp_path / "settings.json"
    path.write_text(content)

    with pytest.raises(SettingsError, match=r"settings\.json"):
        read_settings(path)


def test_port_zero_becomes_a_free_port(tmp_path: Path) -> None:
    """Each its own; a given port stays."""
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "broker": {"port": 0, "tls_port": 0}, "api": {"port": 0}}
    )

    resolved = resolve_ports(settings)

    ports = {resolved.broker.port, resolved.broker.tls_port, resolved.api.port}
    assert len(ports) == 3
    assert all(is_free("127.0.0.1", port) for port in ports)
    assert resolve_ports(resolved) == resolved


def test_a_taken_port_is_not_free() -> None:
    """As seen before a start, by runner and doctor."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


def test_an_external_broker_is_no_part(tmp_path: Path) -> None:
    """All others run, in the order in which they are needed."""
    settings = Settings.model_validate({"data_dir": tmp_path, "broker": {"kind": "external"}})

    parts = build_parts(settings, tmp_path / "settings.json")

    assert [part.name for part in parts] == [*PART_NAMES[1:]]
    assert parts[0].command[-2:] == (str(tmp_path / "settings.json"), "ingest")
