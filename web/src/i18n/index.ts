/** Languages: each area brings its words, in both, under a namespace of its own. */
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import { common } from "./common";

export type Language = "zh" | "en";

/** Words of one area: the same keys in both languages (i18n/words.test.ts checks all areas). */
export interface Words {
  en: Record<string, string>;
  zh: Record<string, string>;
}

const KEPT = "parkguard.language";

export function languageOf(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary === "zh" || primary === "en") return primary;
  }
  return "en";
}

export function startLanguage(): void {
  const kept = localStorage.getItem(KEPT);
  const language = kept === "zh" || kept === "en" ? kept : languageOf(navigator.languages);
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: "common",
    resources: { en: { common: common.en }, zh: { common: common.zh } },
    interpolation: { escapeValue: false }, // React escapes
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
  });
  document.documentElement.lang = language;
  for (const [area, words] of early) addWords(area, words);
}

/** Words of modules that the first page loads: they come before `startLanguage`. */
const early = new Map<string, Words>();

/** Called once by the module of each area (its `routes.tsx`). */
export function addWords(area: string, words: Words): void {
  if (!i18next.isInitialized) {
    early.set(area, words);
    return;
  }
  i18next.addResourceBundle("en", area, words.en);
  i18next.addResourceBundle("zh", area, words.zh);
}

export function setLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** Of who logs in: taken unless somebody chose another one in this browser. */
export function suggestLanguage(language: Language): void {
  if (localStorage.getItem(KEPT) !== null || i18next.language === language) return;
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return i18n.language === "zh" ? "zh" : "en";
}

/** Text that the API gives in both languages: `say(cause)`. */
export function useSay(): (text: { en: string; zh: string }) => string {
  const language = useLanguage();
  return (text) => text[language];
}
