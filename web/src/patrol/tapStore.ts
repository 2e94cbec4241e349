/** Taps in IndexedDB: they outlive a reload, a closed page, an empty battery. */
import { createStore, get, type UseStore, update } from "idb-keyval";
import type { Refusal, Tap, TapStore } from "./taps";

interface Kept {
  taps: Tap[];
  refusals: Refusal[];
}

const KEY = "kept";
const NOTHING: Kept = { taps: [], refusals: [] };

export class IdbTapStore implements TapStore {
  private readonly store: UseStore;
  private readonly listeners = new Set<() => void>();

  constructor(name = "parkguard-taps") {
    this.store = createStore(name, "taps");
  }

  /** Called after each change of ours. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async kept(): Promise<Kept> {
    return (await get<Kept>(KEY, this.store)) ?? NOTHING;
  }

  async taps(): Promise<Tap[]> {
    return (await this.kept()).taps;
  }

  add(tap: Tap): Promise<void> {
    return this.change((kept) => ({ ...kept, taps: [...kept.taps, tap] }));
  }

  settle(key: string, refusal: Refusal | null): Promise<void> {
    return this.change((kept) => ({
      taps: kept.taps.filter((tap) => tap.key !== key),
      refusals: refusal === null ? kept.refusals : [...kept.refusals, refusal],
    }));
  }

  /** The officer has read what was refused. */
  read(incidentId: string): Promise<void> {
    return this.change((kept) => ({
      ...kept,
      refusals: kept.refusals.filter((one) => one.tap.incidentId !== incidentId),
    }));
  }

  private async change(how: (kept: Kept) => Kept): Promise<void> {
    await update<Kept>(KEY, (kept) => how(kept ?? NOTHING), this.store);
    for (const listener of this.listeners) listener();
  }
}
