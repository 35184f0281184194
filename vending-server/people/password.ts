/**
 * Passwords, kept as scrypt (RFC 7914) with its parameters beside it, so that they can be raised while old ones still
 * verify: `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, base64url. N = 2^15, r = 8, p = 3 takes 32 MiB and about 0.2 s of one core.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import type { Random } from '../clock.ts';

const LOG2_N = 15;
const R = 8;
const P = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Guesses at work at once. More would only take memory and the threads that the rest of the server needs. */
const AT_ONCE = 2;
/** Waiting guesses beyond this are turned away: a flood of logins must not become a queue of minutes. */
const WAITING_MAX = 32;

const LEAST_LENGTH = 12;
const MOST_LENGTH = 200;

const STORED = /^scrypt\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** For a user that does not exist: the same work, and nothing matches it. */
const OF_NOBODY = `scrypt$${LOG2_N}$${R}$${P}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/**
 * Twelve characters at least, not one repeated, and not the user's own id.
 * @throws StsFault `password_weak`.
 */
export function assertPassword(password: string, userId: string): void {
  const length = [...password].length;
  const different = new Set(password.toLowerCase()).size;
  const fault =
    length < LEAST_LENGTH
      ? `shorter than ${LEAST_LENGTH} characters`
      : length > MOST_LENGTH
        ? `longer than ${MOST_LENGTH} characters`
        : different < 5
          ? 'too few different characters'
          : password.toLowerCase().includes(userId.toLowerCase()) && userId.length > 3
            ? 'it contains the user id'
            : undefined;
  if (fault !== undefined) throw new StsFault('password_weak', fault, { param: 'password' });
}

export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const hash = await derive(password, salt, LOG2_N, R, P);
  return ['scrypt', LOG2_N, R, P, base64url(salt), base64url(hash)].join('$');
}

/**
 * Takes the same time whether or not there is such a user or password.
 * @param stored - undefined or null when there is none.
 * @throws StsFault `login_busy` when too many are waiting.
 */
export async function verifyPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const parts = STORED.exec(stored ?? '') ?? STORED.exec(OF_NOBODY);
  if (parts === null) throw new RangeError('"OF_NOBODY" expected the form of a stored password');
  const [, logN = '', r = '', p = '', salt = '', hash = ''] = parts;
  const found = await derive(
    password.slice(0, MOST_LENGTH * 4),
    Buffer.from(salt, 'base64url'),
    Number(logN),
    Number(r),
    Number(p),
  );
  const same = timingSafeEqual(found, Buffer.from(hash, 'base64url'));
  return same && parts.input === stored;
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(
  password: string,
  salt: Uint8Array,
  logN: number,
  r: number,
  p: number,
): Promise<Buffer> {
  if (running < AT_ONCE) running += 1;
  else {
    if (waiting.length >= WAITING_MAX) throw new StsFault('login_busy');
    // Whoever ends hands its place on, so that `running` does not change.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  try {
    return await scryptOf(password, salt, logN, r, p);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

function scryptOf(password: string, salt: Uint8Array, logN: number, r: number, p: number): Promise<Buffer> {
  const N = 2 ** logN;
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on two keyboards is one sequence of bytes.
    const bytes = Buffer.from(password.normalize('NFKC'), 'utf8');
    scrypt(bytes, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, hash) => {
      bytes.fill(0);
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
