/** The desk's own steps on an incident: take, move on, close. Conflicts are told plainly. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, got, type Schemas } from "../api/client";
import { problemOf } from "../api/problem";
import { Button } from "../ui/Button";
import { Note } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { CloseForm } from "./CloseForm";
import css from "./case.module.css";
import type { Outcome } from "./outcomes";
import { useDesk, useWord } from "./says";

type Incident = Schemas["IncidentOut"];
type State = Schemas["MoveIn"]["state"];
type Step =
  | { to: "acknowledged" }
  | { to: "move"; state: State }
  | { to: "close"; outcome: Outcome; reason: string };

/** Steps the desk makes for an officer who says by radio where he is. */
const BY_RADIO: readonly State[] = [
  "en_route",
  "on_scene",
  "recovered",
  "not_found",
  "false_alarm",
  "cancelled",
];

interface Props {
  incident: Incident;
  /** States it may go to, as the API says. */
  next: readonly string[];
}

export function Work({ incident, next }: Props) {
  const t = useDesk();
  const word = useWord();
  const cache = useQueryClient();
  const step = useMutation({
    mutationFn: (wanted: Step) => send(incident, wanted),
    onSettled: () => cache.invalidateQueries({ queryKey: ["desk"] }),
  });
  if (incident.state === "closed") {
    return (
      <p>
        {t("closed_already")}{" "}
        {incident.outcome && <strong>{word("outcome", incident.outcome)}</strong>}
      </p>
    );
  }
  const moves = BY_RADIO.filter((state) => next.includes(state));
  return (
    <div className={css.work}>
      {next.includes("acknowledged") && (
        <div>
          <Button
            kind="primary"
            busy={step.isPending}
            onClick={() => step.mutate({ to: "acknowledged" })}
          >
            {t("take")}
          </Button>{" "}
          <span className="muted">{t("take_hint")}</span>
        </div>
      )}
      {moves.length > 0 && (
        <fieldset className={css.moves}>
          <legend>{t("moves")}</legend>
          {moves.map((state) => (
            <Button
              key={state}
              busy={step.isPending}
              onClick={() => step.mutate({ to: "move", state })}
            >
              {word("st", state)}
            </Button>
          ))}
        </fieldset>
      )}
      {step.isError && <Refused error={step.error} />}
      <CloseForm
        kind={incident.kind}
        busy={step.isPending}
        onClose={(outcome, reason) => step.mutate({ to: "close", outcome, reason })}
      />
    </div>
  );
}

/** Why a step was not made; of a race, who has it and where it is now. */
function Refused({ error }: { error: unknown }) {
  const t = useDesk();
  const word = useWord();
  const problem = problemOf(error);
  const { assignee, state } = problem.members;
  if (problem.status !== 409) return <ProblemNote error={error} />;
  return (
    <Note tone="danger">
      <p role="alert">
        {typeof assignee === "string" ? t("taken_by", { name: assignee }) : t("step_refused")}
        {typeof state === "string" && ` ${t("only_now", { state: word("st", state) })}`}
      </p>
      <p className="muted">{t("conflict_hint")}</p>
    </Note>
  );
}

function send({ id, version }: Incident, step: Step): Promise<Incident> {
  const params = { path: { incident_id: id } };
  if (step.to === "acknowledged") {
    return got(api.POST("/v1/incidents/{incident_id}/acknowledge", { params, body: { version } }));
  }
  if (step.to === "move") {
    const body = { state: step.state, reason: "", version };
    return got(api.POST("/v1/incidents/{incident_id}/move", { params, body }));
  }
  const body = { outcome: step.outcome, reason: step.reason, version };
  return got(api.POST("/v1/incidents/{incident_id}/close", { params, body }));
}
