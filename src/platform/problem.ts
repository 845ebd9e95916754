/**
 * The closed list of problems that a caller can meet: code, status, title and hint. Problems are errors of
 * callers; internal errors are plain Errors, and a 5xx never shows their message. Details must not contain
 * personal data: name fields, files and limits, not values of rows.
 */

/** The shape of one entry in the list. `hint` says what the caller can do next. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly titleZh: string
  readonly hint: string
}

export const problems = {
  'not-found': {
    status: 404,
    title: 'There is nothing at this address',
    titleZh: '此地址没有内容',
    hint: 'See /openapi.json or /docs for every address that this service answers.',
  },
  'dataset-not-found': {
    status: 404,
    title: 'No such dataset',
    titleZh: '没有这个数据集',
    hint: 'GET /v1/datasets lists every dataset and its slug.',
  },
  'contract-not-found': {
    status: 404,
    title: 'The dataset has no contract of this number',
    titleZh: '该数据集没有此编号的数据契约',
    hint: 'GET /v1/datasets/{slug} names the contracts that exist.',
  },
  'edition-not-found': {
    status: 404,
    title: 'The dataset has no published edition of this name',
    titleZh: '该数据集没有此期数据',
    hint: 'GET /v1/datasets/{slug} lists the editions that are open.',
  },
  'version-not-found': {
    status: 404,
    title: 'The edition has no published version of this number',
    titleZh: '该期数据没有此版本',
    hint: 'GET /v1/datasets/{slug}/editions/{edition} lists the versions; …/versions/latest redirects.',
  },
  'version-withdrawn': {
    status: 410,
    title: 'This version was withdrawn',
    titleZh: '此版本已撤回',
    hint: 'The reason stands in `reason`; where a successor exists, `successor` is its address.',
  },
  'file-not-found': {
    status: 404,
    title: 'The version has no such file',
    titleZh: '此版本没有这个文件',
    hint: 'The version lists its distributions with their addresses.',
  },
  'list-not-found': {
    status: 404,
    title: 'No annual list is published for this year',
    titleZh: '该年度没有已发布的开放清单',
    hint: 'GET /v1/lists names the years that are open.',
  },
  'bundle-not-found': {
    status: 404,
    title: 'No such bundle, or not one of yours',
    titleZh: '没有这个数据包，或无权查看',
    hint: 'Use the id from the receipt, and the key that the bundle was brought with.',
  },
  'upload-not-found': {
    status: 404,
    title: 'No such upload, or not one of yours',
    titleZh: '没有这个上传任务，或无权查看',
    hint: 'Use the address that its creation was answered with, and the same key; else begin anew by POST /v1/bundles.',
  },
  'upload-gone': {
    status: 410,
    title: 'The upload has expired',
    titleZh: '上传任务已过期',
    hint: 'Begin anew by POST /v1/bundles, and finish before the moment in Upload-Expires.',
  },
  'upload-conflict': {
    status: 409,
    title: 'The upload has come to another place',
    titleZh: '上传进度与请求的起点不一致',
    hint: 'HEAD on its address tells the Upload-Offset from which to go on.',
  },
  'upload-invalid': {
    status: 400,
    title: 'The request is not as the tus protocol has it',
    titleZh: '请求不符合 tus 协议',
    hint: 'See `detail` for the header that is meant, and https://tus.io/protocols/resumable-upload.',
  },
  'upload-version': {
    status: 412,
    title: 'This version of the tus protocol is not spoken here',
    titleZh: '不支持该版本的 tus 协议',
    hint: 'Send `Tus-Resumable: 1.0.0`; OPTIONS says what is taken.',
  },
  'uploads-too-many': {
    status: 409,
    title: 'The key has too many unfinished uploads',
    titleZh: '该密钥未完成的上传过多',
    hint: 'Finish those that there are, give them up by DELETE, or wait until they expire.',
  },
  'bundle-not-quarantined': {
    status: 409,
    title: 'The bundle does not rest in quarantine',
    titleZh: '该数据包不在隔离区',
    hint: '`state` says where it is. What was refused is mended by its provider and brought again.',
  },
  'problem-not-found': {
    status: 404,
    title: 'No problem of this code exists',
    titleZh: '没有此代码的问题',
    hint: 'The codes are listed at GET /v1/problems.',
  },
  'address-invalid': {
    status: 400,
    title: 'The address cannot be read',
    titleZh: '地址无法解析',
    hint: 'Percent-encode the address as UTF-8, in each segment and each parameter.',
  },
  'parameter-unknown': {
    status: 400,
    title: 'A parameter is not known here',
    titleZh: '未知参数',
    hint: 'Parameters are refused rather than ignored; `nearest` names the closest valid one.',
  },
  'parameter-invalid': {
    status: 400,
    title: 'A parameter has a value that cannot be used',
    titleZh: '参数值无效',
    hint: 'See `path` for the parameter and `detail` for what is expected.',
  },
  'cursor-invalid': {
    status: 400,
    title: 'The cursor is damaged or belongs to another query',
    titleZh: '游标无效或不属于此查询',
    hint: 'Follow `links.next` exactly as given, or start again without a cursor.',
  },
  'contract-breaking': {
    status: 409,
    title: 'The editions cannot be read together',
    titleZh: '各期数据的契约不兼容，不能合并读取',
    hint: 'Ask for one edition at a time: their contracts differ in a breaking way.',
  },
  'versions-not-comparable': {
    status: 409,
    title: 'The versions cannot be compared record by record',
    titleZh: '两个版本无法逐条比较',
    hint: 'Their contracts tell records apart by other fields: compare the contracts, and take both files.',
  },
  'aggregate-not-offered': {
    status: 404,
    title: 'The dataset offers no aggregates',
    titleZh: '该数据集不提供聚合统计',
    hint: 'Its contract says what may be grouped and added up, and this one says nothing: take the records.',
  },
  'groups-too-many': {
    status: 422,
    title: 'The answer would have too many groups',
    titleZh: '分组过多',
    hint: 'Group by fewer fields, filter, or give a `limit`: nothing is ever left out unasked.',
  },
  'request-malformed': {
    status: 400,
    title: 'The request is not HTTP as it should be',
    titleZh: '请求不符合 HTTP 规范',
    hint: 'Send a request after RFC 9112; most libraries do.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    titleZh: '请求发送超时',
    hint: 'Send the headers at once and the body without long pauses.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The address and headers are longer than this service takes',
    titleZh: '请求地址与请求头过长',
    hint: 'Send fewer cookies and shorter parameters; for many values take the whole file.',
  },
  'body-invalid': {
    status: 400,
    title: 'The body cannot be read',
    titleZh: '请求正文无法读取',
    hint: 'See `path` and `detail` for what is expected.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is larger than this service takes',
    titleZh: '请求正文过大',
    hint: 'Bring large bundles by disc with `qingdan ingest`, or in several bundles.',
  },
  'media-type-unsupported': {
    status: 415,
    title: 'This media type is not taken here',
    titleZh: '不支持的媒体类型',
    hint: 'The operation in /openapi.json names the media types that are taken.',
  },
  'not-acceptable': {
    status: 406,
    title: 'None of the media types asked for is offered',
    titleZh: '没有所请求的格式',
    hint: '`offered` names what there is; without an Accept header any is taken.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take this method',
    titleZh: '此地址不支持该方法',
    hint: 'The Allow header names the methods that are taken.',
  },
  'precondition-failed': {
    status: 412,
    title: 'What the request expects is no longer so',
    titleZh: '请求的前提条件不成立',
    hint: 'The ETag in If-Match is not that of the present content; ask again without it.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range asked for lies outside the file',
    titleZh: '请求的字节范围超出文件',
    hint: 'The Content-Range header gives the size of the file.',
  },
  'signer-revoked': {
    status: 409,
    title: 'This OpenPGP key was revoked',
    titleZh: '该 OpenPGP 公钥已被吊销',
    hint: 'A revoked key stays so. Let its holder make a new one, and register that.',
  },
  'receipt-not-final': {
    status: 409,
    title: 'The bundle is still under way',
    titleZh: '该数据包仍在处理中',
    hint: 'GET /v1/bundles/{id} until its state is staged, refused, quarantined or dropped; the signed receipt is there then.',
  },
  'key-missing': {
    status: 401,
    title: 'This operation needs a key',
    titleZh: '此操作需要密钥',
    hint: 'Send `Authorization: Bearer <key>`; `qingdan key create` makes one.',
  },
  'key-invalid': {
    status: 401,
    title: 'The key is unknown, expired, revoked, or not for this address',
    titleZh: '密钥未知、过期、已吊销，或不允许从此网络地址使用',
    hint: 'Use the key from the networks that were agreed, or ask the publisher for a new one. A key that is wrong is never treated as no key.',
  },
  'scope-missing': {
    status: 403,
    title: 'The key does not allow this',
    titleZh: '密钥权限不足',
    hint: '`detail` names the scope that is needed.',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Pages of this origin may not ask here',
    titleZh: '不允许来自该网页来源的请求',
    hint: 'A program sends no `Origin`. Whoever runs the service lists origins of pages in QINGDAN_MCP_ORIGINS.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    titleZh: '请求过于频繁',
    hint: 'Wait for the seconds in Retry-After. For whole datasets take the files, not the pages.',
  },
  'quota-exceeded': {
    status: 429,
    title: 'The quota of the key is used up',
    titleZh: '密钥的调用配额已用完',
    hint: 'Wait for the seconds in Retry-After. GET /v1/key tells what is left; for whole datasets take the files, and follow /v1/changes.',
  },
  'query-too-slow': {
    status: 422,
    title: 'The question takes too long to answer',
    titleZh: '查询耗时过长',
    hint: 'Filter by fields that the contract indexes, ask for fewer records, or take the files: they are always there.',
  },
  'streams-busy': {
    status: 503,
    title: 'All places for streams are taken',
    titleZh: '流式下载名额已满',
    hint: 'Wait for the seconds in Retry-After, ask for pages by `limit`, or take the files: they are always there.',
  },
  'waits-busy': {
    status: 503,
    title: 'All places for waiting are taken',
    titleZh: '等待名额已满',
    hint: 'Wait for the seconds in Retry-After, or ask without `wait`: that is always answered.',
  },
  'edition-incomplete': {
    status: 409,
    title: 'Parts of the edition are missing',
    titleZh: '该期数据缺少部分提供方的数据',
    hint: 'Wait for the parts named in `missing`, or waive them with a reason that is published.',
  },
  'edition-refused': {
    status: 409,
    title: 'The parts of the edition do not fit together',
    titleZh: '各部分数据合并校验未通过',
    hint: 'The findings name what to mend; the provider concerned brings a corrected bundle.',
  },
  'nothing-to-publish': {
    status: 409,
    title: 'Nothing has changed since the last published version',
    titleZh: '自上一版本以来没有变化',
    hint: 'Ingest a bundle for this edition first.',
  },
  'edition-busy': {
    status: 409,
    title: 'The edition is being worked on at this moment',
    titleZh: '该期数据正在处理中',
    hint: 'Try again in a minute: an edition is prepared or released by one at a time.',
  },
  'publication-not-found': {
    status: 404,
    title: 'The edition has no publication of this number',
    titleZh: '该期数据没有此编号的发布任务',
    hint: 'GET /v1/datasets/{slug}/editions/{edition}/publications lists them.',
  },
  'publication-not-waiting': {
    status: 409,
    title: 'The publication does not wait for this',
    titleZh: '该发布任务当前不接受此操作',
    hint: '`state` says how far it came, and `waitsFor` what it waits for.',
  },
  'approval-by-asker': {
    status: 403,
    title: 'Who asked for a publication can not approve it',
    titleZh: '发布申请人不能自行审批',
    hint: 'A second person approves, with a key of their own or under their own account at the machine.',
  },
  'draft-changed': {
    status: 409,
    title: 'What waits is no longer what was looked at',
    titleZh: '待发布内容与所审阅的内容不一致',
    hint: 'Look at the draft again: `sha256` is the digest of its plain CSV now.',
  },
  'draft-not-prepared': {
    status: 409,
    title: 'No draft of this edition is prepared',
    titleZh: '该期数据没有已就绪的草稿',
    hint: 'Ask for the publication first, with a moment to wait for; only what passed disclosure control can be shown.',
  },
  'previews-too-many': {
    status: 409,
    title: 'The draft has as many previews as it may have',
    titleZh: '该草稿的预览链接数量已达上限',
    hint: 'Use one that there is, or revoke one with `qingdan preview --revoke`.',
  },
  'moment-past': {
    status: 400,
    title: 'The moment is not ahead',
    titleZh: '指定的发布时间不在未来',
    hint: 'Give a moment to come, or none to publish at once.',
  },
  'reason-missing': {
    status: 400,
    title: 'A correction or a withdrawal needs a reason',
    titleZh: '更正或撤回必须说明理由',
    hint: 'Give a reason: it is published with the version.',
  },
  'mirror-read-only': {
    status: 409,
    title: 'This service is a mirror and publishes nothing of its own',
    titleZh: '本服务是镜像，不自行接收或发布数据',
    hint: 'Bring data and ask for publications at the origin; its next export brings them here.',
  },
  'mirror-not-empty': {
    status: 409,
    title: 'Only an empty service can become a mirror',
    titleZh: '只有空的服务才能成为镜像',
    hint: 'Something was brought or published here already, the samples perhaps: take another data folder (QINGDAN_DATA), or start the first time with QINGDAN_SAMPLES=never.',
  },
  'not-ready': {
    status: 503,
    title: 'The service is starting, stopping or without its database',
    titleZh: '服务正在启动、停止，或暂时无法连接数据库',
    hint: 'Try again in a few seconds; /ready says when.',
  },
  internal: {
    status: 500,
    title: 'The service failed to answer',
    titleZh: '服务内部错误',
    hint: 'The fault is ours and has been recorded under `requestId`.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problems

/** Members of a problem beyond its kind; RFC 9457, section 3.2, allows extensions. */
export interface ProblemDetail {
  /** One sentence about this occurrence. */
  readonly detail?: string
  /** The parameter, field or file that the problem is about. */
  readonly path?: string
  readonly [extension: string]: unknown
}

export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: ProblemDetail

  constructor(code: ProblemCode, detail: ProblemDetail) {
    super(detail.detail ?? problems[code].title)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
  }

  get status(): number {
    return problems[this.code].status
  }
}

/** Creates a problem to throw: `throw problem('edition-not-found', { dataset, edition })`. */
export function problem(code: ProblemCode, detail: ProblemDetail = {}): Problem {
  return new Problem(code, detail)
}
