/** Coin boxes, the most urgent first, and "I am emptying it". */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import type { Schemas } from "../api/client";
import { Age } from "../ui/Age";
import { Badge, type Tone } from "../ui/Badge";
import { Button } from "../ui/Button";
import { type Column, DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Empty, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Collector } from "./ChargerBox";
import { CollectForm } from "./CollectForm";
import { CsvButton } from "./CsvButton";
import css from "./charging.module.css";
import { collectionQuery, FullWords } from "./FullWhen";
import { Meter, toneOf } from "./Meter";
import { yuan } from "./money";
import { csvAddress, isArea, written } from "./moneyFilters";
import { Opened } from "./Opened";

type Box = Schemas["CollectionOut"];

const TONES: Record<string, Tone> = { full: "danger", nearly_full: "warn", soon: "info" };

export function CollectionPage() {
  const { t } = useTranslation("charging");
  const [search, setSearch] = useSearchParams();
  const area = isArea(search.get("area") ?? "") ? (search.get("area") ?? undefined) : undefined;
  const asked = useQuery({ ...collectionQuery(area), refetchInterval: 30_000 });
  const boxes = asked.data?.boxes;
  const query = written({ area });
  return (
    <Page
      title={t("collection")}
      actions={
        boxes?.length ? (
          <CsvButton address={csvAddress("/v1/collection", query)} name="collection.csv" />
        ) : undefined
      }
    >
      <AreaForm
        key={area ?? ""}
        area={area ?? ""}
        onChange={(next) => setSearch(written({ area: next }))}
      />
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {boxes?.length === 0 && (
        <Empty title={t("collection_empty")}>
          <p>{t("collection_empty_text")}</p>
        </Empty>
      )}
      {boxes && boxes.length > 0 && boxes.every((box) => !(box.urgency in TONES)) && (
        <p className="muted">{t("collection_all_later")}</p>
      )}
      {boxes && boxes.length > 0 && <Boxes rows={boxes} />}
    </Page>
  );
}

function AreaForm({ area, onChange }: { area: string; onChange(area: string): void }) {
  const { t } = useTranslation("charging");
  const [fault, setFault] = useState<string | null>(null);
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("area")).trim();
    const good = wanted === "" || isArea(wanted);
    setFault(good ? null : t("area_fault"));
    if (good) onChange(wanted);
  }
  return (
    <form className={css.filters} onSubmit={send}>
      <Field label={t("area")} hint={t("area_hint")} fault={fault}>
        <input name="area" inputMode="numeric" defaultValue={area} />
      </Field>
      <Button type="submit">{t("apply")}</Button>
    </form>
  );
}

function Boxes({ rows }: { rows: Box[] }) {
  const { t } = useTranslation("charging");
  const columns: Column<Box>[] = [
    { key: "station", title: t("station"), cell: (box) => <Station box={box} /> },
    {
      key: "urgency",
      title: t("state"),
      cell: (box) => (
        <div className={css.stack}>
          <Badge tone={TONES[box.urgency] ?? "plain"}>
            {t(`urgency_${box.urgency}`, { defaultValue: box.urgency })}
          </Badge>
          {box.open && <strong>{t("box_is_open")}</strong>}
        </div>
      ),
    },
    { key: "level", title: t("box"), cell: (box) => <Level box={box} /> },
    {
      key: "counted",
      title: t("counted"),
      align: "right",
      cell: (box) => yuan(box.counted_fen),
    },
    { key: "full", title: t("full_when"), cell: (box) => <FullWords full={box.full} /> },
    {
      key: "emptied",
      title: t("emptied"),
      cell: (box) => (box.emptied_ms === null ? t("emptied_never") : <Age t={box.emptied_ms} />),
    },
    { key: "collect", title: t("collect"), cell: (box) => <Collect box={box} /> },
  ];
  return <DataTable caption={t("collection")} columns={columns} rows={rows} rowKey={(b) => b.id} />;
}

function Station({ box }: { box: Box }) {
  return (
    <div className={css.stack}>
      <Link to={`/staff/chargers/${box.id}`}>{box.name || box.id}</Link>
      <small className="muted">
        {[box.name && box.id, box.site_id].filter(Boolean).join(" · ")}
      </small>
    </div>
  );
}

function Level({ box }: { box: Box }) {
  const { t } = useTranslation("charging");
  if (box.coins === null) return <span className="muted">–</span>;
  const words = box.cap_coins
    ? t("box_level", { coins: box.coins, cap: box.cap_coins })
    : t("box_level_only", { coins: box.coins });
  return box.share === null ? (
    words
  ) : (
    <Meter share={box.share} tone={toneOf(box.share)} words={words} />
  );
}

function Collect({ box }: { box: Box }) {
  const { t } = useTranslation("charging");
  const cache = useQueryClient();
  return (
    <div className={css.stack}>
      <Collector who={box.collector} untilMs={box.collector_until_ms} />
      <Opened label={`${t("collect")} …`} title={`${t("collect")}: ${box.name || box.id}`}>
        <CollectForm
          id={box.id}
          box={box}
          onSent={() => void cache.invalidateQueries({ queryKey: ["collection"] })}
        />
      </Opened>
    </div>
  );
}
