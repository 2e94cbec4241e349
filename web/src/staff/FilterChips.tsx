/** What is filtered, each to be taken away again. */
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import css from "./health.module.css";
import { type DeviceFilter, NO_FILTER, withoutWord, wordsIn } from "./healthFilter";
import type { ChangeFilter } from "./useUrlFilter";

interface Props {
  filter: DeviceFilter;
  change: ChangeFilter;
  /** Words of causes by code, as far as they are known. */
  causes: ReadonlyMap<string, string>;
}

export function FilterChips({ filter, change, causes }: Props) {
  const { t } = useTranslation("health");
  const words = wordsIn(filter);
  if (words.length === 0) return null;
  const said = (name: keyof DeviceFilter, word: string) => {
    if (name === "cause") return causes.get(word) ?? word;
    if (name === "text") return `"${word}"`;
    if (name === "cls" || name === "presence" || name === "condition" || name === "admin") {
      return t(`${name}_${word}`);
    }
    return `${t(name)} ${word}`;
  };
  return (
    <ul className={css.chips} aria-label={t("filters")}>
      {words.map(([name, word]) => (
        <li key={`${name} ${word}`}>
          <button
            type="button"
            className={css.chip}
            aria-label={t("remove", { what: said(name, word) })}
            onClick={() => change(withoutWord(filter, name, word))}
          >
            {said(name, word)} <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
      <li>
        <Button kind="quiet" onClick={() => change(NO_FILTER)}>
          {t("show_all")}
        </Button>
      </li>
    </ul>
  );
}
