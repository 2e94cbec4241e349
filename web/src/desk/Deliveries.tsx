import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import css from "./case.module.css";
import { useDesk, useWord } from "./says";
import { type Delivery, toneOf } from "./timeline";

/** Who was told what, when, by which channel, and did they get it. */
export function Deliveries({ deliveries }: { deliveries: readonly Delivery[] }) {
  const t = useDesk();
  const word = useWord();
  const receiverOf = useReceiver();
  if (deliveries.length === 0) return <p className="muted">{t("deliveries_empty")}</p>;
  const columns: Column<Delivery>[] = [
    { key: "who", title: t("del_receiver"), cell: receiverOf },
    { key: "what", title: t("del_what"), cell: (told) => actionOf(told, word) },
    {
      key: "when",
      title: t("del_when"),
      cell: (told) => (
        <span className={css.noWrap}>
          <Age t={told.created_ms} />
        </span>
      ),
    },
    { key: "how", title: t("del_how"), cell: (told) => word("channel", told.channel) },
    {
      key: "got",
      title: t("del_got"),
      cell: (told) => (
        <span className={css.got}>
          <Badge tone={toneOf(told.state)}>{word("got", told.state)}</Badge>
          {told.sent_ms !== null && <Age t={told.sent_ms} />}
          {(told.attempts > 1 || (told.state !== "sent" && told.attempts > 0)) && (
            <span className="muted">{t("del_attempts", { count: told.attempts })}</span>
          )}
          {told.last_error && told.state !== "sent" && (
            <span className={css.failure} title={told.last_error}>
              {word("err", told.last_error.split(":")[0] ?? "")}
            </span>
          )}
        </span>
      ),
    },
  ];
  return (
    <DataTable
      caption={t("deliveries")}
      columns={columns}
      rows={deliveries}
      rowKey={(told) => `${told.channel}|${told.receiver}|${told.action}|${told.created_ms}`}
    />
  );
}

function actionOf(told: Delivery, word: (family: string, code: string) => string): string {
  const act = word("act", told.action);
  return act === told.action.replaceAll("_", " ") ? word("what", told.action) : act;
}

/** A receiver in words: the owner's contacts and grids by name, the rest by what they are. */
function useReceiver(): (told: Delivery) => string {
  const t = useDesk();
  const word = useWord();
  return ({ channel, receiver }) => {
    if (channel === "mqtt") return receiver ? t("to_grid", { name: receiver }) : t("no_grid");
    const [kind = "", name] = receiver.split(":");
    if (kind === "owner" && name) return t("to_owner", { name });
    return name ? `${word("to", kind)} ${name}` : word("to", kind);
  };
}
