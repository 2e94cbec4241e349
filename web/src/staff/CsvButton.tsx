/** What is filtered, all pages of it, as one file. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { ProblemNote } from "../ui/ProblemNote";
import { readCsv } from "./csvPages";

export function CsvButton({ address, name }: { address: string; name: string }) {
  const { t } = useTranslation("common");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const download = async () => {
    setBusy(true);
    setError(null);
    try {
      save(await readCsv(address), name);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {error !== null && <ProblemNote error={error} />}
      <Button onClick={() => void download()} busy={busy}>
        {t("csv")}
      </Button>
    </>
  );
}

function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
