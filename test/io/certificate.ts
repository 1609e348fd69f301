/** A certificate for `localhost`, made for one test file by the program `openssl`, which every Debian has. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Certificate and key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Makes a certificate. Throws Error that names the program when it is not there. */
export function makeCertificate(): Certificate {
  const directory = mkdtempSync(path.join(tmpdir(), 'skitai-certificate-'))
  const [keyFile, certFile] = [path.join(directory, 'key'), path.join(directory, 'cert')]
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  try {
    execFileSync(
      'openssl',
      ['req', ...kind, '-subj', '/CN=localhost', '-addext', names, '-keyout', keyFile, '-out', certFile],
      { stdio: 'pipe' },
    )
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  } catch (error) {
    throw new Error('the program openssl is wanted for a certificate (apt-get install openssl)', { cause: error })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
