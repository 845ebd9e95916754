/** The commands about keys and signers: names, options, help. The implementation is loaded when one runs. */
import type { Command } from 'commander'
import { usageDaysUsual } from '../../accounts/usage/usage-days.ts'
import { scopes } from '../../platform/caller.ts'
import { type AddCommand, command, examples, lazily } from '../command.ts'

function keyUsageCommand(key: Command): void {
  command(key, 'usage', 'requests, refusals and bytes of keys, by day and dataset')
    .argument('[id]', 'only of this key')
    .option('--from <day>', `the first day, in Shanghai time; by default the last ${usageDaysUsual} days`)
    .option('--to <day>', 'the last day; by default today')
    .option('--csv', 'print the result as CSV')
    .addHelpText(
      'after',
      examples('qingdan key usage', 'qingdan key usage 3f9a1c02 --from 2026-03-01 --to 2026-03-31 --csv'),
    )
    .addHelpText(
      'after',
      '\nA line without a dataset counts requests that concern no dataset or several. A running service stores its counts\n' +
        'every few seconds.',
    )
    .action(lazily(() => import('./key-usage.ts').then(({ usage }) => usage)))
}

export const keyCommand: AddCommand = (program, end) => {
  const key = program.command('key').description('create, list, show and revoke API keys')
  command(key, 'create', 'create a key; it is shown only once, only its digest is stored')
    .requiredOption('--label <text>', 'who or what the key is for')
    .requiredOption('--scope <scope...>', `one or more of ${scopes.join(', ')}`)
    .option('--provider <code>', 'the only provider that the key may act for')
    .option('--dataset <slug...>', 'the only datasets that the key gives access to')
    .option(
      '--venue <code...>',
      'the only venues that it may close: codes, or their beginnings, such as 310101-0003',
    )
    .option('--expires <instant>', 'such as 2027-01-01T00:00:00+08:00')
    .option('--per-minute <count>', 'requests allowed per minute')
    .option('--per-day <count>', 'requests allowed per day')
    .option('--address <network...>', 'the only networks that the key may be used from, such as 192.0.2.0/24')
    .addHelpText('after', aboutPlatforms)
    .action(lazily(() => import('./key.ts').then(({ create }) => create)))
  command(key, 'list', 'list all keys without their secrets, and how far each is behind in the feed')
    .addHelpText('after', examples('qingdan key list'))
    .action(lazily(() => import('./key.ts').then(({ list }) => list)))
  command(key, 'show', 'show a key: its permissions, its remaining quota, how far it is behind in the feed')
    .argument('<id>', 'the id of the key, see qingdan key list')
    .addHelpText('after', examples('qingdan key show 3f9a1c02'))
    .action(lazily(() => import('./key.ts').then(({ show }) => show), end))
  keyUsageCommand(key)
  command(key, 'revoke', 'revoke a key permanently')
    .argument('<id>', 'the id of the key, see qingdan key list')
    .addHelpText('after', examples('qingdan key revoke 3f9a1c02'))
    .action(lazily(() => import('./key.ts').then(({ revoke }) => revoke), end))
}

const aboutPlatforms = `
Example: a key for the city's data platform, which may read datasets shared with platforms as well as open ones:
  qingdan key create --label "city data platform" --scope read-shared \\
    --per-minute 120 --per-day 50000 --address 192.0.2.0/24 2001:db8:7::/48 \\
    --expires 2027-01-01T00:00:00+08:00
Datasets shared only on demand need a key that names them: --dataset <slug>.`

export const signerCommand: AddCommand = (program, end) => {
  const signer = program.command('signer').description('manage the OpenPGP keys whose signatures are trusted')
  command(signer, 'add', 'register the public key of a provider; compare its fingerprint by telephone first')
    .argument('<file.asc>', 'the public key: gpg --armor --export <address>')
    .requiredOption('--provider <code>', 'the provider whose bundles it signs')
    .option('--dataset <slug...>', 'the only datasets that it signs for')
    .option('--from <moment>', 'refuse signatures made before this time, such as 2026-01-01')
    .option('--until <moment>', 'refuse signatures made or received from this time on')
    .addHelpText('after', examples('qingdan signer add district.asc --provider edu-310101'))
    .action(lazily(() => import('./signer.ts').then(({ add }) => add)))
  command(signer, 'list', 'list all registered keys, including revoked ones')
    .addHelpText('after', examples('qingdan signer list'))
    .action(lazily(() => import('./signer.ts').then(({ list }) => list)))
  command(signer, 'show', 'show a key with its armoured text')
    .argument('<fingerprint>', 'or its last 16 digits')
    .addHelpText('after', examples('qingdan signer show 0123456789ABCDEF'))
    .action(lazily(() => import('./signer.ts').then(({ show }) => show), end))
  command(signer, 'revoke', 'revoke a key permanently; bundles accepted before stay accepted')
    .argument('<fingerprint>', 'or its last 16 digits')
    .requiredOption('--reason <text>', 'the reason, for the list and the audit log')
    .addHelpText('after', examples('qingdan signer revoke 0123456789ABCDEF --reason "The key was lost."'))
    .action(lazily(() => import('./signer.ts').then(({ revoke }) => revoke), end))
  command(signer, 'service', 'print the public key of this service, which signs the receipts')
    .addHelpText('after', examples('qingdan signer service > service.asc'))
    .action(lazily(() => import('./signer.ts').then(({ service }) => service)))
}
