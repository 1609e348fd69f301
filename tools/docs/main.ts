/**
 * Writes the generated pages of the documentation: `npm run docs`. The tidy tests compare what is committed with them.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { repoRoot } from '../repo.js'
import { generatedPages } from './pages.js'

for (const { file, text } of generatedPages()) {
  writeFileSync(path.join(repoRoot, file), text)
  console.log(file)
}
