/**
 * Completion scripts for bash, zsh and fish. Commands and options are written into the script; the slugs of datasets are
 * asked for when they are needed, and files are completed by the shell.
 */
import type { Command } from 'commander'
import { loadAllContracts } from '../../context.ts'
import { loadSettings } from '../load-settings.ts'
import { print } from '../output.ts'
import { phrase } from '../phrases.ts'

/** The script for a shell; undefined for one that is not supported. */
export function completionScript(shell: string, program: Command): string | undefined {
  return scripts[shell]?.(placesOf(program, program.name()))
}

const scripts: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** Prints the slugs of all datasets, one a line. */
export async function printDatasets(): Promise<void> {
  const contracts = await loadAllContracts(loadSettings(process.env))
  for (const { contract } of contracts.list()) print.line(contract.dataset)
}

/** A name with its meaning, in the language in use. */
interface Name {
  readonly name: string
  readonly about: string
}

/** A command with what may follow it. */
interface Place {
  /** Such as `qingdan key create`. */
  readonly path: string
  readonly commands: readonly Name[]
  readonly options: readonly (Name & { readonly hasValue: boolean })[]
  /** Whether an argument is the slug of a dataset. */
  readonly takesDataset: boolean
}

function placesOf(command: Command, path: string): readonly Place[] {
  const own: Place = {
    path,
    commands: command.commands.map((one) => ({ name: one.name(), about: phrase(one.description()) })),
    options: [
      ...command.options.map((option) => ({
        name: option.long ?? option.flags,
        about: phrase(option.description),
        hasValue: option.required || option.optional,
      })),
      { name: '--help', about: phrase('display help for command'), hasValue: false },
    ],
    takesDataset: command.registeredArguments.some((argument) => argument.name() === 'dataset'),
  }
  return [own, ...command.commands.flatMap((one) => placesOf(one, `${path} ${one.name()}`))]
}

const namesOf = (names: readonly Name[]) => names.map(({ name }) => name).join(' ')

/** The paths below a command, as patterns of a `case` in a shell. */
const knownPaths = (places: readonly Place[]) =>
  places
    .slice(1)
    .map(({ path }) => `"${path}"`)
    .join('|')

const datasetsCall = 'qingdan completion datasets 2>/dev/null'

function bashScript(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, commands, options, takesDataset }) =>
      `    "${path}") names="${namesOf(commands)}"; options="${namesOf(options)}"; takes_dataset=${takesDataset ? 1 : 0} ;;`,
  )
  return `# Completion of qingdan for bash.
_qingdan() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local place=qingdan names="" options="" takes_dataset=0 index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$place \${COMP_WORDS[index]}" in
      ${knownPaths(places)}) place="$place \${COMP_WORDS[index]}" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  if [[ "$previous" == --dataset ]]; then
    names="$(${datasetsCall})"
  elif [[ "$current" == -* ]]; then
    names="$options"
  elif [[ "$takes_dataset" == 1 ]]; then
    names="$(${datasetsCall})"
  fi
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -W "$names" -- "$current")
}
complete -o default -F _qingdan qingdan
`
}

function zshScript(places: readonly Place[]): string {
  const described = (names: readonly Name[]) =>
    names.map(({ name, about }) => quoted(`${name}:${about}`)).join(' ')
  const cases = places.map(
    ({ path, commands, options, takesDataset }) =>
      `    ("${path}") names=(${described(commands)}); options=(${described(options)}); takes_dataset=${takesDataset ? 1 : 0} ;;`,
  )
  return `#compdef qingdan
# Completion of qingdan for zsh.
_qingdan() {
  local place=qingdan word takes_dataset=0
  local -a names options datasets
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    case "$place $word" in
      (${knownPaths(places)}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe option options
  elif [[ "\${words[CURRENT-1]}" == --dataset || "$takes_dataset" == 1 ]]; then
    datasets=("\${(@f)$(${datasetsCall})}")
    compadd -a datasets
  elif (( \${#names} )); then
    _describe command names
  else
    _files
  fi
}
compdef _qingdan qingdan
`
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, takesDataset }) => {
    const at = `complete -c qingdan -n '__qingdan_at "${path}"'`
    return [
      ...commands.map(({ name, about }) => `${at} -f -a ${name} -d ${quoted(about)}`),
      ...options.map(({ name, about, hasValue }) => {
        const value = name === '--dataset' ? ` -x -a '(${datasetsCall})'` : hasValue ? ' -r' : ''
        return `${at} -l ${name.replace(/^--/, '')}${value} -d ${quoted(about)}`
      }),
      ...(takesDataset ? [`${at} -f -a '(${datasetsCall})'`] : []),
    ]
  })
  return `# Completion of qingdan for fish.
function __qingdan_at
  set -l place qingdan
  for word in (commandline -opc)[2..]
    switch "$place $word"
      case ${knownPaths(places).replaceAll('|', ' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}

/** A text in single quotes, as all three shells read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
