/** The books in plain words: who counted what, and what is not accounted for. */
import type { Schemas } from "../api/client";

export type BookLine = Schemas["BookLineOut"];
export type Balance = Schemas["BalanceOut"];

export interface ReaderBook {
  reader: string;
  counts: { name: string; count: number; reasons: { reason: string; count: number }[] }[];
}

/** Counts of each reader by name, with their reasons, the most frequent reason first. */
export function byReader(lines: readonly BookLine[]): ReaderBook[] {
  const readers = new Map<string, Map<string, ReaderBook["counts"][number]>>();
  for (const line of lines) {
    const names = readers.get(line.reader) ?? new Map();
    readers.set(line.reader, names);
    const one = names.get(line.name) ?? { name: line.name, count: 0, reasons: [] };
    names.set(line.name, one);
    one.count += line.count;
    if (line.reason) one.reasons.push({ reason: line.reason, count: line.count });
  }
  return [...readers].map(([reader, names]) => ({
    reader,
    counts: [...names.values()].map((one) => ({
      ...one,
      reasons: one.reasons.sort((a, b) => b.count - a.count),
    })),
  }));
}

export interface Equation {
  left: string;
  right: string[];
}

/** `received = accepted + duplicate` in its names. */
export function namesOf(equation: string): Equation {
  const [left = "", right = ""] = equation.split("=");
  return { left: left.trim(), right: right.split("+").map((name) => name.trim()) };
}

/** How many are counted on the left and nowhere on the right (or, < 0, the other way round). */
export function missing(balance: Pick<Balance, "left" | "right">): number {
  return balance.left - balance.right;
}

export type Standing = "balanced" | "moving" | "not_balanced";

/**
 * How a balance stands, seen beside an earlier reading. The readers write their books one after the
 * other: while records come in, a gap of a moment says nothing; one that stays while none come does.
 */
export function standing(now: Balance, before: Balance | undefined): Standing {
  if (now.balanced) return "balanced";
  const isStill = before !== undefined && before.left === now.left && before.right === now.right;
  return isStill ? "not_balanced" : "moving";
}

/** Whole numbers with their thousands grouped. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
