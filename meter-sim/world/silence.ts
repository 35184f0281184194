/** Nobody lives with a meter that beeps: whoever hears it presses the key that gives a day of silence. */
import type { MeterWorld } from './meter-world.ts';

/** @returns what one does who listens now and then: the key, if the meter has warned of low credit since he last listened. */
export function silencer(world: MeterWorld): () => void {
  let heard = 0;
  return () => {
    const beeps = world.beeper.counts['low-credit'];
    if (beeps > heard) world.pressKey('backspace');
    heard = beeps;
  };
}
