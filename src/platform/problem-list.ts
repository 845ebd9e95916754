/**
 * The closed list of problems that a caller can meet: code, status, title and hint. Texts must not contain
 * personal data, and a hint says the next thing to do.
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
    title: 'Nothing is at this address',
    titleZh: '此地址没有内容',
    hint: 'See /openapi.json or /docs for all addresses of this service.',
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
    hint: 'GET /v1/datasets/{slug} lists the contracts.',
  },
  'edition-not-found': {
    status: 404,
    title: 'The dataset has no published edition of this name',
    titleZh: '该数据集没有此期数据',
    hint: 'GET /v1/datasets/{slug} lists the published editions.',
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
    hint: '`reason` gives the reason; `successor` is the address of the later version, if there is one.',
  },
  'file-not-found': {
    status: 404,
    title: 'The version has no such file',
    titleZh: '此版本没有这个文件',
    hint: 'The version lists its distributions with their addresses.',
  },
  'file-damaged': {
    status: 503,
    title: 'The stored file is damaged and is not sent',
    titleZh: '存储的文件已损坏，暂不提供下载',
    hint: 'Try again later, or use another format of the version. Whoever operates this service has been notified and can restore the file.',
  },
  'list-not-found': {
    status: 404,
    title: 'No annual list is published for this year',
    titleZh: '该年度没有已发布的开放清单',
    hint: 'GET /v1/lists lists the years with a published list.',
  },
  'bundle-not-found': {
    status: 404,
    title: 'No such bundle, or not one of yours',
    titleZh: '没有这个数据包，或无权查看',
    hint: 'Use the id from the receipt, and the key that submitted the bundle.',
  },
  'upload-not-found': {
    status: 404,
    title: 'No such upload, or not one of yours',
    titleZh: '没有这个上传任务，或无权查看',
    hint: 'Use the address in `Location` of the response that created it, and the same key; or start a new upload with POST /v1/bundles.',
  },
  'upload-gone': {
    status: 410,
    title: 'The upload has expired',
    titleZh: '上传任务已过期',
    hint: 'Start a new upload with POST /v1/bundles, and finish it before the time in Upload-Expires.',
  },
  'upload-conflict': {
    status: 409,
    title: 'The upload is at another offset',
    titleZh: '上传进度与请求的起点不一致',
    hint: 'Send HEAD to its address, and continue from the Upload-Offset in the response.',
  },
  'upload-invalid': {
    status: 400,
    title: 'The request does not follow the tus protocol',
    titleZh: '请求不符合 tus 协议',
    hint: 'See `detail` for the header concerned, and https://tus.io/protocols/resumable-upload.',
  },
  'upload-version': {
    status: 412,
    title: 'This version of the tus protocol is not supported',
    titleZh: '不支持该版本的 tus 协议',
    hint: 'Send `Tus-Resumable: 1.0.0`; OPTIONS lists what is supported.',
  },
  'uploads-too-many': {
    status: 409,
    title: 'The key has too many unfinished uploads',
    titleZh: '该密钥未完成的上传过多',
    hint: 'Finish the existing uploads, cancel them with DELETE, or wait until they expire.',
  },
  'bundle-not-quarantined': {
    status: 409,
    title: 'The bundle is not in quarantine',
    titleZh: '该数据包不在隔离区',
    hint: '`state` is its current state. The provider of a refused bundle corrects it and submits it again.',
  },
  'problem-not-found': {
    status: 404,
    title: 'No such problem code',
    titleZh: '没有此代码的问题',
    hint: 'GET /v1/problems lists all codes.',
  },
  'address-invalid': {
    status: 400,
    title: 'The address cannot be read',
    titleZh: '地址无法解析',
    hint: 'Percent-encode the address as UTF-8, in each segment and each parameter.',
  },
  'parameter-unknown': {
    status: 400,
    title: 'Unknown parameter',
    titleZh: '未知参数',
    hint: 'Unknown parameters are refused, not ignored; `nearest` is the closest valid name.',
  },
  'parameter-invalid': {
    status: 400,
    title: 'A parameter has an invalid value',
    titleZh: '参数值无效',
    hint: 'See `path` for the parameter and `detail` for what is expected.',
  },
  'cursor-invalid': {
    status: 400,
    title: 'The cursor is damaged or belongs to another query',
    titleZh: '游标无效或不属于此查询',
    hint: 'Use `links.next` unchanged, or start again without a cursor.',
  },
  'contract-breaking': {
    status: 409,
    title: 'The editions cannot be read together',
    titleZh: '各期数据的契约不兼容，不能合并读取',
    hint: 'Their contracts are incompatible: request one edition at a time.',
  },
  'versions-not-comparable': {
    status: 409,
    title: 'The versions cannot be compared record by record',
    titleZh: '两个版本无法逐条比较',
    hint: 'Their contracts have different primary keys: compare the contracts, or download both files.',
  },
  'aggregate-not-offered': {
    status: 404,
    title: 'The dataset offers no aggregates',
    titleZh: '该数据集不提供聚合统计',
    hint: 'Its contract defines no groups and measures: read the records.',
  },
  'groups-too-many': {
    status: 422,
    title: 'The response would have too many groups',
    titleZh: '分组过多',
    hint: 'Group by fewer fields, filter, or set `limit`: groups are never left out unless you do.',
  },
  'request-malformed': {
    status: 400,
    title: 'The request is not valid HTTP',
    titleZh: '请求不符合 HTTP 规范',
    hint: 'Send a request that follows RFC 9112, as most libraries do.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    titleZh: '请求发送超时',
    hint: 'Send the headers at once and the body without long pauses.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The address and headers are too long',
    titleZh: '请求地址与请求头过长',
    hint: 'Send fewer cookies and shorter parameters; for many values, download the whole file.',
  },
  'body-invalid': {
    status: 400,
    title: 'The body cannot be read',
    titleZh: '请求正文无法读取',
    hint: 'See `path` and `detail` for what is expected.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    titleZh: '请求正文过大',
    hint: 'Submit large bundles from a disk with `qingdan ingest`, or split them.',
  },
  'media-type-unsupported': {
    status: 415,
    title: 'This media type is not supported',
    titleZh: '不支持的媒体类型',
    hint: 'The operation in /openapi.json lists the supported media types.',
  },
  'not-acceptable': {
    status: 406,
    title: 'None of the requested media types is available',
    titleZh: '没有所请求的格式',
    hint: '`offered` lists the available ones; without an Accept header the service chooses.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not support this method',
    titleZh: '此地址不支持该方法',
    hint: 'The Allow header lists the supported methods.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The precondition of the request does not hold',
    titleZh: '请求的前提条件不成立',
    hint: 'The ETag in If-Match is not that of the current content; send the request without it.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The requested range is outside the file',
    titleZh: '请求的字节范围超出文件',
    hint: 'The Content-Range header gives the size of the file.',
  },
  'signer-revoked': {
    status: 409,
    title: 'This OpenPGP key was revoked',
    titleZh: '该 OpenPGP 公钥已被吊销',
    hint: 'A revocation is permanent. Its holder creates a new key, and you register that one.',
  },
  'receipt-not-final': {
    status: 409,
    title: 'The bundle is still being processed',
    titleZh: '该数据包仍在处理中',
    hint: 'Repeat GET /v1/bundles/{id} until its state is staged, refused, quarantined or dropped; then the signed receipt is available.',
  },
  'key-missing': {
    status: 401,
    title: 'This operation needs a key',
    titleZh: '此操作需要密钥',
    hint: 'Send `Authorization: Bearer <key>`; `qingdan key create` creates a key.',
  },
  'key-invalid': {
    status: 401,
    title: 'The key is unknown, expired, revoked, or not for this address',
    titleZh: '密钥未知、过期、已吊销，或不允许从此网络地址使用',
    hint: 'Use the key from the agreed networks, or ask the publisher for a new one. An invalid key is refused, never ignored.',
  },
  'scope-missing': {
    status: 403,
    title: 'The key does not allow this',
    titleZh: '密钥权限不足',
    hint: '`detail` names the required scope.',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Requests from pages of this origin are not allowed',
    titleZh: '不允许来自该网页来源的请求',
    hint: 'Programs send no `Origin`. The operator of the service lists allowed origins in QINGDAN_MCP_ORIGINS.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    titleZh: '请求过于频繁',
    hint: 'Wait for the seconds in Retry-After. For whole datasets, download the files instead of reading pages.',
  },
  'quota-exceeded': {
    status: 429,
    title: 'The quota of the key is used up',
    titleZh: '密钥的调用配额已用完',
    hint: 'Wait for the seconds in Retry-After. GET /v1/key shows what is left; for whole datasets, download the files and follow /v1/changes.',
  },
  'query-too-slow': {
    status: 422,
    title: 'The query takes too long',
    titleZh: '查询耗时过长',
    hint: 'Filter by fields that the contract indexes, request fewer records, or download the files, which are always available.',
  },
  'streams-busy': {
    status: 503,
    title: 'Too many concurrent streams',
    titleZh: '流式下载连接已满',
    hint: 'Wait for the seconds in Retry-After, request pages with `limit`, or download the files, which are always available.',
  },
  'waits-busy': {
    status: 503,
    title: 'Too many concurrent long polls',
    titleZh: '长轮询连接已满',
    hint: 'Wait for the seconds in Retry-After, or send the request without `wait`, which has no such limit.',
  },
  'edition-incomplete': {
    status: 409,
    title: 'Parts of the edition are missing',
    titleZh: '该期数据缺少部分提供方的数据',
    hint: 'Wait for the parts in `missing`, or waive them with a reason, which will be published.',
  },
  'edition-refused': {
    status: 409,
    title: 'The parts of the edition contradict each other',
    titleZh: '各部分数据合并校验未通过',
    hint: 'The findings name the errors; the provider concerned submits a corrected bundle.',
  },
  'nothing-to-publish': {
    status: 409,
    title: 'Nothing has changed since the last published version',
    titleZh: '自上一版本以来没有变化',
    hint: 'Ingest a bundle for this edition first.',
  },
  'edition-busy': {
    status: 409,
    title: 'The edition is being processed',
    titleZh: '该期数据正在处理中',
    hint: 'Try again in a minute: only one operation on an edition runs at a time.',
  },
  'publication-not-found': {
    status: 404,
    title: 'The edition has no publication of this number',
    titleZh: '该期数据没有此编号的发布任务',
    hint: 'GET /v1/datasets/{slug}/editions/{edition}/publications lists them.',
  },
  'publication-not-waiting': {
    status: 409,
    title: 'The publication is not waiting for this',
    titleZh: '该发布任务当前不接受此操作',
    hint: '`state` is its current state, and `waitsFor` lists what it waits for.',
  },
  'approval-by-asker': {
    status: 403,
    title: 'The requester of a publication cannot approve it',
    titleZh: '发布申请人不能自行审批',
    hint: 'A second person approves it, with their own key or their own account on the server.',
  },
  'draft-changed': {
    status: 409,
    title: 'The draft has changed since it was reviewed',
    titleZh: '待发布内容与所审阅的内容不一致',
    hint: 'Review the draft again: `sha256` is the current digest of its plain CSV.',
  },
  'draft-not-prepared': {
    status: 409,
    title: 'The edition has no prepared draft',
    titleZh: '该期数据没有已就绪的草稿',
    hint: 'Request the publication first, with a later time of release; only a draft that passed disclosure control can be previewed.',
  },
  'previews-too-many': {
    status: 409,
    title: 'The draft has too many previews',
    titleZh: '该草稿的预览链接数量已达上限',
    hint: 'Use an existing one, or revoke one with `qingdan preview --revoke`.',
  },
  'moment-past': {
    status: 400,
    title: 'The time of release is not in the future',
    titleZh: '指定的发布时间不在未来',
    hint: 'Give a time in the future, or none to publish at once.',
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
    hint: 'Submit data and request publications at the origin; its next export brings them to this mirror.',
  },
  'mirror-not-empty': {
    status: 409,
    title: 'Only an empty service can become a mirror',
    titleZh: '只有空的服务才能成为镜像',
    hint: 'The service already has bundles or versions, perhaps the samples: use another data folder (QINGDAN_DATA), or set QINGDAN_SAMPLES=never for the first start.',
  },
  'not-ready': {
    status: 503,
    title: 'The service is starting, stopping or without its database',
    titleZh: '服务正在启动、停止，或暂时无法连接数据库',
    hint: 'Try again in a few seconds; GET /ready answers 200 when the service is ready.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    titleZh: '服务内部错误',
    hint: 'The error is ours and was logged under `requestId`.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problems
