/** How much of what has no end is tried: a share that every check has the time for, or with `SKITAI_THOROUGH=1` all. */

/** Whether time does not matter. */
export const thorough: boolean = process.env['SKITAI_THOROUGH'] === '1'

/** A number of runs: the first as a rule, the second when time does not matter. */
export function runs(usual: number, all: number): number {
  return thorough ? all : usual
}
