/** How far a long step has come: the step's name, what is done, and of how much where that is known. */
export type Progress = (step: string, done: number, total?: number) => void
