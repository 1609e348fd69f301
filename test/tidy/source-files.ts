/** The source files of the repository, and what they import. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { filesBelow, repoRoot } from '../../tools/repo.js'

/** A source file: its path from the root, its text and its lines. */
export interface SourceFile {
  readonly file: string
  readonly text: string
  readonly lines: readonly string[]
}

const CODE = /\.(?:ts|js)$/

/** Every TypeScript and JavaScript file below the folders. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders
    .flatMap(filesBelow)
    .filter((file) => CODE.test(file))
    .map(readSource)
}

/** One file of the repository. */
export function readSource(file: string): SourceFile {
  const text = readFileSync(path.join(repoRoot, file), 'utf8')
  return { file, text, lines: text.replace(/\n$/, '').split('\n') }
}

const IMPORT = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\('([^']+)'\)/gm

/** What a file imports, as it is written there. */
export function importsOf(source: SourceFile): string[] {
  return [...source.text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** The source file that a relative or `#src` import means, from the root; undefined for packages and Node's modules. */
export function targetOf(file: string, specifier: string): string | undefined {
  const target = specifier.startsWith('#src/')
    ? specifier.slice(1)
    : specifier.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), specifier)
      : undefined
  return target?.replace(/\.js$/, file.endsWith('.js') ? '.js' : '.ts')
}
