import type { Words } from "../i18n";

export const words = {
  en: { title: "Login" },
  zh: { title: "Login" },
} satisfies Words;
