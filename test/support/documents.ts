/** Reads the Markdown of the repository: files, links, code in sentences, and fenced blocks. */
import { readdirSync, readFileSync } from 'node:fs'

/** Every document written by hand. */
export const documents: readonly string[] = ['.', 'docs', 'datasets']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .map((path) => path.replaceAll('\\', '/').replace(/^\.\//, ''))
  .filter((path) => path.endsWith('.md'))
  .sort()

/** The fenced blocks of a language, in order. */
export function blocks(file: string, language: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '')
}

/** The lines of all shell blocks of a document. */
export function commands(file: string): readonly string[] {
  return blocks(file, 'sh').flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''))
}

/** The texts between backticks in the sentences of a document. */
export function inlineCode(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
}

/** The addresses of a document's links. */
export function links(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}

/** The rows of the first table whose header row begins with these texts, cell by cell, without the header. */
export function table(file: string, header: string): readonly (readonly string[])[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(header))
  const following = start === -1 ? [] : lines.slice(start + 2)
  const end = following.findIndex((line) => !line.startsWith('|'))
  return following.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
