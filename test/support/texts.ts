/** What must hold of every page's words: each language says all of them, with the same places to fill in. */
import * as assert from 'uvu/assert';

type Texts = Readonly<Record<string, string>>;

const placesIn = (text = ''): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

/** @param others - by the name of the language. */
export function assertSameSpeech(english: Texts, others: Readonly<Record<string, Texts>>): void {
  for (const [name, texts] of Object.entries(others)) {
    assert.equal(Object.keys(texts).sort(), Object.keys(english).sort(), name);
    for (const [key, text] of Object.entries(english)) {
      assert.ok(texts[key]?.trim(), `${name} ${key}`);
      assert.equal(placesIn(texts[key]), placesIn(text), `${name} ${key}`);
    }
  }
}
