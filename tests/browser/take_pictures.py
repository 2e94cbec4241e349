"""Take the pictures of docs/img/pages anew: every page of a living town, on a phone and at a desk.

    make screenshots

A town is made and lives through its thefts; nobody answers, so that there is something to see.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page
from rich.console import Console
from rich.progress import track

from support.broker import wait_until
from support.mqtt_client import MqttClient
from support.screens import DESK, PHONE, Look, Screens, add_user, in_chinese, in_the_dark
from support.town import Town, TownSize

FOLDER = Path(__file__).parents[2] / "docs" / "img" / "pages"
SETTLED_MS = 2500
"""A page is looked at so long after it was opened, ms: the map has drawn."""
COLOURS = 256
FOUND_S = 150.0
"""The town's thieves begin within its first minute, seconds."""
PEOPLE = {"officer": "officer", "desk": "desk", "staff": "operator"}
SIZE = TownSize(trackers=40, chargers=6, cameras=6)

Find = Callable[[Town], str]


def _case(town: Town) -> str:
    return str(_first(town, "/v1/incidents", "incidents"))


def _alert(town: Town) -> str:
    return str(_first(town, "/v1/alerts", "alerts"))


def _first(town: Town, path: str, key: str) -> object:
    with town.client() as client:
        return client.get(path).json()[key][0]["id"]


def _tracker(town: Town) -> str:
    return next(device.id for device in town.registered.devices if device.id.startswith("trk"))


def _charger(town: Town) -> str:
    return next(device.id for device in town.registered.devices if device.id.startswith("chg"))


def _nothing(_town: Town) -> str:
    return ""


PAGES: tuple[tuple[str, str | None, str, Find], ...] = (
    ("login", None, "/app/login", _nothing),
    ("owner", None, "", _nothing),
    ("patrol", "officer", "/app/patrol", _nothing),
    ("card", "officer", "/app/patrol/", _case),
    ("desk", "desk", "/app/desk", _nothing),
    ("incident", "desk", "/app/desk/incidents/", _case),
    ("alert", "desk", "/app/desk/alerts/", _alert),
    ("health", "staff", "/app/staff/health", _nothing),
    ("device", "staff", "/app/staff/devices/", _tracker),
    ("chargers", "staff", "/app/staff/chargers", _nothing),
    ("charger", "staff", "/app/staff/chargers/", _charger),
    ("cameras", "staff", "/app/staff/cameras", _nothing),
    ("collection", "staff", "/app/staff/collection", _nothing),
    ("revenue", "staff", "/app/staff/revenue", _nothing),
    ("quarantine", "staff", "/app/staff/quarantine", _nothing),
    ("books", "staff", "/app/staff/books", _nothing),
)
"""Name of the picture, who looks, address, and the object it ends with."""
LOOKS: tuple[Look, ...] = (
    PHONE,
    DESK,
    in_the_dark(in_chinese(PHONE)),
    in_the_dark(in_chinese(DESK)),
)


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch, Town(Path(scratch), size=SIZE) as town:
        with console.status("a town is started, and lives for a minute ..."):
            town.up()
            for name, role in PEOPLE.items():
                add_user(town, name, role, "", display=name.capitalize())
            town.open_offices("owner")
            town.live(seconds=0, answer_s=600, extra="--story-s 60 --commands --deaf 0")
            _say_nonsense(town)
            wait_until(lambda: _confirm(town), within_s=FOUND_S, what="two thefts are found")
        with Screens(town.api_url) as screens:
            for look in LOOKS:
                people: dict[str | None, BrowserContext] = {
                    who: screens.person(look, user=who) for who in {who for _, who, _, _ in PAGES}
                }
                for name, who, path, find in track(PAGES, look.name, console=console):
                    address = _owner_address(town) if name == "owner" else path + find(town)
                    page = people[who].new_page()
                    page.goto(address if "://" in address else f"{town.api_url}{address}")
                    page.wait_for_timeout(SETTLED_MS)
                    _keep(page, folder / f"{name}-{look.name}.png")
                    page.close()
                for context in people.values():
                    context.close()


def _say_nonsense(town: Town) -> None:
    """Let a tracker send what nobody can read, for the quarantine."""
    secrets = json.loads(town.credentials.read_bytes())
    tracker, broker = _tracker(town), town.settings.broker
    login = {"user": tracker, "password": secrets[tracker]}
    with MqttClient(broker.host, broker.port, **login) as client:
        for payload in (b"{", b'{"v":1,"t":1}', b'{"v":1,"lat":200}'):
            client.publish(f"{broker.root}/up/trk/{tracker}/fix", payload)


def _confirm(town: Town) -> bool:
    """Confirm the first alert as soon as another waits: one case, one question."""
    with town.client() as client:
        rows = client.get("/v1/alerts", params={"waiting": "true"}).json()["alerts"]
        if len(rows) < 2:
            return False
        answer = client.post(f"/v1/alerts/{rows[-1]['id']}/verdict", json={"verdict": "confirm"})
        return bool(answer.is_success)


def _owner_address(town: Town) -> str:
    """The link of the newest notice that an owner got."""
    notices = town.asked("owner", "notices")["notices"]
    links = [notice["link"] for notice in notices if notice["link"]]
    return str(links[-1])


def _keep(page: Page, path: Path) -> None:
    page.screenshot(path=path, full_page=False)
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
