/** The fields of a contract with the coordinates of a record. */
import type { Contract, Field } from '../contract.ts'

export interface CoordinateFields {
  readonly longitude: Field
  readonly latitude: Field
}

/** The fields with a published record's coordinates, always in WGS-84; undefined if the contract has none. */
export function coordinateFields({ coordinates, fields }: Contract): CoordinateFields | undefined {
  if (coordinates === undefined) return undefined
  const find = (name: string) => fields.find((field) => field.name === name)
  const [longitude, latitude] = [find(coordinates.longitude), find(coordinates.latitude)]
  return longitude === undefined || latitude === undefined ? undefined : { longitude, latitude }
}
