// @ts-check
/**
 * What the built-in rules cannot say: which layer may import which, and what the pure layers may not be written with.
 * Dependencies point one way, server -> io -> protocols; protocols never import each other, only `core`.
 */

import path from 'node:path'

/** @typedef {{ filename: string, report(finding: { node: unknown, message: string }): void }} Context */
/** @typedef {{ source: { type: string, value?: unknown } | null }} ImportNode */
/** @typedef {{ generator: boolean }} FunctionNode */

/** Everything but the protocols is better left to those who do nothing else. */
const SERVER_PACKAGES = /** @type {const} */ ([
  '@fastify/busboy',
  '@standard-schema/spec',
  'cookie',
  'croner',
  'jose',
  'lru-cache',
  'mime-types',
  'nunjucks',
])

/** What a file of each layer may import: other layers, packages, and whether Node's own modules are open to it. */
const LAYERS = /** @type {const} */ ({
  protocols: { layers: ['protocols'], packages: [], node: false },
  testing: { layers: ['testing', 'protocols'], packages: ['fast-check'], node: false },
  io: { layers: ['io', 'protocols'], packages: [], node: true },
  server: { layers: ['server', 'io', 'protocols'], packages: SERVER_PACKAGES, node: true },
})

/**
 * The layer of a file in `src`, and the folder in that layer.
 * @param {string} file path with forward slashes
 * @returns {{ layer: keyof typeof LAYERS, room: string } | undefined} undefined outside of the layers
 */
function placeOf(file) {
  const match = /(?:^|\/)src\/(protocols|testing|io|server)\/(?:([^/]+)\/)?/.exec(file)
  return match === null ? undefined : { layer: /** @type {keyof typeof LAYERS} */ (match[1]), room: match[2] ?? '' }
}

/**
 * Why a file may not import a module, or undefined when it may.
 * @param {string} filename the importing file
 * @param {string} specifier what stands behind `from`
 * @returns {string | undefined}
 */
export function importFault(filename, specifier) {
  const file = filename.replaceAll('\\', '/')
  const from = placeOf(file)
  if (from === undefined) return undefined
  const rules = LAYERS[from.layer]
  if (specifier.startsWith('node:'))
    return rules.node ? undefined : `${from.layer} is pure: ${specifier} is not to be had here`
  if (!specifier.startsWith('.')) {
    const allowed = /** @type {readonly string[]} */ (rules.packages)
    return allowed.includes(specifier) ? undefined : `${from.layer} may not import the package ${specifier}`
  }
  const to = placeOf(path.posix.join(path.posix.dirname(file), specifier))
  const reachable = /** @type {readonly string[]} */ (rules.layers)
  if (to === undefined || !reachable.includes(to.layer)) return `${from.layer} may not reach ${specifier}`
  if (from.layer === 'protocols' && to.room !== 'core' && to.room !== from.room)
    return `a protocol may import itself and core, not ${specifier}`
  return undefined
}

/** Imports follow the layers. */
const boundaries = {
  /** @param {Context} context */
  create(context) {
    /** @param {ImportNode} node */
    const check = (node) => {
      if (typeof node.source?.value !== 'string') return
      const message = importFault(context.filename, node.source.value)
      if (message !== undefined) context.report({ node, message })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    }
  },
}

/** No generator functions: an engine is driven by plain calls. */
const noGenerators = {
  /** @param {Context} context */
  create(context) {
    /** @param {FunctionNode} node */
    const check = (node) => {
      if (node.generator) context.report({ node, message: 'no generators in the pure layers' })
    }
    return { FunctionDeclaration: check, FunctionExpression: check }
  },
}

/** No `import()`: everything is there when the module is. */
const noDynamicImport = {
  /** @param {Context} context */
  create(context) {
    return {
      /** @param {unknown} node */
      ImportExpression(node) {
        context.report({ node, message: 'no dynamic import in the pure layers' })
      },
    }
  },
}

export default {
  meta: { name: 'skitai' },
  rules: { boundaries, 'no-generators': noGenerators, 'no-dynamic-import': noDynamicImport },
}
