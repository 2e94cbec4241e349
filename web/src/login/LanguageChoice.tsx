import { useTranslation } from "react-i18next";
import { setLanguage, useLanguage } from "../i18n";
import { Choice } from "./Choice";

const LANGUAGES = [
  { value: "zh", label: "中文", lang: "zh" },
  { value: "en", label: "English", lang: "en" },
] as const;

export function LanguageChoice({ bare = false }: { bare?: boolean }) {
  const { t } = useTranslation();
  return (
    <Choice
      legend={t("language")}
      options={LANGUAGES}
      value={useLanguage()}
      onChange={setLanguage}
      bare={bare}
    />
  );
}
