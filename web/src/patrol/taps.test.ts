import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { IdbTapStore } from "./tapStore";
import { drain, isRepeat, type Sent, stateAfter, TAP_MAX_MS, type Tap } from "./taps";

let number = 0;
const NOW_MS = 1_764_059_400_000;

function store(): IdbTapStore {
  number += 1;
  return new IdbTapStore(`test-${number}`);
}

function tap(key: string, changes: Partial<Tap> = {}): Tap {
  const step = { kind: "move", state: key } as const;
  return { key, incidentId: "inc-1", step, atMs: NOW_MS, by: "chen", ...changes };
}

function refused(one: Tap): Sent {
  return { kind: "refused", refusal: { tap: one, code: "incident_taken", assignee: "liu" } };
}

/** A server that notes what it is sent and answers as it is told. */
function server(answer: (one: Tap) => Sent = () => ({ kind: "done" })) {
  const heard: string[] = [];
  const send = async (one: Tap): Promise<Sent> => {
    heard.push(one.key);
    return answer(one);
  };
  return { heard, send };
}

async function with3(): Promise<IdbTapStore> {
  const kept = store();
  for (const key of ["a", "b", "c"]) await kept.add(tap(key));
  return kept;
}

describe("taps that wait", () => {
  it("are sent in order, each once", async () => {
    const kept = await with3();
    const { heard, send } = server();
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(true);
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(true);
    expect(heard).toEqual(["a", "b", "c"]);
    expect(await kept.taps()).toEqual([]);
  });

  it("stop at a lost connection and go on there", async () => {
    const kept = await with3();
    let broken = true;
    const { heard, send } = server((one) =>
      one.key === "b" && broken ? { kind: "later" } : { kind: "done" },
    );
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(false);
    expect((await kept.taps()).map((one) => one.key)).toEqual(["b", "c"]);
    broken = false;
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(true);
    expect(heard).toEqual(["a", "b", "b", "c"]);
  });

  it("leave the queue when they are refused, and the next one is sent", async () => {
    const kept = await with3();
    const { heard, send } = server((one) => (one.key === "a" ? refused(one) : { kind: "done" }));
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(true);
    expect(heard).toEqual(["a", "b", "c"]);
    const { taps, refusals } = await kept.kept();
    expect(taps).toEqual([]);
    expect(refusals.map((one) => [one.tap.key, one.assignee])).toEqual([["a", "liu"]]);
    await kept.read("inc-1");
    expect((await kept.kept()).refusals).toEqual([]);
  });

  it("survive a reload", async () => {
    const kept = await with3();
    const again = new IdbTapStore(`test-${number}`);
    expect(again).not.toBe(kept);
    const { heard, send } = server();
    await drain(again, "chen", NOW_MS, send);
    expect(heard).toEqual(["a", "b", "c"]);
  });

  it("are sent by nobody else's session", async () => {
    const kept = store();
    await kept.add(tap("a", { by: "liu" }));
    await kept.add(tap("b"));
    const { heard, send } = server();
    expect(await drain(kept, "chen", NOW_MS, send)).toBe(true);
    expect(heard).toEqual(["b"]);
    expect((await kept.taps()).map((one) => one.key)).toEqual(["a"]);
  });

  it("are told, not sent, when the server no longer knows their keys", async () => {
    const kept = store();
    await kept.add(tap("a", { atMs: NOW_MS - TAP_MAX_MS - 1 }));
    const { heard, send } = server();
    await drain(kept, "chen", NOW_MS, send);
    expect(heard).toEqual([]);
    expect((await kept.kept()).refusals[0]?.code).toBe("too_old");
  });

  it("do not get lost when one is tapped while others are sent", async () => {
    const kept = await with3();
    const { heard, send } = server();
    await Promise.all([drain(kept, "chen", NOW_MS, send), kept.add(tap("d"))]);
    await drain(kept, "chen", NOW_MS, send);
    expect(heard).toEqual(["a", "b", "c", "d"]);
  });
});

describe("what waits", () => {
  it("knows a second press from another step", () => {
    const waiting = [tap("a", { step: { kind: "help" } }), tap("b")];
    expect(isRepeat(waiting, tap("z", { step: { kind: "move", state: "b" } }))).toBe(true);
    expect(isRepeat(waiting, tap("z", { step: { kind: "help" } }))).toBe(false);
    expect(isRepeat(waiting, tap("b", { incidentId: "inc-2" }))).toBe(false);
  });

  it("says what state it leads to", () => {
    const waiting = [
      tap("acknowledged"),
      tap("en_route", { incidentId: "inc-2" }),
      tap("h", { step: { kind: "help" } }),
    ];
    expect(stateAfter(waiting, "inc-1")).toBe("acknowledged");
    expect(stateAfter(waiting, "inc-2")).toBe("en_route");
    expect(stateAfter(waiting, "inc-3")).toBeNull();
    const closing = tap("c", { step: { kind: "close", outcome: "test" } });
    expect(stateAfter([...waiting, closing], "inc-1")).toBe("closed");
  });
});
