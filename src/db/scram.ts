/**
 * Passwords of login roles and their SCRAM-SHA-256 verifiers. Only verifiers are sent to the server, so that
 * no password appears in a statement, which a server may log or show to others.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** The default of PostgreSQL. More would slow each connection; our passwords cannot be guessed anyway. */
const iterations = 4096
const saltBytes = 16

const hmac = (key: string | Uint8Array, text: string) => createHmac('sha256', key).update(text).digest()

/** The password of a role: derived, so that one secret is kept and no role's password reveals another's. */
export function passwordOf(secret: string, role: string): string {
  return hmac(secret, `password of ${role}`).toString('base64url')
}

/**
 * The verifier of a role's password in the form that PostgreSQL stores (RFC 5803, section 3): iterations, salt,
 * StoredKey and ServerKey as in RFC 5802, section 3. The salt is derived from the secret, so that the SQL for
 * an administrator is the same at each start.
 */
export function verifierOf(secret: string, role: string): string {
  const salt = hmac(secret, `salt of ${role}`).subarray(0, saltBytes)
  const salted = pbkdf2Sync(passwordOf(secret, role), salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
