import { expect, it } from "vitest";
import { nextLink, readCsv, rowsOnly } from "./csvPages";

const HEAD = '\ufeff"id","name"\r\n';

it("finds the next page in the header", () => {
  expect(nextLink('</v1/devices?a=1&cursor=x>; rel="next"')).toBe("/v1/devices?a=1&cursor=x");
  expect(nextLink(null)).toBeNull();
});

it("takes the mark and the names off a further page", () => {
  expect(rowsOnly(`${HEAD}"a","b"\r\n`)).toBe('"a","b"\r\n');
});

it("joins pages into one table with one line of names", async () => {
  const asked: string[] = [];
  const text = await readCsv("/first", async (url) => {
    asked.push(String(url));
    return asked.length === 1
      ? new Response(`${HEAD}"1","北门"\r\n`, { headers: { link: '</second>; rel="next"' } })
      : new Response(`${HEAD}"2","x"\r\n`);
  });
  expect(asked).toEqual(["/first", "/second"]);
  expect(text).toBe(`${HEAD}"1","北门"\r\n"2","x"\r\n`);
});

it("fails as the API does", async () => {
  const refuse = async () => new Response('{"code":"busy"}', { status: 503 });
  await expect(readCsv("/x", refuse)).rejects.toMatchObject({ code: "busy", isPassing: true });
});
