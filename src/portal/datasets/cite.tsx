/** How to cite a version: an address that does not change, with the digest of its plain CSV. */
import { Listing } from '../components/scroll.tsx'
import type { Html } from '../html.tsx'
import { inView, joined, type View } from '../view.ts'
import type { PortalDataset } from './card.tsx'

interface CiteParts {
  readonly dataset: PortalDataset
  readonly edition: string
  readonly version: number
  /** Day of its publication. */
  readonly day: string
  readonly view: View
}

export function Cite({ dataset, edition, version, day, view }: CiteParts): Html {
  const text = texts[view.language]
  const address = `${view.base}/datasets/${dataset.slug}/editions/${edition}/versions/${version}`
  const providers = joined(
    view,
    dataset.providers.map((provider) => inView(view, provider)),
  )
  return (
    <>
      <p>{text.about}</p>
      <Listing>
        {text.citation(providers, inView(view, dataset.title), edition, version, day, address)}
      </Listing>
    </>
  )
}

const texts = {
  zh: {
    about: '已发布的版本不再改动，更正以新版本发布。引用时请写明期次和版本：',
    citation: (
      ...[providers, title, edition, version, day, address]: readonly [
        string,
        string,
        string,
        number,
        string,
        string,
      ]
    ) => `${providers}：《${title}》，${edition} 期第 ${version} 版，${day} 发布。\n${address}`,
  },
  en: {
    about:
      'A published version never changes; a correction is a new version. Cite the edition and the version:',
    citation: (
      ...[providers, title, edition, version, day, address]: readonly [
        string,
        string,
        string,
        number,
        string,
        string,
      ]
    ) => `${providers}: ${title}, edition ${edition}, version ${version}, published ${day}.\n${address}`,
  },
} as const
