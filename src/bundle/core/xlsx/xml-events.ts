/**
 * The events of an XML part, parsed as its bytes come (saxes). Refuses a document type, other encodings than UTF-8,
 * elements nested without end, and tokens without end; says why in words of its own, never in the part's.
 */
import { SaxesParser } from 'saxes'

export interface XmlHandlers {
  /** Names of elements come without their prefix; those of attributes as they stand. */
  readonly open?: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly close?: (name: string) => void
  readonly text?: (text: string) => void
}

export type XmlTrouble = 'doctype' | 'damaged' | 'token-too-long'

/** Thrown where a part can't be parsed on. */
export class XmlFault extends Error {
  override readonly name = 'XmlFault'
  readonly trouble: XmlTrouble

  constructor(trouble: XmlTrouble) {
    super(`The XML is refused: ${trouble}.`)
    this.trouble = trouble
  }
}

/** The parts of a workbook nest less than ten deep; those of its extensions, which are passed over, a little more. */
const depthMax = 100

/**
 * Parses a part and hands its events to the handlers; yields after each chunk, for whoever collects. `tokenMax` is in
 * UTF-16 units: what a tag or a text may take before it ends. Throws XmlFault, and what the chunks or handlers throw.
 */
export async function* parseXml(
  chunks: AsyncIterable<Uint8Array>,
  handlers: XmlHandlers,
  tokenMax: number,
): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: false })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let depth = 0
  // Units handed over since the last event: what the parser holds is no longer.
  let held = 0
  parser.on('error', () => {
    throw new XmlFault('damaged')
  })
  parser.on('doctype', () => {
    throw new XmlFault('doctype')
  })
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') throw new XmlFault('damaged')
  })
  parser.on('opentag', ({ name, attributes }) => {
    held = 0
    depth += 1
    if (depth > depthMax) throw new XmlFault('damaged')
    handlers.open?.(localName(name), attributes as Record<string, string>)
  })
  parser.on('closetag', ({ name }) => {
    held = 0
    depth -= 1
    handlers.close?.(localName(name))
  })
  const text = (part: string) => {
    held = 0
    handlers.text?.(part)
  }
  parser.on('text', text)
  parser.on('cdata', text)
  const take = (part: string, end: boolean) => {
    held += part.length
    if (part !== '') parser.write(part)
    if (end) parser.close()
    if (held > tokenMax + part.length) throw new XmlFault('token-too-long')
  }
  for await (const chunk of chunks) {
    take(decode(decoder, chunk), false)
    yield
  }
  take(decode(decoder, undefined), true)
  yield
}

function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array | undefined): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    throw new XmlFault('damaged')
  }
}
