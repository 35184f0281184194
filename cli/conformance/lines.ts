/** Text that arrives in pieces, cut into lines, with a bound on how much one line may hold in memory. */

/** The longest line that either end of the pipe takes, in UTF-16 units. */
export const LINE_LIMIT = 1_000_000;

/** A line without its end, or the news that one was too long and has been thrown away. */
export type Line = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'tooLong' };

export class LineReader {
  private text = '';
  private skipping = false;
  private readonly limit: number;

  constructor(limit: number = LINE_LIMIT) {
    this.limit = limit;
  }

  /** @returns the lines that this piece completes; a line over the limit is reported once, when it passes the limit. */
  push(piece: string): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      this.take(piece.slice(from, end), lines);
      if (!this.skipping) lines.push({ kind: 'line', text: this.text.replace(/\r$/, '') });
      this.text = '';
      this.skipping = false;
      from = end + 1;
    }
    this.take(piece.slice(from), lines);
    return lines;
  }

  /** What stood after the last line end, when the text is over. */
  end(): Line[] {
    const rest = this.text;
    this.text = '';
    return rest === '' ? [] : [{ kind: 'line', text: rest }];
  }

  private take(part: string, lines: Line[]): void {
    if (this.skipping) return;
    if (this.text.length + part.length > this.limit) {
      this.text = '';
      this.skipping = true;
      lines.push({ kind: 'tooLong' });
      return;
    }
    this.text += part;
  }
}
