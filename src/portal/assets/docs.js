// Starts Swagger UI on the API documentation page: the OpenAPI document in the page's language, the reader's colour
// scheme, and Chinese labels, since Swagger UI has English only. It fetches nothing from other hosts.
const container = document.getElementById('swagger-ui')
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
follow()
dark.addEventListener('change', follow)

const labels = {
  Parameters: '参数',
  'No parameters': '没有参数',
  Name: '名称',
  Description: '说明',
  Responses: '响应',
  Response: '响应',
  Code: '状态码',
  Details: '详情',
  Links: '链接',
  'No links': '无链接',
  'Try it out': '试一试',
  Execute: '执行',
  Clear: '清除',
  Cancel: '取消',
  Reset: '重置',
  'Server response': '服务器响应',
  'Response body': '响应正文',
  'Response headers': '响应头',
  'Request URL': '请求地址',
  'Request body': '请求正文',
  'Request duration': '耗时',
  'Request samples': '请求示例',
  'Media type': '媒体类型',
  'Example Value': '示例值',
  Example: '示例',
  Examples: '示例',
  Schema: '结构',
  Schemas: '数据结构',
  Servers: '服务器',
  Authorize: '授权',
  'Available authorizations': '可用的授权方式',
  Close: '关闭',
  Logout: '退出',
  'Value:': '值：',
  Download: '下载',
  required: '必填',
  'Send empty value': '发送空值',
  'Loading...': '载入中…',
  'Expand all': '全部展开',
  'Collapse all': '全部收起',
  'Controls ': '作用于 ',
  ' header.': ' 请求头。',
  LOADING: '载入中',
  Undocumented: '文档未说明',
  'Failed to fetch.': '获取失败。',
  'Copied!': '已复制',
  'Unrecognized response type; displaying content as text.': '无法识别的响应类型，按文本显示。',
}

/** Replaces the labels of Swagger UI with Chinese ones. Texts of the OpenAPI document are left alone. */
function translate(node) {
  const label = node.nodeType === Node.TEXT_NODE ? labels[node.data] : undefined
  if (label !== undefined && node.parentElement?.closest('.renderedMarkdown, pre, code, textarea') === null) {
    if (node.data !== label) node.data = label
    return
  }
  for (const child of node.childNodes) translate(child)
}

if (document.documentElement.lang === 'zh-CN') {
  const observer = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target.nodeType === Node.TEXT_NODE) translate(target)
      for (const node of addedNodes) translate(node)
    }
  })
  observer.observe(container, { childList: true, characterData: true, subtree: true })
}

// Swagger UI leaves the choice of servers without a name, and puts links into buttons, which the keyboard then meets
// twice (WCAG 2.2, 4.1.2). The links only repeat the address of their button.
const corrections = new MutationObserver(() => {
  const label = document.documentElement.lang === 'zh-CN' ? '服务器' : 'Server'
  container.querySelector('#servers:not([aria-label])')?.setAttribute('aria-label', label)
  for (const link of container.querySelectorAll('button a[href]')) link.removeAttribute('href')
})
corrections.observe(container, { childList: true, subtree: true })

// Another document is another page: choosing it is enough, the button is for those without scripts.
const choice = document.getElementById('docs-dataset')
choice?.addEventListener('change', () => choice.form.submit())

// All operations stand on the page, so that the browser finds text in them.
window.SwaggerUIBundle({
  domNode: container,
  url: container.dataset.document,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  docExpansion: 'list',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null,
})
