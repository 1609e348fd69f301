/** A form as browsers send it. */

export const FORM_TYPE = 'multipart/form-data; boundary=boundary'

/** Parts with a name, and a file name where they are files. */
export function form(
  parts: readonly { readonly name: string; readonly file?: string; readonly text: string }[],
): string {
  const lines = parts.map(({ name, file, text }) => {
    const described = file === undefined ? '' : `; filename="${file}"\r\nContent-Type: text/plain`
    return `--boundary\r\nContent-Disposition: form-data; name="${name}"${described}\r\n\r\n${text}\r\n`
  })
  return `${lines.join('')}--boundary--\r\n`
}
