/** Why so many units and no more: the question that customers ask loudest, answered in sentences that sum to the payment. */
import { BigNumber } from 'bignumber.js';
import type { ReceiptFacts, ReceiptLine } from './facts.ts';
import type { Speaker } from './layout.ts';

export function explain(facts: ReceiptFacts, speak: Speaker): readonly string[] {
  const { text, money, energy } = speak;
  const { lines, paidMinor } = facts;
  const taken = (kind: ReceiptLine['kind']) =>
    lines
      .filter((line) => line.kind === kind)
      .reduce((sum, { amountMinor, taxMinor }) => sum + amountMinor + taxMinor, 0);
  const bought = lines.filter((line) => line.kind === 'energy');
  const asMoney = lines.filter((line) => line.kind === 'currency');
  const [first, ...rest] = [...bought, ...asMoney];
  const boughtMinor = [first, ...rest].reduce((sum, line) => sum + (line?.amountMinor ?? 0), 0);
  const taxMinor = [first, ...rest].reduce((sum, line) => sum + (line?.taxMinor ?? 0), 0);
  const deducted = [
    ['whyArrears', taken('arrears')],
    ['whyFixed', taken('fixedCharge')],
    ['whyFee', taken('paymentFee')],
    ['whyTax', taxMinor],
  ] as const;
  const deductions = deducted.filter(([, minor]) => minor > 0);
  const amountDeciKwh = bought.reduce((sum, line) => sum + line.amountDeciKwh, 0);
  return [
    text('whyPaid', { total: money(paidMinor) }),
    ...deductions.map(([name, minor]) => text(name, { money: money(minor) })),
    ...(deductions.length === 0 ? [] : [text('whyFirst')]),
    ...(amountDeciKwh === 0
      ? []
      : [text('whyEnergy', { money: money(boughtMinor), amount: energy(amountDeciKwh) })]),
    ...(asMoney.length === 0 ? [] : [text('whyCredit', { money: money(boughtMinor) })]),
    ...blocksSaid(facts, speak),
  ];
}

function blocksSaid({ month }: ReceiptFacts, { text }: Speaker): readonly string[] {
  if (month === null || month.before.block === month.after.block) return [];
  const values = { before: month.before.block, after: month.after.block };
  const rises = new BigNumber(month.after.pricePerKwh).isGreaterThan(month.before.pricePerKwh);
  return [text(rises ? 'whyBlocks' : 'whyBlocksFall', values)];
}
