import type { BenchOptions } from '../options.js'
export async function benchServers(_o: BenchOptions): Promise<void> {}
