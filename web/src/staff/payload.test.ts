import { expect, it } from "vitest";
import { bytesOf, hexLines, laidOut, SHOWN_BYTES } from "./payload";

it("shows bytes as they are, and only printable ones as text", () => {
  const bytes = bytesOf(btoa("\xff\x00<b>hi</b>\n"));

  expect(hexLines(bytes)).toEqual([
    { offset: "0000", hex: "ff 00 3c 62 3e 68 69 3c 2f 62 3e 0a", text: "··<b>hi</b>·" },
  ]);
});

it("stops where nobody reads on", () => {
  const lines = hexLines(new Uint8Array(SHOWN_BYTES + 100));

  expect(lines).toHaveLength(SHOWN_BYTES / 16);
  expect(lines.at(-1)?.offset).toBe("0ff0");
});

it("leaves alone what is no JSON: it is there because it is broken", () => {
  expect(laidOut('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(laidOut('{"a":')).toBe('{"a":');
});
