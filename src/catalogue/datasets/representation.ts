/**
 * A form of a dataset at its own address besides JSON, such as an RDF syntax. Protocol modules write it; the
 * catalogue, which owns the address, gets it as a value.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import type { TSchema } from 'typebox'
import type { LoadedContract } from '../../contract/index.ts'
import type { AppContext } from '../context.ts'

export interface DatasetForm {
  readonly mediaType: string
  readonly schema: TSchema
  /** Sends the dataset, which the reader was found to be allowed to see. */
  readonly send: (
    context: AppContext,
    request: FastifyRequest,
    reply: FastifyReply,
    loaded: LoadedContract,
  ) => Promise<FastifyReply>
}

/** The form that `Accept` prefers to JSON; undefined for JSON. */
export function formOf(
  request: Pick<FastifyRequest, 'headers'>,
  forms: readonly DatasetForm[],
): DatasetForm | undefined {
  const offered = ['application/json', ...forms.map(({ mediaType }) => mediaType)]
  const [wanted] = new Negotiator(request).mediaTypes(offered)
  return forms.find(({ mediaType }) => mediaType === wanted)
}
