/** The style of the map: a base map if there is one, our own data above it. */
import type { FeatureCollection } from "geojson";
import type {
  ExpressionSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { Schemas } from "../api/client";
import { baseLayers } from "./base";
import type { Colours } from "./colours";
import { NOTHING } from "./features";
import { GRIDS_SCHEME } from "./gridNames";

/** (the client reads pairs of numbers as lists) */
export type BaseMap = Omit<Schemas["MapStyleOut"], "bounds"> & { bounds: number[] | null };

export const NO_BASE: BaseMap = {
  kind: "none",
  url: "",
  attribution: "",
  crs: "wgs84",
  max_zoom: 18,
  bounds: null,
};

/** Deepest zoom. Sites are clustered down to it: what stands at one place stays one mark. */
export const ZOOM_MAX = 19;
const CLUSTER_PX = 56;
/** From here on a grid without a name shows its code: 14 digits, wider than a grid before. */
const CODES_ZOOM = 14;
const NAME_ALONE: ExpressionSpecification = ["case", ["get", "is_code"], "", ["get", "label"]];
/** Installed fonts: labels are drawn by the reader's machine, no glyph file is asked for. */
const FONT = ["system-ui", "sans-serif"];

/** Sources that are filled from the page. */
export const LIVE_SOURCES = ["trail", "cameras", "incidents", "live"] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];

export interface Wanted {
  sites: boolean;
  grids: boolean;
  fences: boolean;
}

export interface StyleParts {
  base: BaseMap;
  /** Layers and sources of a vector style, fetched before. */
  document?: StyleSpecification | undefined;
  /** What the file holds, for pmtiles. */
  tiles?: "vector" | "raster" | undefined;
  wanted: Wanted;
  /** Of this server, without a slash at its end. */
  origin: string;
  colours: Colours;
  /** Stands at the reader's own place. */
  meWord: string;
  /** What the page shows now. */
  data?: Partial<Record<LiveSource, FeatureCollection>>;
}

export function styleOf(parts: StyleParts): StyleSpecification {
  const below = baseLayers(parts);
  return {
    version: 8,
    ...(parts.document?.sprite ? { sprite: parts.document.sprite } : {}),
    sources: { ...below.sources, ...ownSources(parts), ...liveSources(parts.data) },
    layers: [...below.layers, ...placeLayers(parts), ...liveLayers(parts)],
  };
}

function layerSource(parts: StyleParts, layer: string, root?: string): GeoJSONSourceSpecification {
  // the worker fetches and parses it: the page's own thread never sees 100,000 sites
  const from = `${root ?? parts.origin}/v1/maps/${layer}?crs=${parts.base.crs}`;
  return { type: "geojson", data: from };
}

function ownSources(parts: StyleParts): Record<string, SourceSpecification> {
  const { wanted } = parts;
  return {
    ...(wanted.grids && { grids: layerSource(parts, "grids", `${GRIDS_SCHEME}://`) }),
    ...(wanted.fences && { fences: layerSource(parts, "fences") }),
    ...(wanted.sites && {
      sites: {
        ...layerSource(parts, "sites"),
        cluster: true,
        clusterRadius: CLUSTER_PX,
        clusterMaxZoom: ZOOM_MAX,
        maxzoom: ZOOM_MAX + 1,
        buffer: 16,
      },
    }),
  };
}

function liveSources(data: StyleParts["data"]): Record<string, SourceSpecification> {
  return Object.fromEntries(
    LIVE_SOURCES.map((name) => [name, { type: "geojson", data: data?.[name] ?? NOTHING }]),
  );
}

function placeLayers({ base, wanted, colours }: StyleParts): LayerSpecification[] {
  const isOnBase = base.kind !== "none";
  const named = labelPaint(colours, isOnBase ? colours.text : colours.muted);
  const layers: LayerSpecification[] = [];
  if (wanted.grids) {
    layers.push(
      {
        id: "grids",
        source: "grids",
        type: "line",
        filter: ["!=", ["geometry-type"], "Point"],
        paint: {
          "line-color": isOnBase ? colours.muted : colours.line, // a road's colour is not ours
          "line-width": 1.2,
        },
      },
      {
        id: "grid-names",
        source: "grids",
        type: "symbol",
        minzoom: 11,
        filter: ["==", ["geometry-type"], "Point"],
        layout: {
          "text-field": ["step", ["zoom"], NAME_ALONE, CODES_ZOOM, ["get", "label"]],
          "text-font": FONT,
          "text-size": 12,
          "text-max-width": 8,
        },
        paint: named,
      },
    );
  }
  if (wanted.fences) {
    layers.push({
      id: "fences",
      source: "fences",
      type: "line",
      filter: ["!=", ["geometry-type"], "Point"],
      paint: { "line-color": colours.warn, "line-width": 1.5, "line-dasharray": [3, 2] },
    });
  }
  if (wanted.sites) layers.push(...siteLayers(colours, named));
  return layers;
}

type LabelPaint = ReturnType<typeof labelPaint>;

function labelPaint(colours: Colours, colour: string) {
  return {
    "text-color": colour,
    "text-halo-color": colours.halo,
    "text-halo-width": 1.5,
  } as const;
}

function siteLayers(colours: Colours, named: LabelPaint): LayerSpecification[] {
  return [
    {
      id: "clusters",
      source: "sites",
      type: "circle",
      filter: ["has", "point_count"],
      paint: {
        "circle-color": colours.surface,
        "circle-stroke-color": colours.muted,
        "circle-stroke-width": 1.5,
        "circle-radius": ["step", ["get", "point_count"], 13, 100, 17, 1000, 21, 10_000, 25],
      },
    },
    {
      id: "cluster-counts",
      source: "sites",
      type: "symbol",
      filter: ["has", "point_count"],
      layout: {
        "text-field": ["get", "point_count_abbreviated"],
        "text-font": FONT,
        "text-size": 12,
        "text-allow-overlap": true,
      },
      paint: { "text-color": colours.text },
    },
    {
      id: "sites",
      source: "sites",
      type: "circle",
      filter: ["!", ["has", "point_count"]],
      paint: {
        "circle-color": colours.muted,
        "circle-stroke-color": colours.surface,
        "circle-stroke-width": 1.5,
        "circle-radius": 5,
      },
    },
    {
      id: "site-names",
      source: "sites",
      type: "symbol",
      minzoom: 15,
      filter: ["!", ["has", "point_count"]],
      layout: {
        "text-field": ["coalesce", ["get", "name"], ["get", "id"]],
        "text-font": FONT,
        "text-size": 12,
        "text-offset": [0, 0.8],
        "text-anchor": "top",
        "text-optional": true,
      },
      paint: named,
    },
  ];
}

function liveLayers({ colours, meWord }: StyleParts): LayerSpecification[] {
  const what = (name: string): ExpressionSpecification => ["==", ["get", "what"], name];
  const fresh: ExpressionSpecification = ["case", ["get", "stale"], colours.stale, colours.accent];
  const grave: ExpressionSpecification = [
    "step",
    ["get", "level"],
    colours.muted,
    2,
    colours.warn,
    3,
    colours.danger,
  ];
  return [
    {
      id: "accuracy",
      source: "live",
      type: "fill",
      filter: what("accuracy"),
      paint: { "fill-color": fresh, "fill-opacity": 0.16 },
    },
    {
      id: "accuracy-edge",
      source: "live",
      type: "line",
      filter: what("accuracy"),
      paint: { "line-color": fresh, "line-width": 1.5 },
    },
    {
      id: "trail",
      source: "trail",
      type: "line",
      layout: { "line-cap": "butt", "line-join": "round" },
      paint: {
        "line-color": colours.accent,
        "line-width": 4,
        "line-opacity": ["get", "strength"],
      },
    },
    {
      id: "cameras",
      source: "cameras",
      type: "symbol",
      layout: {
        "icon-image": ["case", ["get", "ok"], "pg-camera", "pg-camera-out"],
        "icon-allow-overlap": true,
      },
    },
    {
      id: "incidents",
      source: "incidents",
      type: "circle",
      layout: { "circle-sort-key": ["+", ["get", "level"], ["case", ["get", "chosen"], 10, 0]] },
      paint: {
        "circle-color": grave,
        "circle-radius": ["case", ["get", "chosen"], 14, 11],
        "circle-stroke-color": ["case", ["get", "chosen"], colours.text, colours.surface],
        "circle-stroke-width": ["case", ["get", "chosen"], 4, 2],
      },
    },
    {
      id: "incident-levels",
      source: "incidents",
      type: "symbol",
      layout: {
        "text-field": ["to-string", ["get", "level"]],
        "text-font": FONT,
        "text-size": 13,
        "text-allow-overlap": true,
      },
      paint: { "text-color": colours.surface },
    },
    {
      id: "me",
      source: "live",
      type: "circle",
      filter: what("me"),
      paint: {
        "circle-color": colours.ok,
        "circle-radius": 7,
        "circle-stroke-color": colours.surface,
        "circle-stroke-width": 3,
      },
    },
    {
      id: "me-name",
      source: "live",
      type: "symbol",
      filter: what("me"),
      layout: {
        "text-field": meWord,
        "text-font": FONT,
        "text-size": 13,
        "text-offset": [0, 0.9],
        "text-anchor": "top",
        "text-allow-overlap": true,
      },
      paint: labelPaint(colours, colours.ok),
    },
    {
      id: "heading",
      source: "live",
      type: "symbol",
      filter: ["all", what("dot"), ["has", "course"]],
      layout: {
        "icon-image": ["case", ["get", "stale"], "pg-heading-stale", "pg-heading"],
        "icon-rotate": ["get", "course"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    {
      id: "dot",
      source: "live",
      type: "circle",
      filter: what("dot"),
      paint: {
        "circle-color": fresh,
        "circle-radius": 9,
        "circle-stroke-color": colours.surface,
        "circle-stroke-width": 3,
      },
    },
  ];
}
