/** Where this phone is: asked for by a press, kept in the page, never sent. */
import { useCallback, useEffect, useState } from "react";
import type { Place } from "./geo";

export type MeState = "off" | "asking" | "on" | "denied" | "failed";

const PERMISSION_DENIED = 1;

export function useMe(): { me: Place | null; state: MeState; ask(): void } {
  const [asked, setAsked] = useState(0);
  const [me, setMe] = useState<Place | null>(null);
  const [state, setState] = useState<MeState>("off");
  useEffect(() => {
    if (asked === 0) return;
    if (!navigator.geolocation) {
      setState("failed");
      return;
    }
    setState("asking");
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        setMe({ lat: coords.latitude, lon: coords.longitude });
        setState("on");
      },
      (error) => setState(error.code === PERMISSION_DENIED ? "denied" : "failed"),
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 20_000 },
    );
    return () => navigator.geolocation.clearWatch(watch);
  }, [asked]);
  return { me, state, ask: useCallback(() => setAsked((count) => count + 1), []) };
}
