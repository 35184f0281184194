import { neighbourIn } from '../../../../lib/pages/client/neighbour.ts';
import { useSay } from './speech.ts';

/** In a sandbox: to the page of its one meter, where a token can be keyed. */
export function MeterLink() {
  const { say } = useSay();
  const meter = neighbourIn(location, 'meter', 'counter');
  if (meter === undefined) return null;
  return (
    <a href={meter} target="_blank" rel="noreferrer">
      {say('toMeter')}
    </a>
  );
}
