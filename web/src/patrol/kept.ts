/** The last cards and the last list, kept on this phone to be shown without a connection. */
import { clear, createStore, del, entries, get, set } from "idb-keyval";
import type { Incident } from "./card";
import type { CardView } from "./useCard";

/** An answer, and what this phone's clock said when it came. */
export interface Kept<T> {
  data: T;
  atMs: number;
}

/** Cards of so many incidents stay. Ours: an officer has one or two. */
const CARDS_MAX = 5;
const LIST = "list";

const store = createStore("parkguard-cards", "cards");

export async function keepCard(view: CardView, atMs: number): Promise<void> {
  const { id, state } = view.card.incident;
  if (state === "closed") return del(id, store);
  await set(id, { data: view, atMs } satisfies Kept<CardView>, store);
  const all = (await entries<string, Kept<unknown>>(store)).filter(([key]) => key !== LIST);
  const old = all.sort((a, b) => b[1].atMs - a[1].atMs).slice(CARDS_MAX);
  await Promise.all(old.map(([key]) => del(key, store)));
}

export function keptCard(incidentId: string): Promise<Kept<CardView> | undefined> {
  return get(incidentId, store);
}

export function keepList(incidents: Incident[], atMs: number): Promise<void> {
  return set(LIST, { data: incidents, atMs } satisfies Kept<Incident[]>, store);
}

export function keptList(): Promise<Kept<Incident[]> | undefined> {
  return get(LIST, store);
}

/** Somebody logs out: nothing of any case stays on the phone. */
export function forgetCards(): Promise<void> {
  return clear(store);
}
