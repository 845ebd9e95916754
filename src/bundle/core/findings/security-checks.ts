/**
 * Checks of a bundle's security: its signature and the encryption of its files. The part of the closed list
 * (checks.ts) that concerns keys.
 */
import { type FaultKind, kind } from './check-definition.ts'

/** A setting of the receiver decides whether unsigned bundles are accepted. */
const signatureChecks = {
  'signature-missing': kind(
    'The bundle is not signed. Sign tagmanifest-sha256.txt with a key that the receiver has registered.',
    '数据包未签名，请用已向接收方登记的密钥对 tagmanifest-sha256.txt 签名。',
  ),
  'signature-malformed': kind(
    'The signature cannot be read. Sign again: gpg --armor --detach-sign tagmanifest-sha256.txt.',
    '签名文件无法读取，请用 gpg --armor --detach-sign tagmanifest-sha256.txt 重新签名。',
  ),
  'signature-partial': kind(
    'The signature does not cover the data: tagmanifest-sha256.txt must list every file outside data/.',
    '签名未覆盖数据：tagmanifest-sha256.txt 必须列出 data/ 之外的每个文件。',
  ),
  'signature-weak': kind(
    'The signature uses a weak key or digest; sign with Ed25519 or RSA of at least 2048 bits, and SHA-256.',
    '签名所用的密钥或摘要算法过弱，请改用 Ed25519 或 2048 位以上 RSA 以及 SHA-256。',
  ),
  'signature-unknown-key': kind(
    'The signing key is not registered here. Send its public key to the receiver for registration.',
    '签名密钥未在此登记，请把公钥送交接收方登记。',
  ),
  'signature-wrong': kind(
    'The signature does not match tagmanifest-sha256.txt. Sign after the last change.',
    '签名与 tagmanifest-sha256.txt 的内容不符，请在最后一次修改之后重新签名。',
  ),
  'signature-revoked': kind(
    'The signing key was revoked. Sign with another registered key.',
    '签名密钥已被吊销，请改用其他已登记的密钥签名。',
  ),
  'signature-expired': kind(
    'The signature was created or received outside the validity period of its key. Renew the key, or sign with another one.',
    '签名的生成或接收时间不在密钥有效期内，请续期密钥或改用其他密钥。',
  ),
  'signature-other-provider': kind(
    'The signing key is registered for another provider or other datasets. Sign with a key of this provider.',
    '签名密钥是为其他提供方或其他数据集登记的，请用本提供方的密钥签名。',
  ),
  'signature-unchecked': kind(
    'The bundle is signed, but the signature was not checked. Give the public keys with --keys.',
    '数据包已签名，但未核对签名；请用 --keys 指定公钥。',
    'warning',
  ),
} as const

const encryptionChecks = {
  'encrypted-other-key': kind(
    "The file is not encrypted to the receiver's key. Encrypt it to the key of /v1/service-key.asc.",
    '文件未加密给接收方，请用 /v1/service-key.asc 的公钥加密。',
  ),
  'encrypted-damaged': kind(
    'The file cannot be decrypted, or was changed after encryption. Encrypt it again, without --armor.',
    '文件无法解密，或加密后被改动，请重新加密（不要加 --armor）。',
  ),
  'encryption-missing': kind(
    "Data about persons must be sent encrypted. Encrypt this file to the receiver's key.",
    '涉及个人的数据须加密传送，请用接收方的公钥加密此文件。',
  ),
  'synthetic-missing': kind(
    'Under this contract version rows about persons are accepted only as synthetic data. Deliver under the newest contract version, whose statistics are proven safe, or mark synthetic data in the bundle.',
    '按该版本数据契约，涉及个人的数据只接收合成数据。请按统计结果经证明安全的最新版数据契约报送；如为合成数据，请在数据包中注明。',
  ),
  'encrypted-unread': kind(
    'The file is encrypted; only its receiver can check its rows.',
    '文件已加密，其中的数据行只有接收方能够核对。',
    'warning',
  ),
} as const

export const securityChecks = {
  ...signatureChecks,
  ...encryptionChecks,
} as const satisfies Record<string, FaultKind>
