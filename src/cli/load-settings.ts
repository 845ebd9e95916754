/**
 * Loads the settings from the environment and warns on standard error of each setting given under its former
 * name. The log event follows once the context has a log.
 */
import { type Config, deprecationText, loadConfig } from '../platform/config.ts'
import { writeRefusal } from './terminal.ts'

/** Loads the settings. Throws ConfigError naming every invalid one. */
export function loadSettings(environment: NodeJS.ProcessEnv): Config {
  const config = loadConfig(environment)
  for (const setting of config.deprecatedSettings) writeRefusal(deprecationText(setting))
  return config
}
