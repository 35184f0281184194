/** What a picture must know of where it stands: its width, and whether anybody can see it. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const NARROWEST = 240;

/** @returns the width of the element in pixels of CSS, now and whenever it has changed. */
export function useWidth<T extends Element>(): [place: RefObject<T | null>, width: number] {
  const place = useRef<T>(null);
  const [width, setWidth] = useState(NARROWEST);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = (): void =>
      setWidth(Math.max(NARROWEST, Math.floor(element.getBoundingClientRect().width)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}

/** @returns whether the element is on the screen of a page that is shown: for nobody nothing need be fetched. */
export function useLooking<T extends Element>(): [place: RefObject<T | null>, isLooking: boolean] {
  const place = useRef<T>(null);
  const [isOnScreen, setOnScreen] = useState(false);
  const [isShown, setShown] = useState(!document.hidden);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) =>
      setOnScreen(entries.at(-1)?.isIntersecting ?? false),
    );
    if (place.current !== null) observer.observe(place.current);
    const changed = (): void => setShown(!document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', changed);
    };
  }, []);
  return [place, isOnScreen && isShown];
}
