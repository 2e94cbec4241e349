/** Whether the list stands still: the pointer is on it and moved lately. */
import { type PointerEvent, useEffect, useRef, useState } from "react";

/** A pointer that was left lying on the list holds it no longer than this, ms. */
const HOLD_MS = 8_000;

export interface Hold {
  held: boolean;
  release(): void;
  onPointerMove(event: PointerEvent): void;
  onPointerLeave(): void;
}

export function useHold(): Hold {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const release = () => {
    clearTimeout(timer.current);
    setHeld(false);
  };
  return {
    held,
    release,
    onPointerMove: () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(release, HOLD_MS);
      setHeld(true);
    },
    onPointerLeave: release,
  };
}
