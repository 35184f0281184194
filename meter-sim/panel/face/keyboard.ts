/** Which key of the meter a hand at the keyboard means: digits, Backspace for `*`, Enter for `#`. */

const WRITES = 'input:not([type=range]):not([type=checkbox]), textarea, select';
const TAKES_ENTER = 'a, button, input, select, textarea, summary, [role=button]';

/** @returns undefined where the key belongs to what has the focus, or to nobody. */
export function keyOfEvent(event: KeyboardEvent): string | undefined {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented)
    return undefined;
  if (isWithin(target, WRITES)) return undefined;
  if (/^[0-9*#]$/.test(key)) return key;
  if (key === 'Backspace') return '*';
  return key === 'Enter' && !isWithin(target, TAKES_ENTER) ? '#' : undefined;
}

/** A token from the clipboard, keyed as a whole; undefined where it is for a field, or no token. */
export function keysOfText(event: ClipboardEvent): string | undefined {
  if (isWithin(event.target, WRITES)) return undefined;
  const digits = (event.clipboardData?.getData('text') ?? '').replace(/[\s-]/g, '');
  return /^[0-9]{20}$/.test(digits) ? digits : undefined;
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
