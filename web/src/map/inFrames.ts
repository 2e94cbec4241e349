/** A map's layers a few a frame: all at once, their programs are compiled in one long task. */
import type { Map as GlMap, LayerSpecification } from "maplibre-gl";

/** The 16 of a desk stand after 8 frames, 0.15 s. */
const LAYERS_A_FRAME = 2;

/** Add what the map does not have yet, on top of what it has, in order. */
export function addInFrames(map: GlMap, layers: readonly LayerSpecification[]): void {
  const missing = layers.filter(({ id }) => !map.getLayer(id));
  for (const layer of missing.slice(0, LAYERS_A_FRAME)) map.addLayer(layer);
  if (missing.length <= LAYERS_A_FRAME) return;
  // within the frame's own event the map is never at rest in between
  map.once("render", () => addInFrames(map, missing.slice(LAYERS_A_FRAME)));
}
