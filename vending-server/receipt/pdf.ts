/**
 * A receipt as PDF, on a roll of 80 mm or on A4, from the same elements as the text. The same receipt gives the same bytes
 * for ever: the only date in the file is that of the sale, and nothing is compressed, because packers differ between versions.
 */
// @ts-expect-error the package brings no types
import PDFDocument from 'pdfkit';
import { printable, wrap } from './display-width.ts';
import type { ReceiptElement } from './layout.ts';
import { type QrMatrix, qrMatrix } from './qr.ts';

export type Paper = 'roll80' | 'a4';

export interface PdfOptions {
  readonly paper: Paper;
  readonly title: string;
  /** ISO 8601 UTC: the moment of the sale. */
  readonly soldAt: string;
  /** A TrueType or OpenType font for scripts that the built-in ones lack, which know Latin alone. */
  readonly font?: Uint8Array | undefined;
}

interface Sheet {
  /** Points of 1/72 inch. */
  readonly width: number;
  /** Infinity: as long as the receipt is. */
  readonly height: number;
  readonly margin: number;
  readonly size: number;
  readonly tokenSize: number;
  readonly qrSide: number;
}

const SHEETS: Readonly<Record<Paper, Sheet>> = {
  // A roll of 80 mm prints 72.
  roll80: { width: 226.77, height: Infinity, margin: 11.34, size: 8.5, tokenSize: 13, qrSide: 130 },
  a4: { width: 595.28, height: 841.89, margin: 70, size: 10.5, tokenSize: 20, qrSide: 150 },
};

const LINE = 1.3;
const QUIET_MODULES = 4;

interface PdfDocument {
  font(font: string): this;
  registerFont(name: string, source: Uint8Array): this;
  fontSize(size: number): this;
  widthOfString(text: string): number;
  text(text: string, x: number, y: number, options: { lineBreak: false }): this;
  rect(x: number, y: number, width: number, height: number): this;
  moveTo(x: number, y: number): this;
  lineTo(x: number, y: number): this;
  lineWidth(width: number): this;
  stroke(color: string): this;
  fill(color: string): this;
  addPage(options: object): this;
  on(event: 'data', listener: (part: Uint8Array) => void): this;
  on(event: 'end', listener: () => void): this;
  end(): void;
}

/** Something drawn whole: it moves to the next sheet sooner than it is cut. */
interface Box {
  readonly height: number;
  readonly draw: (top: number) => void;
}

export async function receiptPdf(
  elements: readonly ReceiptElement[],
  options: PdfOptions,
): Promise<Uint8Array> {
  const sheet = SHEETS[options.paper];
  const CreationDate = new Date(options.soldAt);
  const document: PdfDocument = new PDFDocument({
    autoFirstPage: false,
    compress: false,
    info: { Title: options.title, Creator: 'Wattoken', Producer: 'Wattoken', CreationDate },
  });
  const parts: Uint8Array[] = [];
  const ended = new Promise<void>((resolve) => {
    document.on('data', (part) => parts.push(part)).on('end', resolve);
  });
  const pen = new Pen(document, sheet, options.font);
  const boxes = elements.map((element) => pen.boxOf(element));
  const whole = boxes.reduce((sum, { height }) => sum + height, 2 * sheet.margin);
  const height = Number.isFinite(sheet.height) ? sheet.height : Math.ceil(whole);
  const newPage = () => document.addPage({ size: [sheet.width, height], margin: 0 });
  newPage();
  let top = sheet.margin;
  for (const box of boxes) {
    // What is higher than a sheet would move for ever: it is drawn where it is.
    if (top > sheet.margin && top + box.height > height - sheet.margin + 0.01) {
      newPage();
      top = sheet.margin;
    }
    box.draw(top);
    top += box.height;
  }
  document.end();
  await ended;
  return Buffer.concat(parts);
}

type Face = 'plain' | 'bold' | 'token';

const BUILT_IN: Readonly<Record<Face, string>> = {
  plain: 'Helvetica',
  bold: 'Helvetica-Bold',
  token: 'Courier-Bold',
};
const OWN_FONT = 'own';

/** What the encoding of the built-in fonts cannot say (WinAnsi): shown as a question mark, never as another letter. */
const LATIN_BEYOND_ISO_8859 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
const NOT_LATIN = new RegExp(`[^\\x20-\\x7e\\xa0-\\xff${LATIN_BEYOND_ISO_8859}]`, 'gu');

class Pen {
  readonly #document: PdfDocument;
  readonly #sheet: Sheet;
  readonly #hasFont: boolean;

  constructor(document: PdfDocument, sheet: Sheet, font: Uint8Array | undefined) {
    this.#document = document;
    this.#sheet = sheet;
    this.#hasFont = font !== undefined;
    if (font !== undefined) document.registerFont(OWN_FONT, font);
  }

  boxOf(element: ReceiptElement): Box {
    const { size, tokenSize } = this.#sheet;
    switch (element.kind) {
      case 'heading':
        return this.#lines('bold', size * 1.15, 'centre', this.#wrap('bold', size * 1.15, element.text));
      case 'centre':
        return this.#lines('plain', size, 'centre', this.#wrap('plain', size, element.text));
      case 'line':
        return this.#lines('plain', size, 'left', this.#wrap('plain', size, element.text));
      case 'pair':
        return this.#pair(element.label, element.value);
      case 'token':
        return stacked([
          space(size * 0.4),
          this.#lines('bold', size, 'left', this.#wrap('bold', size, element.heading)),
          this.#lines('token', tokenSize, 'centre', [element.digits]),
          space(size * 0.4),
        ]);
      case 'rule':
        return this.#rule();
      case 'qr':
        return this.#qr(qrMatrix(element.text));
    }
  }

  get #inner(): number {
    return this.#sheet.width - 2 * this.#sheet.margin;
  }

  #use(face: Face, size: number): PdfDocument {
    const font = this.#hasFont && face !== 'token' ? OWN_FONT : BUILT_IN[face];
    return this.#document.font(font).fontSize(size);
  }

  #sayable(text: string): string {
    const clean = printable(text).normalize('NFC');
    return this.#hasFont ? clean : clean.replace(NOT_LATIN, '?');
  }

  #wrap(face: Face, size: number, text: string): readonly string[] {
    const document = this.#use(face, size);
    return wrap(this.#sayable(text), this.#inner, (part) => document.widthOfString(part));
  }

  #lines(face: Face, size: number, align: 'left' | 'centre' | 'right', lines: readonly string[]): Box {
    return {
      height: lines.length * size * LINE,
      draw: (top) => {
        for (const [index, line] of lines.entries()) {
          const document = this.#use(face, size);
          const free = this.#inner - document.widthOfString(line);
          const left = this.#sheet.margin + { left: 0, centre: free / 2, right: free }[align];
          document.text(line, left, top + index * size * LINE, { lineBreak: false });
        }
      },
    };
  }

  #pair(label: string, value: string): Box {
    const { size, margin } = this.#sheet;
    const [left, right] = [this.#sayable(label), this.#sayable(value)];
    const document = this.#use('plain', size);
    const gap = this.#inner - document.widthOfString(left) - document.widthOfString(right);
    if (gap < size) {
      return stacked([
        this.#lines('plain', size, 'left', this.#wrap('plain', size, label)),
        this.#lines('plain', size, 'right', this.#wrap('plain', size, value)),
      ]);
    }
    const valueAt = margin + this.#inner - document.widthOfString(right);
    return {
      height: size * LINE,
      draw: (top) => {
        this.#use('plain', size).text(left, margin, top, { lineBreak: false });
        this.#use('plain', size).text(right, valueAt, top, { lineBreak: false });
      },
    };
  }

  #rule(): Box {
    const { margin, size } = this.#sheet;
    const draw = (top: number) => {
      const line = this.#document.lineWidth(0.5).moveTo(margin, top + size * 0.4);
      line.lineTo(margin + this.#inner, top + size * 0.4).stroke('black');
    };
    return { height: size * 0.8, draw };
  }

  /** Each row's runs of dark modules as rectangles; the quiet zone is white paper. */
  #qr(matrix: QrMatrix): Box {
    const { qrSide, width } = this.#sheet;
    const module = qrSide / (matrix.size + 2 * QUIET_MODULES);
    const left = (width - qrSide) / 2 + QUIET_MODULES * module;
    const draw = (top: number) => {
      for (let row = 0; row < matrix.size; row += 1) {
        const y = top + (QUIET_MODULES + row) * module;
        for (const [from, length] of darkRuns(matrix, row)) {
          this.#document.rect(left + from * module, y, length * module, module);
        }
      }
      this.#document.fill('black');
    };
    return { height: qrSide, draw };
  }
}

function darkRuns(
  { size, isDark }: QrMatrix,
  row: number,
): readonly (readonly [from: number, length: number])[] {
  const runs: [number, number][] = [];
  for (let column = 0; column < size; column += 1) {
    if (!isDark(row, column)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === column) last[1] += 1;
    else runs.push([column, 1]);
  }
  return runs;
}

function space(height: number): Box {
  return { height, draw: () => undefined };
}

function stacked(boxes: readonly Box[]): Box {
  return {
    height: boxes.reduce((sum, { height }) => sum + height, 0),
    draw: (top) => {
      let at = top;
      for (const box of boxes) {
        box.draw(at);
        at += box.height;
      }
    },
  };
}
