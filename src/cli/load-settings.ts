/**
 * Settings for the entries: loads them from the environment and warns on standard error of each that was given under its
 * former name. The log event follows once the context has a log.
 */
import { type Config, deprecationText, loadConfig } from '../platform/config.ts'

/** Loads the settings. Throws ConfigError naming every fault. */
export function loadSettings(environment: NodeJS.ProcessEnv): Config {
  const config = loadConfig(environment)
  for (const setting of config.deprecatedSettings) process.stderr.write(`${deprecationText(setting)}\n`)
  return config
}
