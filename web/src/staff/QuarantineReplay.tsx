/** Running held messages again: what it will do is said before, what came of it after. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { useSession } from "../app/session";
import { Button } from "../ui/Button";
import { Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import css from "./charging.module.css";

interface Wanted {
  reason?: string;
  device?: string;
}

/** Most messages of one call. */
const CALL_MAX = 10_000;

export function QuarantineReplay({ wanted }: { wanted: Wanted | null }) {
  const { t } = useTranslation("quarantine");
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!session.areas.includes("")) return <p className="muted">{t("replay_city")}</p>;
  if (wanted === null) return <p className="muted">{t("replay_choose")}</p>;
  if (!open) {
    return (
      <div>
        <Button onClick={() => setOpen(true)}>{t("replay")} …</Button>
      </div>
    );
  }
  return <Confirm wanted={wanted} onClose={() => setOpen(false)} />;
}

function Confirm({ wanted, onClose }: { wanted: Wanted; onClose(): void }) {
  const { t } = useTranslation("quarantine");
  const { t: common } = useTranslation();
  const cache = useQueryClient();
  const count = useQuery({
    queryKey: ["quarantine", "held", wanted],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/quarantine/held", { params: { query: wanted }, signal })),
  });
  const run = useMutation({
    mutationFn: () =>
      got(
        api.POST("/v1/quarantine/replay", {
          body: { ...(wanted as Schemas["ReplayIn"]), limit: CALL_MAX },
        }),
      ),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["quarantine"] }),
  });
  const held = count.data?.held;
  const waiting = run.data?.left ?? held ?? 0;
  return (
    <Panel title={t("replay_title")}>
      <div aria-live="polite" className={css.stack}>
        {run.data === undefined && held !== undefined && (
          <p>
            <strong>{held === 0 ? t("replay_none") : t("replay_count", { count: held })}</strong>
          </p>
        )}
        {run.data && <Result queued={run.data.queued} left={run.data.left} />}
      </div>
      <p>{t("replay_what")}</p>
      <p className="muted">{t("replay_rest")}</p>
      {count.isError && <ProblemNote error={count.error} onRetry={() => void count.refetch()} />}
      {run.isError && <ProblemNote error={run.error} />}
      <div className={css.row}>
        {waiting > 0 && (
          <Button kind="primary" busy={run.isPending} onClick={() => run.mutate()}>
            {t("replay_do", { count: Math.min(waiting, CALL_MAX) })}
          </Button>
        )}
        <Button onClick={onClose}>{run.data ? common("close") : common("cancel")}</Button>
      </div>
    </Panel>
  );
}

/** What one call did. */
export function Result({ queued, left }: { queued: number; left: number }) {
  const { t } = useTranslation("quarantine");
  return (
    <p role="status">
      <strong>{queued === 0 ? t("replay_nothing") : t("replay_done", { count: queued })}</strong>{" "}
      {left > 0 && t("replay_left", { count: left })}
    </p>
  );
}
