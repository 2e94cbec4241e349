/** `/app/staff/health`: devices, the worst first. */
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { Page } from "../ui/Page";
import { CsvButton } from "./CsvButton";
import { DeviceList } from "./DeviceList";
import { DeviceTable } from "./DeviceTable";
import { HealthCounts } from "./HealthCounts";
import { HealthFilters } from "./HealthFilters";
import { paramsOf, queryOf, sortOf } from "./healthFilter";
import { useHealthList } from "./useHealthList";
import { useUrlFilter } from "./useUrlFilter";

export function HealthPage() {
  const { t } = useTranslation("health");
  const { filter, change } = useUrlFilter();
  const list = useHealthList("devices", filter, async (cursor, signal) => {
    const query = { ...queryOf(filter), sort: sortOf(filter), cursor, limit: 50 };
    const page = await got(api.GET("/v1/devices", { params: { query }, signal }));
    return { rows: page.devices, next: page.next };
  });
  const address = `/v1/devices?${paramsOf(filter)}&sort=${sortOf(filter)}&limit=1000&format=csv`;
  return (
    <Page title={t("title")} actions={<CsvButton address={address} name="devices.csv" />}>
      <HealthCounts filter={filter} change={change} />
      <HealthFilters filter={filter} change={change} />
      <DeviceList
        list={list}
        filter={filter}
        change={change}
        empty={{ title: t("empty_title"), none: t("empty_none") }}
      >
        {(rows) => <DeviceTable rows={rows} />}
      </DeviceList>
    </Page>
  );
}
