/** The QR code as a square of dark and light modules. */
// @ts-expect-error the package brings no types
import QRCode from 'qrcode';

export interface QrMatrix {
  /** Modules along one side, without the quiet zone. */
  readonly size: number;
  readonly isDark: (row: number, column: number) => boolean;
}

interface QrCodePackage {
  create(
    text: string,
    options: { errorCorrectionLevel: 'M' },
  ): { readonly modules: { readonly size: number; readonly data: Uint8Array } };
}

/** Level M: a slip may lose 15 % of its code to a fold or a thumb. */
export function qrMatrix(text: string): QrMatrix {
  const { modules } = (QRCode as QrCodePackage).create(text, { errorCorrectionLevel: 'M' });
  const { size, data } = modules;
  return { size, isDark: (row, column) => data[row * size + column] === 1 };
}
