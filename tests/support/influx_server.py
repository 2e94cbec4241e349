"""A real influxd behind nginx, which speaks /api/v2/write for it, on free ports of 127.0.0.1.

Debian's influxdb 1.6.7 has no /api/v2. nginx maps ``bucket=db/rp`` and the precision, and takes
``Token user:password`` as well as Basic (design/architecture.md, measured facts).

with InfluxServer(tmp_path) as server:
    store = InfluxTelemetry(server.new_place())
"""

import base64
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from socket import create_connection
from types import TracebackType
from typing import Self

import httpx
import pytest

from parkguard.passwords import new_secret
from stores.influx_place import DataClass, InfluxPlace, InfluxVersion
from stores.influx_setup import set_up
from support.broker import WAIT_S, free_port, wait_until

USER = "telemetry"
DATABASE = "parkguard"
FOR_EVER = dict.fromkeys(DataClass, 0)

_INFLUXD = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{data}/meta"
  logging-enabled = false
[data]
  dir = "{data}/data"
  wal-dir = "{data}/wal"
  index-version = "{index}"
  max-values-per-tag = {devices_max}
  cache-snapshot-memory-size = "128m"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  auth-enabled = true
  log-enabled = false
"""

_NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 128; }}
http {{
  access_log off;
  map_hash_bucket_size 256;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size {body_max};
  client_body_buffer_size 16m;
  map $arg_precision $short_precision {{ ns n; us u; ms ms; s s; }}
  map $arg_bucket $db {{ "~*^(?<name>.+)(?:/|%2F)[^/%]+$" $name; default $arg_bucket; }}
  map $arg_bucket $rp {{ "~*(?:/|%2F)(?<policy>[^/%]+)$" $policy; default ""; }}
  map $http_authorization $basic {{
    "Token {user_name}:{password}" "Basic {encoded}";
    default $http_authorization;
  }}
  server {{
    listen 127.0.0.1:{port};
    location = /api/v2/write {{
      rewrite ^ /write?db=$db&rp=$rp&precision=$short_precision? break;
      proxy_set_header Authorization $basic;
      proxy_pass http://127.0.0.1:{http};
    }}
    location / {{
      proxy_set_header Authorization $basic;
      proxy_pass http://127.0.0.1:{http};
    }}
  }}
}}
"""


def find_program(name: str, package: str) -> str:
    """Where a server is; the test fails when it is missing."""
    found = shutil.which(name, path=os.defpath + ":/usr/local/sbin:/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed; run: apt-get install -y {package}")
    return found


def _listens(port: int) -> bool:
    try:
        with create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


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
            _INFLUXD.format(
                rpc=self._rpc,
                http=self._http,
                data=self.data,
                index="inmem" if self._devices_max else "tsi1",
                devices_max=self._devices_max,
            )
        )
        self.influxd = self._spawn("influxd", ["-config", str(conf)])
        wait_until(self._answers, what=f"influxd on {self._http}; it said {self.said()[-2000:]!r}")
        wait_until(lambda: _listens(self.port), what=f"nginx on {self.port}")
        # the first admin may be made without a login; later this is refused, and changes nothing
        httpx.post(
            f"http://127.0.0.1:{self._http}/query",
            data={
                "q": f"CREATE USER {USER} WITH PASSWORD '{self.place.secret}' WITH ALL PRIVILEGES"
            },
            timeout=WAIT_S,
            trust_env=False,
        )

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
        secret = self.place.secret
        conf.write_text(
            _NGINX.format(
                user="user root;" if os.geteuid() == 0 else "",
                folder=self._folder,
                port=self.port,
                http=self._http,
                body_max=self._body_max,
                user_name=USER,
                password=secret,
                encoded=base64.b64encode(f"{USER}:{secret}".encode()).decode(),
            )
        )
        return conf

    def _answers(self) -> bool:
        if self.influxd is not None and self.influxd.poll() is not None:
            pytest.fail(f"influxd ended with {self.influxd.returncode}: {self.said()[-2000:]}")
        return _listens(self._http)

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
