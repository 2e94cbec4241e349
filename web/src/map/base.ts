/** What lies below our own data. */
import type {
  LayerSpecification,
  LineLayerSpecification,
  SourceSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
} from "maplibre-gl";
import type { Colours } from "./colours";
import type { StyleParts } from "./style";

interface Below {
  sources: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
}

/** Pictures stay whole in the light and are dimmed in the dark, so that our marks stand out. */
const DIMMED = 0.55;
/** Water of our own street map, as much of the accent's blue. */
const WATER = 0.18;

export function baseLayers(parts: StyleParts): Below {
  const { base, colours } = parts;
  const ground: LayerSpecification = {
    id: "ground",
    type: "background",
    paint: { "background-color": colours.ground },
  };
  switch (base.kind) {
    case "none":
      return { sources: {}, layers: [ground] };
    case "raster":
      return pictures(
        ground,
        {
          type: "raster",
          tiles: [base.url],
          tileSize: 256,
          maxzoom: base.max_zoom,
        },
        colours,
      );
    case "vector":
      return foreign(ground, parts.document);
    case "pmtiles": {
      const source = { url: `pmtiles://${new URL(base.url, parts.origin).href}` };
      if (parts.tiles === "raster") {
        return pictures(ground, { type: "raster", tileSize: 256, ...source }, colours);
      }
      return {
        sources: { base: { type: "vector", ...source } },
        layers: [ground, ...streets(colours)],
      };
    }
  }
}

function pictures(
  ground: LayerSpecification,
  source: SourceSpecification,
  colours: Colours,
): Below {
  const layer: LayerSpecification = {
    id: "base",
    source: "base",
    type: "raster",
    paint: { "raster-fade-duration": 0, "raster-brightness-max": isDark(colours) ? DIMMED : 1 },
  };
  return { sources: { base: source }, layers: [ground, layer] };
}

/** Whether the ground is darker than middle grey. */
export function isDark(colours: Colours): boolean {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colours.ground);
  if (hex === null) return false;
  const sum = hex.slice(1).reduce((total, part) => total + Number.parseInt(part, 16), 0);
  return sum < 3 * 128;
}

/** A style of somebody else. Its names get a prefix: `sites` or `me` may be among them. */
function foreign(ground: LayerSpecification, document: StyleSpecification | undefined): Below {
  const own = (name: string) => `base-${name}`;
  const layers = (document?.layers ?? []).map((layer): LayerSpecification => {
    const named = { ...layer, id: own(layer.id) };
    return "source" in named ? { ...named, source: own(named.source) } : named;
  });
  const sources = Object.entries(document?.sources ?? {});
  return {
    sources: Object.fromEntries(sources.map(([name, source]) => [own(name), source])),
    layers: [ground, ...layers.map(withLocalFont)],
  };
}

/** Labels of a foreign style in our own fonts: its glyph files are not asked for. */
function withLocalFont(layer: LayerSpecification): LayerSpecification {
  if (layer.type !== "symbol") return layer;
  return { ...layer, layout: { ...layer.layout, "text-font": ["system-ui", "sans-serif"] } };
}

/** A quiet map of vector tiles whose layers are named as Protomaps' or OpenMapTiles' are. */
function streets(colours: Colours): LayerSpecification[] {
  const from = (layer: string) => ({ source: "base", "source-layer": layer });
  const water = { "fill-color": colours.accent, "fill-opacity": WATER };
  const green = { "fill-color": colours.ok, "fill-opacity": 0.06 };
  const road: LineLayerSpecification["paint"] = {
    "line-color": colours.line,
    "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 8, 0.4, 14, 1.6, 19, 14],
  };
  const name: Pick<SymbolLayerSpecification, "layout" | "paint"> = {
    layout: {
      "text-field": ["coalesce", ["get", "name"], ["get", "name:latin"]],
      "text-font": ["system-ui", "sans-serif"],
      "text-size": 12,
    },
    paint: {
      "text-color": colours.muted,
      "text-halo-color": colours.halo,
      "text-halo-width": 1.5,
    },
  };
  const house = { "fill-color": colours.line, "fill-opacity": 0.35 };
  return [
    ...["landuse", "landcover"].map(
      (layer): LayerSpecification => ({ id: layer, type: "fill", ...from(layer), paint: green }),
    ),
    {
      id: "water",
      type: "fill",
      ...from("water"),
      filter: ["!=", ["geometry-type"], "LineString"],
      paint: water,
    },
    ...["buildings", "building"].map(
      (layer): LayerSpecification => ({
        id: layer,
        type: "fill",
        ...from(layer),
        minzoom: 14,
        paint: house,
      }),
    ),
    ...["roads", "transportation"].map(
      (layer): LayerSpecification => ({
        id: layer,
        type: "line",
        ...from(layer),
        paint: { ...road },
      }),
    ),
    ...["places", "place"].map(
      (layer): LayerSpecification => ({ id: layer, type: "symbol", ...from(layer), ...name }),
    ),
  ];
}
