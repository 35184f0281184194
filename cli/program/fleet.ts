/** `wattoken fleet …`: many simulated meters at once. */
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { action, json, whole } from './options.ts';

export function addFleetCommands(program: Command): void {
  program
    .command('fleet')
    .description('many simulated meters at once')
    .command('run')
    .description('let a fleet live for some days; the same result for any number of workers')
    .addOption(whole('--meters <number>', 'how many', 1, 1_000_000).default(1_000))
    .addOption(whole('--days <number>', 'how long', 1, 3_660).default(30))
    .addOption(whole('--seed <number>', 'decides everything', 0, 0xffff_ffff).default(1))
    .addOption(whole('--workers <number>', 'threads', 1, 256).default(availableParallelism()))
    .addOption(
      new Option('--link <name>', 'what carries tokens and readings')
        .choices(['nb-iot', 'lorawan', 'mqtt', 'plc'])
        .default('nb-iot'),
    )
    .addOption(
      whole('--faults <number>', 'cuts and dips of the mains a day, at each meter', 0, 1_000).default(1),
    )
    .addOption(
      whole(
        '--turn <days>',
        'live all meters so many days before the first lives on; the others at rest',
        1,
        3_660,
      ),
    )
    .addOption(json())
    .action(action(async (options) => (await import('../commands/fleet-run.ts')).runFleetCommand(options)));
}
