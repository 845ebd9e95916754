/**
 * Streams the events of an XML part (saxes). Rejects document types, encodings other than UTF-8, and elements
 * or tokens above their limits. Error messages quote nothing of the part.
 */
import { SaxesParser } from 'saxes'

export interface XmlHandlers {
  /** Element names have no prefix; attribute names are unchanged. */
  readonly open?: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly close?: (name: string) => void
  readonly text?: (text: string) => void
}

type XmlTrouble = 'doctype' | 'damaged' | 'token-too-long'

/** Thrown if a part cannot be parsed further. */
export class XmlFault extends Error {
  override readonly name = 'XmlFault'
  readonly trouble: XmlTrouble

  constructor(trouble: XmlTrouble) {
    super(`The XML is rejected: ${trouble}.`)
    this.trouble = trouble
  }
}

/** The parts of a workbook nest less than ten deep; extensions, which are skipped, a little more. */
const depthMax = 100

/**
 * Parses a part and passes its events to the handlers; yields after each chunk. `tokenMax` limits a tag or a
 * text, in UTF-16 units. Throws XmlFault, and what the chunks or handlers throw.
 */
export async function* parseXml(
  chunks: AsyncIterable<Uint8Array>,
  handlers: XmlHandlers,
  tokenMax: number,
): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: false })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let depth = 0
  // Units since the last event: an upper bound of what the parser buffers.
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
