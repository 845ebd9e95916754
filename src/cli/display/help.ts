/** How help and usage errors look: the language in use, what is required, and lines that fit the terminal. */
import type { EventEmitter } from 'node:events'
import type { Argument, Command, Help, Option } from 'commander'
import { phraseFinder } from '../../platform/texts/phrases.ts'
import { chineseTexts, languageInUse, phrase } from '../phrases.ts'
import { widthOf, wrap } from './width.ts'

/** The width of help where the terminal's is not known, and the most that is used of a wide one. */
const usualWidth = 80
const widthMax = 100

/** Sets how the help of a program and of the commands added later looks. */
export function configureHelp(program: Command): void {
  const width = () => Math.min(process.stdout.columns ?? usualWidth, widthMax)
  program
    .configureHelp({
      styleTitle: (text) => phrase(text),
      // Arguments are shown in the help of the command itself.
      subcommandTerm: (command) => command.name(),
      commandDescription: (command) => phrase(command.description()),
      subcommandDescription: (command) => phrase(command.description()),
      optionDescription: (option) => described(option, option.mandatory),
      argumentDescription: (argument) => described(argument, argument.required),
      displayWidth: widthOf,
      boxWrap: wrap,
    } satisfies Partial<Help>)
    .configureOutput({
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      outputError: (text, write) => write(usageError(text)),
    })
}

function described(
  { description, defaultValue }: Pick<Argument | Option, 'description' | 'defaultValue'>,
  isRequired: boolean,
): string {
  const hasDefault = typeof defaultValue === 'string' || typeof defaultValue === 'number'
  const notes = [
    ...(isRequired ? [phrase('(required)')] : []),
    ...(hasDefault ? [phrase`(default: ${defaultValue})`] : []),
  ]
  return [phrase(description), ...notes].filter((text) => text !== '').join(' ')
}

/** A usage error of commander in the language in use. */
function usageError(text: string): string {
  if (languageInUse() === 'en') return text
  const find = phraseFinder(chineseTexts())
  return text
    .split('\n')
    .map((line) => find(line) ?? line)
    .join('\n')
}

/** Gives every command its texts after the options, and its help option, in the language in use. */
export function finishHelp(command: Command): void {
  const notes = notesOf(command)
  command.helpOption('-h, --help', phrase('display help for command'))
  emitterOf(command).removeAllListeners('afterHelp')
  for (const text of notes) {
    command.addHelpText('after', () =>
      blocksOf(text)
        .map((block) =>
          block.isParagraph
            ? wrap(phrase(block.text), Math.min(process.stdout.columns ?? usualWidth, widthMax))
            : block.text,
        )
        .join('\n'),
    )
  }
  for (const one of command.commands) finishHelp(one)
}

/** The texts that a command shows after its options. */
export function notesOf(command: Command): readonly string[] {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  for (const listener of emitterOf(command).listeners('afterHelp')) listener({ error: false, command, write })
  return written.map((text) => text.replace(/\n$/, ''))
}

/** Commander documents that a command is an emitter, but declares only `on`. */
const emitterOf = (command: Command) => command as unknown as EventEmitter

interface Block {
  readonly text: string
  /** A paragraph is wrapped and translated; other lines are indented, such as examples, or empty. */
  readonly isParagraph: boolean
}

/** The paragraphs and the other lines of a text. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = []
  for (const line of text.split('\n')) {
    const isParagraph = line !== '' && !line.startsWith(' ')
    const last = blocks.at(-1)
    if (isParagraph && last?.isParagraph === true)
      blocks[blocks.length - 1] = { text: `${last.text} ${line}`, isParagraph }
    else blocks.push({ text: line, isParagraph })
  }
  return blocks
}
