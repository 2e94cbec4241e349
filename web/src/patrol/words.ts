import type { Words } from "../i18n";

export const words = {
  en: { title: "Patrol" },
  zh: { title: "Patrol" },
} satisfies Words;
