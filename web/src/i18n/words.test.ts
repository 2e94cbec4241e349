import { describe, expect, it } from "vitest";
import { common } from "./common";
import { languageOf, type Words } from "./index";

const modules = import.meta.glob<{ words: Words }>("../*/words*.ts", { eager: true });
const areas: [string, Words][] = [
  ["common", common],
  ...Object.entries(modules).map(([path, module]): [string, Words] => [path, module.words]),
];

describe.each(areas)("words of %s", (_area, words) => {
  it("are the same in both languages", () => {
    expect(Object.keys(words.zh).sort()).toEqual(Object.keys(words.en).sort());
  });

  it("have the same places for values", () => {
    const places = (text: string) => (text.match(/{{\s*\w+\s*}}/g) ?? []).sort();
    for (const [key, en] of Object.entries(words.en)) {
      expect(places(words.zh[key] ?? ""), key).toEqual(places(en));
    }
  });

  it("are nowhere empty", () => {
    for (const text of [...Object.values(words.en), ...Object.values(words.zh)]) {
      expect(text.trim()).not.toBe("");
    }
  });
});

it("takes the first language that we speak", () => {
  expect(languageOf(["fr-FR", "zh-CN", "en"])).toBe("zh");
  expect(languageOf(["de"])).toBe("en");
});
