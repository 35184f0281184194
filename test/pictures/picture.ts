/**
 * A page of a real browser as an SVG: its elements with the style sheets that dress them, so that a picture in README is text,
 * stays sharp, follows light and dark, and is written anew by a script whenever the page has changed.
 */
import type { Page } from 'playwright-core';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** @param without - selector of what is left out, so that the rest is near together. */
export async function pictureOf(
  page: Page,
  size: PictureSize,
  title: string,
  without = 'script',
): Promise<string> {
  const { styles, body } = (await page.evaluate(`${COPY}(${JSON.stringify(without)})`)) as {
    styles: string;
    body: string;
  };
  const { width, height } = size;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title>
<style><![CDATA[
${styles}
]]></style>
<foreignObject width="${width}" height="${height}">
${body}
</foreignObject>
</svg>
`;
}

/** Runs in the page: what its elements hold beside their attributes goes into those, and what is drawn becomes an image. */
const COPY = `((without) => {
  const styles = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText))
    .filter((rule) => !rule.startsWith('@media print') && !rule.startsWith('@page'))
    .join('\\n');
  const copy = document.body.cloneNode(true);
  const pairs = (name) => [...document.body.querySelectorAll(name)].map((from, index) =>
    [from, copy.querySelectorAll(name)[index]]);
  for (const [from, to] of pairs('input'))
    if (from.type === 'checkbox' || from.type === 'radio') to.toggleAttribute('checked', from.checked);
    else to.setAttribute('value', from.value);
  for (const [from, to] of pairs('select'))
    [...to.options].forEach((option, index) => option.toggleAttribute('selected', index === from.selectedIndex));
  for (const [from, to] of pairs('canvas')) {
    const image = document.createElement('img');
    for (const { name, value } of from.attributes) image.setAttribute(name, value);
    image.src = from.toDataURL();
    const { width, height } = from.getBoundingClientRect();
    image.setAttribute('width', width);
    image.setAttribute('height', height);
    to.replaceWith(image);
  }
  for (const element of copy.querySelectorAll('script, noscript, .unseen, .skip, ' + without)) element.remove();
  return { styles, body: new XMLSerializer().serializeToString(copy) };
})`;
