import { describe, expect, it } from "vitest";
import { actOf, HELP, type Listed, neighbourOf, type Press } from "./keys";

const press = (key: string, changes: Partial<Press> = {}): Press => ({
  key,
  modified: false,
  typing: false,
  onControl: false,
  ...changes,
});
const listed = (changes: Partial<Listed> = {}): Listed => ({
  order: ["a", "b", "c"],
  selected: "b",
  canJudge: true,
  ...changes,
});

describe("moving", () => {
  it("goes down and up by j, k and the arrows", () => {
    expect(actOf(press("j"), listed())).toEqual({ do: "select", key: "c" });
    expect(actOf(press("ArrowUp"), listed())).toEqual({ do: "select", key: "a" });
  });

  it("stops at the ends", () => {
    expect(actOf(press("j"), listed({ selected: "c" }))).toBeNull();
    expect(actOf(press("k"), listed({ selected: "a" }))).toBeNull();
  });

  it("begins at the first or the last, also when the chosen row is gone", () => {
    expect(actOf(press("j"), listed({ selected: null }))).toEqual({ do: "select", key: "a" });
    expect(actOf(press("k"), listed({ selected: "gone" }))).toEqual({ do: "select", key: "c" });
  });

  it("does nothing in an empty list", () => {
    expect(actOf(press("j"), listed({ order: [], selected: null }))).toBeNull();
  });
});

describe("judging", () => {
  it("is for a chosen alert only", () => {
    expect(actOf(press("c"), listed())).toEqual({ do: "confirm", key: "b" });
    expect(actOf(press("d"), listed({ canJudge: false }))).toBeNull();
    expect(actOf(press("c"), listed({ selected: null }))).toBeNull();
  });
});

it("leaves letters to fields, and Ctrl to the browser", () => {
  expect(actOf(press("c", { typing: true }), listed())).toBeNull();
  expect(actOf(press("c", { modified: true }), listed())).toBeNull();
});

it("opens by Enter unless a link or button has the focus", () => {
  expect(actOf(press("Enter"), listed())).toEqual({ do: "open", key: "b" });
  expect(actOf(press("Enter", { onControl: true }), listed())).toBeNull();
});

it("clears the choice by Escape, and does nothing without one", () => {
  expect(actOf(press("Escape"), listed())).toEqual({ do: "clear" });
  expect(actOf(press("Escape"), listed({ selected: null }))).toBeNull();
});

it("explains every key that does something", () => {
  for (const [keys] of HELP) {
    const key = keys.split(" ")[0] === "Esc" ? "Escape" : (keys.split(" ")[0] ?? "");
    expect(actOf(press(key), listed()), keys).not.toBeNull();
  }
});

it("goes on with the next row when one was dealt with", () => {
  expect(neighbourOf("b", ["a", "b", "c"])).toBe("c");
  expect(neighbourOf("c", ["a", "b", "c"])).toBe("b");
  expect(neighbourOf("a", ["a"])).toBeNull();
});
