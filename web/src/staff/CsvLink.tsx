import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { ProblemNote } from "../ui/ProblemNote";
import { readCsv } from "./csvPages";

/** Save the whole list behind an address as one CSV file, all pages of it. */
export function CsvLink({ address, name }: { address: string; name: string }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function save() {
    setBusy(true);
    setError(null);
    try {
      const sign = address.includes("?") ? "&" : "?";
      const text = await readCsv(`${address}${sign}format=csv`);
      const file = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
      const link = document.createElement("a");
      link.href = file;
      link.download = `${name}.csv`;
      link.click();
      URL.revokeObjectURL(file);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      {error !== null && <ProblemNote error={error} />}
      <Button busy={busy} onClick={() => void save()}>
        {t("csv")}
      </Button>
    </>
  );
}
