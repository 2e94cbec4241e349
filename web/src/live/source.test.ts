import { afterEach, expect, it, vi } from "vitest";
import { isFinal, type LiveEvent, LiveSource, type LiveState, WAIT_MAX_MS, waitMs } from "./source";

afterEach(() => vi.unstubAllGlobals());

function streamOf(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

it("waits longer each time, to a limit", () => {
  expect(waitMs(0)).toBe(500);
  expect(waitMs(1)).toBe(1000);
  expect(waitMs(50)).toBe(WAIT_MAX_MS);
});

it("gives up only when logged out or not allowed", () => {
  expect([401, 403, 429, 500, 503].filter(isFinal)).toEqual([401, 403]);
});

it("goes on after the last number it saw", async () => {
  const asked: (string | null)[] = [];
  const answers = [
    streamOf('id: 7\nevent: incident\ndata: {"a":1}\n\nevent: position\ndata: {"b":2}\n\n'),
    new Response(null, { status: 401 }),
  ];
  vi.stubGlobal("fetch", async (_url: string, init: { headers: Record<string, string> }) => {
    asked.push(init.headers["Last-Event-ID"] ?? null);
    return answers.shift();
  });
  const events: LiveEvent[] = [];
  const states: LiveState[] = [];
  await new LiveSource({ event: (e) => events.push(e), state: (s) => states.push(s) }, 5).run();
  expect(asked).toEqual(["5", "7"]);
  expect(events).toEqual([
    { name: "incident", id: 7, data: { a: 1 } },
    { name: "position", id: null, data: { b: 2 } },
  ]);
  expect(states).toContain("live");
  expect(states.at(-1)).toBe("lost");
});
