/** People of a test's utility: opened with the operator's key, signed in at a page by the keyboard. */
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { post } from './utility.ts';

/** A public test value: it opens a utility that lives as long as one test file runs. */
export const PASSWORD = 'public password of a test';

/** Whose server it is, and the key with which everything in it can be opened. */
export interface Office {
  readonly url: string;
  readonly operatorKey: string;
}

export async function put({ url, operatorKey }: Office, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const reply = await fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(body) });
  assert.ok(reply.ok, `${path} ${reply.status} ${await reply.text()}`);
}

/** Opens somebody who can sign in with {@link PASSWORD}. */
export async function openPerson(
  office: Office,
  userId: string,
  person: { readonly name?: string; readonly roles: readonly string[]; readonly vendorId?: string | null },
): Promise<void> {
  const { url, operatorKey } = office;
  const { name = userId, roles, vendorId = null } = person;
  await put(office, `/v1/users/${userId}`, { name, roles, vendorId, version: 0, reason: 'test' });
  const { body } = await post(`${url}/v1/users/${userId}/setup-code`, operatorKey, { requestId: userId });
  const setup = { userId, setupCode: body.setupCode, newPassword: PASSWORD };
  assert.is((await post(`${url}/v1/session/setup`, operatorKey, setup)).status, 201);
}

/** At the sign-in of a page, by the keyboard alone. */
export async function signInByKeys(page: Page, userId: string, password = PASSWORD): Promise<void> {
  await page.locator('input[name=userId]:focus').waitFor();
  await page.keyboard.type(userId);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
}
