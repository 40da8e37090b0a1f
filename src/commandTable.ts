import type { Argv } from 'yargs';
import type { CommandContext } from './commands/context.js';
import type { OptionTable } from './optionTable.js';

/** A command whose code is read only when it is named. */
export interface CommandEntry {
  usage: string;
  describe: string;
  load(choose: (run: ChosenRun) => void): Promise<Loaded>;
}

/** What the command line chose: runs after parsing. */
export type ChosenRun = (context: CommandContext) => Promise<void>;

/** A command that was named: its options, what else the parser must know, and what takes its arguments. */
export interface Loaded {
  readonly options?: OptionTable;
  build(cli: Argv): Argv;
  /** Gets values by the names of `options`, and `input`. Missing where subcommands choose themselves. */
  run?(args: never, context: CommandContext): Promise<void>;
}

function film(cli: Argv, describe: string): Argv {
  return cli.positional('input', { type: 'string', demandOption: true, describe });
}

/** All commands by name, in the order that help shows them. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
  encode: {
    usage: 'encode <input>',
    describe: 'Film to weights',
    async load() {
      const { ENCODE_COMMAND_OPTIONS, runEncode } = await import('./commands/encode.js');
      return {
        options: ENCODE_COMMAND_OPTIONS,
        build: (cli) =>
          film(cli, 'Film or still image that ffmpeg reads, or - for y4m')
            .example('$0 encode film.mp4', 'film.weft at the usual quality')
            .example(
              '$0 encode film.mp4 --start 10 --end 13 --size 480x270 --crf 24 -o part.weft',
              'three seconds, smaller',
            ),
        run: runEncode,
      };
    },
  },
  decode: {
    usage: 'decode <input>',
    describe: 'Weights to film',
    async load() {
      const { runDecode } = await import('./commands/decode.js');
      const { DECODE_OPTIONS } = await import('./commands/decodeOptions.js');
      return {
        options: DECODE_OPTIONS,
        build: (cli) =>
          film(cli, 'A .weft file, or the address of one')
            .example('$0 decode film.weft --scale 2 --fps-multi 2', 'twice the size and the frame rate')
            .example('$0 decode film.weft --speed 0.25 -o slow.mp4', 'slow motion')
            .example('$0 decode film.weft --retime 0:1,2:0.25,4:1 -o ramp.mp4', 'slow from 0:02 to 0:04')
            .example('$0 decode film.weft -o - | mpv -', 'into a player'),
        run: runDecode,
      };
    },
  },
  play: {
    usage: 'play <input>',
    describe: 'Watch a film in the browser, at any size and speed',
    async load() {
      const { PLAY_OPTIONS, runPlay } = await import('./commands/play.js');
      return { options: PLAY_OPTIONS, build: (cli) => film(cli, 'A .weft file'), run: runPlay };
    },
  },
  page: {
    usage: 'page <input>',
    describe: 'A film and its player as one HTML file',
    async load() {
      const { PAGE_OPTIONS, runPage } = await import('./commands/page.js');
      return {
        options: PAGE_OPTIONS,
        build: (cli) =>
          film(cli, 'A .weft file').example('$0 page film.weft -o film.html', 'to send to a friend'),
        run: runPage,
      };
    },
  },
  info: {
    usage: 'info <input>',
    describe: 'What a .weft file holds',
    async load() {
      const { INFO_OPTIONS, runInfo } = await import('./commands/info.js');
      return {
        options: INFO_OPTIONS,
        build: (cli) => film(cli, 'A .weft file, or the address of one'),
        run: runInfo,
      };
    },
  },
  verify: {
    usage: 'verify <input>',
    describe: 'Check a .weft file, and compare it with its film',
    async load() {
      const { runVerify, VERIFY_OPTIONS } = await import('./commands/verify.js');
      return {
        options: VERIFY_OPTIONS,
        build: (cli) => film(cli, 'A .weft file, or the address of one'),
        run: runVerify,
      };
    },
  },
  cut: {
    usage: 'cut <input>',
    describe: 'A part of a .weft file, without training',
    async load() {
      const { CUT_OPTIONS, runCut } = await import('./commands/splice.js');
      return {
        options: CUT_OPTIONS,
        build: (cli) =>
          film(cli, 'A .weft file, or the address of one').example(
            '$0 cut film.weft --start 1:00 --end 2:00 -o part.weft',
            'about a minute',
          ),
        run: runCut,
      };
    },
  },
  join: {
    usage: 'join <input..>',
    describe: 'Several .weft files of one film as one',
    async load() {
      const { JOIN_OPTIONS, runJoin } = await import('./commands/splice.js');
      return {
        options: JOIN_OPTIONS,
        build: (cli) =>
          cli
            .positional('input', {
              type: 'string',
              array: true,
              demandOption: true,
              describe: '.weft files, in order',
            })
            .example('$0 join part1.weft part2.weft -o film.weft', 'two encodes of one film'),
        run: runJoin,
      };
    },
  },
  estimate: {
    usage: 'estimate <input>',
    describe: 'Time, bytes and memory of an encode, from a few measured steps',
    async load() {
      const { ESTIMATE_OPTIONS, runEstimate } = await import('./commands/estimate.js');
      return { options: ESTIMATE_OPTIONS, build: (cli) => film(cli, 'As for encode'), run: runEstimate };
    },
  },
  worker: {
    usage: 'worker [input]',
    describe: 'Train on this machine what encodes with --workers ask for',
    async load() {
      const { runWorker, WORKER_OPTIONS } = await import('./commands/worker.js');
      return {
        options: WORKER_OPTIONS,
        build: (cli) =>
          cli
            .positional('input', {
              type: 'string',
              defaultDescription: 'WEFT_WORKERS',
              describe: 'Address of Redis: redis://HOST, or rediss://NAME:PASSWORD@HOST:PORT',
            })
            .example('$0 worker redis://studio', 'on every machine that is to help')
            .example('$0 encode film.mp4 --workers redis://studio', 'on one of them'),
        run: runWorker,
      };
    },
  },
  demo: {
    usage: 'demo',
    describe: 'Encode and decode a few seconds of the sample film, and show the result',
    async load() {
      const { DEMO_OPTIONS, runDemo } = await import('./commands/demo.js');
      return { options: DEMO_OPTIONS, build: (cli) => cli, run: runDemo };
    },
  },
  doctor: {
    usage: 'doctor [input]',
    describe: 'What can train, decode and read films on this machine, and what is missing',
    async load() {
      const { runDoctor } = await import('./commands/doctor.js');
      const redis = 'Address of Redis: whether it would do for encode --workers, and which workers are there';
      return {
        build: (cli) => cli.positional('input', { type: 'string', describe: redis }),
        run: runDoctor,
      };
    },
  },
  bench: {
    usage: 'bench',
    describe: 'Measure speed and quality on this machine',
    async load(choose) {
      const { addBenches } = await import('./bench/benchCommands.js');
      return { build: (cli) => addBenches(cli, choose) };
    },
  },
};
