import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Whoever works by the keyboard stands where the next thing is to be done; `autofocus` does this for a whole page alone. */
export function useFocus<T extends HTMLElement>(): RefObject<T | null> {
  const place = useRef<T>(null);
  useEffect(() => place.current?.focus(), []);
  return place;
}
