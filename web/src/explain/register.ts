import { addWords } from "../i18n";
import { words } from "./words";

addWords("explain", words);
