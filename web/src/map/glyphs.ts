/**
 * The letters of names, drawn a few a task. MapLibre draws all that a tile needs at once, 0.5 ms
 * each: a quarter whose names are new to the map is a task above 50 ms.
 */
import type { Map as GlMap, GlyphMap } from "maplibre-gl";

/** Font, variant of it, letters: as MapLibre asks for them. */
export type Asked = Record<string, Record<string, string[]>>;

/** 8 ms of drawing. */
const LETTERS_A_TASK = 16;

export function drawFewAtOnce(map: GlMap): void {
  const glyphs = map.style.glyphManager;
  const draw = glyphs.getGlyphs.bind(glyphs);
  glyphs.getGlyphs = async (asked) => {
    const drawn: GlyphMap = {};
    for (const part of partsOf(asked, LETTERS_A_TASK)) {
      merge(drawn, await draw(part));
      await new Promise((go) => setTimeout(go));
    }
    return drawn;
  };
}

/** The same in parts of at most so many letters. */
export function partsOf(asked: Asked, most: number): Asked[] {
  const letters = Object.entries(asked).flatMap(([font, variants]) =>
    Object.entries(variants).flatMap(([variant, ids]) => ids.map((id) => ({ font, variant, id }))),
  );
  const parts: Asked[] = [];
  for (let start = 0; start < letters.length; start += most) {
    const part: Asked = {};
    for (const { font, variant, id } of letters.slice(start, start + most)) {
      part[font] ??= {};
      part[font][variant] ??= [];
      part[font][variant].push(id);
    }
    parts.push(part);
  }
  return parts;
}

function merge(all: GlyphMap, some: GlyphMap): void {
  for (const [font, variants] of Object.entries(some)) {
    all[font] ??= {};
    for (const [variant, letters] of Object.entries(variants)) {
      all[font][variant] = { ...all[font][variant], ...letters };
    }
  }
}
