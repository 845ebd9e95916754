/** The commands about keys and signers: names, options, help. The implementation is loaded when one runs. */
import type { Command } from 'commander'
import { usageDaysUsual } from '../../accounts/usage/usage-days.ts'
import { scopes } from '../../platform/caller.ts'
import { type AddCommand, command, lazily } from '../command.ts'

export function keyUsageCommand(key: Command): void {
  command(key, 'usage', 'requests, refusals and bytes of keys, by day and dataset')
    .argument('[id]', 'only of this key')
    .option('--from <day>', `the first day in Shanghai; the last ${usageDaysUsual} days if absent`)
    .option('--to <day>', 'the last day; today if absent')
    .option('--csv', 'print it as CSV')
    .addHelpText(
      'after',
      '\nA line without a dataset is of requests that concern none, or several. A running service writes what it has counted every few seconds.',
    )
    .action(lazily(() => import('./key-usage.ts').then(({ usage }) => usage)))
}

export const keyCommand: AddCommand = (program, end) => {
  const key = program.command('key').description('make, list, show and revoke keys')
  command(key, 'create', 'make a key; it is shown this once and only its digest is kept')
    .requiredOption('--label <text>', 'who or what the key is for')
    .requiredOption('--scope <scope...>', `any of ${scopes.join(', ')}`)
    .option('--provider <code>', 'the only provider that the key speaks for')
    .option('--dataset <slug...>', 'the only datasets that the key is for')
    .option('--expires <instant>', 'such as 2027-01-01T00:00:00+08:00')
    .option('--per-minute <count>', 'requests that it may send in a minute')
    .option('--per-day <count>', 'requests that it may send in a day')
    .option('--address <network...>', 'the only networks that it may be used from, such as 192.0.2.0/24')
    .addHelpText('after', aboutPlatforms)
    .action(lazily(() => import('./key.ts').then(({ create }) => create)))
  command(key, 'list', 'all keys, without their secrets, and how far each is behind in the feed').action(
    lazily(() => import('./key.ts').then(({ list }) => list)),
  )
  command(key, 'show', 'one key: what it may do, what is left of its quota, how far it is behind')
    .argument('<id>')
    .action(lazily(() => import('./key.ts').then(({ show }) => show), end))
  keyUsageCommand(key)
  command(key, 'revoke', 'revoke a key for good')
    .argument('<id>')
    .action(lazily(() => import('./key.ts').then(({ revoke }) => revoke), end))
}

const aboutPlatforms = `
A key for the data platform of the city, which reads what is shared with platforms beside what is open:
  qingdan key create --label "city data platform" --scope read-shared --per-minute 120 --per-day 50000 \\
    --address 192.0.2.0/24 2001:db8:7::/48 --expires 2027-01-01T00:00:00+08:00
What is shared on demand only is read with a key that names the dataset: --dataset <slug>.`

export const signerCommand: AddCommand = (program, end) => {
  const signer = program.command('signer').description('say whose OpenPGP signatures count')
  command(signer, 'add', 'register the public key of a provider; compare its fingerprint by telephone before')
    .argument('<file.asc>', 'the public key: gpg --armor --export <address>')
    .requiredOption('--provider <code>', 'whose bundles it signs')
    .option('--dataset <slug...>', 'the only datasets that it signs for')
    .option('--from <moment>', 'signatures made before are refused, such as 2026-01-01')
    .option('--until <moment>', 'signatures made or received from then on are refused')
    .action(lazily(() => import('./signer.ts').then(({ add }) => add)))
  command(signer, 'list', 'all registered keys, revoked ones too').action(
    lazily(() => import('./signer.ts').then(({ list }) => list)),
  )
  command(signer, 'show', 'one key, with its armoured text')
    .argument('<fingerprint>', 'or its last 16 digits')
    .action(lazily(() => import('./signer.ts').then(({ show }) => show), end))
  command(signer, 'revoke', 'take a key out of use for good; what it signed before stays')
    .argument('<fingerprint>', 'or its last 16 digits')
    .requiredOption('--reason <text>', 'why, for the list and the audit')
    .action(lazily(() => import('./signer.ts').then(({ revoke }) => revoke), end))
  command(signer, 'service', 'the public key of this service: receipts are signed with it').action(
    lazily(() => import('./signer.ts').then(({ service }) => service)),
  )
}
