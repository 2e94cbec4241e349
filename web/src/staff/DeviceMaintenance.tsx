/** Somebody has the device in hand, or not any more. Asked before it is begun. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { Button } from "../ui/Button";
import { ProblemNote } from "../ui/ProblemNote";
import css from "./health.module.css";
import { HEALTH_KEY } from "./useHealthList";

export function DeviceMaintenance({ id, isOn }: { id: string; isOn: boolean }) {
  const { t } = useTranslation("health");
  const { t: common } = useTranslation("common");
  const cache = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (on: boolean) =>
      got(
        api.POST("/v1/devices/{device_id}/maintenance", {
          params: { path: { device_id: id } },
          body: { on },
        }),
      ),
    onSuccess: async () => {
      setAsking(false);
      await cache.invalidateQueries({ queryKey: ["device", id] });
      await cache.invalidateQueries({ queryKey: ["story", id] });
      void cache.invalidateQueries({ queryKey: [HEALTH_KEY] });
    },
  });
  if (isOn) {
    return (
      <>
        <Button busy={change.isPending} onClick={() => change.mutate(false)}>
          {t("maintenance_end")}
        </Button>
        {change.isError && <ProblemNote error={change.error} />}
      </>
    );
  }
  return (
    <>
      <Button aria-expanded={isAsking} onClick={() => setAsking(!isAsking)}>
        {t("maintenance_begin")}
      </Button>
      {isAsking && (
        <div className={css.ask}>
          <p>{t("maintenance_ask")}</p>
          <div className={css.askButtons}>
            <Button kind="primary" busy={change.isPending} onClick={() => change.mutate(true)}>
              {t("maintenance_begin")}
            </Button>
            <Button onClick={() => setAsking(false)}>{common("cancel")}</Button>
          </div>
          {change.isError && <ProblemNote error={change.error} />}
        </div>
      )}
    </>
  );
}
