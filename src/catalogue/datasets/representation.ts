/**
 * A form in which a dataset is given at its own address beside JSON, such as a syntax of RDF. A protocol writes it, which
 * is for another room to know; it comes in here as a value, for the address is the catalogue's.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import type { TSchema } from 'typebox'
import type { LoadedContract } from '../../contract/index.ts'
import type { AppContext } from '../context.ts'

export interface DatasetForm {
  readonly mediaType: string
  readonly schema: TSchema
  /** Answers with the dataset, which the reader was found to be allowed to see. */
  readonly send: (
    context: AppContext,
    request: FastifyRequest,
    reply: FastifyReply,
    loaded: LoadedContract,
  ) => Promise<FastifyReply>
}

/** The form that `Accept` ranks before JSON; undefined where JSON is meant. */
export function formOf(
  request: Pick<FastifyRequest, 'headers'>,
  forms: readonly DatasetForm[],
): DatasetForm | undefined {
  const offered = ['application/json', ...forms.map(({ mediaType }) => mediaType)]
  const [wanted] = new Negotiator(request).mediaTypes(offered)
  return forms.find(({ mediaType }) => mediaType === wanted)
}
