/** `wattoken token`, `key`, `vectors`, `adapter`, `conform`: what the library knows, on a command line. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { action, json, meterFile, whole } from './options.ts';

const showKeyBits = () =>
  new Option('--show-key-bits', 'of a key-change section, show the part of the new key that it carries');
const workers = () =>
  whole('--workers <number>', 'worker threads of --bulk, as many as there are cores when absent', 1, 256);

export function addLibraryCommands(program: Command): void {
  addTokenCommands(program.command('token').description('make and read token numbers'));
  addKeyCommands(program.command('key').description('decoder keys and key-change sets'));
  addVectorCommands(program.command('vectors').description('the published test vectors of this package'));
  addConformanceCommands(program);
}

function addTokenCommands(token: Command): void {
  token
    .command('inspect')
    .description('what 20 digits are; with a meter’s key, what they say')
    .argument('<digits...>', 'a token number, with or without spaces')
    .addOption(meterFile())
    .addOption(showKeyBits())
    .addOption(json())
    .action(
      action(async (digits: string[], options) => {
        const { inspectToken } = await import('../commands/token-inspect.ts');
        inspectToken(digits.join(''), options);
      }),
    );
  token
    .command('decode')
    .description('as inspect; with --bulk one token a line')
    .argument('[digits...]', 'a token number, with or without spaces')
    .addOption(meterFile())
    .option('--bulk', 'read token numbers from stdin, one a line, and answer one JSON value a line')
    .addOption(workers())
    .addOption(showKeyBits())
    .addOption(json())
    .action(
      action(async (digits: string[], options) =>
        (await import('../commands/token-inspect.ts')).decodeTokens(digits.join(''), options),
      ),
    );
  token
    .command('encode')
    .description('make a token from its fields')
    .addOption(meterFile())
    .option('--fields <json>', 'fields as the adapter protocol names them; flags win over it')
    .option('--bulk', 'read fields from stdin, one JSON object a line, and answer one JSON value a line')
    .addOption(workers())
    .addOption(showKeyBits())
    .addOption(whole('--class <number>', '0 credit, 1 display, 2 management', 0, 3))
    .addOption(whole('--subclass <number>', 'the kind within the class', 0, 15))
    .option('--issued <date>', 'UTC, as 2026-11-21T13:00')
    .addOption(
      whole('--tid-minutes <number>', 'the token identifier itself, in place of a date', 0, 0xff_ffff),
    )
    .addOption(whole('--rnd <number>', 'the issuer’s four bits, 0 when absent', 0, 15))
    .option('--amount <decimal>', 'kWh, m3, minutes or units of the currency')
    .addOption(whole('--watts <number>', 'a power limit', 0, 18_201_624))
    .addOption(whole('--register <number>', 'the register to clear, 65535 for all', 0, 0xffff))
    .addOption(whole('--value <number>', 'the 16 bits of the value field as they are', 0, 0xffff))
    .option('--control <hex>', 'control bits of a class 1 token')
    .addOption(whole('--manufacturer-code <number>', 'of a class 1 token, 0 for every meter', 0, 9999))
    .addOption(json())
    .action(action(async (options) => (await import('../commands/token-encode.ts')).encodeTokens(options)));
}

function addKeyCommands(key: Command): void {
  const meter = ['--meter <number>', 'DRN of 11 or 13 digits, or MeterPAN of 18'] as const;
  key
    .command('derive')
    .description('a meter’s decoder key from a vending key; --json makes a meter file')
    .requiredOption('--key-file <file>', 'one vending key, as SECURITY.md documents it')
    .requiredOption(...meter)
    .addOption(encryptionAlgorithm())
    .addOption(whole('--tariff-index <number>', 'TI', 0, 99).default(1))
    .addOption(json())
    .action(action(async (options) => (await import('../commands/key.ts')).keyDerive(options)));
  key
    .command('change-set')
    .description('the tokens that move a meter from one key to another')
    .requiredOption('--from-key-file <file>', 'the vending key of the meter’s present key')
    .requiredOption('--to-key-file <file>', 'the vending key of its new key')
    .requiredOption(...meter)
    .addOption(encryptionAlgorithm())
    .addOption(whole('--from-tariff-index <number>', 'TI now', 0, 99).default(1))
    .addOption(whole('--to-tariff-index <number>', 'TI afterwards', 0, 99).default(1))
    .option('--three-sections', 'EA07: a third token tells the meter its supply group')
    .addOption(json())
    .action(action(async (options) => (await import('../commands/key.ts')).keyChangeSet(options)));
}

function encryptionAlgorithm(): Option {
  return new Option('--algorithm <code>', 'encryption algorithm of the meter, 7 or 11')
    .default(11)
    .argParser((text: string) => {
      if (/^0?7$/.test(text)) return 7;
      if (text === '11') return 11;
      throw new InvalidArgumentError('expected 7 or 11');
    });
}

function addVectorCommands(vectors: Command): void {
  vectors
    .command('list')
    .description('the vector files with their clauses and counts')
    .addOption(json())
    .action(action(async (options) => (await import('../commands/vectors.ts')).listVectors(options)));
  vectors
    .command('run')
    .description('run the conformance suite against the library of this package')
    .argument('[part]', 'only cases with this in their id or clause')
    .addOption(json())
    .action(
      action(async (part: string | undefined, options) =>
        (await import('../commands/vectors.ts')).runVectors(part, options),
      ),
    );
}

function addConformanceCommands(program: Command): void {
  program
    .command('adapter')
    .description('answer the conformance protocol on stdin and stdout')
    .action(
      action(async () => (await import('../commands/adapter.ts')).runAdapter(process.stdin, process.stdout)),
    );
  program
    .command('conform')
    .description('run the conformance suite against any program that speaks the adapter protocol')
    .requiredOption('--cmd <program>', 'command line that starts the program')
    .addOption(
      new Option('--report <form>', 'form of the report').choices(['text', 'json', 'junit']).default('text'),
    )
    .option('--out <file>', 'write the report there, and a summary to stdout')
    .addOption(whole('--timeout <ms>', 'longest wait for one answer', 10, 600_000).default(10_000))
    .addOption(whole('--restarts <number>', 'how often it is started again', 0, 1000).default(5))
    .option('--only <part>', 'only cases with this in their id or clause')
    .addOption(json())
    .action(action(async (options) => (await import('../commands/conform.ts')).conform(options)));
}
