/** Filters of lists of devices as they stand in the page's address: the words of the API. */
import type { paths } from "../api/schema";

type Query = NonNullable<paths["/v1/devices"]["get"]["parameters"]["query"]>;
export type Cls = NonNullable<Query["cls"]>[number];
export type Admin = NonNullable<Query["admin"]>[number];

export interface DeviceFilter {
  cls: Cls[];
  presence: string[];
  condition: "ok" | "degraded" | null;
  cause: string[];
  admin: Admin[];
  site: string[];
  vendor: string[];
  model: string[];
  district: string;
  text: string;
}

export const CLASSES: readonly Cls[] = ["trk", "chg", "cam", "gw"];
export const PRESENCES = ["offline", "unknown", "late", "online", "sleeping"] as const;
export const ADMINS: readonly Admin[] = ["active", "maintenance", "retired"];

/** Shorter texts are not looked for by the API. */
export const TEXT_LEAST = 2;

export const NO_FILTER: DeviceFilter = {
  cls: [],
  presence: [],
  condition: null,
  cause: [],
  admin: [],
  site: [],
  vendor: [],
  model: [],
  district: "",
  text: "",
};

/** Read an address; words that are none of the API's are passed over. */
export function filterOf(params: URLSearchParams): DeviceFilter {
  const condition = params.get("condition");
  const district = params.get("district") ?? "";
  return {
    cls: known(params, "cls", CLASSES),
    presence: known(params, "presence", PRESENCES),
    condition: condition === "ok" || condition === "degraded" ? condition : null,
    cause: words(params, "cause"),
    admin: known(params, "admin", ADMINS),
    site: words(params, "site"),
    vendor: words(params, "vendor"),
    model: words(params, "model"),
    district: isDistrict(district) ? district : "",
    text: params.get("text")?.trim() ?? "",
  };
}

/** Write an address: only what is asked, always in the same order. */
export function paramsOf(filter: DeviceFilter): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter) as [string, string | string[] | null][]) {
    for (const word of Array.isArray(value) ? value : [value]) {
      if (word) params.append(name, word);
    }
  }
  return params;
}

/** What the API is asked; without what it would refuse. */
export function queryOf(filter: DeviceFilter): Query {
  const { condition, district, text, ...lists } = filter;
  const asked = Object.entries(lists).filter(([, words]) => words.length > 0);
  return {
    ...Object.fromEntries(asked),
    ...(condition ? { condition } : {}),
    ...(district ? { district } : {}),
    ...(text.length >= TEXT_LEAST ? { text } : {}),
  };
}

/** A list of retired devices has no worst: they have no health. */
export function sortOf(filter: DeviceFilter): "slot" | "worst" {
  return filter.admin.includes("retired") ? "slot" : "worst";
}

/** With the word, or without it if it was there. */
export function toggled<Word>(words: readonly Word[], word: Word): Word[] {
  return words.includes(word) ? words.filter((other) => other !== word) : [...words, word];
}

/** Each word that is asked, in the order of the address. */
export function wordsIn(filter: DeviceFilter): [name: keyof DeviceFilter, word: string][] {
  return [...paramsOf(filter)] as [keyof DeviceFilter, string][];
}

/** What changes when one word is taken away. */
export function withoutWord(
  filter: DeviceFilter,
  name: keyof DeviceFilter,
  word: string,
): Partial<DeviceFilter> {
  const value = filter[name];
  if (Array.isArray(value)) return { [name]: value.filter((other) => other !== word) };
  return { [name]: NO_FILTER[name] };
}

export function isDistrict(text: string): boolean {
  return /^[0-9]{6}$/.test(text);
}

export function isEmpty(filter: DeviceFilter): boolean {
  return paramsOf(filter).size === 0;
}

function words(params: URLSearchParams, name: string): string[] {
  return [...new Set(params.getAll(name).map((word) => word.trim()))].filter(Boolean);
}

function known<Word extends string>(
  params: URLSearchParams,
  name: string,
  there: readonly Word[],
): Word[] {
  return there.filter((word) => params.getAll(name).includes(word));
}
