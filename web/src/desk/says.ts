/** Words for what the API says by codes: a code that has no words yet stands as it is. */
import i18next from "i18next";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../i18n";
import type { Reason } from "./queue";

export type Say = (key: string, values?: Record<string, unknown>) => string;

export function useDesk(): Say {
  const { t } = useTranslation("desk");
  return (key, values) => t(key, values ?? {});
}

/** `word("st", "open")`: the words of a code of some family, else the code itself. */
export function useWord(): (family: string, code: string) => string {
  const { t } = useTranslation("desk");
  return useCallback(
    (family, code) => {
      const key = `${family}_${code}`;
      return i18next.exists(key, { ns: "desk" }) ? t(key) : code.replaceAll("_", " ");
    },
    [t],
  );
}

/** What an alert or incident is, in words: a movement is named by how sure it is. */
export function useKind(): (of: { kind: string; level: number }) => string {
  const word = useWord();
  return useCallback(
    ({ kind, level }) => {
      if (kind !== "movement") return word("kind", kind);
      return word("kind", level >= 3 ? "movement_3" : level === 2 ? "movement_2" : "movement");
    },
    [word],
  );
}

export function useReasonText(): (reason: Reason) => string {
  const language = useLanguage();
  return (reason) => (language === "zh" ? reason.zh : reason.en) || reason.en || reason.code;
}

/** The vehicle in words, else its id; a station's id where it burns. */
export function nameOf(of: { label: string; vehicleId: string; deviceId: string }): string {
  return of.label || of.vehicleId || of.deviceId;
}
