/**
 * Checks of a bundle in relation to others: its number, the base version of a delta, and the bags that form
 * one bundle. The part of the closed list (checks.ts) that concerns more than one bag.
 */
import { kind } from './check-definition.ts'

const fullInstead = 'Name the newest version, or send a full bundle.'
const fullInsteadZh = '请改为最新版本，或提交全量数据包。'

/** Checks of a delta and its base. */
const deltaChecks = {
  'header-beyond-key': kind(
    'A file of rows to delete holds the columns of the key alone; remove this one.',
    '删除文件只含主键列，请移除此列。',
  ),
  'delta-key-absent': kind(
    'No row with this key is there to be deleted; take it out, or send a full bundle.',
    '基准数据中没有此主键的行，无法删除，请移除该行或提交全量数据包。',
  ),
  'delta-key-both': kind(
    'The key of this row is deleted and brought in one delta; keep one of the two.',
    '同一主键既被删除又被提交，请只保留其一。',
  ),
  'delta-nothing-left': kind(
    'The delta would delete every row, and a part has rows; look again at what it deletes.',
    '增量数据将删除全部数据行，而数据不得为空，请核对。',
  ),
  'delta-base-unknown': kind(
    `No version of this number was published. ${fullInstead}`,
    `没有发布过此编号的版本。${fullInsteadZh}`,
  ),
  'delta-base-withdrawn': kind(
    `The version was withdrawn, so nothing can rest on it. ${fullInstead}`,
    `该版本已撤回，不能作为基准。${fullInsteadZh}`,
  ),
  'delta-base-contract': kind(
    `The version was made under another contract. ${fullInstead}`,
    `该版本依据的数据契约不同。${fullInsteadZh}`,
  ),
  'delta-base-part': kind(
    'The provider has no part in this version; send a full bundle.',
    '该版本中没有此提供方的数据，请提交全量数据包。',
  ),
  'delta-base-behind': kind(
    `A newer version holds another part of this provider. ${fullInstead}`,
    `较新版本中该提供方的数据已不同。${fullInsteadZh}`,
  ),
  'delta-base-pending': kind(
    'Rows that the provider brought since are not published yet, and would be lost; wait until they are, or send a full bundle.',
    '该提供方此后提交的数据尚未发布，直接替换将丢失，请待其发布后再提交，或提交全量数据包。',
  ),
  'delta-chain-long': kind(
    'Too many deltas rest on each other already; send a full bundle.',
    '增量数据层数过多，请提交全量数据包。',
  ),
} as const

/** Checks of a bundle's number among those of its provider and dataset. */
const sequenceChecks = {
  'sequence-reused': kind(
    'Another bundle was taken under this sequence number; give this one the next number.',
    '此序号已被另一数据包使用，请改用下一个序号。',
  ),
  'sequence-replayed': kind(
    'The same files were taken under this sequence number already; nothing is to be done.',
    '相同文件已按此序号接收，无需再提交。',
  ),
  'sequence-behind': kind(
    'A bundle with a higher sequence number was taken for this edition, and an older one must not replace it; ' +
      'if these rows are the right ones, send them under the next number.',
    '本期已接收序号更大的数据包，旧包不得替换新数据；如确以本包为准，请改用下一个序号。',
  ),
  'sequence-gap': kind(
    'Sequence numbers before this one have not arrived; look whether a bundle was lost.',
    '此前的序号尚未收到，请核对是否有数据包遗失。',
    'warning',
  ),
} as const

/** Checks of the bags that form one bundle. */
const groupChecks = {
  'group-label': kind(
    'Bag-Group-Identifier and Bag-Count do not say which bag of how many this is; mend them.',
    'Bag-Group-Identifier 与 Bag-Count 未说明这是几个袋中的第几个，请更正。',
  ),
  'group-mixed': kind(
    'The bags of a group differ in what they are for; give those of another bundle another Bag-Group-Identifier.',
    '同组各袋的用途不一致，请为另一数据包使用不同的 Bag-Group-Identifier。',
  ),
  'group-count': kind(
    'The bags of a group name different totals in Bag-Count; create the group anew.',
    '同组各袋的 Bag-Count 总数不一致，请重新生成。',
  ),
  'group-number': kind(
    'Another bag of the group has this number; give the bag its own, or the group a new name.',
    '同组另一袋已使用此编号，请更正编号，或为该组另取名称。',
  ),
  'group-taken': kind(
    'The group was taken already; give the new one another Bag-Group-Identifier.',
    '该组已接收，请为新的一组使用不同的 Bag-Group-Identifier。',
  ),
  'group-refused': kind(
    'Other bags of the group have errors, so none is taken; mend those that are named and bring all again.',
    '同组其他袋有错误，整组未接收；请更正所列各袋后全部重新提交。',
  ),
  'group-incomplete': kind(
    'Bags of the group are missing; it is taken once all are there.',
    '同组尚缺其他袋，到齐后才会接收。',
    'warning',
  ),
} as const

export const travelChecks = { ...deltaChecks, ...sequenceChecks, ...groupChecks } as const
