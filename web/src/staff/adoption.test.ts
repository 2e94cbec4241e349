import { expect, it } from "vitest";
import { adoptionOf, classOf, idFault, strangerOf } from "./adoption";

it("reads the class from topics that agree, and guesses nothing else", () => {
  expect(classOf(["pg/v1/up/trk/trk-9/fix", "pg/v1/up/trk/trk-9/event"])).toBe("trk");
  expect(classOf(["pg/v1/up/trk/trk-9/fix", "pg/v1/up/chg/trk-9/status"])).toBe(null);
  expect(classOf(["owntracks/wang/bike-7"])).toBe(null);
  expect(classOf([])).toBe(null);
});

it("tells a stranger of an adapter from a device of ours", () => {
  expect(strangerOf("owntracks:wang/bike-7")).toEqual({ adapter: "owntracks", id: "wang/bike-7" });
  expect(strangerOf("trk-9")).toBe(null);
  expect(strangerOf(":x")).toBe(null);
  expect(strangerOf("jt808:")).toBe(null);
});

it("refuses ids that no device may have before the server does", () => {
  expect(idFault("trk-000123")).toBe(null);
  expect(idFault("TRK 9")).toBe("id_fault");
  expect(idFault("")).toBe("id_fault");
  expect(idFault("pg-admin")).toBe("id_ours");
});

it("sends nothing that was left empty", () => {
  const wanted = { id: "trk-9", cls: "trk" as const, vehicle: "", site: "", area: "" };

  expect(adoptionOf(wanted, null)).toEqual({ id: "trk-9", cls: "trk" });
  expect(adoptionOf({ ...wanted, area: "340104" }, { adapter: "jt808", id: "0139" })).toEqual({
    id: "trk-9",
    cls: "trk",
    area: "340104",
    profile: { foreign: { jt808: "0139" } },
  });
});
