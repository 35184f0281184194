/** What the parts of the PostgreSQL store are given: statements by name, and transactions that take their turns. */
import type { Ask, PostgresConnections } from './connections.ts';

export interface PostgresAccess {
  /** One statement, durable by itself. */
  readonly query: Ask;
  /**
   * Several statements that become durable together. Those of one turn come one after another, in the order in which they
   * were asked for, so that many who wait for the same row hold one connection and not all of them.
   */
  readonly write: <T>(turn: string, work: (ask: Ask) => Promise<T>) => Promise<T>;
}

export function accessTo(connections: PostgresConnections): PostgresAccess {
  const last = new Map<string, Promise<unknown>>();
  return {
    query: (name, values) => connections.query(name, values),
    write: async (turn, work) => {
      const before = last.get(turn) ?? Promise.resolve();
      const result = before.then(() => connections.transaction(work));
      const ended = result.catch(() => undefined);
      last.set(turn, ended);
      try {
        return await result;
      } finally {
        if (last.get(turn) === ended) last.delete(turn);
      }
    },
  };
}
