import { describe, expect, it } from "vitest";
import { bearingDeg, distanceM, spokenM, windOf } from "./geo";

const here = { lat: 31.82, lon: 117.22 };

describe("the way to the vehicle", () => {
  it("is as long as the ground", () => {
    // one minute of latitude is a nautical mile, by definition nearly
    expect(distanceM(here, { lat: here.lat + 1 / 60, lon: here.lon })).toBeCloseTo(1853.2, 0);
    expect(distanceM(here, { lat: here.lat, lon: here.lon + 0.01 })).toBeCloseTo(944.8, 0);
    expect(distanceM(here, here)).toBe(0);
  });

  it("leads the right way", () => {
    expect(bearingDeg(here, { lat: 31.83, lon: 117.22 })).toBeCloseTo(0, 3);
    expect(bearingDeg(here, { lat: 31.82, lon: 117.23 })).toBeCloseTo(90, 1);
    expect(bearingDeg(here, { lat: 31.81, lon: 117.22 })).toBeCloseTo(180, 3);
    expect(bearingDeg(here, { lat: 31.82, lon: 117.21 })).toBeCloseTo(270, 1);
  });

  it("has a name", () => {
    expect([0, 22, 23, 90, 337, 338, 359.9, 720, -45].map(windOf)).toEqual([
      "n",
      "n",
      "ne",
      "e",
      "nw",
      "n",
      "n",
      "n",
      "nw",
    ]);
  });

  it("is said in round numbers", () => {
    const said = [6.6, 99.4, 338, 996, 1240, 13_700].map((m) => spokenM(m, "en"));
    expect(said).toEqual(["7 m", "99 m", "340 m", "1.0 km", "1.2 km", "14 km"]);
    expect(spokenM(338, "zh")).toBe("340 米");
  });
});
