/**
 * Joins the load switch (load-switch.ts) to the table of commands (switch-commands.ts): the switch follows what is in force, and a
 * production test stands outside of it. What the switch has learnt goes into the records with everything else.
 */
import type { Books } from './books.ts';
import type { MeterHardware } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import { LoadSwitch, type LoadSwitchOptions, type SwitchAim, type SwitchState } from './load-switch.ts';
import type { LearntDelays } from './records.ts';
import { latchedOf, rowOf, SwitchBoard, type SwitchDecision } from './switch-commands.ts';

/** What the desk asks of the rest of the firmware. */
export interface SwitchHost {
  isRunning(): boolean;
  charge(): void;
  save(done?: (written: boolean) => void): void;
  /** Sets the commands of the parts that are asked each time. */
  command(board: SwitchBoard): void;
  /** An operation is finished, or has failed: before anything follows from it. */
  switched(): void;
}

export class SwitchDesk {
  readonly #hardware: MeterHardware;
  readonly #options: LoadSwitchOptions;
  readonly #books: Books;
  readonly #host: SwitchHost;
  readonly #board: SwitchBoard;
  #switch: LoadSwitch;
  #calibration: { left: number; done: (learnt: boolean) => void } | undefined;

  constructor(hardware: MeterHardware, options: LoadSwitchOptions, books: Books, host: SwitchHost) {
    this.#hardware = hardware;
    this.#options = options;
    this.#books = books;
    this.#host = host;
    this.#board = new SwitchBoard(hardware.timer.now, ({ cause }) => {
      // Nothing is written over a memory that may still be saved.
      if (cause === 'memoryFault' || cause === 'productionTest') return;
      books.events.log('switchDecided', rowOf(cause) + 1);
    });
    this.#switch = this.#makeSwitch();
  }

  get state(): SwitchState {
    return this.#switch.state;
  }

  /** Whether a pulse was driven since power-up. */
  get fired(): boolean {
    return this.#switch.fired;
  }

  get aim(): SwitchAim | undefined {
    return this.#switch.aim;
  }

  get cause(): SwitchDecision['cause'] | undefined {
    return this.#board.decision?.cause;
  }

  /** The last decisions since power-up, oldest first. */
  get log(): readonly SwitchDecision[] {
    return this.#board.log;
  }

  delays(): LearntDelays {
    return this.#switch.delays();
  }

  /** Brings what was learnt up to the books, for the next record. */
  bringUp(): void {
    this.#books.keep('delays', this.#switch.delays());
    this.#books.keepStatistics('delayBins', this.#switch.bins());
  }

  /** At power-up, when the books are loaded. */
  start(): void {
    this.#board.restore(this.#books.vital.switchCommands);
    this.#switch = this.#makeSwitch();
  }

  stop(): void {
    this.#switch.stop();
  }

  /** Nobody knows what became of a pulse that was driven when the supply sank: the latest command is executed again. */
  recover(): void {
    this.bringUp();
    this.#switch = this.#makeSwitch();
  }

  /** Without a journal the switch opens, whatever else is in force. */
  failMemory(): void {
    this.#board.set('memoryFault', true);
    this.#switch.drive(this.#board.decide());
  }

  /** A public test token opens the switch while it runs. */
  setOpenTest(isActive: boolean): void {
    this.#board.set('openTest', isActive);
    this.drive();
  }

  /** The utility's command, above all others. */
  command(command: 'open' | 'close' | 'none'): void {
    this.#board.set('remoteClose', command === 'close');
    this.#board.set('remoteOpen', command === 'open');
    this.#books.keep('switchCommands', latchedOf(this.#board.active));
    this.#host.save();
    this.drive();
  }

  /** The switch follows the commands in force, that of the credit among them; a production test may close it without. */
  drive(): void {
    if (!this.#host.isRunning()) return;
    const { right } = this.#books.account;
    this.#board.set('emergencyAvailable', right.reason === 'emergencyOffered');
    this.#board.set('creditUsedUp', right.reason === 'emergencyUsedUp' || right.reason === 'outOfCredit');
    this.#board.set('ready', right.reason === 'ready');
    this.#host.command(this.#board);
    const test = this.#calibration && (this.#calibration.left % 2 === 0 ? 'closed' : 'open');
    this.#switch.drive(this.#board.decide(test));
  }

  /** The credit ends soon: zeros are watched from now on. */
  prepareOpening(): void {
    this.#switch.prepareOpening();
  }

  relax(): void {
    this.#switch.relax();
  }

  /** Energy was counted. A production test with a load behind the relay would give it away. */
  energyCounted(): void {
    if (this.#calibration !== undefined) this.#endCalibration(false);
    if (this.#host.isRunning()) this.#switch.energyCounted();
  }

  calibrate(cycles: number, done: (learnt: boolean) => void): void {
    const flowing = this.#hardware.metering.currentMilliAmp() >= this.#options.flowingMilliAmp;
    const isBusy = !this.#host.isRunning() || this.#calibration !== undefined;
    if (isBusy || flowing || !this.#books.account.isNew) {
      done(false);
      return;
    }
    this.#calibration = { left: 2 * cycles, done };
    this.drive();
  }

  /** Of a desk that has been started: its switch is another than the constructor's. */
  keep(keeper: Keeper): void {
    keeper.idle(this.#calibration === undefined, 'a production test is under way');
    this.#board.keep(keeper);
    if (keeper.isWaking) this.#switch = this.#makeSwitch(this.#switch.delays(), this.#switch.bins());
    this.#switch.keep(keeper);
  }

  #makeSwitch(delays = this.#books.vital.delays, bins = this.#books.statistics.delayBins): LoadSwitch {
    return new LoadSwitch(this.#hardware, this.#options, delays, bins, () => this.#switched());
  }

  #switched(): void {
    // With a memory that cannot be read nothing may be written over what may still be saved.
    if (!this.#host.isRunning()) return;
    if (this.#calibration !== undefined) {
      this.#calibration.left -= 1;
      if (this.#calibration.left <= 0) this.#endCalibration(true);
    } else {
      this.#host.save();
    }
    if (this.#switch.state === 'malfunction') this.#books.events.log('switchFailed');
    this.#host.switched();
    this.#host.charge();
    this.drive();
  }

  #endCalibration(learnt: boolean): void {
    const done = this.#calibration?.done;
    this.#calibration = undefined;
    this.#host.save((written) => done?.(learnt && written));
    this.drive();
  }
}
