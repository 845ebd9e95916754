/** Exchange: the door through which other houses follow this one, and by which this one follows another. */
export { datasetForms } from './dcat/routes.ts'
export { countBehind } from './feed/count-behind.ts'
export { protocolRoutes } from './routes.ts'
