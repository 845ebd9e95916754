/**
 * Checks of a bundle in relation to others: its number, the base version of a delta, and the bags that form
 * one bundle. The part of the closed list (checks.ts) that concerns more than one bag.
 */
import { kind } from './check-definition.ts'

const fullInstead = 'Use the newest version as the base, or send a full bundle.'
const fullInsteadZh = '请改为最新版本，或提交全量数据包。'

/** Checks of a delta and its base. */
const deltaChecks = {
  'delta-derived': kind(
    'The rows of this dataset are not stored, so single ones can not be changed; send a full bundle.',
    '本数据集不保存原始数据行，无法逐行更改，请提交全量数据包。',
  ),
  'header-beyond-key': kind(
    'A file of rows to delete has only the columns of the key; remove this one.',
    '删除文件只含主键列，请移除此列。',
  ),
  'delta-key-absent': kind(
    'There is no row with this key to delete; remove this row, or send a full bundle.',
    '基准数据中没有此主键的行，无法删除，请移除该行或提交全量数据包。',
  ),
  'delta-key-both': kind(
    'The delta both deletes and upserts the row with this key; leave only one of the two.',
    '同一主键既被删除又被提交，请只保留其一。',
  ),
  'delta-nothing-left': kind(
    'The delta would delete every row, but a part must have rows; check which rows it deletes.',
    '增量数据将删除全部数据行，而数据不得为空，请核对。',
  ),
  'delta-base-unknown': kind(
    `No version with this number was published. ${fullInstead}`,
    `没有发布过此编号的版本。${fullInsteadZh}`,
  ),
  'delta-base-withdrawn': kind(
    `The version was withdrawn, so it cannot be a base. ${fullInstead}`,
    `该版本已撤回，不能作为基准。${fullInsteadZh}`,
  ),
  'delta-base-contract': kind(
    `The version was published under another contract. ${fullInstead}`,
    `该版本依据的数据契约不同。${fullInsteadZh}`,
  ),
  'delta-base-part': kind(
    'The provider has no part in this version; send a full bundle.',
    '该版本中没有此提供方的数据，请提交全量数据包。',
  ),
  'delta-base-behind': kind(
    `This provider's part differs in a newer version. ${fullInstead}`,
    `较新版本中该提供方的数据已不同。${fullInsteadZh}`,
  ),
  'delta-base-pending': kind(
    'Rows that the provider sent since then are not published yet and would be lost; wait until they are, or send a full bundle.',
    '该提供方此后提交的数据尚未发布，直接替换将丢失，请待其发布后再提交，或提交全量数据包。',
  ),
  'delta-chain-long': kind(
    'The chain of deltas is too long; send a full bundle.',
    '增量数据层数过多，请提交全量数据包。',
  ),
} as const

/** Checks of a bundle's number among those of its provider and dataset. */
const sequenceChecks = {
  'sequence-reused': kind(
    'Another bundle was accepted with this sequence number; give this one the next number.',
    '此序号已被另一数据包使用，请改用下一个序号。',
  ),
  'sequence-replayed': kind(
    'The same files were already accepted with this sequence number; there is nothing to do.',
    '相同文件已按此序号接收，无需再提交。',
  ),
  'sequence-behind': kind(
    'A bundle with a higher sequence number was accepted for this edition, and an older one must not replace it; ' +
      'if these rows are the correct ones, send them with the next number.',
    '本期已接收序号更大的数据包，旧包不得替换新数据；如确以本包为准，请改用下一个序号。',
  ),
  'sequence-gap': kind(
    'Earlier sequence numbers have not arrived; check whether a bundle was lost.',
    '此前的序号尚未收到，请核对是否有数据包遗失。',
    'warning',
  ),
  'correction-closed': kind(
    'The time for corrections of this edition is over, and its confidential statistics were destroyed; it can not be corrected any more.',
    '本期更正期限已过，保密统计已销毁，不能再更正。',
  ),
} as const

/** Checks of the bags that form one bundle. */
const groupChecks = {
  'group-label': kind(
    'Bag-Group-Identifier and Bag-Count do not state which bag of how many this is; correct them.',
    'Bag-Group-Identifier 与 Bag-Count 未说明这是几个袋中的第几个，请更正。',
  ),
  'group-mixed': kind(
    'The bags of the group have different purposes; give the bags of another bundle another Bag-Group-Identifier.',
    '同组各袋的用途不一致，请为另一数据包使用不同的 Bag-Group-Identifier。',
  ),
  'group-count': kind(
    'The bags of the group have different totals in Bag-Count; create the group again.',
    '同组各袋的 Bag-Count 总数不一致，请重新生成。',
  ),
  'group-number': kind(
    'Another bag of the group has this number; correct the number, or give the group a new name.',
    '同组另一袋已使用此编号，请更正编号，或为该组另取名称。',
  ),
  'group-taken': kind(
    'The group was already accepted; give the new one another Bag-Group-Identifier.',
    '该组已接收，请为新的一组使用不同的 Bag-Group-Identifier。',
  ),
  'group-refused': kind(
    'Other bags of the group have errors, so none is accepted; correct the bags listed and send all of them again.',
    '同组其他袋有错误，整组未接收；请更正所列各袋后全部重新提交。',
  ),
  'group-expired': kind(
    'The other bags of the group have not arrived in time, so this one is not kept; send all of them again.',
    '同组其他袋未按时到齐，本袋不再保留，请全部重新提交。',
  ),
  'group-incomplete': kind(
    'Bags of the group are missing; it is accepted once all have arrived.',
    '同组尚缺其他袋，到齐后才会接收。',
    'warning',
  ),
} as const

export const relationChecks = { ...deltaChecks, ...sequenceChecks, ...groupChecks } as const
