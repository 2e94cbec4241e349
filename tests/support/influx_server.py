"""A real influxd behind nginx, configured as the demo's, that a test can kill and wipe.

Debian's influxdb 1.6.7 has no /api/v2. nginx maps ``bucket=db/rp`` and the precision, and takes
``Token user:password`` as well as Basic (design/architecture.md, measured facts).

with InfluxServer(tmp_path) as server:
    store = InfluxTelemetry(server.new_place())
"""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from parkguard import demo_servers
from parkguard.children import ProgramMissing
from parkguard.demo_influx import (
    DATABASE,
    USER,
    format_influxd,
    format_nginx,
    make_user,
    nginx_account,
)
from parkguard.passwords import new_secret
from stores.influx_place import DataClass, InfluxPlace, InfluxVersion
from stores.influx_setup import set_up
from support.broker import WAIT_S, free_port, wait_until

FOR_EVER = dict.fromkeys(DataClass, 0)


def find_program(name: str, package: str) -> str:
    """Where a server is; the test fails when it is missing."""
    try:
        return demo_servers.find_program(name, package)
    except ProgramMissing as exc:
        pytest.fail(str(exc))


class InfluxServer:
    """Debian's influxd and nginx with files of their own.

    Args:
        folder: For their files; a fresh temporary one.
        data: Where influxd stores; default below ``folder``.
        body_max: nginx's ``client_max_body_size``: a longer write is answered 413.
        devices_max: With the index of Debian's own configuration: so many devices; 0 = any number.

    Attributes:
        place: How the product reaches it, as a user who may do everything.
        data: influxd's own folder, to wipe.
    """

    def __init__(
        self,
        folder: Path,
        *,
        data: Path | None = None,
        body_max: str = "64m",
        devices_max: int = 0,
    ) -> None:
        self._programs = {
            "influxd": find_program("influxd", "influxdb"),
            "nginx": find_program("nginx", "nginx-light"),
        }
        self._folder = folder / "influx"
        self.data = data or self._folder / "data"
        self._http, self._rpc, self.port = free_port(), free_port(), free_port()
        self._body_max = body_max
        self._devices_max = devices_max
        self._databases = 0
        self.place = InfluxPlace(
            url=f"http://127.0.0.1:{self.port}",
            version=InfluxVersion.V1,
            user=USER,
            secret=new_secret(),
            bucket=DATABASE,
            timeout_s=10.0,
        )
        self.influxd: subprocess.Popen[bytes] | None = None
        self._nginx: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start what does not run, and wait until it takes requests; makes the user."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._nginx is None:
            self._nginx = self._spawn("nginx", ["-c", str(self._write_nginx())])
        conf = self._folder / "influxd.conf"
        conf.write_text(
            format_influxd(
                data=self.data, http=self._http, rpc=self._rpc, devices_max=self._devices_max
            )
        )
        self.influxd = self._spawn("influxd", ["-config", str(conf)])
        wait_until(self._answers, what=f"influxd on {self._http}; it said {self.said()[-2000:]!r}")
        wait_until(lambda: demo_servers.listens(self.port), what=f"nginx on {self.port}")
        make_user(self._http, self.place.secret)

    def new_place(self) -> InfluxPlace:
        """A database of its own on this server, set up; everything is kept for ever."""
        self._databases += 1
        place = replace(self.place, bucket=f"{DATABASE}_{self._databases}")
        set_up(place, FOR_EVER)
        return place

    def said(self) -> str:
        """What influxd wrote so far."""
        log = self._folder / "influxd.log"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def pid(self) -> int:
        """Process id of influxd, 0 while it does not run."""
        return self.influxd.pid if self.influxd is not None else 0

    def kill(self) -> None:
        """End influxd at once (SIGKILL); nginx stays and answers 502."""
        if self.influxd is not None:
            self.influxd.kill()
            self.influxd.wait(WAIT_S)
            self.influxd = None

    def restart(self) -> None:
        """Start influxd again on the same port and data."""
        self.kill()
        self.start()

    def wipe(self) -> None:
        """Lose everything that influxd stored, its users too."""
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def close(self) -> None:
        """End both."""
        self.kill()
        if self._nginx is not None:
            self._nginx.terminate()
            self._nginx.wait(WAIT_S)
            self._nginx = None

    def _spawn(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                [self._programs[name], *arguments], stdout=log, stderr=log, cwd=self._folder
            )

    def _write_nginx(self) -> Path:
        conf = self._folder / "nginx.conf"
        conf.write_text(
            format_nginx(
                folder=self._folder,
                port=self.port,
                http=self._http,
                password=self.place.secret,
                account=nginx_account(),
                body_max=self._body_max,
            )
        )
        return conf

    def _answers(self) -> bool:
        if self.influxd is not None and self.influxd.poll() is not None:
            pytest.fail(f"influxd ended with {self.influxd.returncode}: {self.said()[-2000:]}")
        return demo_servers.listens(self._http)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
