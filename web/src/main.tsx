/** What takes long to begin does so in tasks of its own, so that none is long (`preloadStart`). */
import "./styles/tokens.css";
import "./styles/base.css";

const pause = () => new Promise((resume) => setTimeout(resume));

await import("react-dom/client");
await pause();
await import("./i18n");
await pause();
await import("./start");

export {};
