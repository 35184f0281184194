/**
 * What is heard of the meter: its buzzer and the clack of its relay. Silent until the first touch of the page, for browsers let
 * nothing sound before, and for good when it is switched off.
 */
import type { Beep } from '../../firmware/hardware-interface.ts';
import { BEEP_PATTERNS } from '../../hardware/front-panel.ts';
import type { MeterState } from './live.ts';

const KEPT = 'wattoken.meter.sound';
const BUZZER_HERTZ = 2_730;
const BUZZER_LOUDNESS = 0.05;
const CLACK_LOUDNESS = 0.25;
const CLACK_SECONDS = 0.02;

type Heard = Pick<MeterState, 'buzzer' | 'contact'>;

export class Sound {
  #context: AudioContext | undefined;
  #before: Heard | undefined;
  #isOn = localStorage.getItem(KEPT) !== 'off';
  #busyUntil = 0;

  get isOn(): boolean {
    return this.#isOn;
  }

  switch(isOn: boolean): void {
    this.#isOn = isOn;
    localStorage.setItem(KEPT, isOn ? 'on' : 'off');
    if (isOn) this.touched();
    else void this.#context?.suspend();
  }

  /** A finger touched the page: from now on a browser lets it sound. */
  touched(): void {
    if (!this.#isOn) return;
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') void this.#context.resume();
  }

  /** Lets sound what is new since the state before; of several patterns in one state the last one cuts the others off. */
  hear(now: Heard): void {
    const before = this.#before;
    this.#before = now;
    if (before === undefined || !this.#isOn || this.#context === undefined) return;
    const { last, counts } = now.buzzer;
    if (last !== null && counts[last] > before.buzzer.counts[last]) this.#beep(this.#context, last);
    if (now.contact.operations > before.contact.operations) this.#clack(this.#context);
  }

  #beep(context: AudioContext, kind: Beep): void {
    // A warning that comes again before it has ended, as at high speed, is one warning.
    if (kind === 'low-credit' && context.currentTime < this.#busyUntil) return;
    const oscillator = new OscillatorNode(context, { type: 'square', frequency: BUZZER_HERTZ });
    const gain = new GainNode(context, { gain: 0 });
    let at = context.currentTime;
    for (const [index, micros] of BEEP_PATTERNS[kind].entries()) {
      gain.gain.setValueAtTime(index % 2 === 0 ? BUZZER_LOUDNESS : 0, at);
      at += micros / 1e6;
    }
    gain.gain.setValueAtTime(0, at);
    this.#busyUntil = at;
    oscillator.connect(gain).connect(context.destination);
    oscillator.start();
    oscillator.stop(at);
  }

  #clack(context: AudioContext): void {
    const { sampleRate } = context;
    const buffer = new AudioBuffer({ length: Math.round(sampleRate * CLACK_SECONDS), sampleRate });
    const samples = buffer.getChannelData(0);
    for (let index = 0; index < samples.length; index++) {
      const fall = 1 - index / samples.length;
      // Two springs of unlike pitch, dying away: no chance is needed for a clack.
      samples[index] =
        CLACK_LOUDNESS * fall ** 3 * (Math.sin(index * 0.37) + Math.sin(index * index * 0.011));
    }
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start();
  }
}
