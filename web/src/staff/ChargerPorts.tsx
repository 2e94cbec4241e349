import { useTranslation } from "react-i18next";
import { useSay } from "../i18n";
import { Age } from "../ui/Age";
import { Badge, type Tone } from "../ui/Badge";
import { Panel } from "../ui/Page";
import css from "./charging.module.css";
import { energy, moodOf, type Port, type PortMood, power } from "./ports";

const TONES: Record<PortMood, Tone> = {
  trouble: "danger",
  in_use: "info",
  free: "ok",
  out: "stale",
};

/** Every port as a tile. */
export function ChargerPorts({ ports }: { ports: readonly Port[] }) {
  const { t } = useTranslation("charging");
  if (ports.length === 0) return null;
  return (
    <Panel title={t("ports")}>
      <ul className={css.ports}>
        {ports.map((port) => (
          <PortTile key={port.n} port={port} />
        ))}
      </ul>
    </Panel>
  );
}

function PortTile({ port }: { port: Port }) {
  const { t } = useTranslation("charging");
  const say = useSay();
  const mood = moodOf(port);
  return (
    <li className={css.port} data-mood={mood}>
      <div className={css.portHead}>
        <strong>{t("port_n", { n: port.n })}</strong>
        <Badge tone={TONES[mood]}>{t(`state_${port.state}`, { defaultValue: port.state })}</Badge>
      </div>
      {port.causes.map((cause) => (
        <span key={cause.code} className={css.bad}>
          {say(cause)}
        </span>
      ))}
      {port.err && <code className={css.bad}>{port.err}</code>}
      {port.session && (
        <span>
          <span>{power(port.w)}</span> · <span>{energy(port.wh)}</span>
        </span>
      )}
      {port.session && <small className="muted">{port.session}</small>}
      <small className="muted">
        <Age t={port.since} />
      </small>
    </li>
  );
}
