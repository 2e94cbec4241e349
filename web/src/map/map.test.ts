import type { Geometry } from "geojson";
import { describe, expect, it } from "vitest";
import { baseLayers, isDark } from "./base";
import type { Colours } from "./colours";
import { drawnIncidents, INCIDENTS_MAX, incidentFeatures, liveFeatures } from "./features";
import { placerOf, toGcj02 } from "./gcj02";
import { boxOf, circleRing, widened } from "./geometry";
import { middleOf, withNames } from "./gridNames";
import { sayDot } from "./says";
import { NO_BASE, type StyleParts, styleOf, ZOOM_MAX } from "./style";
import { GAP_MS, trailPieces } from "./trail";
import type { LatLon, MapIncident } from "./types";

/** Great-circle distance, metres. */
function metres(a: LatLon, b: LatLon): number {
  const rad = Math.PI / 180;
  const h =
    Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 +
    Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}

const as = (place: LatLon) => place;
const HEFEI = { lat: 31.82, lon: 117.23 };

describe("GCJ-02", () => {
  // tests/data/crs/prcoords.csv, columns wgs_gcj_lat and wgs_gcj_lon
  it.each([
    ["Hefei", 31.82, 117.23, 31.817998793797, 117.235480887571],
    ["Binhu", 31.735, 117.29, 31.733033694617, 117.29552228707],
    ["Chaohu", 31.6, 117.87, 31.597855775527, 117.875260436164],
    ["Beijing", 39.9087, 116.3975, 39.910103499345, 116.403743572652],
  ])("is that of prcoords at %s", (_name, lat, lon, gcjLat, gcjLon) => {
    expect(metres(toGcj02({ lat, lon }), { lat: gcjLat, lon: gcjLon })).toBeLessThan(0.01);
  });

  it("leaves the rest of the world alone", () => {
    const paris = { lat: 48.85, lon: 2.35 };
    expect(toGcj02(paris)).toEqual(paris);
    expect(placerOf("wgs84")(HEFEI)).toBe(HEFEI);
  });
});

describe("a circle", () => {
  it("is as wide as it says in every direction", () => {
    for (const [lon, lat] of circleRing(HEFEI, 150)) {
      expect(Math.abs(metres(HEFEI, { lat, lon }) - 150)).toBeLessThan(0.5);
    }
  });

  it("is closed", () => {
    const ring = circleRing(HEFEI, 10);
    expect(ring.at(-1)).toEqual(ring[0]);
  });
});

describe("a box", () => {
  it("holds all places, and metres round them", () => {
    const box = boxOf([HEFEI, { lat: 31.83, lon: 117.2 }]);
    expect(box).toEqual([117.2, 31.82, 117.23, 31.83]);
    const [west, , , north] = widened([117.2, 31.82, 117.23, 31.83], 250);
    const side = metres({ lat: 31.825, lon: 117.2 }, { lat: 31.825, lon: west });
    expect(Math.abs(side - 250)).toBeLessThan(1);
    expect(metres({ lat: 31.83, lon: 117.2 }, { lat: north, lon: 117.2 })).toBeCloseTo(250, 0);
    expect(boxOf([])).toBeNull();
  });
});

describe("a trail", () => {
  const points = Array.from({ length: 41 }, (_, n) => ({
    lat: 31.8 + n / 1000,
    lon: 117.2,
    t_ms: n * 10_000,
  }));

  it("grows stronger towards now and is not broken", () => {
    const pieces = trailPieces([...points].reverse());
    const strengths = pieces.map((piece) => piece.strength);
    expect(strengths).toEqual([...strengths].sort((a, b) => a - b));
    expect(strengths.at(-1)).toBe(1);
    expect(strengths[0]).toBeGreaterThan(0.2);
    for (const [n, piece] of pieces.slice(1).entries()) {
      expect(piece.line[0]).toEqual(pieces[n]?.line.at(-1));
    }
  });

  it("is open where nobody knows the way", () => {
    const late = points.map((one, n) => (n < 20 ? one : { ...one, t_ms: one.t_ms + GAP_MS }));
    const lines = trailPieces(late).map((piece) => piece.line.map(([, lat]) => lat));
    expect(lines.some((line) => line.includes(31.819) && line.includes(31.82))).toBe(false);
  });

  it("of one point is none", () => {
    expect(trailPieces(points.slice(0, 1))).toEqual([]);
  });
});

describe("a grid's name", () => {
  const square = (west: number, size = 2) => [
    [west, 0],
    [west + size, 0],
    [west + size, size],
    [west, size],
    [west, 0],
  ];
  const grid = (geometry: Geometry, properties: Record<string, string>) =>
    withNames({
      type: "FeatureCollection",
      features: [{ type: "Feature", properties, geometry }],
    }).features.slice(1);

  it("stands once, in the middle, also of the largest of several pieces", () => {
    const pieces = [[square(10, 1)], [square(0)], [square(20, 1)]];
    const found = grid({ type: "MultiPolygon", coordinates: pieces }, { id: "34", name: "East" });
    expect(found).toHaveLength(1);
    expect(found[0]?.geometry).toEqual({ type: "Point", coordinates: [1, 1] });
    expect(found[0]?.properties).toEqual({ label: "East", is_code: false });
  });

  it("is its code where it has none", () => {
    const [found] = grid({ type: "Polygon", coordinates: [square(117)] }, { id: "34", name: "" });
    expect(found?.properties).toEqual({ label: "34", is_code: true });
  });

  it("lies inside a grid that is bent or has a hole", () => {
    const bent = [
      [0, 0],
      [9, 0],
      [9, 9],
      [8, 9],
      [8, 1],
      [0, 1],
      [0, 0],
    ];
    const [x, y] = middleOf([bent]) ?? [];
    expect(x).toBeGreaterThan(8);
    expect(y).toBeGreaterThan(1);
    const hole = [
      [2, 2],
      [7, 2],
      [7, 7],
      [2, 7],
      [2, 2],
    ];
    expect(middleOf([square(0, 9), hole])?.[0]).not.toBeCloseTo(4.5);
    expect(
      middleOf([
        [
          [1, 1],
          [2, 2],
          [1, 1],
        ],
      ]),
    ).toBeNull();
  });
});

describe("what is drawn", () => {
  it("has a circle only where the accuracy is known", () => {
    const kinds = (acc_m: number | null) =>
      liveFeatures({ ...HEFEI, acc_m }, HEFEI, as).features.map((one) => one.properties?.what);
    expect(kinds(12)).toEqual(["accuracy", "dot", "me"]);
    expect(kinds(null)).toEqual(["dot", "me"]);
  });

  it("has no arrow without a course, and one to the north", () => {
    const dot = (course_deg: number | null) =>
      liveFeatures({ ...HEFEI, acc_m: null, course_deg }, null, as).features[0]?.properties;
    expect(dot(null)).not.toHaveProperty("course");
    expect(dot(0)).toHaveProperty("course", 0);
  });

  it("is the gravest of many incidents, and the chosen one", () => {
    const many: MapIncident[] = Array.from({ length: INCIDENTS_MAX + 50 }, (_, n) => ({
      id: `i${n}`,
      ...HEFEI,
      level: n < 60 ? 1 : 3,
      state: "open",
    }));
    const drawn = drawnIncidents(many, "i0").map((one) => one.id);
    expect(drawn).toHaveLength(INCIDENTS_MAX);
    expect(drawn).toContain("i0");
    expect(drawn).toContain("i549");
    expect(drawn).not.toContain("i59");
    expect(incidentFeatures(many, "i0", as).features[0]?.properties?.chosen).toBe(true);
  });
});

it("says the dot in words", () => {
  const said = sayDot({ ...HEFEI, acc_m: 11.6, course_deg: 90, stale: true }, "Vehicle");
  expect(said.map((one) => one.key)).toEqual(["dot_at", "dot_within", "dot_course", "dot_stale"]);
  expect(said[1]?.values).toEqual({ m: 12 });
});

describe("the style", () => {
  const colours = Object.fromEntries(
    "ground line text muted halo surface accent onAccent danger warn ok stale"
      .split(" ")
      .map((name) => [name, "#f1f3f6"]),
  ) as Colours;
  const parts: StyleParts = {
    base: NO_BASE,
    wanted: { sites: true, grids: true, fences: false },
    origin: "https://pg.example",
    colours,
    meWord: "Me",
  };

  it("asks nobody but us without a base map", () => {
    const text = JSON.stringify(styleOf(parts));
    const asked = text.match(/https?:[^"]*/g) ?? [];
    expect(asked.sort()).toEqual(["https://pg.example/v1/maps/sites?crs=wgs84"]);
    expect(text).toContain('"grids:///v1/maps/grids?crs=wgs84"'); // by our worker, of our server
    expect(styleOf(parts).glyphs).toBeUndefined();
  });

  it("clusters sites down to the deepest zoom, so that few marks are drawn", () => {
    expect(styleOf(parts).sources.sites).toMatchObject({ cluster: true, clusterMaxZoom: ZOOM_MAX });
  });

  it("asks our layers in the base map's system", () => {
    const base = {
      ...NO_BASE,
      kind: "raster" as const,
      url: "https://t.example/{z}/{x}/{y}.png",
      crs: "gcj02" as const,
    };
    const style = styleOf({ ...parts, base });
    expect(style.sources.sites).toHaveProperty(
      "data",
      "https://pg.example/v1/maps/sites?crs=gcj02",
    );
    expect(style.layers[1]).toMatchObject({ id: "base", type: "raster" });
  });

  it("draws a foreign style's labels without its glyph files", () => {
    const document = {
      version: 8 as const,
      glyphs: "https://t.example/{fontstack}/{range}.pbf",
      sources: {},
      layers: [
        { id: "names", type: "symbol" as const, source: "x", layout: { "text-font": ["Foreign"] } },
      ],
    };
    const base = { ...NO_BASE, kind: "vector" as const, url: "https://t.example/style.json" };
    const style = JSON.stringify(styleOf({ ...parts, base, document }));
    expect(style).not.toContain("Foreign");
    expect(style).not.toContain("glyphs");
  });

  it("keeps its own layers and sources where a foreign style has some of the same name", () => {
    const document = {
      version: 8 as const,
      sources: { sites: { type: "vector" as const, url: "https://t.example/sites.json" } },
      layers: [{ id: "sites", type: "circle" as const, source: "sites", "source-layer": "x" }],
    };
    const base = { ...NO_BASE, kind: "vector" as const, url: "https://t.example/style.json" };
    const style = styleOf({ ...parts, base, document });
    const names = style.layers.map((layer) => layer.id);
    expect(new Set(names).size).toBe(names.length);
    expect(style.layers[1]).toMatchObject({ id: "base-sites", source: "base-sites" });
    expect(style.sources.sites).toMatchObject({ type: "geojson" });
    expect(style.sources["base-sites"]).toMatchObject({ url: "https://t.example/sites.json" });
  });

  it("knows a dark ground", () => {
    expect(isDark({ ...colours, ground: "#12171f" })).toBe(true);
    expect(isDark(colours)).toBe(false);
    expect(baseLayers(parts).layers).toHaveLength(1);
  });
});
