import { type ComponentChild, render } from 'preact';

/** Puts a page's content where its HTML has room for it. */
export function show(content: ComponentChild): void {
  const place = document.getElementById('page');
  if (place !== null) render(content, place);
}
