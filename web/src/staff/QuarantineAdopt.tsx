/** An unknown device is registered and its held messages run; the result shows its secret once. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { fieldFaults, problemOf } from "../api/problem";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Note, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { adoptionOf, CLASSES, classOf, type DeviceClass, idFault, strangerOf } from "./adoption";
import css from "./charging.module.css";
import { isArea } from "./moneyFilters";

/** Topics looked at to tell the class. */
const LOOKED_AT = 100;

export function QuarantineAdopt({ name }: { name: string }) {
  const { t } = useTranslation("quarantine");
  const query = { device: name, reason: "unknown_device" };
  const rows = useQuery({
    queryKey: ["quarantine", "strangers", name],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/quarantine", {
          params: { query: { ...query, limit: LOOKED_AT } },
          signal,
        }),
      ),
  });
  const held = useQuery({
    queryKey: ["quarantine", "held", query],
    queryFn: ({ signal }) => got(api.GET("/v1/quarantine/held", { params: { query }, signal })),
  });
  return (
    <Panel title={t("adopt")}>
      {rows.isError && <ProblemNote error={rows.error} onRetry={() => void rows.refetch()} />}
      {held.isError && <ProblemNote error={held.error} onRetry={() => void held.refetch()} />}
      {rows.isPending && <Skeleton lines={5} />}
      {rows.data && held.data && (
        <AdoptForm
          name={name}
          cls={classOf(rows.data.quarantine.map((row) => row.topic))}
          held={held.data.held}
        />
      )}
    </Panel>
  );
}

interface FormProps {
  name: string;
  cls: DeviceClass | null;
  held: number;
}

function AdoptForm({ name, cls, held }: FormProps) {
  const { t } = useTranslation("quarantine");
  const cache = useQueryClient();
  const stranger = strangerOf(name);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const run = useMutation({
    mutationFn: (device: ReturnType<typeof adoptionOf>) =>
      got(api.POST("/v1/quarantine/adopt", { body: { device } })),
    onSuccess: () => {
      for (const kind of ["rows", "reasons"]) {
        void cache.invalidateQueries({ queryKey: ["quarantine", kind] });
      }
    },
    onError: (error) => setFaults(fieldFaults(problemOf(error))),
  });
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const word = (field: string) => String(form.get(field) ?? "").trim();
    const id = word("id").toLowerCase();
    const wanted = CLASSES.find((one) => one === word("cls"));
    const found: Record<string, string> = {};
    const wrong = idFault(id);
    if (wrong) found.id = t(wrong);
    if (!wanted) found.cls = t("cls_fault");
    if (word("area") && !isArea(word("area"))) found.area = t("area_fault");
    setFaults(found);
    if (wanted && Object.keys(found).length === 0) {
      const { vehicle, site, area } = {
        vehicle: word("vehicle"),
        site: word("site"),
        area: word("area"),
      };
      run.mutate(adoptionOf({ id, cls: wanted, vehicle, site, area }, stranger));
    }
  }
  if (run.data) return <Adopted {...run.data} />;
  return (
    <form className={css.collect} onSubmit={send}>
      <p>{t("adopt_what", { count: held })}</p>
      {stranger && (
        <p className="muted">
          {t("adopt_stranger", { adapter: stranger.adapter, id: stranger.id })}
        </p>
      )}
      <Field label={t("new_id")} fault={faults.id}>
        <input name="id" defaultValue={stranger ? "" : name} spellCheck={false} />
      </Field>
      <Field label={t("cls")} fault={faults.cls}>
        <select name="cls" defaultValue={cls ?? ""}>
          <option value="">{t("cls_choose")}</option>
          {CLASSES.map((one) => (
            <option key={one} value={one}>
              {t(`cls_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("vehicle")} hint={t("vehicle_hint")} fault={faults.vehicle_id}>
        <input name="vehicle" spellCheck={false} />
      </Field>
      <Field label={t("site")} hint={t("site_hint")} fault={faults.site_id}>
        <input name="site" spellCheck={false} />
      </Field>
      <Field label={t("area")} hint={t("area_hint")} fault={faults.area}>
        <input name="area" inputMode="numeric" />
      </Field>
      {run.isError && <ProblemNote error={run.error} />}
      <div>
        <Button type="submit" kind="primary" busy={run.isPending}>
          {t("adopt_do")}
        </Button>
      </div>
    </form>
  );
}

function Adopted({ device, held }: Schemas["AdoptedOut"]) {
  const { t } = useTranslation("quarantine");
  return (
    <Note>
      <p role="status">
        <strong>{t("adopted", { id: device.id })}</strong>{" "}
        {t("adopted_held", { count: held.queued, left: held.left })}
      </p>
      <p>
        {t("secret")}: <code>{device.secret}</code>
      </p>
      <p>{t("secret_note")}</p>
    </Note>
  );
}
