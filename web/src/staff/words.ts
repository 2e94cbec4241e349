import type { Words } from "../i18n";

export const words = {
  en: { title: "Staff" },
  zh: { title: "Staff" },
} satisfies Words;
