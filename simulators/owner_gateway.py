"""A stand-in for push and SMS: takes signed owner notices and lets owners answer.

How each owner behaves stands in a JSON file, read anew for every notice:
``{"default": {"after_s": 10, "answer": "not_me"}, "e-00012": {"after_s": 5, "answer": "me"},
"e-00013": {"answer": null}}`` (null: the owner stays silent).
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.api_caller import ApiCaller
from simulators.webhook_inbox import BadSignatureError, Diary, Record, Voice, serve, verify

DEFAULT_BEHAVIOUR: Record = {"after_s": 10.0, "answer": None}


class Gateway:
    """The gateway's memory, and the owners behind it."""

    def __init__(
        self,
        *,
        key_file: Path,
        diary: Diary,
        behaviour_file: Path | None,
        api: ApiCaller | None,
        voice: Voice,
        now_ms: Callable[[], int],
    ) -> None:
        """Read the diary and go on from there."""
        self._key_file, self._diary, self._behaviour_file = key_file, diary, behaviour_file
        self._api, self._voice, self._now_ms = api, voice, now_ms
        self._notices: dict[str, Record] = {}
        self._deliveries: Counter[str] = Counter()
        self._answered: dict[str, Record] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        for record in diary.records():
            self._learn(record)

    def resume(self) -> None:
        """Let owners answer what they had not answered when the process ended."""
        for record in self._notices.values():
            self._plan_answer(record)

    async def receive(self, request: Request) -> JSONResponse:
        """Take one POST: verify, collapse, write down, answer."""
        body = await request.body()
        key = self._key_file.read_text(encoding="utf-8").strip().encode()
        try:
            message_id = verify(key, request.headers, body, now_s=self._now_ms() / 1000)
        except BadSignatureError as exc:
            self._voice.say("post_refused", reason=str(exc))
            return JSONResponse({"error": str(exc)}, status_code=401)
        if message_id in self._notices:
            self._write({"type": "again", "id": message_id, "at_ms": self._now_ms()})
            self._voice.say("notice_repeated", id=message_id)
        else:
            envelope = json.loads(body)
            data = envelope["data"]
            record = {
                "type": "notice",
                "id": message_id,
                "alert": data["alert_id"],
                "vehicle": data["vehicle"],
                "receiver": data.get("receiver"),
                "level": data.get("level"),
                "caused_ms": data.get("at_ms"),
                "path": data["answer"],
                "link": data.get("answer_url", ""),
                "at_ms": self._now_ms(),
            }
            self._write(record)
            self._voice.say("owner_told", alert=data["alert_id"], vehicle=data["vehicle"])
            self._plan_answer(record)
        return JSONResponse({"status": "accepted"})

    async def notices(self, _: Request) -> JSONResponse:
        """List every notice: when it came, how often, and what the owner said."""
        return JSONResponse(
            {
                "notices": [
                    {
                        **record,
                        "deliveries": self._deliveries[message_id],
                        "answer": self._answered.get(record["alert"]),
                    }
                    for message_id, record in self._notices.items()
                ]
            }
        )

    def _write(self, record: Record) -> None:
        self._diary.write(record)
        self._learn(record)

    def _learn(self, record: Record) -> None:
        """Know what the diary knows."""
        match record["type"]:
            case "notice":
                self._notices[record["id"]] = record
                self._deliveries[record["id"]] += 1
            case "again":
                self._deliveries[record["id"]] += 1
            case "answered":
                self._answered[record["alert"]] = record

    def _behaviour(self, vehicle: str) -> Record:
        """How the owner of a vehicle behaves at this moment."""
        if self._behaviour_file is None:
            return DEFAULT_BEHAVIOUR
        told = json.loads(self._behaviour_file.read_text(encoding="utf-8"))
        behaviour: Record = told.get(vehicle, told.get("default", {}))
        return DEFAULT_BEHAVIOUR | behaviour

    def _plan_answer(self, record: Record) -> None:
        """Let the owner answer an alert once, however many notices speak of it."""
        behaviour = self._behaviour(record["vehicle"])
        name = f"answer {record['alert']}"
        planned = any(task.get_name() == name for task in self._at_work)
        known = planned or record["alert"] in self._answered
        if self._api is None or behaviour["answer"] is None or known:
            return
        task = asyncio.create_task(self._answer(self._api, record, behaviour), name=name)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _answer(self, api: ApiCaller, record: Record, behaviour: Record) -> None:
        """Press "it's me" or "not me"."""
        await asyncio.sleep(behaviour["after_s"])
        status = await api.post(
            record["path"], {"answer": behaviour["answer"]}, who=record["vehicle"]
        )
        self._write(
            {
                "type": "answered",
                "alert": record["alert"],
                "said": behaviour["answer"],
                "status": status,
                "at_ms": self._now_ms(),
            }
        )
        self._voice.say(
            "owner_answered", alert=record["alert"], answer=behaviour["answer"], status=status
        )


def app_of(gateway: Gateway) -> Starlette:
    """Give the gateway its two routes."""
    return Starlette(
        routes=[
            Route("/", gateway.receive, methods=["POST"]),
            Route("/notices", gateway.notices, methods=["GET"]),
        ]
    )


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    args = argparse.ArgumentParser(
        prog="python -m simulators.owner_gateway",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m simulators.owner_gateway --port 0 --key-file webhook_owner.key "
        "--api http://127.0.0.1:8000 --token-file owner.token --state owners.jsonl "
        "--behaviour owners.json --json",
    )
    args.add_argument("--host", default="127.0.0.1", help="address to listen on")
    args.add_argument("--port", type=int, default=0, help="port to listen on; 0 = a free one")
    args.add_argument("--key-file", type=Path, required=True, help="key of the signatures")
    args.add_argument("--state", type=Path, required=True, help="diary (JSON Lines)")
    args.add_argument("--behaviour", type=Path, help="how owners behave (JSON); default: silent")
    args.add_argument("--api", help="root of the platform's API; without it nobody answers")
    args.add_argument(
        "--token-file", type=Path, help="an owner's token, or JSON {vehicle: token, default: token}"
    )
    args.add_argument("--json", action="store_true", help="say events as JSON Lines")
    return args


async def run(args: argparse.Namespace, *, now_ms: Callable[[], int]) -> None:
    """Listen until the process is told to end."""
    voice = Voice(as_json=args.json)
    gateway = Gateway(
        key_file=args.key_file,
        diary=Diary(args.state),
        behaviour_file=args.behaviour,
        api=ApiCaller(args.api, args.token_file) if args.api else None,
        voice=voice,
        now_ms=now_ms,
    )
    gateway.resume()
    await serve(app_of(gateway), host=args.host, port=args.port, voice=voice)


def main() -> None:
    """Run the gateway."""
    args = parser()
    options = args.parse_args()
    if options.api and options.token_file is None:
        args.error("--api needs --token-file")
    asyncio.run(run(options, now_ms=lambda: time.time_ns() // 1_000_000))


if __name__ == "__main__":
    main()
