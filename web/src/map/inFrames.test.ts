import { describe, expect, it } from "vitest";
import { type Asked, partsOf } from "./glyphs";
import { addInFrames } from "./inFrames";

type Sketch = Parameters<typeof addInFrames>[0];
type Layers = Parameters<typeof addInFrames>[1];

/** What a map has of layers, and frames that are drawn by hand. */
function sketch(has: string[]) {
  const waiting: (() => void)[] = [];
  const map = {
    getLayer: (id: string) => has.find((one) => one === id),
    addLayer: ({ id }: { id: string }) => has.push(id),
    once: (_: "render", call: () => void) => waiting.push(call),
  };
  const frame = () => {
    for (const call of waiting.splice(0)) call();
  };
  return { map: map as unknown as Sketch, frame, isWaiting: () => waiting.length > 0 };
}

const layers = ["ground", "grids", "sites", "dot", "me"].map((id) => ({ id })) as unknown as Layers;

describe("layers in frames", () => {
  it("come in order, two a frame, and those that are there once", () => {
    const has = ["ground"];
    const { map, frame, isWaiting } = sketch(has);
    addInFrames(map, layers);
    expect(has).toEqual(["ground", "grids", "sites"]);
    frame();
    expect(has).toEqual(["ground", "grids", "sites", "dot", "me"]);
    expect(isWaiting()).toBe(false);
  });

  it("a style that brought the rest meanwhile is not added to", () => {
    const has = ["ground"];
    const { map, frame } = sketch(has);
    addInFrames(map, layers);
    has.push("dot", "me");
    frame();
    expect(has).toHaveLength(5);
  });
});

describe("letters of names", () => {
  it("are asked for in parts, each once, by font and variant", () => {
    const asked: Asked = { song: { "": ["翠", "庭", "园"], bold: ["号"] }, hei: { "": ["门"] } };
    const parts = partsOf(asked, 2);
    expect(parts).toEqual([
      { song: { "": ["翠", "庭"] } },
      { song: { "": ["园"], bold: ["号"] } },
      { hei: { "": ["门"] } },
    ]);
    expect(partsOf({}, 2)).toEqual([]);
  });
});
