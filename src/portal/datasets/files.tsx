/** The files of a version: a spreadsheet first, the others folded, with sizes, digests and how to verify them. */
import { Listing, Scroll } from '../components/scroll.tsx'
import { size } from '../components/words.tsx'
import { type Html, link } from '../html.tsx'
import type { View } from '../view.ts'
import { formatName, type PortalFile } from './card.tsx'

interface FileList {
  readonly files: readonly PortalFile[]
  readonly view: View
}

export function Files({ files, view }: FileList): Html {
  const text = texts[view.language]
  const [first, ...others] = files
  if (first === undefined) return <p class="faint">{text.none}</p>
  return (
    <>
      <p>
        <a href={link(first.href)}>
          <strong>{text.download(formatName(first.format))}</strong>
        </a>{' '}
        <span class="count">{size(first.bytes)}</span>
      </p>
      <details>
        <summary>{text.all(files.length)}</summary>
        <Scroll labelledBy="files">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.file}</th>
                <th scope="col" class="number">
                  {text.size}
                </th>
                <th scope="col">SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {[first, ...others].map(({ format, name, bytes, digest, href }) => (
                <tr key={name}>
                  <th scope="row" class="nowrap">
                    <a href={link(href)}>{formatName(format)}</a>
                  </th>
                  <td class="number">{size(bytes)}</td>
                  <td>
                    <code>{digest}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <p>{text.verify}</p>
        <Listing>
          {`# Linux, macOS\nsha256sum ${first.name}\n# Windows\ncertutil -hashfile ${first.name} SHA256`}
        </Listing>
      </details>
    </>
  )
}

const texts = {
  zh: {
    none: '没有可下载的文件。',
    download: (format: string) => `下载 ${format} 文件`,
    all: (count: number) => `全部格式（${count} 种）和校验值`,
    file: '格式',
    size: '大小',
    verify: '下载后可用下列命令计算校验值，与上表一致即表明文件完整、未被改动：',
  },
  en: {
    none: 'There are no files.',
    download: (format: string) => `Download as ${format}`,
    all: (count: number) => `All ${count} formats, with checksums`,
    file: 'Format',
    size: 'Size',
    verify: 'To verify a file, compute its checksum and compare it with the table:',
  },
} as const
