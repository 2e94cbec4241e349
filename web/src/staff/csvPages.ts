/** A whole list as one CSV file: the API gives it by pages, the next one in the `Link` header. */
import { ApiProblem } from "../api/problem";

/** Pages of at most 1,000 rows: more would not open in a spreadsheet either. */
export const PAGES_MAX = 1_000;

const MARK = "\ufeff";

/** Address of the next page (RFC 8288), null at the end. */
export function nextLink(header: string | null): string | null {
  return header?.match(/<([^>]+)>\s*;\s*rel="next"/)?.[1] ?? null;
}

/** A further page without its byte order mark and the names of its columns. */
export function rowsOnly(page: string): string {
  const text = page.startsWith(MARK) ? page.slice(1) : page;
  const end = text.indexOf("\r\n");
  return end < 0 ? "" : text.slice(end + 2);
}

/** Read all pages from an address on. */
export async function readCsv(address: string, ask: typeof fetch = fetch): Promise<string> {
  const parts: string[] = [];
  let next: string | null = address;
  for (let page = 0; next !== null && page < PAGES_MAX; page += 1) {
    let answer: Response;
    try {
      answer = await ask(next, { credentials: "same-origin" });
    } catch (error) {
      throw new ApiProblem(0, { detail: error instanceof Error ? error.message : "" });
    }
    if (!answer.ok) {
      const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
      throw new ApiProblem(answer.status, body);
    }
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await answer.arrayBuffer());
    parts.push(page === 0 ? text : rowsOnly(text));
    next = nextLink(answer.headers.get("link"));
  }
  return parts.join("");
}
