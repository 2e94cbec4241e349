/** Spells of a device as spans of a strip: clipped to the period, in order, with their shares. */

export type Presence = "online" | "late" | "offline" | "sleeping" | "unknown";

export const PRESENCES: readonly Presence[] = ["online", "late", "offline", "sleeping", "unknown"];

export interface Spell {
  from_ms: number;
  to_ms: number;
  presence: string;
}

export interface Span {
  fromMs: number;
  toMs: number;
  presence: Presence;
}

export function presenceOf(word: string): Presence {
  return PRESENCES.find((one) => one === word) ?? "unknown";
}

/** What is seen of the spells in a period; equal neighbours become one. */
export function spansOf(spells: readonly Spell[], fromMs: number, toMs: number): Span[] {
  const found: Span[] = [];
  for (const spell of [...spells].sort((a, b) => a.from_ms - b.from_ms)) {
    const span = {
      fromMs: Math.max(spell.from_ms, fromMs),
      toMs: Math.min(spell.to_ms, toMs),
      presence: presenceOf(spell.presence),
    };
    if (span.toMs <= span.fromMs) continue;
    const before = found.at(-1);
    if (before && before.presence === span.presence && span.fromMs <= before.toMs + 1) {
      before.toMs = Math.max(before.toMs, span.toMs);
    } else {
      found.push(span);
    }
  }
  return found;
}

/** Share of the known time of each presence that occurs, 0 to 1, in the order of `PRESENCES`. */
export function sharesOf(spans: readonly Span[]): { presence: Presence; share: number }[] {
  const sums = new Map<Presence, number>();
  let all = 0;
  for (const span of spans) {
    const length = span.toMs - span.fromMs;
    sums.set(span.presence, (sums.get(span.presence) ?? 0) + length);
    all += length;
  }
  return PRESENCES.filter((one) => sums.has(one)).map((presence) => ({
    presence,
    share: (sums.get(presence) ?? 0) / all,
  }));
}
