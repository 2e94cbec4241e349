/** What a device was through, newest first, the first few in sight. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { clockTime, exact } from "../ui/ages";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { type Column, DataTable } from "../ui/DataTable";
import { useSpan } from "./DeviceStory";
import { Causes } from "./HealthMarks";
import css from "./health.module.css";
import { presenceTone } from "./healthText";
import type { Spell } from "./healthTypes";

const SHOWN = 8;

export function DeviceSpells({ spells }: { spells: Spell[] }) {
  const { t } = useTranslation("health");
  const { t: common } = useTranslation("common");
  const language = useLanguage();
  const span = useSpan();
  const nowMs = useNow();
  const [isWhole, setWhole] = useState(false);
  const columns: Column<Spell>[] = [
    {
      key: "from",
      title: t("spells_from"),
      cell: (spell) => {
        const sinceMs = Date.parse(spell.since);
        return (
          <time dateTime={spell.since} title={exact(sinceMs, language)}>
            {clockTime(sinceMs, nowMs, language)}
          </time>
        );
      },
    },
    {
      key: "for",
      title: t("spells_for"),
      cell: (spell) =>
        spell.until === null ? t("spells_now", { span: span(spell.for_s) }) : span(spell.for_s),
    },
    {
      key: "state",
      title: t("state"),
      cell: (spell) => (
        <span className={css.marks}>
          <Badge tone={presenceTone(spell.presence)}>{t(`presence_${spell.presence}`)}</Badge>
          {spell.admin !== "active" && <Badge tone="stale">{t(`admin_${spell.admin}`)}</Badge>}
        </span>
      ),
    },
    { key: "why", title: t("why"), cell: (spell) => <Causes health={spell} /> },
  ];
  if (spells.length === 0) return <p className="muted">{t("spells_none")}</p>;
  return (
    <>
      <DataTable
        caption={t("spells")}
        columns={columns}
        rows={isWhole ? spells : spells.slice(0, SHOWN)}
        rowKey={(spell) => `${spell.since} ${spell.presence} ${spell.for_s}`}
      />
      {!isWhole && spells.length > SHOWN && (
        <Button kind="quiet" onClick={() => setWhole(true)}>
          {common("more")} ({spells.length - SHOWN})
        </Button>
      )}
    </>
  );
}
