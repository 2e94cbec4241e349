"""An influxd of the demo's own, behind nginx: Debian's 1.6.7 has no ``/api/v2/write``.

The proxy's map is the one of docs/stores.md. Both listen on 127.0.0.1 alone.
"""

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx

from parkguard.demo_servers import START_S, find_program, listens, running, wait_for
from parkguard.ports import free_ports

USER = "telemetry"
DATABASE = "parkguard"

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
{run_as}
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
    "Token {user}:{password}" "Basic {encoded}";
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


def find_influxd() -> str:
    """Where influxd is.

    Raises:
        ProgramMissing: It is not installed.
    """
    return find_program("influxd", "influxdb")


def find_nginx() -> str:
    """Where nginx is.

    Raises:
        ProgramMissing: It is not installed.
    """
    return find_program("nginx", "nginx-light")


def format_influxd(*, data: Path, http: int, rpc: int, devices_max: int = 0) -> str:
    """Give the text of ``influxdb.conf`` (1.6.7).

    Args:
        data: Where it stores.
        http: Port of its HTTP.
        rpc: Port of its backups.
        devices_max: With the index of Debian's own configuration: so many devices; 0 = any number.
    """
    index = "inmem" if devices_max else "tsi1"
    return _INFLUXD.format(data=data, http=http, rpc=rpc, index=index, devices_max=devices_max)


def format_nginx(
    *,
    folder: Path,
    port: int,
    http: int,
    password: str,
    account: str | None,
    body_max: str = "64m",
) -> str:
    """Give the text of ``nginx.conf``: ``/api/v2/write`` for an influxd that has none.

    Args:
        folder: For its own files.
        port: Where it listens.
        http: Where influxd does.
        password: Of ``USER``, who may also come with ``Token user:password``.
        account: Who its workers are; None = whoever starts it.
        body_max: A longer write is answered 413.
    """
    return _NGINX.format(
        run_as="" if account is None else f"user {account};",
        folder=folder,
        port=port,
        http=http,
        body_max=body_max,
        user=USER,
        password=password,
        encoded=base64.b64encode(f"{USER}:{password}".encode()).decode(),
    )


def nginx_account() -> str | None:
    """Who its workers must be to reach our files: root stays root, others have no choice."""
    return "root" if os.geteuid() == 0 else None


def make_user(http: int, password: str) -> None:
    """Make ``USER``, who may do everything.

    The first admin may be made without a login; later this is refused, and changes nothing.
    """
    httpx.post(
        f"http://127.0.0.1:{http}/query",
        data={"q": f"CREATE USER {USER} WITH PASSWORD '{password}' WITH ALL PRIVILEGES"},
        timeout=START_S,
        trust_env=False,
    )


@contextmanager
def own_influx(folder: Path, *, logs: Path, password: str) -> Iterator[str]:
    """Run influxd and nginx while the block runs; gives their address.

    Args:
        folder: For their files; made.
        logs: Folder of their output.
        password: Of ``USER``.

    Raises:
        ProgramMissing: One of them is not installed.
        ServerNotStarted: One of them does not come up.
    """
    influxd, nginx = find_influxd(), find_nginx()
    folder.mkdir(parents=True)
    folder = folder.resolve()  # theirs are other working folders
    http, rpc, port = free_ports(3)
    influxd_conf, nginx_conf = folder / "influxdb.conf", folder / "nginx.conf"
    influxd_conf.write_text(format_influxd(data=folder / "data", http=http, rpc=rpc))
    nginx_conf.write_text(
        format_nginx(
            folder=folder, port=port, http=http, password=password, account=nginx_account()
        )
    )
    with ExitStack() as servers:
        for name, command, waited in (
            ("influxd", [influxd, "-config", str(influxd_conf)], http),
            ("nginx", [nginx, "-c", str(nginx_conf)], port),
        ):
            log = logs / f"{name}.log"
            process = servers.enter_context(running(command, log, cwd=folder))
            wait_for(process, log, partial(listens, waited), what=name)
        make_user(http, password)
        yield f"http://127.0.0.1:{port}"
