/** Who waits for something. */

/** The two ends of a promise. One of them is called, once. */
export interface Waiter<Value> {
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}
