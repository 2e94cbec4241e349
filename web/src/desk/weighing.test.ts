import { expect, it } from "vitest";
import type { Reason } from "./queue";
import { leadReason, sideOf, weigh } from "./weighing";

const a = (code: string, nats: number, group = "position"): Reason => ({
  code,
  group,
  nats,
  en: code,
  zh: code,
});

it("puts people first, then what weighs most, then what does not count", () => {
  const codes = weigh([
    a("jamming", 0, "radio"),
    a("unshaken", -3, "inertial"),
    a("tilt", 2, "inertial"),
    a("movement", 8.3),
    a("owner_not_me", 0, "human"),
  ]).map(({ reason }) => reason.code);
  expect(codes).toEqual(["owner_not_me", "movement", "tilt", "unshaken", "jamming"]);
});

it("tells a discounted sign from a rule that has no weight of its own", () => {
  expect(sideOf(a("power_cut", 0, "power"))).toBe("discounted");
  expect(sideOf(a("slow_move", 0))).toBe("fact");
  expect(sideOf(a("late", 0, "human"))).toBe("fact");
});

it("fills a bar by weight and not beyond", () => {
  expect(weigh([a("movement", 6)])[0]?.share).toBe(0.5);
  expect(weigh([a("ticket", -15)])[0]?.share).toBe(1);
});

it("leads with what a person said, and with nothing where nothing is", () => {
  expect(leadReason([a("movement", 8), a("sos", 0, "human")])?.code).toBe("sos");
  expect(leadReason([])).toBeNull();
});
