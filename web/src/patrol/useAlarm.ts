/** Rings when a case is opened in my area, or somebody calls for help. */
import { useEffect, useState } from "react";
import { useLive } from "../live/live";
import { isSoundUnlocked, unlockSound } from "../ui/tones";
import { isMuted, ring, setMuted } from "./alarm";

/** A click, not the press that begins it: the hint that then goes would move what is pressed. */
const GESTURES = ["click", "keydown"] as const;

export function useAlarm(): { muted: boolean; needsPress: boolean; toggle(): void } {
  const [muted, setShown] = useState(isMuted);
  const [needsPress, setNeeds] = useState(() => !isSoundUnlocked());
  useEffect(() => {
    const press = () => {
      unlockSound();
      setNeeds(false);
    };
    for (const name of GESTURES) document.addEventListener(name, press, { once: true });
    return () => {
      for (const name of GESTURES) document.removeEventListener(name, press);
    };
  }, []);
  useLive("incident", ({ data }) => {
    const action = (data as { action?: unknown } | null)?.action;
    if (action === "opened") ring("new");
    if (action === "help") ring("danger");
  });
  const toggle = () => {
    setMuted(!muted);
    setShown(!muted);
    if (muted) ring("new");
  };
  return { muted, needsPress, toggle };
}
