"""A simulated police command desk: takes signed cases, numbers them, acknowledges.

It answers only after a case is on the disk, and collapses what it has had before by
``webhook-id``, so it is told once however often it was sent. Faults can be ordered for tests.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.api_caller import ApiCaller
from simulators.webhook_inbox import BadSignatureError, Diary, Record, Voice, serve, verify

REJECT_REASONS = ("duplicate", "bad_location", "too_old", "not_ours", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """How the desk behaves.

    Attributes:
        first_case: Number of the first case of an empty diary.
        ack_after_s: A case is acknowledged so long after it came, seconds.
        reject_reason: Take no case, and give this reason; None takes all.
        fail_first: So many POSTs at first are answered with ``fail_status`` and not looked at.
        retry_after: ``Retry-After`` beside ``fail_status``; None sends none.
        hang_s: Answer so late, seconds, though the case is in the diary already.
        hang_first: Only so many POSTs hang; None = all.
    """

    first_case: int
    ack_after_s: float
    reject_reason: str | None
    fail_first: int
    fail_status: int
    retry_after: str | None
    hang_s: float
    hang_first: int | None


class Desk:
    """The desk's memory and its hands."""

    def __init__(
        self,
        *,
        key_file: Path,
        diary: Diary,
        mood: Mood,
        api: ApiCaller | None,
        voice: Voice,
        now_ms: Callable[[], int],
    ) -> None:
        """Read the diary and go on from there."""
        self._key_file, self._diary, self._mood = key_file, diary, mood
        self._api, self._voice, self._now_ms = api, voice, now_ms
        self._posts = 0
        self._refused: Counter[str] = Counter()
        self._notices: dict[str, Record] = {}
        self._deliveries: Counter[str] = Counter()
        self._cases: dict[str, str] = {}
        self._acknowledged: dict[str, int] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        for record in diary.records():
            self._learn(record)

    def resume(self) -> None:
        """Acknowledge what was not acknowledged when the process ended."""
        for incident in self._cases:
            self._plan_acknowledge(incident)

    async def receive(self, request: Request) -> Response:
        """Take one POST: verify, collapse, write down, answer."""
        body = await request.body()
        self._posts += 1
        if self._posts <= self._mood.fail_first:
            self._voice.say("post_failed", status=self._mood.fail_status)
            headers = {"retry-after": self._mood.retry_after} if self._mood.retry_after else None
            return Response(status_code=self._mood.fail_status, headers=headers)
        key = self._key_file.read_text(encoding="utf-8").strip().encode()
        try:
            message_id = verify(key, request.headers, body, now_s=self._now_ms() / 1000)
        except BadSignatureError as exc:
            self._refused[str(exc)] += 1
            self._voice.say("post_refused", reason=str(exc))
            return JSONResponse({"error": str(exc)}, status_code=401)
        answer = self._take(message_id, json.loads(body))
        hang_first = self._mood.hang_first
        if self._mood.hang_s and (hang_first is None or self._posts <= hang_first):
            await asyncio.sleep(self._mood.hang_s)
        return JSONResponse(answer)

    async def cases(self, _: Request) -> JSONResponse:
        """List every case with its notices, and how often each notice was delivered."""
        notices: dict[str, list[Record]] = {}
        for message_id, record in self._notices.items():
            notices.setdefault(record["incident"], []).append(
                {**record, "deliveries": self._deliveries[message_id]}
            )
        return JSONResponse(
            {
                "cases": [
                    {
                        "case": self._cases.get(incident),
                        "incident": incident,
                        "acknowledged": self._acknowledged.get(incident),
                        "notices": told,
                    }
                    for incident, told in notices.items()
                ],
                "posts": self._posts,
                "refused": self._refused,
            }
        )

    def _take(self, message_id: str, envelope: Record) -> Record:
        """Collapse a repeat, or write down a new notice; give the answer."""
        known = self._notices.get(message_id)
        at_ms = self._now_ms()
        if known is not None:
            self._write({"type": "again", "id": message_id, "at_ms": at_ms})
            self._voice.say("notice_repeated", id=message_id)
            answer: Record = known["answer"]
            return answer
        incident = str(envelope["data"]["incident_id"])
        if self._mood.reject_reason is not None:
            answer = {"status": "rejected", "reason": self._mood.reject_reason}
        else:
            case = self._cases.get(incident) or str(self._mood.first_case + len(self._cases))
            answer = {"status": "accepted", "case": case}
        self._write(
            {
                "type": "notice",
                "id": message_id,
                "incident": incident,
                "action": envelope["action"],
                "age_s": envelope.get("age_s"),
                "answer": answer,
                "at_ms": at_ms,
            }
        )
        self._voice.say("notice_taken", incident=incident, action=envelope["action"], **answer)
        if incident in self._cases:
            self._plan_acknowledge(incident)
        return answer

    def _write(self, record: Record) -> None:
        self._diary.write(record)
        self._learn(record)

    def _learn(self, record: Record) -> None:
        """Know what the diary knows."""
        match record["type"]:
            case "notice":
                self._notices[record["id"]] = record
                self._deliveries[record["id"]] += 1
                if record["answer"]["status"] == "accepted":
                    self._cases[record["incident"]] = record["answer"]["case"]
            case "again":
                self._deliveries[record["id"]] += 1
            case "acknowledged":
                self._acknowledged[record["incident"]] = record["status"]

    def _plan_acknowledge(self, incident: str) -> None:
        """Acknowledge once, later."""
        name = f"ack {incident}"
        planned = any(task.get_name() == name for task in self._at_work)
        if self._api is None or planned or incident in self._acknowledged:
            return
        task = asyncio.create_task(self._acknowledge(self._api, incident), name=name)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _acknowledge(self, api: ApiCaller, incident: str) -> None:
        """Press the button; 409 says that somebody was faster."""
        await asyncio.sleep(self._mood.ack_after_s)
        status = await api.post(f"/v1/incidents/{incident}/acknowledge", {})
        self._write(
            {
                "type": "acknowledged",
                "incident": incident,
                "status": status,
                "at_ms": self._now_ms(),
            }
        )
        self._voice.say("incident_acknowledged", incident=incident, status=status)


def app_of(desk: Desk) -> Starlette:
    """Give the desk its two routes."""
    return Starlette(
        routes=[
            Route("/", desk.receive, methods=["POST"]),
            Route("/cases", desk.cases, methods=["GET"]),
        ]
    )


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    args = argparse.ArgumentParser(
        prog="python -m simulators.police_desk",
        description=__doc__,
        epilog="example: python -m simulators.police_desk --port 0 --key-file webhook_police.key "
        "--api http://127.0.0.1:8000 --token-file desk.token --state desk.jsonl --json",
    )
    args.add_argument("--host", default="127.0.0.1", help="address to listen on")
    args.add_argument("--port", type=int, default=0, help="port to listen on; 0 = a free one")
    args.add_argument("--key-file", type=Path, required=True, help="key of the signatures")
    args.add_argument("--state", type=Path, required=True, help="diary (JSON Lines)")
    args.add_argument("--api", help="root of the platform's API; without it nothing is pressed")
    args.add_argument("--token-file", type=Path, help="file with the desk's token")
    args.add_argument("--ack-after", type=float, default=1.0, help="seconds until acknowledging")
    args.add_argument("--first-case", type=int, default=1, help="number of the first case")
    args.add_argument("--reject-reason", choices=REJECT_REASONS, help="take no case")
    args.add_argument("--fail-first", type=int, default=0, help="so many POSTs fail")
    args.add_argument("--fail-status", type=int, default=500, help="with this status")
    args.add_argument("--retry-after", help="and this Retry-After header")
    args.add_argument("--hang-s", type=float, default=0.0, help="answer so late, seconds")
    args.add_argument("--hang-first", type=int, help="only so many POSTs hang")
    args.add_argument("--json", action="store_true", help="say events as JSON Lines")
    return args


async def run(args: argparse.Namespace, *, now_ms: Callable[[], int]) -> None:
    """Listen until the process is told to end."""
    voice = Voice(as_json=args.json)
    desk = Desk(
        key_file=args.key_file,
        diary=Diary(args.state),
        mood=Mood(
            first_case=args.first_case,
            ack_after_s=args.ack_after,
            reject_reason=args.reject_reason,
            fail_first=args.fail_first,
            fail_status=args.fail_status,
            retry_after=args.retry_after,
            hang_s=args.hang_s,
            hang_first=args.hang_first,
        ),
        api=ApiCaller(args.api, args.token_file) if args.api else None,
        voice=voice,
        now_ms=now_ms,
    )
    desk.resume()
    await serve(app_of(desk), host=args.host, port=args.port, voice=voice)


def main() -> None:
    """Run the desk."""
    args = parser()
    options = args.parse_args()
    if options.api and options.token_file is None:
        args.error("--api needs --token-file")
    asyncio.run(run(options, now_ms=lambda: time.time_ns() // 1_000_000))


if __name__ == "__main__":
    main()
