import type { Words } from "../i18n";

export const words = {
  en: { title: "Owner" },
  zh: { title: "Owner" },
} satisfies Words;
