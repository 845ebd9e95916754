/**
 * Addresses that a client sent without percent-encoding, as curl does with what is typed in a terminal. Node's
 * parser refuses them before any handler, so they are read from its packet. Only those of a GET or HEAD in
 * UTF-8 can be encoded for the client.
 */
import { isUtf8 } from 'node:buffer'

/**
 * The percent-encoded target of the request that a packet begins with: a path of this service with its query.
 * Undefined for other methods, other encodings, a line that is not complete, and a path that begins with two
 * slashes or a backslash, which a browser would read as the name of another host.
 */
export function encodedTarget(packet: Buffer): string | undefined {
  const end = packet.indexOf('\r\n')
  const line = packet.subarray(0, Math.max(0, end))
  if (!isUtf8(line)) return undefined
  // One character is one byte.
  const [, target] =
    /^(?:GET|HEAD) (\/(?![/\\])[!-~\x80-\xff]*) HTTP\/1\.[01]$/.exec(line.toString('latin1')) ?? []
  // Of two requests in a packet, the second may be the one that was refused.
  if (target === undefined || !/[\x80-\xff]/.test(target)) return undefined
  const encoded = target.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return encoded.length > targetLengthMax ? undefined : encoded
}

/** The encoded address must fit into the headers of the next request (sockets.ts) with some others. */
export const targetLengthMax = 12_000

/** For a reader who sees the redirect instead of following it. */
export const redirectText = [
  'The address contains characters that must be percent-encoded. `curl -L` follows this redirect;',
  "`curl -G --data-urlencode 'q=体质' …` encodes them. The header Location has the encoded address.",
  '地址中有须作百分号编码的字符。`curl -L` 会跟随此重定向；',
  "`curl -G --data-urlencode 'q=体质' …` 会自动编码。编码后的地址见响应头 Location。",
  '',
].join('\n')
