/**
 * The stream of events: read by fetch instead of EventSource, because only so the server's pings
 * are seen, and a connection that has died silently (a tunnel, a lift) is noticed.
 */
import { createParser } from "eventsource-parser";

export interface LiveEvent {
  name: string;
  /** Number in the feed; null for a live position. */
  id: number | null;
  data: unknown;
}

export type LiveState = "connecting" | "live" | "lost";

/** The server pings every 15 s (`ApiPolicy.ping_s`); three lost ones are a lost connection. */
export const SILENCE_MS = 45_000;
/** First wait before it is tried again, ms; doubles up to `WAIT_MAX_MS`. */
export const WAIT_MS = 500;
export const WAIT_MAX_MS = 15_000;

export interface Listener {
  event(event: LiveEvent): void;
  state(state: LiveState): void;
}

export function waitMs(attempt: number): number {
  return Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** attempt);
}

/** Whether an answer means that asking again is no use: logged out, or not allowed. */
export function isFinal(status: number): boolean {
  return status === 401 || status === 403;
}

export class LiveSource {
  private lastId: string | null;
  private readonly ended = new AbortController();

  /** @param after Go on after this number of the feed; null begins now. */
  constructor(
    private readonly listener: Listener,
    after: number | null = null,
  ) {
    this.lastId = after === null ? null : String(after);
  }

  async run(): Promise<void> {
    let attempt = 0;
    while (!this.ended.signal.aborted) {
      this.listener.state(attempt === 0 ? "connecting" : "lost");
      const result = await this.listen(() => {
        attempt = 0;
      });
      if (result === "final" || this.ended.signal.aborted) return;
      this.listener.state("lost");
      await this.pause(waitMs(attempt));
      attempt += 1;
    }
  }

  close(): void {
    this.ended.abort();
  }

  private async listen(alive: () => void): Promise<"again" | "final"> {
    const cut = new AbortController();
    const end = () => cut.abort();
    this.ended.signal.addEventListener("abort", end);
    let silence = setTimeout(end, SILENCE_MS);
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
    };
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastId !== null) headers["Last-Event-ID"] = this.lastId;
      const response = await fetch("/v1/stream", {
        headers,
        credentials: "same-origin",
        cache: "no-store",
        signal: cut.signal,
      });
      if (isFinal(response.status)) return "final";
      if (!response.ok || response.body === null) return "again";
      this.listener.state("live");
      alive();
      const parser = createParser({ onEvent: (event) => this.take(event) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "again";
        heard();
        parser.feed(value);
      }
    } catch {
      return "again"; // no network, or cut by silence: told by the state
    } finally {
      clearTimeout(silence);
      this.ended.signal.removeEventListener("abort", end);
      cut.abort();
    }
  }

  private take(event: { id?: string | undefined; event?: string | undefined; data: string }): void {
    if (event.id) this.lastId = event.id;
    const id = event.id ? Number(event.id) : null;
    this.listener.event({ name: event.event ?? "message", id, data: JSON.parse(event.data) });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const signal = this.ended.signal;
      function done() {
        clearTimeout(timer);
        globalThis.removeEventListener?.("online", done);
        signal.removeEventListener("abort", done);
        resolve();
      }
      globalThis.addEventListener?.("online", done); // back: at once
      signal.addEventListener("abort", done);
    });
  }
}
