/** `wattoken adapter`: answers the adapter protocol on stdin and stdout until its input ends. */
import { once } from 'node:events';
import { AdapterSession, refuseLongLine } from '../conformance/adapter.ts';
import { type Line, LineReader } from '../conformance/lines.ts';

export async function runAdapter(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<void> {
  const session = new AdapterSession();
  const reader = new LineReader();
  // Whoever asked may leave without reading the rest; there is nobody to tell then.
  output.on('error', () => process.exit(0));
  const answer = async (lines: readonly Line[]) => {
    let text = '';
    for (const line of lines) {
      if (line.kind === 'tooLong') text += `${refuseLongLine()}\n`;
      else if (line.text.trim() !== '') text += `${session.answerLine(line.text)}\n`;
    }
    if (text !== '' && !output.write(text)) await once(output, 'drain');
  };
  input.setEncoding('utf8');
  for await (const piece of input) await answer(reader.push(String(piece)));
  await answer(reader.end());
}
