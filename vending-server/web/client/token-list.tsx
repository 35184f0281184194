/** Tokens as they are keyed in: large, in groups of four, in their order, each under what it is. */
interface TokenListProps<T> {
  readonly tokens: readonly T[];
  readonly titleOf: (token: T) => string;
}

/** What was taken back has no digits any more, and is left out. */
export function TokenList<T extends { readonly tokenNoGrouped: string | null }>({
  tokens,
  titleOf,
}: TokenListProps<T>) {
  return (
    <>
      {tokens.map(
        (token) =>
          token.tokenNoGrouped !== null && (
            <div key={token.tokenNoGrouped}>
              <p>{titleOf(token)}</p>
              <p class="token">{token.tokenNoGrouped}</p>
            </div>
          ),
      )}
    </>
  );
}
