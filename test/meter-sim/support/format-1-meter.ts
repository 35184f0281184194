/**
 * The memory of a meter that the first firmware (journal format 1) has run: 23 tokens, all used up to -12 mWh, three wrong
 * tokens in a row, an orderly power fail. Written by that firmware and packed; it cannot be made any more.
 */
import { gunzipSync } from 'node:zlib';

const PACKED =
  'H4sIAAAAAAACA+3Yf0zUZQDH8ef58ksU0fCi4Ag4UEAM6kBUMPD4EUpZCFhmpGR7hhMntsYQKdppjoYCBktyoFPACUi0lLiDA+qE' +
  'Ihk1C8NEK8GQGqOhgUFR0b4fbkuf2hNj6/iHZ3v23fHd67687/vc93t3NJwQYkEIkQghxKbU/a4NBnXTkCLi6UOKCD/qcgcOUdlb' +
  '/qdX1ZAiyvuME1W/wCsJIc7yc6iz5b9LHpFGebsgQkMsBF5VUu4O78L5RVQrb10PaIXHn+8SWQL/EOctPtLIW782I7EU+PyO4WJ4' +
  '13s9HcnC/lBbQiSBv2xT3wLvxvmbIehf/6RG6Pf+6nwH3p3zXWPoT8zTEiuB71u97k14FefbdOhPuWgUHv94/Llt8B6c16dhf6YD' +
  'EZ4/D6cKR3hPzleq0Z+zUUOowLf01jbCL+b80SH0Hy3SCo+fmpw5BL+E8zk16K+4YhSun+yesmfgvTifuRP79Urx+rfZsb0K3pvz' +
  'O33Q37ZFfP47Lm2rhvfhfGI/+rtOiNe/KvZCNPxSzq8/hf6+XvH6/9k/VYL35XzoS9g/spgIz19OZEMn/DLO+7vJ/dQiWdy/9eTQ' +
  'bfiHOe/6rdxPHSrF/T/0reyG9+P8ghK5n6oGjML1c3Cwe/L97895shkbtZ94/cdS+7fhH7nXk9uO6NfsFq9/RUvZ5/CPcr73K/TH' +
  'ntUKXz9Ff1MUvJrznYXo3zpsFB5/X3/Hh/ABnG/dgP7UFeLzH/TC1wPwgZz/YD76szLE/bqEzovwyzl/qgP9uQbx+b9S+fzk+zeI' +
  '80dy0F/yu/j6N7Y7/wv4FZzPXov+6jXi678y+tZP8Cs5v8cS/YZ9GuH/P9ZcWA6/ivPbW9Df3qoVvn4FisMq+GDOP6dFf7eV+P2f' +
  '/n35VfgQzseEof/HdeLrn33aGQK/mvPB4+gfPSi+/3emV7wO/xjnfRvkfsn6M/H576u7roAP5bxyj9wvOdobhfdPlw36m/BhnLcL' +
  'wseIJXHifr/30s/Dr+H85JAf0ZPEJYkU0X+/fqfXPA2vuctPYIxMPrKzyxD42rAb++HDp+cLQuMK4SOm50eDD5TBR07N80/wavxp' +
  'T/ioqXmJ801vzSuFf3xq3oKknHNQ/O03xX/SAR89Pa9+duH4xOyYHbNjdszQoBsJIYtME59YCaG+1iH4fuLVNtfpH/evF22875NH' +
  'wrz9nU94DubmhCsz/9A1BzaWSnTCXbGJ2gewujxWd5XpvJkujenOM7090ycyfSXT32H1Eaz+MKv/hjUsZQ3prKGVGRaSmRmvvZs0' +
  'iH6FadK4VfJXaRqTH47+qutSiTn6mWHLTPS/8dvxd9B/v2nSV9p75E3KsWvy/jl+VqTLTP3McMbs/cO64gD0O5omPXIDH3zzAuzQ' +
  '//5y6Zr5+plh1Lz9WcXVyeh/wDQnv3EQevapS/J+28BdZNys/awxyoz94TG5u9D/oGnSntNY/5dv4Tpoq6u13mzuftZYYK7+0dAd' +
  'n6LfyTSlOQm4/v3pJP8iSeaGUNsvZ6CfNX5nlv72pgol+p2533+9LpSivzlJenlm+lnTsv+/X6X+eO9fp3m2zwAYAAA=';

/** What that firmware read from it at its next boot, on the public test meter. */
export const FORMAT_1_METER = {
  acceptedMilliWh: 36_800_000,
  totalMilliWh: 36_800_012,
  failures: 3,
  delays: {
    opening: { meanMicros: 7_263, deviationMicros: 150, operations: 1 },
    closing: { meanMicros: 8_621, deviationMicros: 150, operations: 1 },
  },
  tids: Array.from({ length: 23 }, (_, index) => 6_600_077 + 77 * index),
} as const;

/** The whole part, 32 kB. */
export function format1Image(): Uint8Array {
  const image = new Uint8Array(32_768).fill(0xff);
  image.set(gunzipSync(Buffer.from(PACKED, 'base64')));
  return image;
}
