/** The frame of every page behind the login: menu, account, lost connection, the page itself. */
import { useTranslation } from "react-i18next";
import { NavLink, Outlet } from "react-router";
import { useLanguage } from "../i18n";
import { LiveProvider, useLiveState } from "../live/live";
import { AccountMenu } from "../login/AccountMenu";
import { clockTime } from "../ui/ages";
import { useNow } from "./clock";
import { placesOf } from "./places";
import css from "./Shell.module.css";
import { SessionProvider, useSession } from "./session";

export function Shell() {
  return (
    <SessionProvider>
      <LiveProvider>
        <Frame />
      </LiveProvider>
    </SessionProvider>
  );
}

function Frame() {
  const { t } = useTranslation();
  const places = placesOf(useSession());
  return (
    <>
      <a className={css.skip} href="#content">
        {t("skip")}
      </a>
      <header className={css.header}>
        <span className={css.brand}>ParkGuard</span>
        <nav className={css.nav} aria-label={t("menu")}>
          {places.map((place) => (
            <NavLink key={place.path} to={place.path}>
              {t(place.word)}
            </NavLink>
          ))}
        </nav>
        <AccountMenu />
      </header>
      <LostConnection />
      <main id="content" tabIndex={-1} className={css.main}>
        <Outlet />
      </main>
    </>
  );
}

function LostConnection() {
  const { t } = useTranslation();
  const language = useLanguage();
  const nowMs = useNow();
  const { lostSinceMs } = useLiveState();
  return (
    <div role="status">
      {lostSinceMs !== null && (
        <p className={css.lost}>
          {t("offline_since", { time: clockTime(lostSinceMs, nowMs, language) })}
        </p>
      )}
    </div>
  );
}
