/**
 * MapLibre's worker, with grids that have names; and what it fetched stays in it: MapLibre 6.17
 * sends every GeoJSON that it loaded back to the page, which then takes 0.3 s to read 100,000 sites
 * (a task above 50 ms).
 */
// @ts-expect-error: it has no types, and nothing of it is called
import maplibreWorker from "maplibre-gl/dist/maplibre-gl-worker.mjs";
import { GRIDS_SCHEME, withNames } from "./gridNames";

interface MapWorker {
  addProtocol(
    scheme: string,
    load: (asked: { url: string }, abort: AbortController) => Promise<{ data: unknown }>,
  ): void;
}

(self as unknown as MapWorker).addProtocol(GRIDS_SCHEME, async ({ url }, { signal }) => {
  const answer = await fetch(url.slice(`${GRIDS_SCHEME}://`.length), { signal });
  if (!answer.ok) throw new Error(`grids: ${answer.status}`);
  return { data: withNames(await answer.json()) };
});

const send = self.postMessage.bind(self) as (message: unknown, moved: Transferable[]) => void;

function withoutFeatures(message: unknown): unknown {
  const answer = (message as { data?: { data?: { features?: unknown } } } | null)?.data;
  if (!Array.isArray(answer?.data?.features)) return message;
  return { ...(message as object), data: { ...answer, data: undefined } };
}

Object.assign(self, {
  maplibreWorker, // named, so that the build keeps it: its package says that it has no effects
  postMessage: (message: unknown, options?: Transferable[] | { transfer?: Transferable[] }) => {
    const moved = Array.isArray(options) ? options : (options?.transfer ?? []);
    send(withoutFeatures(message), moved);
  },
});
