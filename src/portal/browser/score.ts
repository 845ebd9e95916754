/**
 * Scores one child's results in the browser, with the functions that score the districts' files. It reads the form and
 * writes beside it; it stores nothing and sends nothing.
 */
import { openDesk, templateContract } from '../../derivations/index.ts'

const form = document.querySelector<HTMLFormElement>('form#score')
const texts = JSON.parse(form?.dataset['texts'] ?? '{}') as Readonly<Record<string, string>>
const names = templateContract.fields.map(({ name }) => name)

/** School years by their words, in the system that has one table a year. */
const desk = openDesk({ system: '6+3', sixthGrade: '16', year: new Date().getFullYear() })

function textOf(name: string): string {
  return (
    form?.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-column="${name}"]`)?.value.trim() ?? ''
  )
}

function write(id: string, text: string): void {
  const place = document.getElementById(id)
  if (place !== null) place.textContent = text
}

const levelOf = (points: number) =>
  texts[points >= 90 ? 'excellent' : points >= 80 ? 'good' : points >= 60 ? 'pass' : 'fail'] ?? ''

function score(): void {
  const faults = new Map<string, string>()
  const values = names.map((name) => textOf(name) || null)
  const scored = desk.score(
    values,
    () => 'text',
    ({ severity, message }, column, expected) => {
      if (severity !== 'error') return
      const text = document.documentElement.lang === 'en' ? message.en : message.zh
      faults.set(column, expected === undefined ? text : `${text} (${expected})`)
    },
  )
  for (const input of form?.querySelectorAll<HTMLInputElement>('input[data-column]') ?? []) {
    const { column = '', item = '' } = input.dataset
    const fault = faults.get(column)
    input.setAttribute('aria-invalid', String(fault !== undefined))
    const points = (scored?.scores as Readonly<Record<string, number>> | undefined)?.[item]
    const level = item === 'bmi' ? texts[scored?.bmiLevel ?? ''] : points === undefined ? '' : levelOf(points)
    const result = points === undefined ? '' : `${points} ${texts['points']} · ${level}`
    write(`result-${column}`, fault ?? result)
  }
  const bonus = scored?.bonus ?? 0
  const more = bonus > 0 ? ` (${texts['bonus']} ${bonus})` : ''
  write(
    'total',
    scored?.total === undefined
      ? (texts['incomplete'] ?? '')
      : `${scored.total} ${texts['points']} · ${texts[scored.level ?? ''] ?? ''}${more}`,
  )
}

if (form !== null) {
  form.hidden = false
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('input', score)
  score()
}
