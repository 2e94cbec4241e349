import { addWords } from "../i18n";
import { Page } from "../ui/Page";
import { words } from "./words";

addWords("owner", words);

export default function OwnerPage() {
  return <Page title="ParkGuard">{null}</Page>;
}
