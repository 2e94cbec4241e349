/** MapLibre, in a chunk of its own: opened once a map is really shown. */
import "maplibre-gl/dist/maplibre-gl.css";
import type { FeatureCollection } from "geojson";
import {
  AttributionControl,
  addProtocol,
  type GeoJSONSource,
  Map as GlMap,
  type MapLayerMouseEvent,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from "maplibre-gl";
import { baseLayers } from "./base";
import { type Colours, coloursOf } from "./colours";
import type { Box } from "./geometry";
import { drawFewAtOnce } from "./glyphs";
import { addInFrames } from "./inFrames";
import { isMark, MARKS, markOf, PICTURE_RATIO } from "./marks";
import {
  type BaseMap,
  LIVE_SOURCES,
  type LiveSource,
  NO_BASE,
  type StyleParts,
  styleOf,
  type Wanted,
  ZOOM_MAX,
} from "./style";
import type { LatLon } from "./types";
import workerUrl from "./worker?worker&url";

setWorkerUrl(workerUrl);

/** Nearer than this a fit does not go: a single dot keeps its surroundings. */
const FIT_ZOOM_MAX = 16;
const GLIDE_MS = 400;
/** So long a base map's style or file is waited for; then our own data is the map. */
const BASE_WAIT_MS = 8_000;

export interface Opening {
  host: HTMLElement;
  base: BaseMap;
  wanted: Wanted;
  /** MapLibre's own words (names of controls). */
  locale: Record<string, string>;
  meWord: string;
  bounds: Box | null;
  onIncident(id: string): void;
  onSite(name: string): void;
  /** The reader moved the map. */
  onMoved(): void;
  /** A part of it could not be loaded (no connection, mostly). */
  onMissing(): void;
}

export interface CityHandle {
  show(source: LiveSource, data: FeatureCollection): void;
  fit(box: Box): void;
  glideTo(place: LatLon): void;
  /** Glide there only if it is near the edge or out of sight: a calm map moves seldom. */
  keepInView(place: LatLon): void;
  close(): void;
}

/** Share of the view at each edge that counts as near it. */
const EDGE = 0.15;

function isInside(share: number): boolean {
  return share > EDGE && share < 1 - EDGE;
}

/** Open a map; rejects where there is no WebGL. */
export async function openMap(opening: Opening): Promise<CityHandle> {
  const parts = await partsOf(opening).catch((error: unknown) => {
    console.warn("map", error);
    opening.onMissing();
    return partsOf({ ...opening, base: { ...NO_BASE, crs: opening.base.crs } });
  });
  const view = opening.bounds
    ? { bounds: opening.bounds, fitBoundsOptions: { padding: 40, maxZoom: FIT_ZOOM_MAX } }
    : { center: [117.23, 31.82] as [number, number], zoom: 10 };
  const first = parts(coloursOf(opening.host));
  const map = new GlMap({
    container: opening.host,
    // our own layers come later, in frames
    style: { ...styleOf(first), layers: baseLayers(first).layers },
    validateStyle: first.document !== undefined, // our own is right: 15 ms of the opening
    ...view,
    locale: opening.locale,
    minZoom: 3,
    maxZoom: ZOOM_MAX,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    fadeDuration: 0,
    attributionControl: false,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 96 }), "bottom-left");
  // what the style or the file says of itself is shown, too; without any of it nothing is
  const customAttribution = opening.base.attribution;
  map.addControl(new AttributionControl({ compact: true, customAttribution }));
  map.on("error", ({ error }) => {
    console.warn("map", error);
    opening.onMissing();
  });
  listen(map, opening);
  Object.defineProperty(opening.host, "cityMap", { value: map, configurable: true });

  const kept = new Map<LiveSource, FeatureCollection>();
  const put = (source: LiveSource) => {
    const data = kept.get(source);
    if (data) map.getSource<GeoJSONSource>(source)?.setData(data);
  };
  let isReady = false;
  const restyle = () => {
    const colours = coloursOf(opening.host);
    redrawMarks(map, colours);
    if (isReady) map.setStyle(styleOf(withData(parts(colours), kept)));
  };
  map.on("style.load", () => {
    isReady = true;
    drawFewAtOnce(map);
    for (const source of LIVE_SOURCES) put(source);
    map.once("render", () => {
      addInFrames(map, styleOf(parts(coloursOf(opening.host))).layers);
    });
  });
  map.setMissingStyleImageResolver((name) => drawMark(map, name, coloursOf(opening.host)));
  const themes = new MutationObserver(restyle);
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });

  return {
    show(source, data) {
      kept.set(source, data);
      if (isReady) put(source);
    },
    fit: (box) => map.fitBounds(box, { padding: 48, maxZoom: FIT_ZOOM_MAX, duration: GLIDE_MS }),
    glideTo: ({ lat, lon }) => map.easeTo({ center: [lon, lat], duration: GLIDE_MS }),
    keepInView({ lat, lon }) {
      const { x, y } = map.project([lon, lat]);
      const { clientWidth, clientHeight } = map.getContainer();
      if (isInside(x / clientWidth) && isInside(y / clientHeight)) return;
      map.easeTo({ center: [lon, lat], duration: GLIDE_MS });
    },
    close() {
      themes.disconnect();
      map.remove();
    },
  };
}

/** The same style with what is shown now, so that a change of theme changes only colours. */
function withData(parts: StyleParts, kept: ReadonlyMap<LiveSource, FeatureCollection>): StyleParts {
  return { ...parts, data: Object.fromEntries(kept) };
}

/** Draw a mark when the first layer asks for it: most maps show few of them. */
function drawMark(map: GlMap, name: string, colours: Colours): void {
  const picture = isMark(name) ? markOf(name, colours) : null;
  if (picture) map.addImage(name, picture, { pixelRatio: PICTURE_RATIO });
}

function redrawMarks(map: GlMap, colours: Colours): void {
  for (const name of MARKS.filter((one) => map.hasImage(one))) {
    const picture = markOf(name, colours);
    if (picture) map.updateImage(name, picture);
  }
}

async function partsOf({
  base,
  wanted,
  meWord,
}: Opening): Promise<(colours: Colours) => StyleParts> {
  const { origin } = location;
  const common = { base, wanted, meWord, origin };
  if (base.kind === "vector") {
    const answer = await fetch(base.url, { signal: AbortSignal.timeout(BASE_WAIT_MS) });
    if (!answer.ok) throw new Error(`style of the base map: ${answer.status}`);
    const document = (await answer.json()) as StyleSpecification;
    return (colours) => ({ ...common, document, colours });
  }
  if (base.kind === "pmtiles") {
    const { PMTiles, Protocol, TileType } = await import("pmtiles");
    const protocol = new Protocol({ metadata: true }); // it says whose map it is
    addProtocol("pmtiles", protocol.tile);
    const file = new PMTiles(new URL(base.url, origin).href);
    protocol.add(file);
    const { tileType } = await inTime(file.getHeader());
    const tiles = tileType === TileType.Mvt ? "vector" : "raster";
    return (colours) => ({ ...common, tiles, colours });
  }
  return (colours) => ({ ...common, colours });
}

function inTime<T>(asked: Promise<T>): Promise<T> {
  return Promise.race([
    asked,
    new Promise<T>((_, reject) => {
      setTimeout(() => reject(new Error("the base map does not answer")), BASE_WAIT_MS);
    }),
  ]);
}

function listen(map: GlMap, opening: Opening): void {
  map.on("click", "incidents", (event: MapLayerMouseEvent) => {
    const id: unknown = event.features?.[0]?.properties.id;
    if (typeof id === "string") opening.onIncident(id);
  });
  map.on("click", "sites", (event: MapLayerMouseEvent) => {
    const { name, id } = event.features?.[0]?.properties ?? {};
    opening.onSite(String(name ?? id ?? ""));
  });
  map.on("click", "clusters", (event: MapLayerMouseEvent) => void openCluster(map, event));
  for (const layer of ["incidents", "sites", "clusters"]) {
    map.on("mouseenter", layer, () => {
      map.getCanvas().style.cursor = "pointer";
    });
    map.on("mouseleave", layer, () => {
      map.getCanvas().style.cursor = "";
    });
  }
  map.on("movestart", (event) => {
    if (event.originalEvent) opening.onMoved();
  });
}

async function openCluster(map: GlMap, event: MapLayerMouseEvent): Promise<void> {
  const id: unknown = event.features?.[0]?.properties.cluster_id;
  const source = map.getSource<GeoJSONSource>("sites");
  if (typeof id !== "number" || !source) return;
  const zoom = await source.getClusterExpansionZoom(id);
  map.easeTo({ center: event.lngLat, zoom: Math.min(zoom, ZOOM_MAX), duration: GLIDE_MS });
}
