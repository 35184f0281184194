/** What was given: its tokens, and what to know before they are keyed in. */
import type { ComponentChildren } from 'preact';
import { useFocus } from '../../../../../lib/pages/client/use-focus.ts';
import { TokenList } from '../../token-list.tsx';
import { useWorks } from './speech.ts';

export interface SoldToken {
  readonly kind: string;
  /** null of a sale that was taken back. */
  readonly tokenNoGrouped: string | null;
  readonly section?: number;
  readonly of?: number;
  readonly amountKwh?: string;
  readonly amount?: string;
  /** Of a command, as the server names its kind and fields. */
  readonly token?: Readonly<Record<string, string | number | boolean>>;
}

export interface GivenSale {
  readonly saleId: string;
  readonly meter: { readonly drn: string };
  readonly tokens: readonly SoldToken[];
  readonly ledger: { readonly counter: number };
}

interface SaleTokensProps {
  readonly sale: GivenSale;
  readonly title: string;
  readonly commandWords?: (command: NonNullable<SoldToken['token']>) => string;
  readonly children?: ComponentChildren;
}

export function SaleTokens({ sale, title, commandWords, children }: SaleTokensProps) {
  const { say } = useWorks();
  const place = useFocus<HTMLHeadingElement>();
  const sections = sale.tokens.filter(({ kind }) => kind === 'keyChange').length;
  const isMixed = sections > 0 && sections < sale.tokens.length;
  const titleOf = ({ kind, section = 1, of = 1, amountKwh, amount, token }: SoldToken): string => {
    if (kind === 'keyChange') return say('keyInSection', { section, of });
    if (kind === 'management') return token === undefined ? '' : (commandWords?.(token) ?? '');
    return amountKwh === undefined ? (amount ?? '') : `${amountKwh} kWh`;
  };
  return (
    <section class="card tokens">
      <h2 ref={place} tabIndex={-1}>
        {title} <small class="digits">{sale.meter.drn}</small>
      </h2>
      {isMixed && <p class="notice">{say('keyChangeFirst')}</p>}
      {sale.tokens.length > 1 && <p class="hint">{say('keyIn')}</p>}
      <TokenList tokens={sale.tokens} titleOf={titleOf} />
      {children}
    </section>
  );
}
