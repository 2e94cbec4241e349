import { expect, it } from "vitest";
import { type Balance, byReader, grouped, missing, namesOf, standing } from "./books";

const lines = [
  { reader: "processor", name: "received", reason: "", count: 100 },
  { reader: "processor", name: "quarantined", reason: "json", count: 3 },
  { reader: "processor", name: "quarantined", reason: "utf8", count: 7 },
  { reader: "projector", name: "projected", reason: "", count: 90 },
];

it("sums the reasons of a count, the most frequent first, and loses none", () => {
  const books = byReader(lines);

  expect(books.map((one) => one.reader)).toEqual(["processor", "projector"]);
  expect(books[0]?.counts).toEqual([
    { name: "received", count: 100, reasons: [] },
    {
      name: "quarantined",
      count: 10,
      reasons: [
        { reason: "utf8", count: 7 },
        { reason: "json", count: 3 },
      ],
    },
  ]);
  const all = books.flatMap((one) => one.counts).reduce((sum, one) => sum + one.count, 0);
  expect(all).toBe(lines.reduce((sum, line) => sum + line.count, 0));
});

it("reads an equation and says how much is missing on which side", () => {
  expect(namesOf("accepted = projected + thinned + unstored")).toEqual({
    left: "accepted",
    right: ["projected", "thinned", "unstored"],
  });
  expect(missing({ left: 100, right: 97 })).toBe(3);
  expect(missing({ left: 97, right: 100 })).toBe(-3);
  expect(grouped(4_681_960)).toBe("4,681,960");
});

it("calls a gap a fault only when it stays while nothing comes in", () => {
  const at = (left: number, right: number): Balance => ({
    equation: "accepted = projected",
    left,
    right,
    balanced: left === right,
  });
  expect(standing(at(100, 100), undefined)).toBe("balanced");
  expect(standing(at(100, 102), undefined)).toBe("moving");
  expect(standing(at(120, 118), at(100, 102))).toBe("moving");
  expect(standing(at(120, 118), at(120, 118))).toBe("not_balanced");
});
