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
    'The signature can not be read. Make it anew by gpg --armor --detach-sign tagmanifest-sha256.txt.',
    '签名文件无法读取，请用 gpg --armor --detach-sign tagmanifest-sha256.txt 重新签名。',
  ),
  'signature-partial': kind(
    'The signature covers nothing: tagmanifest-sha256.txt must name every file beside data/.',
    '签名未覆盖数据：tagmanifest-sha256.txt 必须列出 data/ 之外的每个文件。',
  ),
  'signature-weak': kind(
    'The signature uses a key or digest that can be forged; sign with Ed25519 or RSA of 2048 bits and SHA-256.',
    '签名所用的密钥或摘要算法过弱，请改用 Ed25519 或 2048 位以上 RSA 以及 SHA-256。',
  ),
  'signature-unknown-key': kind(
    'The key that signed is not known here. Send its public key to the receiver, who registers it.',
    '签名密钥未在此登记，请把公钥送交接收方登记。',
  ),
  'signature-wrong': kind(
    'The signature is over other bytes than tagmanifest-sha256.txt. Sign after the last change.',
    '签名与 tagmanifest-sha256.txt 的内容不符，请在最后一次修改之后重新签名。',
  ),
  'signature-revoked': kind(
    'The key that signed was revoked. Sign with another that is registered.',
    '签名密钥已被吊销，请改用其他已登记的密钥签名。',
  ),
  'signature-expired': kind(
    'The signature was made or received outside of the time for which its key is valid. Renew the key, or sign with another.',
    '签名的生成或接收时间不在密钥有效期内，请续期密钥或改用其他密钥。',
  ),
  'signature-other-provider': kind(
    'The key that signed is registered for another provider or other datasets. Sign with a key of this provider.',
    '签名密钥是为其他提供方或其他数据集登记的，请用本提供方的密钥签名。',
  ),
  'signature-unchecked': kind(
    'The bundle is signed, and nobody looked at the signature. Name the public keys by --keys.',
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
    'The file can not be decrypted, or was changed after it was encrypted. Encrypt it anew, without --armor.',
    '文件无法解密，或加密后被改动，请重新加密（不要加 --armor）。',
  ),
  'encryption-missing': kind(
    "Rows about persons travel encrypted. Encrypt this file to the receiver's key.",
    '涉及个人的数据须加密传送，请用接收方的公钥加密此文件。',
  ),
  'encrypted-unread': kind(
    'The file is encrypted; only its receiver can look at its rows.',
    '文件已加密，其中的数据行只有接收方能够核对。',
    'warning',
  ),
} as const

export const sealChecks = {
  ...signatureChecks,
  ...encryptionChecks,
} as const satisfies Record<string, FaultKind>
